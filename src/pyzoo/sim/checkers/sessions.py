"""A session sees its zxids grow; it expires in its time, its ephemerals go with it, and nothing of it comes after."""

from typing import Final

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CloseSessionTxn, CreateTxn
from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.client import SimClient
from pyzoo.sim.ledger import Entry
from pyzoo.sim.member import SimMember
from pyzoo.sim.operation import Operation
from pyzoo.zxid import epoch_of

CLOCK_TOLERANCE: Final = 0.99


class SessionChecker(Checker):
    """Keeps what each session has seen, and which members its clients were heard of by."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self._seen: dict[int, int] = {}
        self._office_since_ms: dict[int, int] = {}

    # --- order

    def replied(self, client: SimClient, operation: Operation) -> None:
        zxid = operation.zxid
        if zxid <= 0:
            return
        seen = self._seen.get(operation.session_id, 0)
        self.require(zxid >= seen, f"{operation} was answered at {zxid:#x}, after the session had seen {seen:#x}")
        self._seen[operation.session_id] = zxid

    # --- the end of sessions

    def turned(self, member: SimMember) -> None:
        if member.is_established_leader:
            self._office_since_ms.setdefault(member.epoch, self.facts.world.now_ms)

    def committed(self, member: SimMember, entry: Entry) -> None:
        session = entry.header.client_id
        closed = self.ledger.session_closed.get(session)
        if entry.header.type == op.CLOSE_SESSION:
            self._closed(member, entry, session)
            return
        # With local sessions a leader cannot tell a closed one from one of a learner, as Apache's.
        self.require(
            closed is None or not entry.parts or self.facts.options.local_sessions,
            f"{entry.zxid:#x} does something for session {session:#x}, which was closed at {closed or 0:#x}",
        )
        for _, part in entry.parts:
            if isinstance(part, CreateTxn) and part.ephemeral:
                self.require(
                    closed is None and session in self.ledger.session_created,
                    f"{entry.zxid:#x} creates {part.path} for session {session:#x}, which is not there",
                )

    def _closed(self, member: SimMember, entry: Entry, session: int) -> None:
        left = self.ledger.ephemerals.get(session)
        self.require(not left, f"{entry.zxid:#x} closes session {session:#x} and leaves {sorted(left or ())}")
        if not isinstance(entry.txn, CloseSessionTxn):
            return
        for path in entry.txn.paths2_delete or []:
            before = self.ledger.state(path or "", entry.zxid - 1)
            self.require(
                before.exists and before.owner == session,
                f"{entry.zxid:#x} closes session {session:#x} and deletes {path}, which was {before}",
            )
        if entry.header.cxid == 0:
            self._expired(member, entry, session)

    def _expired(self, member: SimMember, entry: Entry, session: int) -> None:
        """A leader gives every session its full time, counted from when it took office."""
        timeout_ms = self.ledger.session_timeouts.get(session, 0)
        now_ms = self.facts.world.now_ms
        in_office_ms = now_ms - self._office_since_ms.get(epoch_of(entry.zxid), now_ms - timeout_ms)
        self.require(
            in_office_ms >= timeout_ms * CLOCK_TOLERANCE - 5,
            f"server {member.sid} ends session {session:#x} of {timeout_ms} ms after {in_office_ms} ms in office",
        )
