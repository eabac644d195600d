"""The one thread that writes the transaction log: everything submitted while it syncs joins the next sync.

When it has nothing to do and the disk is fast, the event loop may write by itself: waking a thread and being woken
by it costs as much as such a sync. Or the event loop writes and the kernel syncs, while the loop goes on.

It tells the event loop by a wake-up how far the log is safe. A full disk does not stop it: it keeps
what it has, tries again until there is room, and acknowledges nothing meanwhile.
"""

import logging
import queue
import select
import threading
from time import monotonic_ns
from typing import Final, Protocol, final

from mypy_extensions import i64

from pyzoo.errors import StorageError
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.ring_sync import new_kernel_sync
from pyzoo.runtime.thread_pace import ThreadPace
from pyzoo.runtime.wakeup import new_wakeup
from pyzoo.server.effects import LogBatch
from pyzoo.server.metrics import ServerMetrics

logger: Final = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
FAST_SYNC_NS: Final = 500_000
"""A disk that usually takes longer for a sync is not for the event loop."""
NEVER_HERE_NS: Final = 1 << 62
"""More than any disk takes."""
SYNC_TIMES_KEPT: Final = 10_000
"""Sync times that wait at most to be counted by the event loop."""


class Log(Protocol):
    """What the thread needs of a transaction log."""

    def append(self, first_zxid: int, *records: bytes) -> None:
        """Add whole records, in any pieces; raises StorageError."""

    def commit(self) -> int:
        """Make everything appended safe; returns the nanoseconds that it took, 0 unsynced; raises StorageError."""

    def descriptor_to_sync(self) -> int:
        """The file whose fdatasync is as good as a commit; -1 for none."""

    def synced(self) -> None:
        """Everything appended so far is safe: the caller has synced `descriptor_to_sync` itself."""

    def sync_failed(self, error: OSError) -> StorageError:
        """That sync has failed: what was appended since the last good one has to be appended again."""

    def roll(self) -> None:
        """Begin a new file with the next append."""

    def close(self) -> None:
        """Give the file back."""


@final
class SyncTimes:
    """One write to the log, in ms: `queued` for each of its batches, `appended` and `flushed` for all of them.

    `synced` is what the disk took of that, None without a sync (forceSync=no). `txns` were written; `waiting`
    batches came meanwhile.
    """

    def __init__(
        self, queued: list[int], appended: int, flushed: int, synced: int | None, txns: int, waiting: int
    ) -> None:
        self.queued = queued
        self.appended = appended
        self.flushed = flushed
        self.synced = synced
        self.txns = txns
        self.waiting = waiting

    def count(self, metrics: ServerMetrics) -> None:
        """Add them to the metrics of Apache's SyncRequestProcessor, whose requests are batches here."""
        if self.synced is not None:
            metrics.fsynctime.add(self.synced)
        metrics.sync_processor_queue_flush_time_ms.add(self.flushed)
        metrics.sync_process_time.add(self.appended)
        metrics.sync_processor_batch_size.add(self.txns)
        metrics.sync_processor_queue_size.add(self.waiting)
        for queued in self.queued:
            metrics.sync_processor_queue_time_ms.add(queued)
            metrics.sync_processor_queue_and_flush_time_ms.add(queued + self.appended + self.flushed)


