"""Members that have applied the same transactions have the same tree and the same sessions."""

from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.member import SimMember


class DigestChecker(Checker):
    """Keeps the digest and the sessions of each point of the history, as the first member had them."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self._states: dict[int, tuple[int, int, int]] = {}
        self._seen: dict[int, tuple[int, int]] = {}

    def turned(self, member: SimMember) -> None:
        if not member.is_serving or member.peer is None:
            return
        database = member.peer.database
        if database.tree.closing is not None:
            # Sessions may be ahead of the last zxid.
            return
        mark = (member.life, database.last_zxid)
        if self._seen.get(member.sid) == mark:
            return
        self._seen[member.sid] = mark
        position = self.ledger.position(database.last_zxid)
        digest = database.tree.tree_digest
        sessions = hash(tuple(sorted(database.sessions.items())))
        known = self._states.setdefault(position, (digest, sessions, member.sid))
        place = f"after {database.last_zxid:#x}, servers {member.sid} and {known[2]}"
        self.require(known[0] == digest, f"{place} have different trees")
        self.require(known[1] == sessions, f"{place} have different sessions")
        mismatches = database.tree.digests.mismatches
        self.require(mismatches == 0, f"server {member.sid} counts {mismatches} digests that do not match")
