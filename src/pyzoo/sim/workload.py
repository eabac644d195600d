"""What clients ask for: a mix over a few keys, so that they meet."""

from typing import Final

from pyzoo.jute import opcodes as op
from pyzoo.sim.client import SimClient
from pyzoo.sim.operation import EPHEMERAL, EPHEMERAL_SEQUENTIAL, PERSISTENT, SEQUENTIAL, Operation
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
_CHOICES: Final = [type for type, weight in MIX for _ in range(weight)]


class Worker:
    """Keeps one client busy, a few requests in flight at most."""

    def __init__(self, world: World, client: SimClient, options: Options) -> None:
        self.world = world
        self.client = client
        self.options = options
        self.is_quiet = False
        self.written = 0
        client.wanted_timeout_ms = options.tick_ms * SESSION_TIMEOUTS_IN_TICKS[world.draw(3)]

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
        type = _CHOICES[world.draw(len(_CHOICES))]
        path = self._key()
        operation = Operation(type, path)
        if type in (op.CREATE, op.CREATE2):
            self._draw_create(operation)
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

    def _data(self) -> bytes:
        self.written += 1
        return f"{self.client.name} {self.written}".encode() + b"." * self.world.draw(40)
