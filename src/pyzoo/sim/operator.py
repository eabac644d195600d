"""Operator: a client that changes the membership, as people do with reconfig."""

from typing import Final

from pyzoo.config.membership import Membership
from pyzoo.jute import opcodes as op
from pyzoo.sim.checkers.base import Facts
from pyzoo.sim.client import SimClient
from pyzoo.sim.machine import member_line
from pyzoo.sim.operation import Operation
from pyzoo.sim.options import Options
from pyzoo.sim.workload import Worker
from pyzoo.sim.world import World

PAUSE_MS: Final = 9000
LEAST_VOTERS: Final = 2
CONFIG_NODE: Final = "/zookeeper/config"


class Operator(Worker):
    """Removes members, takes them back, and changes their roles; one change after the other."""

    def __init__(self, world: World, client: SimClient, options: Options, facts: Facts, sids: list[int]) -> None:
        super().__init__(world, client, options)
        self.facts = facts
        self.sids = sids

    def _plan(self) -> None:
        self.world.after(self.world.between(1000, 2 * PAUSE_MS), self._act)

    def draw_operation(self) -> Operation:
        members = self.facts.membership
        sid = self.sids[self.world.draw(len(self.sids))]
        me = members.server(sid)
        if me is None:
            return self._join(sid, self.world.chance(0.3))
        if me.observer:
            return self._join(sid, False) if self.world.chance(0.5) else self._leave(sid)
        return self._shrink(members, sid)

    def _shrink(self, members: Membership, sid: int) -> Operation:
        if len(members.voters) <= LEAST_VOTERS:
            return Operation(op.GET_DATA, CONFIG_NODE)
        return self._join(sid, True) if self.world.chance(0.3) else self._leave(sid)

    def _join(self, sid: int, observer: bool) -> Operation:
        line = f"server.{sid}={member_line(sid, observer)}"
        self.world.note(f"{self.client.name} asks for {line}")
        return Operation(op.RECONFIG, CONFIG_NODE, text=f"{line}|")

    def _leave(self, sid: int) -> Operation:
        self.world.note(f"{self.client.name} asks server {sid} to leave")
        return Operation(op.RECONFIG, CONFIG_NODE, text=f"|{sid}")
