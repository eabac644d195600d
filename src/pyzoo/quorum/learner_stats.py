"""LearnerStats: what operators see of the packets of a learner."""

from typing import final

from mypy_extensions import i64

from pyzoo.summaries import BasicSummary


@final
class LearnerStats:
    """Packets of one learner, for operators; `queue_size` is what each packet finds ahead of it."""

    def __init__(self, now_ms: i64) -> None:
        self.created_ms: i64 = now_ms
        self.packets_sent: i64 = 0
        self.packets_received: i64 = 0
        self.requests_received: i64 = 0
        self.last_zxid_sent: i64 = -1
        self.queue_size: BasicSummary | None = None
        self._waiting: i64 = 0

    def sent(self, zxid: i64, is_first: bool) -> None:
        """A packet is sent; `is_first` when the network had taken all before it."""
        self.packets_sent += 1
        if is_first:
            self._waiting = 0
        if self.queue_size is not None:
            self.queue_size.add(self._waiting)
        self._waiting += 1
        if zxid > 0:
            self.last_zxid_sent = zxid
