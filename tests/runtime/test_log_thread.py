"""The log thread against a log that fails when the test says so."""

import os
import select
import threading
from collections.abc import Iterator

import pytest

from pyzoo.errors import StorageError
from pyzoo.portable import ASKED_FOR
from pyzoo.runtime import log_thread as room
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.log_thread import LogThread
from pyzoo.runtime.thread_pace import STARVED_MS
from pyzoo.server.effects import LogBatch
from pyzoo.server.metrics import ServerMetrics


class FailingLog:
    """Keeps what is safe, and refuses every batch that begins with `full_at`."""

    def __init__(self) -> None:
        self.full_at = 0
        self.sync_ns = 0
        self.refused = threading.Semaphore(0)
        self.waiting: list[tuple[int, bytes]] = []
        self.safe: list[tuple[int, bytes]] = []
        self.rolls: list[int] = []
        self.closed = False
        self.surprise: BaseException | None = None
        self.descriptor = -1

    def append(self, first_zxid: int, *records: bytes) -> None:
        if self.surprise is not None:
            raise self.surprise
        if first_zxid == self.full_at:
            self.refused.release()
            raise StorageError("No space left on device")
        self.waiting.append((first_zxid, b"".join(records)))

    def commit(self) -> int:
        self.safe += self.waiting
        self.waiting.clear()
        return self.sync_ns

    def descriptor_to_sync(self) -> int:
        return self.descriptor

    def synced(self) -> None:
        self.commit()

    def sync_failed(self, error: OSError) -> StorageError:
        self.waiting.clear()
        return StorageError(str(error))

    def roll(self) -> None:
        self.rolls.append(len(self.safe))

    def close(self) -> None:
        self.closed = True


class Kernel:
    """A kernel whose sync ends when the test says so."""

    def __init__(self) -> None:
        self.takes_it = True
        self.begun = 0
        self.has_ended = False
        self.failure: OSError | None = None

    def begin(self, descriptor: int, eventfd: int) -> bool:
        self.begun += 1
        self.eventfd = eventfd
        return self.takes_it

    def is_done(self) -> bool:
        if self.failure is not None:
            raise self.failure
        return self.has_ended

    def ends(self) -> None:
        """The kernel has synced."""
        self.has_ended = True
        os.eventfd_write(self.eventfd, 1)

    def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.delenv(ASKED_FOR, raising=False)
    kernel = Kernel()
    monkeypatch.setattr(room, "new_kernel_sync", lambda: kernel)
    return kernel


@pytest.fixture
def log() -> FailingLog:
    return FailingLog()


@pytest.fixture
def thread(log: FailingLog) -> Iterator[LogThread]:
    """Not started; stopped at the end."""
    thread = LogThread(log, 1000)
    yield thread
    thread.stop()


def batch(zxid: int, roll_after: bool = False) -> LogBatch:
    return LogBatch(zxid, zxid, [b"%d " % zxid], roll_after)


def wait_for_news(thread: LogThread) -> None:
    poll = select.poll()
    poll.register(thread.wakeup.fd, select.POLLIN)
    assert poll.poll(30_000)
    thread.acknowledge()


def test_the_thread_is_busy_from_a_submission_until_that_is_safe(thread: LogThread) -> None:
    assert not thread.is_thread_busy
    thread.submit(batch(1))
    assert thread.is_thread_busy
    thread.start()
    wait_for_news(thread)
    assert not thread.is_thread_busy


def test_a_thread_that_does_not_get_on_is_starved(thread: LogThread) -> None:
    now_ms = elapsed_ms()
    thread.submit(batch(1))
    assert not thread.is_starved(now_ms)
    late_ms = elapsed_ms() + STARVED_MS
    assert thread.is_starved(late_ms)
    thread.submit(batch(2))
    assert thread.is_starved(late_ms)
    thread.start()
    wait_for_news(thread)
    assert not thread.is_starved(late_ms + 60_000)


