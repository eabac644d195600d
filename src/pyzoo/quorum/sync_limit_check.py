"""SyncLimitCheck: whether a learner acknowledges proposals in time (LearnerHandler.SyncLimitCheck)."""

from typing import Final, final

from mypy_extensions import i64

BEYOND_ALL: Final = 0x7FFFFFFFFFFFFFFF


@final
class SyncLimitCheck:
    """The proposal whose acknowledgement is timed, and the newest one after it, which is timed next."""

    def __init__(self) -> None:
        self.timed_zxid: i64 = 0
        self._timed_since_ms: i64 = 0
        self._next_zxid: i64 = 0
        self._next_since_ms: i64 = 0

    @property
    def next_to_ack(self) -> i64:
        """A zxid at or before which there is a proposal that is not acknowledged; beyond all of them without such."""
        if self.timed_zxid == 0:
            return BEYOND_ALL
        return self.timed_zxid

    def sent(self, zxid: i64, now_ms: i64) -> None:
        """A proposal is on its way."""
        if self.timed_zxid == 0:
            self.timed_zxid, self._timed_since_ms = zxid, now_ms
        else:
            self._next_zxid, self._next_since_ms = zxid, now_ms

    def acked(self, zxid: i64) -> None:
        """An acknowledgement has come."""
        if zxid == self.timed_zxid:
            self.timed_zxid, self._timed_since_ms = self._next_zxid, self._next_since_ms
            self._next_zxid = 0

    def is_late(self, now_ms: i64, limit_ms: i64) -> bool:
        """Whether `timed_zxid` has waited for so long."""
        return self.timed_zxid != 0 and now_ms - self._timed_since_ms >= limit_ms
