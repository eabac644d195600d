"""A leader that hands over leaves others behind who lack nothing: whom a quorum of them elects leads at once.

Who goes too soon loses nothing either, for what was acknowledged is on the disks of a quorum: the ensemble only takes
longer to come back. So no other rule sees it.
"""

from pyzoo.server.member.leading import Leading
from pyzoo.sim.checkers.base import Checker
from pyzoo.sim.member import SimMember


class HandOverChecker(Checker):
    """Looks at the disks of the others in that moment."""

    def handed_over(self, member: SimMember) -> None:
        peer = member.peer
        if peer is None or not isinstance(peer.role, Leading) or member.epoch != self.facts.newest_epoch:
            return
        role = peer.role
        if role.hand_over is None or not role.hand_over.is_level:
            return  # the others cannot elect, whoever waits
        broadcast = role.leader.broadcast
        self.require(
            broadcast.last_committed == broadcast.last_proposed,
            f"server {member.sid} hands over, and {broadcast.last_proposed:#x} is not committed",
        )
        if not self.ledger.entries:
            return
        last = self.ledger.entries[-1]
        level = {
            sid
            for sid, other in self.facts.members.items()
            if sid != member.sid and other.durable.holds(last.zxid, last.fingerprint)
        }
        self.require(
            self.facts.is_quorum(self.facts.membership, level),
            f"server {member.sid} hands over, but only the disks of {sorted(level)} hold {last.zxid:#x}",
        )
