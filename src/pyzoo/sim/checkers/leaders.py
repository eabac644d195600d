"""There is at most one leader in office in an epoch, and nobody serves an epoch that has none."""

from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.member import SimMember


class LeaderChecker(Checker):
    """Remembers who took office in which epoch."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.leaders: dict[int, tuple[int, int]] = {}

    def turned(self, member: SimMember) -> None:
        if not member.is_serving:
            return
        epoch = member.epoch
        if not member.is_established_leader:
            self.require(
                epoch in self.leaders, f"server {member.sid} serves in epoch {epoch}, of which nobody is in office"
            )
            return
        leader = self.leaders.get(epoch)
        if leader is None:
            # One that was cut off may hear of its quorum when that has a newer leader; it commits nothing any more.
            self.facts.newest_epoch = max(self.facts.newest_epoch, epoch)
            self.leaders[epoch] = (member.sid, member.life)
            self.facts.world.note(f"server {member.sid} is in office in epoch {epoch}")
        else:
            self.require(
                leader == (member.sid, member.life),
                f"servers {leader[0]} and {member.sid} have both been in office in epoch {epoch}",
            )
