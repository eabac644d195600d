"""How many TLS handshakes are under way, and for how long."""

import logging
import os
import select
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyzoo.portable import ASKED_FOR
from pyzoo.runtime.thread_pace import STARVED_MS
from pyzoo.runtime.transport.client_tls import ClientTls, ServerContexts
from pyzoo.runtime.transport.handshakes import (
    ANSWER_MS,
    HANDSHAKE_MS,
    MOST_STEPPING,
    MOST_TOGETHER,
    MOST_UNDER_WAY,
    NEVER,
    Handshakes,
    TlsHandshake,
)
from pyzoo.server.metrics import ServerMetrics

DETECTION_MS = 5_000
PATIENCE_SECONDS = 60


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS = ClientTls(ServerContexts(CONTEXT, CONTEXT), True)


def new_handshake() -> TlsHandshake:
    return TlsHandshake(TLS.accepted(False, "192.0.2.1"))


class Scene:
    def __init__(self, limit: int = -1) -> None:
        self.metrics = ServerMetrics()
        self.handshakes = Handshakes(self.metrics, limit, DETECTION_MS)

    def begin(self, may_be_plain: bool = False, now_ms: int = 0) -> TlsHandshake:
        handshake = new_handshake()
        assert self.handshakes.begin(handshake, may_be_plain, now_ms) is None
        return handshake


