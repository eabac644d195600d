"""Odd and even sizes: an ensemble serves as long as more than half of it are there.

Whatever is decided in ZooKeeper, who leads and what is written, needs a *majority*: more than half of the voting
members. Two majorities always have a member in common, and that one knows what the other majority has decided. That is
all the magic.

    members   majority   may fail
    3         2          1
    4         3          1
    5         3          2

The fourth member makes nothing safer: it raises the majority as well, so one may fail as before, there is one more that
can, and each write needs one more acknowledgement. So ensembles have odd sizes. Two members are worse than one: both
have to be there. More members answer more reads, but each write goes to all of them; who wants more readers takes
*observers*, which have no vote.

Here members of ensembles of three, four and five are killed one by one until nobody acknowledges a write any more. One
of them comes back, and writes are acknowledged again.
"""

import time

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss
from kazoo.handlers.threading import KazooTimeoutError

from pyzoo import testing  # Which loads a server only when one is made.
from pyzoo.examples.client import connect
from pyzoo.examples.stage import PATIENCE_S, Stage

SIZES = {3: 1, 4: 1, 5: 2}
"""How many may fail."""
TICK_TIME_MS = 500
SESSION_S = 8.0
SILENCE_S = 0.5
"""So long nobody must acknowledge a write where there is no majority."""


def is_written(zk: KazooClient, patience_s: float) -> bool:
    """Whether a write is acknowledged in time. One that is not is done later, or is not."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            zk.create_async("/written-", sequence=True).get(timeout=max(deadline - time.monotonic(), 0.0))
            return True
        except ConnectionLoss:
            continue  # The member was killed: kazoo connects to another one.
        except KazooTimeoutError:
            return False


def show(stage: Stage) -> str:
    """Kill followers until it is over, for each size."""
    for size in SIZES:
        with testing.EmbeddedEnsemble(size, tick_time_ms=TICK_TIME_MS) as ensemble:
            zk = connect(ensemble.connect_string, SESSION_S)
            try:
                survived = kill_until_silent(stage, ensemble, zk)
            finally:
                zk.stop()
                zk.close()
            stage.claim(f"an ensemble of {size} stands {SIZES[size]} failed, and not one more", survived == SIZES[size])
    return "3 members stand the loss of one, 4 of one too, 5 of two: a majority has to be there"


def kill_until_silent(stage: Stage, ensemble: "testing.EmbeddedEnsemble", zk: KazooClient) -> int:
    """Kill one follower after the other; how many could go."""
    size = len(ensemble.members)
    leader = ensemble.find_leader()
    killed: list[int] = []
    for victim in [None, *(each.sid for each in ensemble.members if each is not leader)]:
        if victim is not None:
            ensemble.kill(victim)
            killed.append(victim)
        alive = size - len(killed)
        written = is_written(zk, PATIENCE_S if 2 * alive > size else SILENCE_S)
        stage.tell(f"{alive} of {size} are there: a write {'is acknowledged' if written else 'gets no answer'}")
        if not written:
            break
    ensemble.restart(killed[-1])
    stage.claim(f"it goes on when {alive + 1} of {size} are there again", is_written(zk, PATIENCE_S))
    return len(killed) - 1
