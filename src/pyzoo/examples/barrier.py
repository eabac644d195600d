"""Barrier: nobody passes until it is opened, then all do.

The barrier is a node. Who comes asks whether it is there, with a watch in the same request, and sleeps if it is.
Who opens it deletes the node, and ZooKeeper tells all who wait. Who comes later finds nothing and passes.

This is the one place where waking all at once is what one wants. There are still two ways to do it wrong:

- *To look, and then to watch.* The barrier may be opened between the two, and one sleeps for ever.
- *To take every event for an opening.* A watch is also called when the connection is lost. One looks again, always,
  and passes when the node is gone. (`kazoo.recipe.barrier.Barrier` does not look again: its documentation warns of
  that.)

Is the node *ephemeral*, the barrier opens when its owner dies. That is right for "wait until I have finished with
it", and wrong for "wait until I have prepared it": a dead one has prepared nothing. Here it is to stay, so the node
is persistent, and another process opens it when the one who should have is killed.

`--wrong` makes the node ephemeral all the same: all pass and find nothing prepared.
"""

import threading

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError, NoNodeError

from pyzoo.examples.actor import Actor
from pyzoo.examples.stage import Stage

BARRIER = "/barrier"
TABLE = "/table"


# The recipe


def wait_at(zk: KazooClient, barrier: str) -> None:
    """Return when the barrier is open."""
    changed = threading.Event()
    while zk.retry(zk.exists, barrier, watch=lambda event: changed.set()):
        changed.wait()
        changed.clear()


def set_up(zk: KazooClient, barrier: str, ephemeral: bool) -> None:
    """Close the barrier, if it is not closed."""
    try:
        zk.retry(zk.create, barrier, ephemeral=ephemeral)
    except NodeExistsError:
        pass


def open_up(zk: KazooClient, barrier: str) -> None:
    """Open it, if it is not open."""
    try:
        zk.retry(zk.delete, barrier)
    except NoNodeError:
        pass


# The play


def guest(zk: KazooClient, me: Actor) -> None:
    """Wait until dinner is ready, and look what there is."""
    me.say("waits at the barrier", waits=True)
    wait_at(zk, BARRIER)
    there = zk.retry(zk.exists, TABLE) is not None
    me.say(f"passes, and finds {'dinner' if there else 'nothing'}", passes=there)


def cook(zk: KazooClient, me: Actor, ephemeral: bool) -> None:
    """Close the barrier, cook, open it."""
    set_up(zk, BARRIER, ephemeral)
    me.say("closes the barrier, and cooks", cooks=True)
    me.wait_for_go()
    zk.retry(zk.ensure_path, TABLE)
    me.say("dinner is ready: opens the barrier", opens=True)
    open_up(zk, BARRIER)


def show(stage: Stage) -> str:
    """Guests wait, the cook is killed, a second one finishes, and one guest is late."""
    first = stage.start("carla", cook, stage.wrong)
    stage.wait_for("cooks")
    guests = [stage.start(name, guest) for name in ("gil", "gus", "gwen", "gaia")]
    stage.wait_for("waits", 4)
    stage.kill(first)
    if stage.wrong:
        stage.wait_for("passes")
    second = stage.start("chris", cook, stage.wrong)
    stage.wait_for("cooks", 2)
    stage.claim("nobody passes while it is closed, also when who closed it is killed", not stage.said("passes"))
    second.go()
    stage.wait_for_end(second, *guests)
    late = stage.start("late", guest)
    stage.wait_for_end(late)

    [opened] = stage.said("opens")
    passes = stage.said("passes")
    stage.claim(f"all {len(passes)} passed, after it was opened", all(event.at > opened.at for event in passes))
    stage.claim("and found what they had waited for", all(event.facts["passes"] for event in passes))
    return f"{len(passes)} processes passed when the barrier was open, none before, though its first owner was killed"
