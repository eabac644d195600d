"""There is at most one leader in office in an epoch, and epochs of leaders grow."""

from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.member import Member


class LeaderChecker(Checker):
    """Remembers who took office in which epoch."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.leaders: dict[int, tuple[int, int]] = {}
        self.since_ms: dict[int, int] = {}

    def turned(self, member: Member) -> None:
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
            newest = max(self.leaders, default=0)
            self.require(
                epoch > newest, f"server {member.sid} takes office in epoch {epoch}, after the leader of {newest}"
            )
            self.leaders[epoch] = (member.sid, member.life)
            self.since_ms[epoch] = self.facts.world.now_ms
            self.facts.world.note(f"server {member.sid} is in office in epoch {epoch}")
        else:
            self.require(
                leader == (member.sid, member.life),
                f"servers {leader[0]} and {member.sid} have both been in office in epoch {epoch}",
            )
