"""All members apply one history, in one order, and a leader in office has all of it that was ever committed."""

from pyzoo.errors import MalformedRecord
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.vote import LEADING
from pyzoo.server.member.leading import Leading
from pyzoo.server.roles.leader import LeaderZooKeeperServer
from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.durable import fingerprint
from pyzoo.sim.ledger import Entry
from pyzoo.sim.member import SimMember
from pyzoo.sim.world import InvariantViolation
from pyzoo.zxid import counter_of


class HistoryChecker(Checker):
    """Lets the leader of the newest epoch extend the ledger, and compares everybody with it."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self._seen: dict[int, tuple[int, int, int]] = {}
        self._starts: dict[int, int] = {}
        self._terms: dict[int, tuple[int, Leading]] = {}

    def turned(self, member: SimMember) -> None:
        self._end_of_term(member)
        if member.peer is None:
            return
        database = member.peer.database
        if not member.is_serving:
            if member.peer.state == LEADING:
                self._starts[member.sid] = database.last_zxid
            return
        role = (member.life, member.epoch)
        *seen_role, seen_zxid = self._seen.get(member.sid, (0, 0, 0))
        is_new = tuple(seen_role) != role
        if is_new:
            seen_zxid = 0
        last_zxid = database.last_zxid
        ahead = self._ahead(member)
        reached = ahead[-1].zxid if ahead else last_zxid
        if not is_new and reached == seen_zxid:
            return
        leads = member.is_established_leader and member.epoch == self.facts.newest_epoch
        if leads and isinstance(member.peer.role, Leading):
            self._terms[member.sid] = (member.life, member.peer.role)
        if leads and is_new:
            self.require(
                last_zxid >= self.ledger.last_zxid,
                f"the leader {member.sid} has {last_zxid:#x} only, but {self.ledger.last_zxid:#x} is committed",
            )
        if leads and is_new:
            self._learn_from_disks(member, self._starts.get(member.sid, 0))
        committed = self._newer(member, seen_zxid) + [one for one in ahead if one.zxid > seen_zxid]
        self._compare(member, committed, leads)
        self._check_end(member, last_zxid)
        self._seen[member.sid] = (*role, reached)

    def _ahead(self, member: SimMember) -> list[Proposal]:
        """What a leader has committed and not applied yet: others may have applied it."""
        server = None if member.peer is None else member.peer.server
        return server.committed_ahead() if isinstance(server, LeaderZooKeeperServer) else []

    def _learn_from_disks(self, leader: SimMember, start_zxid: int) -> None:
        """A leader that has got its history as a snapshot does not remember its end: some log has it."""
        assert leader.peer is not None
        known = leader.peer.database.committed_log
        if start_zxid <= self.ledger.last_zxid or (known.proposals and known.min_zxid <= self.ledger.last_zxid + 1):
            return
        for member in self.facts.members.values():
            if start_zxid in member.durable.logged and member.durable.snapshot_zxid <= self.ledger.last_zxid:
                self._compare(leader, member.durable.between(self.ledger.last_zxid, start_zxid), True)
                return

    def _end_of_term(self, member: SimMember) -> None:
        """In the turn that ends its term a leader may have committed something, and told clients of it."""
        life, role = self._terms.get(member.sid, (0, None))
        if role is None or member.peer is None or (member.is_established_leader and member.peer.role is role):
            return
        del self._terms[member.sid]
        if life == member.life:
            last = int(role.leader.broadcast.last_committed)
            newer = self._newer(member, self._seen[member.sid][2])
            leads = int(role.leader.epoch) == self.facts.newest_epoch
            self._compare(member, [proposal for proposal in newer if proposal.zxid <= last], leads)

    def _newer(self, member: SimMember, seen_zxid: int) -> list[Proposal]:
        """What was applied since, oldest first; at the beginning of a role all that is remembered."""
        assert member.peer is not None
        found: list[Proposal] = []
        for proposal in reversed(member.peer.database.committed_log.proposals):
            if proposal.zxid <= seen_zxid:
                break
            found.append(proposal)
        found.reverse()
        return found

    def _compare(self, member: SimMember, proposals: list[Proposal], leads: bool) -> None:
        ledger = self.ledger
        expected: int | None = None
        for proposal in proposals:
            zxid = proposal.zxid
            at = ledger.index.get(zxid)
            if at is None and leads and zxid > ledger.last_zxid:
                at = len(ledger.entries)
                self._commit(member, proposal)
            self.require(at is not None, f"server {member.sid} has applied {zxid:#x}, which no leader has committed")
            assert at is not None
            self.require(
                expected is None or at == expected,
                f"server {member.sid} has applied {zxid:#x} without all that was committed before it",
            )
            expected = at + 1
            self.require(
                ledger.entries[at].fingerprint == fingerprint(proposal.payload),
                f"server {member.sid} has applied another transaction {zxid:#x} than was committed",
            )

    def _commit(self, member: SimMember, proposal: Proposal) -> None:
        try:
            entry: Entry = self.ledger.append(proposal.zxid, proposal.payload, self.facts.world.now_ms)
        except MalformedRecord as error:
            raise InvariantViolation(f"{proposal.zxid:#x} was committed and cannot be read: {error}") from error
        self.facts.committed(member, entry)

    def _check_end(self, member: SimMember, last_zxid: int) -> None:
        self.require(
            counter_of(last_zxid) == 0 or last_zxid in self.ledger.index,
            f"server {member.sid} serves {last_zxid:#x}, which no leader has committed",
        )
