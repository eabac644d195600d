"""LogWriter: when the log records of the last passes are written, and by whom.

The loop does it by itself where the disk is fast, else a thread; where there is more to do meanwhile the kernel syncs
beside (docs/decisions/0008-log-in-the-loop.md, 0009-zeros-ahead.md, 0011-sync-beside.md).
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.runtime.log_thread import LogThread
from pyzoo.server.effects import LogBatch
from pyzoo.server.metrics import ServerMetrics

ANY: Final = 1 << 30
HOLD_SYNCS: Final = 4
"""So many syncs a leader's proposals wait for company at the most (docs/decisions/0010-group-commit.md)."""
HOLD_MAX_NS: Final = 1_000_000
"""However slow the disk is, they wait no longer."""


@final
class LogPace:
    """Up to `passes` more, each of at most `events`, are made before the log is written: they may bring more for it.

    Where others wait for a group of `txns_beside` transactions, it is synced beside, while clients are answered; 0 is
    for a server alone, which does so whenever there is something else to do.
    """

    def __init__(self, passes: i64, events: i64, txns_beside: i64) -> None:
        self.passes: i64 = passes
        self.events: i64 = events
        self.txns_beside: i64 = txns_beside


ALONE: Final = LogPace(2, 4, 0)
IN_ENSEMBLE: Final = LogPace(6, ANY, 8)
"""Most events bring a member something to log; its smaller groups have no clients to answer meanwhile."""


@final
class LogWriter:
    """What is still to be logged, and the log; `wakeup_fd` is readable when it got further by itself."""

    def __init__(self, log: LogThread, pace: LogPace) -> None:
        self._log = log
        self._pace = pace
        self.wakeup_fd: int = log.wakeup.fd
        self.waiting: list[LogBatch] = []

    @property
    def is_thread_busy(self) -> bool:
        """Whether a thread needs the interpreter for the log."""
        return self._log.is_thread_busy

    def is_starved(self, now_ms: int) -> bool:
        """Whether a thread has had something to log for long, and may be waiting for the interpreter."""
        return self._log.is_starved(now_ms)

    def patience_ns(self) -> i64:
        """How long proposals may wait for company."""
        return min(HOLD_SYNCS * self._log.usual_sync_ns, HOLD_MAX_NS)

    def waits_for(self, events: i64, deferred: i64) -> bool:
        """Whether these events are taken first, after so many passes that have left something to log."""
        return 0 < events <= self._pace.events and deferred < self._pace.passes

    def begin_large(self) -> bool:
        """Have the kernel sync a large group now: others wait for that, and clients are answered meanwhile.

        As `write`, which it is left to otherwise.
        """
        log = self._log
        if self._pace.txns_beside == 0 or not self.waiting or log.is_syncing_beside or not log.can_sync_beside:
            return False
        return self._has_more_to_do(False) and self._write(True)

    def write(self, is_idle: bool) -> bool:
        """Log what the last passes have left, here if the disk is fast enough; whether all of it is safe now.

        What comes until the end of a sync beside joins the next one.
        """
        log = self._log
        if log.is_syncing_beside:
            return False
        beside = log.can_sync_beside and self._has_more_to_do(is_idle)
        if is_idle or beside or self._pace.txns_beside > 0:
            return self._write(beside)
        self.submit()
        return False

    def _write(self, beside: bool) -> bool:
        log = self._log
        if log.write_here(self.waiting, beside):
            self.waiting.clear()
            return not log.is_syncing_beside
        self.submit()
        return False

    def _has_more_to_do(self, is_idle: bool) -> bool:
        """Whether a sync leaves time for something: events that wait, in an ensemble the clients of a large group."""
        if self._pace.txns_beside == 0:
            return not is_idle
        return sum([batch.txns for batch in self.waiting]) >= self._pace.txns_beside

    def submit(self) -> None:
        """Let the thread log what is left."""
        if not self._log.is_syncing_beside:
            for batch in self.waiting:
                self._log.submit(batch)
            self.waiting.clear()

    def acknowledge(self) -> None:
        """The wake-up was readable."""
        self._log.acknowledge()

    def progress(self, metrics: ServerMetrics) -> i64:
        """How far the log is safe; raises what has ended it."""
        log = self._log
        failure = log.failure
        if failure is not None:
            raise failure
        while log.sync_times:
            log.sync_times.pop().count(metrics)
        return log.persisted_zxid

    def abandon(self) -> None:
        """Lose what is not written yet."""
        self.waiting.clear()
        self._log.abandon()

    def close(self) -> None:
        """Leave what is left to the thread."""
        self._log.finish_sync()
        self.submit()
