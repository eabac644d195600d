"""What the members say, put together: lags, quorums, and where to ask them."""

import pytest

from pyzoo.config.membership import Membership, QuorumServer, ServerAddress
from pyzoo.config.settings import ServerConfig
from pyzoo.console.endpoints import endpoint_of
from pyzoo.console.member_words import NO_ANSWER, UNKNOWN, MemberState
from pyzoo.console.overview import Lag, LeaderZxids, in_epoch, lags_of, quorum_of
from pyzoo.console.own_member import with_leaders_knowledge
from pyzoo.zxid import first_zxid

EPOCH = first_zxid(3)


def state(id: int, role: str = "follower", zxid: int | None = None) -> MemberState:
    return MemberState(id, role=role, zxid=zxid)


# --- lags


def test_a_follower_is_as_far_behind_as_the_leader_has_been_ahead_of_it() -> None:
    zxids = LeaderZxids()
    for at_ms, zxid in ((1000, EPOCH + 10), (2000, EPOCH + 20), (3000, EPOCH + 30)):
        zxids.look(at_ms, zxid)
    members = [
        state(1, zxid=EPOCH + 15),
        state(2, zxid=EPOCH + 30),
        state(3, "leader", EPOCH + 30),
        state(4, NO_ANSWER),
    ]
    assert {1: Lag(15, 3000), 2: Lag(0, 0)} == lags_of(members, zxids, 5000)


def test_over_the_end_of_an_epoch_nobody_knows_how_many_transactions_that_is() -> None:
    members = [state(1, zxid=first_zxid(2) + 7), state(2, "leader", EPOCH + 1)]
    assert {1: Lag(None, 0)} == lags_of(members, LeaderZxids(), 5000)


def test_in_an_epoch_without_transactions_everybody_who_serves_is_in_step() -> None:
    members = [state(1, zxid=first_zxid(2) + 7), state(2, "leader", EPOCH)]
    assert {1: Lag(0, 0)} == lags_of(members, LeaderZxids(), 5000)


def test_where_the_leader_was_is_forgotten_when_its_clock_goes_back() -> None:
    zxids = LeaderZxids()
    zxids.look(90_000, EPOCH + 5)
    zxids.look(10_000, EPOCH + 6)
    assert 2000 == zxids.behind_ms(EPOCH + 5, 12_000)


# --- quorums

THREE = Membership(
    tuple(QuorumServer(id, (ServerAddress(f"h{id}", 2888, 3888),), client_port=2181) for id in (1, 2, 3))
)


@pytest.mark.parametrize(
    ("roles", "has_quorum", "fragile"),
    [
        (("follower", "leader", "follower"), True, False),
        (("follower", "leader", NO_ANSWER), True, True),
        (("not serving", NO_ANSWER, NO_ANSWER), False, False),
        (("read-only", NO_ANSWER, NO_ANSWER), False, False),
        (("follower", UNKNOWN, UNKNOWN), True, False),
    ],
)
def test_a_quorum_is_what_the_configuration_says(roles: tuple[str, ...], has_quorum: bool, fragile: bool) -> None:
    assert (has_quorum, fragile) == quorum_of(THREE, [state(sid, role) for sid, role in enumerate(roles, 1)])


# --- where to ask


def server(host: str, client_host: str | None = None, client_port: int | None = None) -> QuorumServer:
    return QuorumServer(2, (ServerAddress(host, 2888, 3888),), False, client_host, client_port)


ME = Membership((QuorumServer(1, (ServerAddress("Here", 2888, 3888),)),))


@pytest.mark.parametrize(
    ("other", "ports", "asked"),
    [
        (server("there", None, 2182), (2181, None), "there:2182"),
        (server("there", "0.0.0.0", 2182), (2181, None), "there:2182"),
        (server("there", "clients", 2182), (2181, None), "clients:2182"),
        (server("there"), (2181, 2281), "there:2181"),
        (server("fd00::1"), (2181, None), "[fd00::1]:2181"),
        (server("there"), (None, 2281), "there:2281 with TLS"),
        (server("here"), (2181, None), None),
        (server("there"), (None, None), None),
    ],
)
def test_a_member_is_asked_where_the_configuration_says(
    other: QuorumServer, ports: tuple[int | None, int | None], asked: str | None
) -> None:
    plain, secure = ports
    config = ServerConfig(data_dir="", client_port=plain, secure_client_port=secure, server_id=1, membership=ME)
    endpoint = endpoint_of(other, config)
    assert asked == (None if endpoint is None else f"{endpoint}{' with TLS' if endpoint.secure else ''}")


def test_who_serves_with_a_leader_is_in_its_epoch_before_the_first_transaction_of_it() -> None:
    leader = state(2, "leader", EPOCH)
    last = first_zxid(2) + 7
    assert 3 == in_epoch(state(1, zxid=last), leader).epoch
    assert 2 == in_epoch(state(1, "not serving", last), leader).epoch
    assert 2 == in_epoch(state(1, zxid=last), None).epoch


def test_a_leader_vouches_for_followers_that_cannot_be_asked() -> None:
    unknown = state(1, UNKNOWN)
    known = with_leaders_knowledge(unknown, {1: EPOCH + 5})
    assert ("follower", EPOCH + 5, EPOCH + 5) == (known.role, known.zxid, known.acknowledged)
    assert unknown == with_leaders_knowledge(unknown, {2: EPOCH + 5})
    silent = with_leaders_knowledge(state(1, NO_ANSWER), {1: EPOCH + 5})
    assert (NO_ANSWER, None, EPOCH + 5) == (silent.role, silent.zxid, silent.acknowledged)
