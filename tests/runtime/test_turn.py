"""How long the passes of a server wait for what comes next, and when the next one comes."""

from collections.abc import Iterator

import pytest
import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.event_wait import EventWait
from pyzoo.runtime.log_thread import LogThread
from pyzoo.runtime.log_writer import ALONE, LogWriter
from pyzoo.runtime.storage import open_in_memory
from pyzoo.runtime.turn import EVENTS_PER_PASS, TurnLoop
from pyzoo.server.effects import LogBatch
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.server.slices import SlicedWork
from tests.runtime.test_log_thread import FailingLog, Kernel, kernel, log, thread

__all__ = ["kernel", "log", "thread"]


class Events:
    """A poller with one event, which takes note of how long it was to wait for others."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.waits: list[float] = []

    def register(self, fd: int, mask: int, /) -> None:
        """Only the one is ever there."""

    def modify(self, fd: int, mask: int, /) -> None:
        """Only the one is ever there."""

    def unregister(self, fd: int, /) -> None:
        """Only the one is ever there."""

    def poll(self, seconds: float, most_events: int, /) -> list[tuple[int, int]]:
        self.waits.append(seconds)
        return [(self._fd, 1)] if len(self.waits) == 1 else []

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def loop(kernel: Kernel, log: FailingLog, thread: LogThread) -> Iterator[TurnLoop]:
    """A server with something to log, whose syncs the kernel can do."""
    log.descriptor = 5
    config = ServerConfig(data_dir="")
    core = ZooKeeperServer(config, open_in_memory(config), 0, 0, lambda _n: 0)
    writer = LogWriter(thread, ALONE)
    writer.waiting.append(LogBatch(1, 1, [b"1 "], False, 1))
    yield TurnLoop(core, writer, False, 60_000)
    if thread.is_syncing_beside:
        kernel.ends()


def waits_of(loop: TurnLoop, thread: LogThread) -> list[float]:
    """How long it waits in the passes that an event begins."""
    events = Events(thread.wakeup.fd)
    loop.wait = EventWait(events, EVENTS_PER_PASS)
    loop.turns()
    return events.waits


def test_a_server_waits_a_moment_for_what_comes_next(loop: TurnLoop, thread: LogThread) -> None:
    # A pass that a busy machine makes long leaves no time to wait in; one of many is short.
    assert any(max(waits_of(loop, thread)) > 0 for _ in range(1_000))
    assert not thread.is_syncing_beside


def test_the_slices_of_a_snapshot_have_that_moment(loop: TurnLoop, thread: LogThread) -> None:
    loop.saves_snapshot = True
    assert max(waits_of(loop, thread)) == 0


def test_a_slice_of_a_snapshot_is_made_while_the_log_is_synced(loop: TurnLoop, thread: LogThread) -> None:
    loop.saves_snapshot = True
    waits_of(loop, thread)
    assert thread.is_syncing_beside


class Endless(SlicedWork):
    """Is never done."""

    def step(self, units: int) -> int:
        return units


@pytest.mark.parametrize("asks", [False, True])
def test_long_work_goes_on_at_once_unless_somebody_asks_for_something(loop: TurnLoop, asks: bool) -> None:
    core = loop.core
    assert isinstance(core, ZooKeeperServer)
    core.slices.add(Endless())
    loop.turn()
    core.stats.packets_received += asks
    loop.turn()

    async def is_later() -> bool:
        with trio.CancelScope() as timer:
            before = trio.current_time()
            loop.start_timer(timer)
            # It is a deadline in whole milliseconds, which may be over by now.
            return timer.deadline >= before + 0.001
        raise AssertionError

    assert asks == trio.run(is_later)