def test_the_thread_is_not_busy_while_the_kernel_syncs(kernel: Kernel, log: FailingLog, thread: LogThread) -> None:
    log.descriptor = 5
    assert thread.write_here([batch(1)], beside=True)
    assert not thread.is_thread_busy
    kernel.ends()
    wait_for_news(thread)
    assert not thread.is_thread_busy


def test_what_is_safe_is_told_by_a_wake_up(log: FailingLog) -> None:
    thread = LogThread(log, 1000)
    thread.start()
    thread.submit(batch(1))
    wait_for_news(thread)
    assert (1, [(1, b"1 ")]) == (thread.persisted_zxid, log.safe)
    thread.stop()
    assert log.closed


def test_batches_that_wait_share_a_sync_and_a_roll_ends_it(log: FailingLog) -> None:
    thread = LogThread(log, 1000)
    for waiting in (batch(1), batch(2, roll_after=True), batch(3)):
        thread.submit(waiting)
    thread.start()
    thread.stop()
    assert ([(1, b"1 2 "), (3, b"3 ")], [1]) == (log.safe, log.rolls)


def test_a_full_disk_is_tried_again_until_there_is_room(
    log: FailingLog, thread: LogThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "RETRY_SECONDS", 0.01)
    log.full_at = 1
    thread.start()
    thread.submit(batch(1))
    for _ in range(3):
        assert log.refused.acquire(timeout=60)
    assert (0, True) == (thread.persisted_zxid, thread.stalled)
    log.full_at = 0
    wait_for_news(thread)
    assert (1, [(1, b"1 ")]) == (thread.persisted_zxid, log.safe)


def test_a_stop_on_a_full_disk_leaves_no_gap_in_the_log(log: FailingLog) -> None:
    log.full_at = 1
    thread = LogThread(log, 1000)
    thread.submit(batch(1, roll_after=True))
    thread.submit(batch(2))
    thread.start()
    assert log.refused.acquire(timeout=60)
    thread.stop()
    assert ([], 0, True) == (log.safe, thread.persisted_zxid, log.closed)


def test_any_other_failure_is_handed_to_the_event_loop(log: FailingLog) -> None:
    log.surprise = ZeroDivisionError()
    thread = LogThread(log, 1000)
    thread.start()
    thread.submit(batch(1))
    wait_for_news(thread)
    assert log.surprise is thread.failure
    thread.stop()
    assert log.closed


def test_a_thread_that_never_started_can_be_stopped() -> None:
    thread = LogThread(FailingLog(), 1000)
    thread.stop()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(thread.wakeup.fd)


def test_the_caller_writes_by_itself_while_the_thread_has_nothing_to_do(log: FailingLog) -> None:
    thread = LogThread(log, 1000)
    assert thread.write_here([batch(1), batch(2)])
    assert (2, [(1, b"1 2 ")]) == (thread.persisted_zxid, log.safe)
    thread.submit(batch(3))
    assert not thread.write_here([batch(4)])
    thread.start()
    wait_for_news(thread)
    assert thread.write_here([batch(4)])
    thread.stop()
    assert [1, 3, 4] == [first for first, _ in log.safe]


def test_a_slow_disk_is_left_to_the_thread(log: FailingLog, thread: LogThread) -> None:
    log.sync_ns = 100 * room.FAST_SYNC_NS
    assert thread.write_here([batch(1)])
    assert not thread.write_here([batch(2)])
    thread.start()


def test_what_ends_a_file_is_left_to_the_thread(thread: LogThread) -> None:
    assert not thread.write_here([batch(1, roll_after=True)])
    thread.start()


def test_what_the_caller_cannot_write_is_for_the_thread_to_try_again(
    log: FailingLog, thread: LogThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "RETRY_SECONDS", 0.01)
    log.full_at = 1
    assert not thread.write_here([batch(1)])
    thread.submit(batch(1))
    log.full_at = 0
    thread.start()
    wait_for_news(thread)
    assert [(1, b"1 ")] == log.safe


