"""What clients ask for: a mix over a few keys, so that they meet."""

from typing import Final

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL
from pyzoo.sim.client import SimClient
from pyzoo.sim.operation import (
    CONTAINER,
    EPHEMERAL,
    EPHEMERAL_SEQUENTIAL,
    OPEN,
    PERSISTENT,
    SEQUENTIAL,
    TTL,
    TTL_SEQUENTIAL,
    Operation,
)
from pyzoo.sim.options import Options
from pyzoo.sim.world import World

SESSION_TIMEOUTS_IN_TICKS: Final = (4, 8, 16)
ABANDONS: Final = 0.004
CLOSES: Final = 0.01
MIX: Final = (
    (op.GET_DATA, 22),
    (op.EXISTS, 8),
    (op.GET_CHILDREN2, 6),
    (op.SET_DATA, 22),
    (op.CREATE, 18),
    (op.CREATE2, 4),
    (op.DELETE, 10),
    (op.MULTI, 5),
    (op.SYNC, 5),
)
OTHER_NODES: Final = ((op.CREATE_CONTAINER, 8), (op.CREATE_TTL, 8), (op.SET_ACL, 8))
LONGEST_TTL_MS: Final = 4000
ACLS: Final = (OPEN, [ACL(1, "world", "anyone")], [ACL(31, "digest", "bob:x"), ACL(7, "world", "anyone")])
"""Different enough for the caches of a server; nobody asks for permission here."""


def _choices(mix: tuple[tuple[int, int], ...]) -> list[int]:
    return [type for type, weight in mix for _ in range(weight)]


class Worker:
    """Keeps one client busy, a few requests in flight at most."""

    def __init__(self, world: World, client: SimClient, options: Options) -> None:
        self.world = world
        self.client = client
        self.options = options
        self.is_quiet = False
        self.written = 0
        self._choices = _choices(MIX + OTHER_NODES if options.all_nodes else MIX)
        client.wanted_timeout_ms = options.tick_ms * SESSION_TIMEOUTS_IN_TICKS[world.draw(3)]
        client.accepts_read_only = options.read_only and world.chance(0.5)

    def start(self) -> None:
        """Begin."""
        self.client.start()
        self._plan()

    def _plan(self) -> None:
        self.world.after(self.world.between(1, 2 * self.options.think_ms), self._act)

    def _act(self) -> None:
        self._plan()
        client = self.client
        if self.is_quiet or not client.is_connected or len(client.waiting) >= self.options.pipeline:
            return
        if client.waiting and client.waiting[-1].type == op.CLOSE_SESSION:
            return
        if self.world.chance(ABANDONS):
            self._abandon()
        elif self.world.chance(CLOSES):
            client.send(Operation(op.CLOSE_SESSION))
        else:
            client.send(self.draw_operation())

    def _abandon(self) -> None:
        """The client dies without closing its session, and comes back as another one."""
        self.client.stop()
        self.client.forget_session()
        self.world.after(self.world.between(100, 3000), self.client.start)

    def _key(self) -> str:
        return f"/k{self.world.draw(self.options.keys)}"

    def draw_operation(self) -> Operation:
        """Something to ask."""
        world = self.world
        type = self._choices[world.draw(len(self._choices))]
        path = self._key()
        operation = Operation(type, path)
        if type in (op.CREATE, op.CREATE2):
            self._draw_create(operation)
        elif type == op.CREATE_CONTAINER:
            operation.flags = CONTAINER
        elif type == op.CREATE_TTL:
            self._draw_create_ttl(operation)
        elif type == op.SET_ACL:
            operation.acl = ACLS[world.draw(len(ACLS))]
            operation.version = -1 if world.chance(0.6) else world.draw(3)
        elif type in (op.SET_DATA, op.MULTI):
            operation.data = self._data()
            operation.version = -1 if world.chance(0.6) else world.draw(4)
        elif type == op.DELETE and world.chance(0.5):
            operation.path = f"{path}/e{world.draw(3)}"
        elif type in (op.GET_DATA, op.EXISTS, op.GET_CHILDREN2):
            operation.watch = world.chance(0.4)
        return operation

    def _draw_create(self, operation: Operation) -> None:
        world = self.world
        operation.data = self._data()
        luck = world.draw(10)
        if luck < 5:
            operation.flags = PERSISTENT
        elif luck < 7:
            operation.path += f"/e{world.draw(3)}"
            operation.flags = EPHEMERAL
        else:
            operation.path += "/s-"
            operation.flags = SEQUENTIAL if luck < 8 else EPHEMERAL_SEQUENTIAL

    def _draw_create_ttl(self, operation: Operation) -> None:
        operation.data = self._data()
        operation.ttl = self.world.between(1, LONGEST_TTL_MS)
        operation.flags = TTL if self.world.chance(0.6) else TTL_SEQUENTIAL
        if operation.flags == TTL_SEQUENTIAL:
            operation.path += "/t-"

    def _data(self) -> bytes:
        self.written += 1
        return f"{self.client.name} {self.written}".encode() + b"." * self.world.draw(40)
