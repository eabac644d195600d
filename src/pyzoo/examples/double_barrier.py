"""Double barrier: all begin a step together, and nobody goes on before all have finished it.

Some computations go in steps, and each step needs what all others have worked out in the one before. A barrier at
both ends of each step keeps the processes together:

- *Enter*: make a node of one's own below the barrier. Who sees that all are there makes the node `ready`; all
  others wait for that one.
- *Leave*: write down what one has worked out, take the own node away, and wait until all such nodes are gone.

Everybody waits for one node on the way in, so the last to come wakes each of them once. On the way out everybody
watches the children, which for n processes is n times n notices: with very many of them each watches only the
lowest node, and the lowest the highest, as ZooKeeper's own recipe says (and `kazoo.recipe.barrier.DoubleBarrier`
does).

The nodes are *ephemeral*. Is somebody killed before all have come, the others wait, until someone comes in its
place. Is somebody killed inside, the others may leave when its session is over, and they will wait at the next
step. Its successor begins with the first step of which there is no result: so a result is written before one
leaves, and working it out a second time gives the same.

`--wrong` has no barrier on the way out: the fast ones read what the slow ones have not written yet.
"""

import threading
from contextlib import suppress

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError, NoNodeError

from pyzoo.examples.actor import Actor
from pyzoo.examples.client import owns
from pyzoo.examples.stage import Stage

BARRIER = "/barrier"
CELLS = "/cells"
FIRST = [1, 0, 2, 5]
STEPS = 5


# The recipe


class DoubleBarrier:
    """One for a step: `enter`, work, `leave`."""

    def __init__(self, zk: KazooClient, path: str, name: str, size: int) -> None:
        self.zk = zk
        self.path = path
        self.own = f"{path}/in/{name}"
        self.size = size
        self.changed = threading.Event()

    def enter(self) -> None:
        """Return when all are in, or have been."""
        while True:
            self.changed.clear()
            self.zk.retry(self._come_in)  # Again after each wake: the node may have gone with a session.
            if self.zk.retry(self.zk.exists, f"{self.path}/ready", watch=self._wake):
                return
            if len(self.zk.retry(self.zk.get_children, f"{self.path}/in")) >= self.size:
                self.zk.retry(self.zk.ensure_path, f"{self.path}/ready")
                return
            self.changed.wait()

    def _come_in(self) -> None:
        try:
            self.zk.create(self.own, ephemeral=True, makepath=True)
        except NodeExistsError:
            if not owns(self.zk, self.zk.exists(self.own)):
                self._go_out()  # Of a dead process of this name, in whose place we are.
                self._come_in()

    def _go_out(self) -> None:
        with suppress(NoNodeError):
            self.zk.delete(self.own)

    def leave(self) -> None:
        """Return when all have left."""
        self.zk.retry(self._go_out)
        while self.zk.retry(self.zk.get_children, f"{self.path}/in", watch=self._wake):
            self.changed.wait()
            self.changed.clear()

    def _wake(self, event: object) -> None:
        self.changed.set()


# The play


def cell_of(step: int, number: int) -> str:
    return f"{CELLS}/{step}-{number}"


def next_value(left: int, own: int, right: int) -> int:
    """A cell of the next step is made of three of the last one."""
    return (left + 2 * own + 3 * right) % 1000


def cell(zk: KazooClient, me: Actor, number: int, together: bool, stops_at: int | None) -> None:
    """Work out one cell, step by step, in time with its neighbours."""
    size = len(FIRST)
    for step in range(1, STEPS + 1):
        if zk.retry(zk.exists, cell_of(step, number)):
            continue  # Done by the process in whose place we are.
        barrier = DoubleBarrier(zk, f"{BARRIER}-{step}", me.name.partition("-")[0], size)
        if together:
            barrier.enter()
        me.say("", begins=step)
        if step == stops_at:
            me.wait_for_go()
        values = [value_of(zk, step - 1, (number + offset) % size) for offset in (-1, 0, 1)]
        result = next_value(*values)
        with suppress(NodeExistsError):
            zk.retry(zk.create, cell_of(step, number), b"%d" % result)
        me.say(f"step {step}: {result}", finishes=step)
        if together:
            barrier.leave()


def value_of(zk: KazooClient, step: int, number: int) -> int:
    """What a cell had; 0 where there is nothing, which has to be wrong."""
    try:
        return int(zk.retry(zk.get, cell_of(step, number))[0])
    except NoNodeError:
        return 0


def expected() -> list[int]:
    """What one process alone works out."""
    cells = FIRST
    for _ in range(STEPS):
        cells = [next_value(cells[i - 1], cells[i], cells[(i + 1) % len(cells)]) for i in range(len(cells))]
    return cells


def show(stage: Stage) -> str:
    """Four processes and five steps; one is killed in the third step and replaced."""
    stage.zk.ensure_path(CELLS)
    for number, value in enumerate(FIRST):
        stage.zk.create(cell_of(0, number), b"%d" % value)
    names = ("north", "east", "south", "west")
    together = not stage.wrong
    processes = [
        stage.start(name, cell, number, together, 3 if name == "west" else None) for number, name in enumerate(names)
    ]
    west = processes.pop()
    stage.wait_until(lambda: any(event.facts["begins"] == 3 for event in stage.said("begins", "west")), "west is at 3")
    stage.kill(west)
    processes.append(stage.start("west-again", cell, 3, together, None))
    stage.wait_for_end(*processes)

    cells = [value_of(stage.zk, STEPS, number) for number in range(len(FIRST))]
    begun = [(event.at, event.facts["begins"]) for event in stage.said("begins")]
    finished = [(event.at, event.facts["finishes"]) for event in stage.said("finishes")]
    in_step = all(
        at > max(other for other, step in finished if step == begins - 1) for at, begins in begun if begins > 1
    )
    stage.claim("nobody began a step before all had finished the one before", in_step)
    stage.claim(f"together they worked out what one alone works out: {cells}", cells == expected())
    return f"{len(FIRST)} processes went {STEPS} steps side by side, though one was killed and replaced on the way"
