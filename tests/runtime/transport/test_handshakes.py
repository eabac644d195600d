"""How many TLS handshakes are under way, and for how long."""

import logging
import select
from collections.abc import Iterator
from typing import Any

import pytest

from pyzoo.runtime.transport.handshakes import HANDSHAKE_MS, MOST_UNDER_WAY, NEVER, Handshakes, Handshaking
from pyzoo.server.metrics import ServerMetrics

DETECTION_MS = 5_000
PATIENCE_MS = 20_000


class Session:
    """Counts its steps."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> None:
        self.steps += 1


class Connection(Handshaking):
    def __init__(self, handshakes: Handshakes) -> None:
        session: Any = Session()
        self.tls = session
        self.handshakes = handshakes
        self.is_stepping = False
        self.deadline_ms = NEVER
        self.ended = ""
        self.news = 0

    def stepped(self) -> None:
        self.news += 1

    def give_up(self, reason: str) -> None:
        self.ended = reason
        self.handshakes.end(self)


class Scene:
    def __init__(self) -> None:
        self.metrics = ServerMetrics()
        self.handshakes = Handshakes(self.metrics, -1, DETECTION_MS)

    def limited_to(self, limit: int) -> "Scene":
        self.handshakes.close()
        self.handshakes = Handshakes(self.metrics, limit, DETECTION_MS)
        return self

    def begin(self, may_be_plain: bool = False, now_ms: int = 0) -> Connection:
        connection = Connection(self.handshakes)
        self.handshakes.begin(connection, may_be_plain, now_ms)
        return connection


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.handshakes.close()


def test_a_thread_steps_and_tells_by_a_descriptor(scene: Scene) -> None:
    connection = scene.begin()
    scene.handshakes.step(connection, 0)
    assert connection.is_stepping
    assert [scene.handshakes.eventfd] == select.select([scene.handshakes.eventfd], [], [], PATIENCE_MS / 1000)[0]
    scene.handshakes.take_steps()
    assert (1, False) == (connection.news, connection.is_stepping)


def test_as_many_may_begin_as_the_limit_says(scene: Scene) -> None:
    scene.limited_to(2)
    first = scene.begin()
    assert scene.handshakes.admits()
    scene.begin(may_be_plain=True)
    assert not scene.handshakes.admits()
    assert 1 == scene.metrics.tls_handshake_exceeded
    first.give_up("")
    assert scene.handshakes.admits()


def test_without_a_limit_the_oldest_makes_room(scene: Scene) -> None:
    connections = [scene.begin() for _ in range(MOST_UNDER_WAY)]
    assert not any(one.ended for one in connections)
    scene.begin()
    assert ["others need the room"] == [one.ended for one in connections if one.ended]
    assert connections[0].ended
    assert MOST_UNDER_WAY == scene.metrics.outstanding_tls_handshake


def test_a_handshake_has_ten_seconds(scene: Scene) -> None:
    one, other = scene.begin(now_ms=1_000), scene.begin(now_ms=1_001)
    assert 1_000 + HANDSHAKE_MS == scene.handshakes.deadline_ms
    scene.handshakes.expire(1_000 + HANDSHAKE_MS)
    assert ("it took too long", "") == (one.ended, other.ended)
    assert 1_001 + HANDSHAKE_MS == scene.handshakes.deadline_ms


def test_more_bytes_do_not_put_the_end_off(scene: Scene) -> None:
    one = scene.begin(now_ms=0)
    scene.handshakes.step(one, HANDSHAKE_MS - 1)
    scene.handshakes.expire(HANDSHAKE_MS)
    assert one.ended


def test_who_may_be_plain_has_to_show_it_in_time_and_then_has_the_ten_seconds(scene: Scene) -> None:
    silent, other = scene.begin(may_be_plain=True), scene.begin(may_be_plain=True)
    scene.handshakes.step(other, DETECTION_MS - 1)
    scene.handshakes.expire(DETECTION_MS)
    assert ("it took too long", "") == (silent.ended, other.ended)
    scene.handshakes.expire(DETECTION_MS - 1 + HANDSHAKE_MS)
    assert other.ended


def test_who_is_through_is_not_waited_for(scene: Scene) -> None:
    one = scene.begin()
    scene.handshakes.end(one)
    scene.handshakes.expire(HANDSHAKE_MS)
    assert ("", NEVER, 0) == (one.ended, scene.handshakes.deadline_ms, scene.metrics.outstanding_tls_handshake)


def test_a_flood_of_failures_is_a_line_a_second(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for now_ms in (0, 1, 2, 1_500):
        scene.handshakes.note("192.0.2.1", "no TLS", now_ms)
    assert ["", " (and 2 others since the last such line)"] == [
        line.removeprefix("The TLS handshake with 192.0.2.1 came to nothing: no TLS") for line in caplog.messages
    ]