@pytest.fixture
def scene(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.delenv(ASKED_FOR, raising=False)
    scene = Scene(*getattr(request, "param", []))
    yield scene
    scene.handshakes.close()


def test_a_thread_steps_and_tells_by_a_descriptor(scene: Scene) -> None:
    handshake = scene.begin()
    scene.handshakes.step(handshake, 0)
    assert handshake.is_stepping
    assert not scene.handshakes.is_starved(STARVED_MS - 1)
    assert scene.handshakes.is_starved(STARVED_MS)
    assert [scene.handshakes.wakeup.fd] == select.select([scene.handshakes.wakeup.fd], [], [], PATIENCE_SECONDS)[0]
    scene.handshakes.acknowledge()
    assert handshake is scene.handshakes.next_stepped(STARVED_MS)
    assert not handshake.is_stepping
    assert not scene.handshakes.is_starved(2 * STARVED_MS)
    assert scene.handshakes.next_stepped(STARVED_MS) is None


def test_the_next_step_is_soon_while_the_thread_is_at_one_and_shortly_after_it(scene: Scene) -> None:
    handshakes = scene.handshakes
    handshake = scene.begin()
    assert not handshakes.goes_on_soon(ANSWER_MS + 1)
    handshakes.step(handshake, 0)
    assert handshakes.goes_on_soon(ANSWER_MS + 1)
    select.select([handshakes.wakeup.fd], [], [], PATIENCE_SECONDS)
    assert handshake is handshakes.next_stepped(1)
    assert (True, False) == (handshakes.goes_on_soon(1 + ANSWER_MS), handshakes.goes_on_soon(2 + ANSWER_MS))
    handshakes.end(handshake)
    assert not handshakes.goes_on_soon(1)


def test_steps_that_are_left_for_the_next_pass_wake_it(scene: Scene) -> None:
    both = [scene.begin(), scene.begin()]
    for handshake in both:
        scene.handshakes.step(handshake, 0)
    told = 0
    while told < 2:
        select.select([scene.handshakes.wakeup.fd], [], [], PATIENCE_SECONDS)
        told += os.eventfd_read(scene.handshakes.wakeup.fd)
    assert scene.handshakes.next_stepped(0) is both[0]
    scene.handshakes.wake_again()
    assert [scene.handshakes.wakeup.fd] == select.select([scene.handshakes.wakeup.fd], [], [], 0)[0]


class HeldContext(ssl.SSLContext):
    """Begins nothing before it is let go."""

    go: threading.Event

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        self.go.wait(PATIENCE_SECONDS)
        return super().wrap_bio(*args, **kwargs)


def test_of_many_that_wait_the_loop_is_told_together_and_of_the_last_at_once(scene: Scene) -> None:
    handshakes = scene.handshakes
    context = HeldContext(ssl.PROTOCOL_TLS_SERVER)
    context.go = threading.Event()
    tls = ClientTls(ServerContexts(context, context), True)
    many = [TlsHandshake(tls.accepted(False, "192.0.2.1")) for _ in range(4 * MOST_TOGETHER)]
    for handshake in many:
        handshakes.begin(handshake, False, 0)
        handshakes.step(handshake, 0)
    context.go.set()
    stepped: list[TlsHandshake] = []
    wakes = 0
    while len(stepped) < len(many):
        assert select.select([handshakes.wakeup.fd], [], [], PATIENCE_SECONDS)[0]
        wakes += os.eventfd_read(handshakes.wakeup.fd)
        while (next_one := handshakes.next_stepped(0)) is not None:
            stepped.append(next_one)
    assert many == stepped
    assert 3 + MOST_TOGETHER == wakes


@pytest.mark.parametrize("scene", [[2]], indirect=True)
def test_as_many_may_begin_as_the_limit_says(scene: Scene) -> None:
    first = scene.begin()
    assert scene.handshakes.admits()
    scene.begin(may_be_plain=True)
    assert not scene.handshakes.admits()
    assert 1 == scene.metrics.tls_handshake_exceeded
    scene.handshakes.end(first)
    assert scene.handshakes.admits()


def test_without_a_limit_the_oldest_makes_room(scene: Scene) -> None:
    first, *_ = [scene.begin() for _ in range(MOST_UNDER_WAY)]
    assert first is scene.handshakes.begin(new_handshake(), False, 1)
    assert 1 == scene.metrics.tls_handshake_exceeded


def test_a_handshake_has_ten_seconds(scene: Scene) -> None:
    one, _ = scene.begin(now_ms=1_000), scene.begin(now_ms=1_001)
    assert 1_000 + HANDSHAKE_MS == scene.handshakes.deadline_ms
    assert [one] == scene.handshakes.expired(1_000 + HANDSHAKE_MS)
    assert 1_001 + HANDSHAKE_MS == scene.handshakes.deadline_ms


def test_more_bytes_do_not_put_the_end_off(scene: Scene) -> None:
    one = scene.begin()
    scene.handshakes.step(one, HANDSHAKE_MS - 1)
    assert [one] == scene.handshakes.expired(HANDSHAKE_MS)


def test_who_may_be_plain_has_to_show_it_in_time_and_then_has_the_ten_seconds(scene: Scene) -> None:
    silent, other = scene.begin(may_be_plain=True), scene.begin(may_be_plain=True)
    scene.handshakes.step(other, DETECTION_MS - 1)
    assert [silent] == scene.handshakes.expired(DETECTION_MS)
    scene.handshakes.end(silent)
    assert [other] == scene.handshakes.expired(DETECTION_MS - 1 + HANDSHAKE_MS)


def test_who_is_through_is_not_waited_for(scene: Scene) -> None:
    one = scene.begin()
    scene.handshakes.end(one)
    assert [] == scene.handshakes.expired(HANDSHAKE_MS)
    assert (NEVER, 0) == (scene.handshakes.deadline_ms, scene.metrics.outstanding_tls_handshake)


def test_a_flood_of_failures_is_a_line_a_second(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for now_ms in (0, 1, 2, 1_500):
        scene.handshakes.note("192.0.2.1", "no TLS", now_ms)
    assert ["", " (and 2 others since the last such line)"] == [
        line.removeprefix("The TLS handshake with 192.0.2.1 came to nothing: no TLS") for line in caplog.messages
    ]


def test_nothing_is_done_for_a_handshake_that_is_over_meanwhile(scene: Scene) -> None:
    handshake = scene.begin()
    handshake.tls.feed(b"no TLS")
    scene.handshakes.end(handshake)
    scene.handshakes.step(handshake, 0)
    select.select([scene.handshakes.wakeup.fd], [], [], PATIENCE_SECONDS)
    assert handshake is scene.handshakes.next_stepped(0)
    assert handshake.tls.error is None


def test_as_many_wait_for_the_thread_as_have_time(scene: Scene) -> None:
    for _ in range(MOST_STEPPING):
        assert not scene.handshakes.is_full
        scene.handshakes.step(scene.begin(), 0)
    assert scene.handshakes.is_full
