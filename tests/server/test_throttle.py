"""Connection throttle: tokens, weights, and dropping at random."""

from pyzoo.config.parse import parse_config_text
from pyzoo.config.settings import ServerConfig
from pyzoo.server.clients.throttle import ConnectionThrottle


def lowest(n: int) -> int:
    return 0


def highest(n: int) -> int:
    return n - 1


def test_without_tokens_everybody_may_connect() -> None:
    throttle = ConnectionThrottle(ServerConfig(data_dir="/data"), 0, lowest)
    assert [True] * 100 == [throttle.admit(False, 0) for _ in range(100)]
    assert (0, 0.0) == (throttle.deficit, throttle.drop_probability)


def test_tokens_run_out_and_come_back_with_time() -> None:
    config = ServerConfig(
        data_dir="/data",
        connection_throttle_tokens=2,
        connection_throttle_fill_time_ms=100,
    )
    throttle = ConnectionThrottle(config, 0, lowest)
    assert [True, True, False] == [throttle.admit(False, 50) for _ in range(3)]
    assert 2 == throttle.deficit
    assert not throttle.admit(False, 100)
    assert [True, False] == [throttle.admit(False, 150) for _ in range(2)]
    assert [True, True, False] == [throttle.admit(False, 9000) for _ in range(3)]


def test_weights_let_sessions_be_renewed_more_easily() -> None:
    config = ServerConfig(
        data_dir="/data",
        connection_throttle_tokens=5,
        connection_throttle_fill_time_ms=1000,
        connection_throttle_weight_enabled=True,
    )
    throttle = ConnectionThrottle(config, 0, lowest)
    assert throttle.admit(False, 0)
    assert not throttle.admit(False, 0)
    assert throttle.admit(True, 0)
    assert 5 == throttle.deficit


def test_new_sessions_weigh_less_where_they_are_local() -> None:
    members = "".join(f"server.{n}=host{n}:2888:3888\n" for n in (1, 2, 3))
    text = (
        f"dataDir=/d\nclientPort=1\ninitLimit=5\nsyncLimit=2\n{members}localSessionsEnabled=true\n"
        "connection_throttle_tokens=5\nconnection_throttle_fill_time=1000\nconnection_throttle_weight_enabled=true\n"
    )
    config, _ = parse_config_text(text, "zoo.cfg", {}, {"/d/myid": "1"})
    throttle = ConnectionThrottle(config, 0, lowest)
    assert [True] * 5 + [False] == [throttle.admit(False, 0) for _ in range(6)]


def blue_config() -> ServerConfig:
    return ServerConfig(
        data_dir="/data",
        connection_throttle_tokens=1,
        connection_throttle_fill_time_ms=10_000,
        connection_throttle_freeze_time_ms=100,
        connection_throttle_drop_increase=0.25,
        connection_throttle_drop_decrease=0.125,
    )


def test_an_empty_bucket_raises_the_drop_probability_once_a_freeze_time() -> None:
    throttle = ConnectionThrottle(blue_config(), 0, highest)
    assert throttle.admit(False, 0)
    assert not throttle.admit(False, 101)
    assert 0.25 == throttle.drop_probability
    assert not throttle.admit(False, 150)
    assert 0.25 == throttle.drop_probability
    assert not throttle.admit(False, 300)
    assert 0.5 == throttle.drop_probability
    for at in range(500, 5000, 200):
        throttle.admit(False, at)
    assert 1.0 == throttle.drop_probability


def test_a_full_bucket_lowers_the_drop_probability_again() -> None:
    throttle = ConnectionThrottle(blue_config(), 0, highest)
    throttle.admit(False, 0)
    throttle.admit(False, 101)
    assert throttle.admit(False, 20_000)
    assert 0.125 == throttle.drop_probability


def test_chance_decides_who_is_dropped() -> None:
    for draw, admitted in ((lowest, False), (highest, True)):
        throttle = ConnectionThrottle(blue_config(), 0, draw)
        throttle.admit(False, 0)
        throttle.admit(False, 101)
        assert admitted == throttle.admit(False, 20_000)
