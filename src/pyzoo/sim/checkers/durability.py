"""What a leader commits is on the disks of a quorum: no crash of whatever kind takes it away.

Looks at the disks, not at acknowledgements. The quorum is that of the membership up to the transaction, and for a
reconfiguration that of the new one, too.
"""

from attrs import evolve

from pyzoo.config.membership import Membership, members_of_text
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import SetDataTxn
from pyzoo.sim.checkers.base import Checker
from pyzoo.sim.ledger import Entry
from pyzoo.sim.member import SimMember


class DurabilityChecker(Checker):
    """Follows the membership along the history, and where a new leader completes what the last one only proposed."""

    def turned(self, member: SimMember) -> None:
        if member.peer is None or not member.is_established_leader or member.epoch != self.facts.newest_epoch:
            return
        current = member.peer.configuration.current.members
        if current.version > self.facts.membership.version and current.version not in self.ledger.index:
            # Both quorums have acknowledged NEWLEADER, which names it (ZOOKEEPER-1324).
            self.facts.membership = current

    def committed(self, member: SimMember, entry: Entry) -> None:
        holders = {
            sid for sid, other in self.facts.members.items() if other.durable.holds(entry.zxid, entry.fingerprint)
        }
        self._require_quorum(self.facts.membership, holders, member, entry)
        if entry.header.type == op.RECONFIG and isinstance(entry.txn, SetDataTxn):
            changed = members_of_text((entry.txn.data or b"").decode())
            self._require_quorum(changed, holders, member, entry)
            self.facts.membership = evolve(changed, version=entry.zxid)

    def _require_quorum(self, membership: Membership, holders: set[int], member: SimMember, entry: Entry) -> None:
        self.require(
            self.facts.is_quorum(membership, holders),
            f"server {member.sid} has committed {entry.zxid:#x}, but only the disks of {sorted(holders)} hold it",
        )