@pytest.mark.parametrize(("sync_ns", "synced"), [(3_000_000, 3), (0, None)])
def test_a_write_is_measured(log: FailingLog, sync_ns: int, synced: int | None) -> None:
    log.sync_ns = sync_ns
    thread = LogThread(log, 1000)
    thread.submit(LogBatch(1, 5, [b"five "], False, 5))
    thread.submit(batch(6))
    thread.start()
    wait_for_news(thread)
    thread.stop()
    (times,) = thread.sync_times
    assert (2, 6, 0, synced) == (len(times.queued), times.txns, times.waiting, times.synced)
    metrics = ServerMetrics()
    times.count(metrics)
    assert (synced is not None) == metrics.fsynctime.count
    assert (1, 6) == (metrics.sync_processor_batch_size.count, metrics.sync_processor_batch_size.sum)
    assert 2 == metrics.sync_processor_queue_and_flush_time_ms.basic.count


def test_the_kernel_syncs_while_the_caller_goes_on(kernel: Kernel, log: FailingLog, thread: LogThread) -> None:
    log.descriptor = 5
    assert thread.write_here([batch(1), batch(2)], beside=True)
    assert thread.is_syncing_beside
    thread.acknowledge()
    assert (0, [], []) == (thread.persisted_zxid, log.safe, thread.sync_times)
    assert not thread.write_here([batch(3)])
    kernel.ends()
    wait_for_news(thread)
    assert not thread.is_syncing_beside
    assert (2, [(1, b"1 2 ")]) == (thread.persisted_zxid, log.safe)
    (times,) = thread.sync_times
    assert 2 == times.txns
    assert thread.write_here([batch(3)])
    assert (3, 1) == (thread.persisted_zxid, kernel.begun)


@pytest.mark.parametrize(("descriptor", "takes_it"), [(-1, True), (5, False)])
def test_what_the_kernel_cannot_sync_beside_is_synced_at_once(
    kernel: Kernel, log: FailingLog, thread: LogThread, descriptor: int, takes_it: bool
) -> None:
    log.descriptor = descriptor
    kernel.takes_it = takes_it
    assert thread.write_here([batch(1)], beside=True)
    assert not thread.is_syncing_beside
    assert (1, [(1, b"1 ")]) == (thread.persisted_zxid, log.safe)


def test_what_the_kernel_fails_to_sync_is_written_again_by_the_thread(
    kernel: Kernel, log: FailingLog, thread: LogThread
) -> None:
    log.descriptor = 5
    assert thread.write_here([batch(1), batch(2)], beside=True)
    kernel.failure = OSError(5, "Input/output error")
    thread.acknowledge()
    assert (False, True, 0) == (thread.is_syncing_beside, thread.stalled, thread.persisted_zxid)
    thread.start()
    wait_for_news(thread)
    assert (2, False) == (thread.persisted_zxid, thread.stalled)
    assert [(1, b"1 2 ")] == log.safe


def test_a_stop_waits_for_what_the_kernel_syncs(log: FailingLog, kernel: Kernel) -> None:
    log.descriptor = 5
    thread = LogThread(log, 1000)
    assert thread.write_here([batch(1)], beside=True)
    thread.start()
    kernel.ends()
    thread.stop()
    assert (1, [(1, b"1 ")]) == (thread.persisted_zxid, log.safe)


def test_a_sync_beside_that_seems_slow_says_nothing_of_the_disk(
    kernel: Kernel, log: FailingLog, thread: LogThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((1, 1 + 1000 * room.FAST_SYNC_NS))
    monkeypatch.setattr(room, "monotonic_ns", lambda: next(clock))
    log.descriptor = 5
    assert thread.write_here([batch(1)], beside=True)
    kernel.ends()
    wait_for_news(thread)
    assert thread.write_here([batch(2)])


def test_without_such_a_kernel_nothing_is_synced_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "new_kernel_sync", lambda: None)
    thread = LogThread(FailingLog(), 1000)
    assert not thread.can_sync_beside
    assert thread.write_here([batch(1)], beside=True)
    assert 1 == thread.persisted_zxid
    thread.stop()
