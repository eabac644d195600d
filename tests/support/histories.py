"""Histories for tests: zxids with payloads that tell them apart, and a database that only remembers."""

from collections.abc import Iterable, Iterator

from pyzoo.quorum.history import CommittedLog, History, Proposal


def z(epoch: int, counter: int) -> int:
    """A zxid as `epoch:counter`."""
    return (epoch << 32) | counter


def run_of(epoch: int, first: int, last: int) -> list[int]:
    """The zxids of one epoch from `first` to `last`."""
    return [z(epoch, counter) for counter in range(first, last + 1)]


def payload_of(zxid: int) -> bytes:
    return b"txn %x" % zxid


def proposals_of(zxids: Iterable[int]) -> list[Proposal]:
    return [Proposal(zxid, payload_of(zxid)) for zxid in zxids]


def log_of(zxids: Iterable[int], limit: int = 500) -> CommittedLog:
    log = CommittedLog(limit)
    for zxid in zxids:
        log.add(zxid, payload_of(zxid))
    return log


class FakeHistory(History):
    """Holds `zxids`; the newest `cached` of them are in the committed log."""

    def __init__(self, zxids: list[int], last_zxid: int | None = None, cached: int | None = None) -> None:
        super().__init__(log_of(zxids if cached is None else zxids[len(zxids) - cached :]))
        self.last = last_zxid if last_zxid is not None else zxids[-1] if zxids else 0
        self.chunks = [b"snap", b"shot"]

    @property
    def last_zxid(self) -> int:
        return self.last

    def snapshot_chunks(self) -> Iterator[bytes]:
        return iter(self.chunks)
