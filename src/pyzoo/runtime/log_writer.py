"""LogWriter: when the log records of the last passes are written, and by whom.

The loop does it by itself where the disk is fast, else a thread; where there is more to do meanwhile the kernel syncs
beside (docs/decisions/0008-log-in-the-loop.md, 0009-zeros-ahead.md, 0011-sync-beside.md).
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.runtime.log_thread import FAST_SYNC_NS, LogThread
from pyzoo.server.effects import LogBatch
from pyzoo.server.metrics import ServerMetrics

HOLD_SYNCS: Final = 4
"""So many syncs a leader's proposals wait for company at the most (docs/decisions/0010-group-commit.md)."""
HOLD_MAX_NS: Final = 1_000_000
"""However slow the disk is, they wait no longer."""


TXN_NS: Final = 13_000
"""What a transaction with its answer takes of the loop, roughly."""
MANY_REPLIES: Final = 2
"""Who answers so many clients need not wait for more to log: they will bring it."""
FEW_EVENTS: Final = 4
FEW_PASSES: Final = 2
"""So few events are taken first all the same, in so few passes."""
LARGE_BYTES: Final = 1 << 19
"""More than this takes longer to write, and to sync, than clients may wait for the loop."""


@final
class LogPace:
    """Up to `passes` more are made before the log is written, while others wait: they may bring more for it.

    Where others wait for a group of `txns_beside` transactions, it is synced beside, while clients are answered; 0 is
    for a server alone, which does so whenever there is something else to do.
    """

    def __init__(self, passes: i64, txns_beside: i64) -> None:
        self.passes: i64 = passes
        self.txns_beside: i64 = txns_beside


ALONE: Final = LogPace(8, 0)
"""Only until a group is as much work as its sync (docs/decisions/0021-groups-of-one-server.md)."""
IN_ENSEMBLE: Final = LogPace(6, 8)
"""Most events bring a member something to log; its smaller groups have no clients to answer meanwhile."""


@final
class LogWriter:
    """What is still to be logged, and the log; `wakeup_fd` is readable when it got further by itself."""

    def __init__(self, log: LogThread, pace: LogPace) -> None:
        self._log = log
        self._pace = pace
        self.wakeup_fd: int = log.wakeup.fd
        self.waiting: list[LogBatch] = []
        self._replies: i64 = 0

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
        if events == 0 or deferred >= self._pace.passes:
            return False
        if self._pace.txns_beside > 0:
            return True
        if self._replies >= MANY_REPLIES and (events > FEW_EVENTS or deferred >= FEW_PASSES):
            return False
        return not self._is_worth(1)

    def begin_before(self, replies: i64) -> bool:
        """Begin to make safe what waits, before so many clients are answered; whether all of it is safe now.

        As `write`, which it is left to where that is not worth while.
        """
        log = self._log
        self._replies = replies
        if not self.waiting or log.is_syncing_beside or not log.can_sync_beside:
            return False
        if self._pace.txns_beside == 0:
            return replies >= MANY_REPLIES and self._is_worth(2) and self._write(True)
        return self._has_more_to_do(False) and self._write(True)

    def go_on(self) -> None:
        """A sync has come to its end: a server alone begins the next one before anybody is answered."""
        log = self._log
        if self.waiting and self._pace.txns_beside == 0 and log.can_sync_beside and not log.is_syncing_beside:
            if self._is_worth(2):
                self._write(True)

    def _is_worth(self, factor: i64) -> bool:
        """Whether what waits, so many times, is as much work for the loop as its sync takes."""
        return factor * self._txns_waiting() * TXN_NS >= min(self._log.usual_sync_ns, FAST_SYNC_NS)

    def _is_large(self) -> bool:
        size: i64 = 0
        for batch in self.waiting:
            size += batch.length
        return size > LARGE_BYTES

    def _txns_waiting(self) -> i64:
        txns: i64 = 0
        for batch in self.waiting:
            txns += batch.txns
        return txns

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
        if not self._is_large() and log.write_here(self.waiting, beside):
            self.waiting.clear()
            return not log.is_syncing_beside
        self.submit()
        return False

    def _has_more_to_do(self, is_idle: bool) -> bool:
        """Whether a sync leaves time for something: events that wait, in an ensemble the clients of a large group."""
        if self._pace.txns_beside == 0:
            return not is_idle
        return self._txns_waiting() >= self._pace.txns_beside

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
