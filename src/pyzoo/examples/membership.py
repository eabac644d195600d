"""Group membership: everybody knows who is there, and all agree on it.

A member makes an *ephemeral* node below /group. It goes when the member leaves, and after the session timeout when
it is killed or cannot be reached any more; nobody has to ping anybody. Everybody reads the children with a watch,
again after each change.

Not all see a change at the same moment. But all see the same changes in the same order, and the list has a version:
the *cversion* of /group, which counts comings and goings. Two members that have the same version have the same
list, and so they can act on it without talking, as here: each works out from the list alone who does which of
twelve tasks. The price of a list that lags is that for a moment one member may act on an older version than
another: whatever must not be done twice needs a lock, or a transaction that checks the version.

A member that was away for too long (asleep, cut off) is none any more, and must not believe it still is: it looks
whether its node is there after each reconnect, and joins again. (`kazoo.recipe.party` makes and lists such nodes,
and `kazoo.recipe.partitioner` deals out the work. Neither tells versions, so this is by hand.)

`--wrong` does not join again: the member that slept goes on, and nobody counts it in.
"""

import threading
from contextlib import suppress

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError, NoNodeError

from pyzoo.examples.actor import Actor
from pyzoo.examples.client import owns
from pyzoo.examples.stage import Process, Stage

GROUP = "/group"
TASKS = 12


# The recipe


def member(zk: KazooClient, me: Actor, joins_again: bool) -> None:
    """Be a member, and follow who else is, until told to leave."""
    changed = threading.Event()
    zk.add_listener(lambda state: changed.set())
    zk.retry(join, zk, me.name)
    while True:
        changed.clear()
        if joins_again:
            zk.retry(join, zk, me.name)  # Makes a node only where the one that there was went with a session.
        names, stat = zk.retry(zk.get_children, GROUP, watch=lambda event: changed.set(), include_data=True)
        names.sort()
        tasks = tasks_of(me.name, names)
        me.say(f"knows version {stat.cversion}: {' '.join(names)}", version=stat.cversion, names=names, tasks=tasks)
        while not changed.wait(0.05):
            if me.told_to_end():
                zk.retry(leave, zk, me.name)
                me.say("has left")
                return


def join(zk: KazooClient, name: str) -> None:
    """Make the node of this session; one of a session before has to go first."""
    while True:
        try:
            zk.create(f"{GROUP}/{name}", ephemeral=True, makepath=True)
            return
        except NodeExistsError:
            if owns(zk, zk.exists(f"{GROUP}/{name}")):
                return
            leave(zk, name)


def leave(zk: KazooClient, name: str) -> None:
    """Take the node away, if it is there."""
    with suppress(NoNodeError):
        zk.delete(f"{GROUP}/{name}")


def tasks_of(name: str, names: list[str]) -> list[int]:
    """What this member does of the tasks: the same sum for everybody with the same list."""
    return [task for task in range(TASKS) if name in names and names[task % len(names)] == name]


# The play


def show(stage: Stage) -> str:
    """Four members; one leaves, one is killed, one sleeps for too long, one is new."""
    members = {name: stage.start(name, member, not stage.wrong) for name in ("anna", "bert", "carl", "dora", "emil")}
    wait_until_known(stage, members, "anna bert carl dora emil")
    members["dora"].go()
    stage.wait_for_end(members.pop("dora"))
    wait_until_known(stage, members, "anna bert carl emil")
    stage.tell("pauses emil for longer than a session lives")
    members["emil"].pause()
    stage.kill(members.pop("carl"))
    awake = {name: each for name, each in members.items() if name != "emil"}
    wait_until_known(stage, awake, "anna bert")
    stage.tell("lets emil go on, who believes that he is a member")
    members["emil"].resume()
    awake["fred"] = members["fred"] = stage.start("fred", member, True)
    everybody = "anna bert fred" if stage.wrong else "anna bert emil fred"
    wait_until_known(stage, members, everybody)

    lists: dict[int, set[str]] = {}
    for event in stage.said("version"):
        lists.setdefault(event.facts["version"], set()).add(" ".join(event.facts["names"]))
    stage.claim(f"{len(lists)} versions, and a list for each", all(len(different) == 1 for different in lists.values()))
    last = [stage.said("names", name)[-1].facts for name in members]
    stage.claim("all who are there are members", all(set(members) == set(facts["names"]) for facts in last))
    tasks = sorted(task for facts in last for task in facts["tasks"])
    stage.claim("each task is done by one of them, without a word between them", tasks == list(range(TASKS)))
    return f"{len(lists)} comings and goings, by leave, by death and by sleep, which all members saw alike"


def wait_until_known(stage: Stage, members: dict[str, Process], names: str) -> None:
    """Until each of these members knows just these."""
    stage.wait_until(
        lambda: all(stage.last("names", name) == names.split() for name in members),
        f"{' and '.join(members)} know {names}",
    )
