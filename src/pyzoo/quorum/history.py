"""The history of a server as ZAB sees it: zxids in order, each with bytes that mean nothing here."""

from collections import deque
from collections.abc import Iterator
from typing import Final, final

from mypy_extensions import i64, mypyc_attr

MIN_COMMITTED_LOG: Final = 500
"""The least value of commitLogCount (ZKDatabase)."""


class Proposal:
    """A transaction as it is proposed and logged: header, body and digest in `payload`."""

    def __init__(self, zxid: i64, payload: bytes) -> None:
        self.zxid: i64 = zxid
        self.payload = payload

    def __repr__(self) -> str:
        return f"Proposal({self.zxid:#x}, {len(self.payload)} bytes)"


@final
class CommittedLog:
    """The last committed proposals, without a gap inside an epoch (ZKDatabase.committedLog)."""

    def __init__(self, limit: int) -> None:
        self.limit: i64 = max(limit, MIN_COMMITTED_LOG)
        self.proposals: deque[Proposal] = deque()
        self.min_zxid: i64 = 0
        self.max_zxid: i64 = 0

    def clear(self) -> None:
        """Forget all proposals: what comes next does not follow them."""
        self.proposals.clear()
        self.min_zxid = 0
        self.max_zxid = 0

    def add(self, zxid: i64, payload: bytes) -> None:
        """Append a proposal; one that is there already is skipped, one after a gap begins the log anew."""
        proposals = self.proposals
        if proposals:
            if zxid <= self.max_zxid:
                return
            if zxid != self.max_zxid + 1 and zxid >> 32 == self.max_zxid >> 32:
                proposals.clear()
        if not proposals:
            self.min_zxid = zxid
        proposals.append(Proposal(zxid, payload))
        self.max_zxid = zxid
        if len(proposals) > self.limit:
            proposals.popleft()
            self.min_zxid = proposals[0].zxid


@mypyc_attr(allow_interpreted_subclasses=True)
class History:
    """What leaders and learners ask of the database that they order transactions for."""

    def __init__(self, committed_log: CommittedLog) -> None:
        self.committed_log = committed_log

    def settle(self) -> None:
        """Let the database hold all that is committed."""

    @property
    def last_zxid(self) -> i64:
        """lastProcessedZxid: the newest transaction that the database holds."""
        raise NotImplementedError

    def snapshot_chunks(self) -> Iterator[bytes]:
        """The stream of a whole snapshot, made a slice at a time while the database goes on."""
        raise NotImplementedError