@final
class LogThread:
    """Owns the log; `submit` from the event loop, `persisted_zxid` is how far it got."""

    def __init__(self, log: Log, warning_threshold_ms: int) -> None:
        self.log = log
        self.warning_threshold_ms = warning_threshold_ms
        self.wakeup = new_wakeup()
        self.persisted_zxid = 0
        self.failure: BaseException | None = None
        self.stalled = False
        self.sync_times: list[SyncTimes] = []
        self.slow_syncs = 0
        self._queue: queue.SimpleQueue[tuple[LogBatch, int] | None] = queue.SimpleQueue()
        self._submitted_zxid = 0
        self._submitted_ms: list[int] = []
        self._pace = ThreadPace()
        self._appended_ms = 0
        self._synced_ms: int | None = None
        self._kernel = new_kernel_sync()
        self._beside: list[LogBatch] = []
        self._beside_since_ms = 0
        self._beside_since_ns = 0
        self.usual_sync_ns = FAST_SYNC_NS
        self.retry_seconds = RETRY_SECONDS
        self._stop = threading.Event()
        self._syncing = threading.Thread(target=self._run, name="SyncThread", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._syncing.start()

    def submit(self, batch: LogBatch) -> None:
        """Write this batch after all before it."""
        now_ms = elapsed_ms()
        if not self.is_thread_busy:
            self._pace.moved(now_ms)
        self._submitted_zxid = batch.last_zxid
        self._queue.put((batch, now_ms))

    @property
    def is_thread_busy(self) -> bool:
        """Whether the thread has something to write."""
        return self._submitted_zxid != self.persisted_zxid and not self._beside

    def is_starved(self, now_ms: int) -> bool:
        """Whether it has had something to write for long, and may be waiting for the interpreter."""
        return self._pace.is_starved(self.is_thread_busy, now_ms)

    @property
    def can_sync_beside(self) -> bool:
        """Whether the kernel can sync while the caller goes on."""
        return self._kernel is not None

    @property
    def is_syncing_beside(self) -> bool:
        """Whether it does: nothing may be written or submitted until it has come to its end."""
        return len(self._beside) > 0

    def write_here(self, batches: list[LogBatch], beside: bool = False) -> bool:
        """Write these in the caller's thread; False where they have to be submitted instead.

        With `beside` they may not be safe yet: the wake-up tells when they are.
        """
        if self._submitted_zxid != self.persisted_zxid or self.usual_sync_ns > FAST_SYNC_NS or self.failure:
            return False
        begun_ms = elapsed_ms()
        if batches[-1].roll_after or not self._try_write(batches, _pieces(batches), beside):
            return False
        self._submitted_zxid = batches[-1].last_zxid
        if self.is_syncing_beside:
            self._beside_since_ms = begun_ms
        else:
            self._persisted(batches, [begun_ms] * len(batches), begun_ms)
        return True

    def acknowledge(self) -> None:
        """The wake-up was readable."""
        self.wakeup.drain()
        self._end_sync_beside()

    def finish_sync(self) -> None:
        """Wait for what the kernel syncs."""
        while self.is_syncing_beside:
            select.select([self.wakeup.fd], [], [])
            self.acknowledge()

    def abandon(self) -> None:
        """Write nothing more, as if the process died: what was submitted and not begun with is lost."""
        self._stop.set()
        self.usual_sync_ns = NEVER_HERE_NS
        try:
            while True:
                self._queue.get_nowait()
        except queue.Empty:
            self._queue.put(None)

    def stop(self) -> None:
        """Write what was submitted, then end the thread and close the log."""
        self.finish_sync()
        self._stop.set()
        self._queue.put(None)
        if self._syncing.is_alive():
            self._syncing.join()
        if self._kernel is not None:
            self._kernel.close()
        self.wakeup.close()

    # --- the sync beside

    def _begin_sync_beside(self, batches: list[LogBatch]) -> bool:
        """Leave these, which are appended, to the kernel, if that is possible."""
        descriptor = self.log.descriptor_to_sync()
        if self._kernel is None or descriptor < 0 or not self._kernel.begin(descriptor, self.wakeup.fd):
            return False
        self._beside_since_ns = monotonic_ns()
        self._beside = list(batches)
        return True

    def _end_sync_beside(self) -> None:
        """Take note when it has ended; what could not be synced is for the thread to write again."""
        batches = self._beside
        if not batches or self._kernel is None:
            return
        try:
            if not self._kernel.is_done():
                return
        except OSError as error:
            self._beside = []
            self._stall(self.log.sync_failed(error))
            for batch in batches:
                self.submit(batch)
        else:
            self._beside = []
            took_ns = monotonic_ns() - self._beside_since_ns
            self.log.synced()
            # It may have waited for its end to be noticed, so only a faster one is to be believed.
            self._synced(took_ns, took_ns < self.usual_sync_ns)
            self._persisted(batches, [self._beside_since_ms] * len(batches), self._beside_since_ms)

    # --- the thread

    def _run(self) -> None:
        try:
            while True:
                batches, more = self._next_batches()
                if batches and not self._write(batches):
                    # Later batches must not be logged either: a log with a gap cannot be loaded.
                    break
                if not more:
                    break
        except BaseException as error:
            logger.critical("The transaction log failed: %s", error)
            self.failure = error
            self.wakeup.wake()
        finally:
            try:
                self.log.close()
            except StorageError as error:
                logger.error("%s", error)

    def _next_batches(self) -> tuple[list[LogBatch], bool]:
        """Wait for work and take all of it; False with the last."""
        batches: list[LogBatch] = []
        self._submitted_ms = []
        item = self._queue.get()
        while item is not None:
            batch, submitted_ms = item
            batches.append(batch)
            self._submitted_ms.append(submitted_ms)
            if batch.roll_after or self._queue.empty():
                return batches, True
            item = self._queue.get()
        return batches, False

    def _write(self, batches: list[LogBatch]) -> bool:
        """Log them, however long the disk takes; False when the server stops before that is possible."""
        pieces = _pieces(batches)
        begun_ms = elapsed_ms()
        while not self._try_write(batches, pieces):
            if self._stop.wait(self.retry_seconds):
                logger.error("Stopping with writes that could not be logged; they were not acknowledged")
                return False
        if batches[-1].roll_after:
            self.log.roll()
        self._persisted(batches, self._submitted_ms, begun_ms)
        self.wakeup.wake()
        return True

    # --- both

    def _persisted(self, batches: list[LogBatch], submitted_ms: list[int], begun_ms: int) -> None:
        if len(self.sync_times) < SYNC_TIMES_KEPT:
            queued = [begun_ms - when_ms for when_ms in submitted_ms]
            txns: i64 = 0
            for batch in batches:
                txns += batch.txns
            appended, flushed = self._appended_ms - begun_ms, elapsed_ms() - self._appended_ms
            self.sync_times.append(SyncTimes(queued, appended, flushed, self._synced_ms, txns, self._queue.qsize()))
        self.persisted_zxid = batches[-1].last_zxid
        self._pace.moved(elapsed_ms())

    def _try_write(self, batches: list[LogBatch], pieces: list[bytes], beside: bool = False) -> bool:
        try:
            self.log.append(batches[0].first_zxid, *pieces)
            self._appended_ms = elapsed_ms()
            if beside and self._begin_sync_beside(batches):
                return True
            took_ns = self.log.commit()
        except StorageError as error:
            self._stall(error)
            return False
        self._synced(took_ns, True)
        return True

    def _stall(self, error: StorageError) -> None:
        if not self.stalled:
            logger.error("No write is acknowledged until the log can be written again: %s", error)
        self.stalled = True

    def _synced(self, took_ns: int, is_usual: bool) -> None:
        """A sync took so long; `is_usual` when that tells something of the disk."""
        if is_usual:
            self._learn(took_ns)
        if self.stalled:
            logger.warning("The log can be written again")
            self.stalled = False
        took_ms = took_ns // 1_000_000
        self._synced_ms = took_ms if took_ns > 0 else None
        if took_ms > self.warning_threshold_ms:
            self.slow_syncs += 1
            logger.warning(
                "fsync-ing the write ahead log took %dms, which delays every write; use a faster or less busy disk",
                took_ms,
            )

    def _learn(self, took_ns: int) -> None:
        """Move `usual_sync_ns` towards the lower quartile: longer syncs have often waited for the processor."""
        step = self.usual_sync_ns // 16 + 1
        self.usual_sync_ns = max(self.usual_sync_ns + (step if took_ns > self.usual_sync_ns else -3 * step), 0)


def _pieces(batches: list[LogBatch]) -> list[bytes]:
    """The records of all of them."""
    if len(batches) == 1:
        return batches[0].pieces
    return [piece for batch in batches for piece in batch.pieces]
