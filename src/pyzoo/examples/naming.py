"""Naming service: numbers that nobody else gets, and names that only one can have.

Three ways, from the cheapest:

1. *Sequential nodes.* For `create("/id-", sequence=True)` the server appends the next number of the parent. Two
   creates never get the same one, whoever asks. When the connection is lost before the answer comes, one tries
   again: the first number may be used up then, so there can be gaps, never doubles. The nodes are not needed any
   more and are deleted; the parent keeps counting. (It counts to 2,147,483,647, and goes on with negative numbers.)
2. *A counter with versions.* Read value and version, write value + 1 *if the version is still that one*. Who loses
   the race gets BadVersionError and tries again. There are no gaps, but everybody competes for one node.
   `kazoo.recipe.counter` does this.
3. *A name* is a node: `create` either makes it or raises NodeExistsError. There is nothing between a look and a
   write, for there is no look. As an ephemeral node, the name is free again when its owner dies.

**What goes wrong otherwise.** `--wrong` writes the counter without a version: two read the same value, and both get
the next number.
"""

import itertools
import uuid

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, NodeExistsError

from pyzoo.examples.actor import Actor
from pyzoo.examples.stage import Stage

SEQUENCE = "/ids"
COUNTER = "/counter"
NAME = "/names/printer"
MANY = 25


# The recipe


def next_of_sequence(zk: KazooClient) -> int:
    """A number that is larger than all before."""
    made = zk.retry(zk.create, f"{SEQUENCE}/id-", sequence=True)
    zk.delete_async(made)
    return int(made[-10:])


def next_of_counter(zk: KazooClient, versioned: bool) -> int:
    """The number after the last one.

    The value has a mark of who wrote it: after ConnectionLoss a write that came through is refused when it is tried
    again, and only the mark tells that it was one's own. (Unless somebody has written since: then a number is lost.)
    """
    mark = uuid.uuid4().hex
    while True:
        data, stat = zk.retry(zk.get, COUNTER)
        number, _, writer = data.decode().partition(" ")
        if writer == mark:
            return int(number)
        try:
            zk.retry(zk.set, COUNTER, f"{int(number) + 1} {mark}".encode(), stat.version if versioned else -1)
            return int(number) + 1
        except BadVersionError:
            continue


def take_name(zk: KazooClient, me: Actor) -> bool:
    """Whether the name is ours."""
    try:
        zk.retry(zk.create, NAME, me.name.encode(), ephemeral=True, makepath=True)
    except NodeExistsError:
        return bool(zk.retry(zk.get, NAME)[0] == me.name.encode())
    return True


# The play


def worker(zk: KazooClient, me: Actor, versioned: bool, endless: bool) -> None:
    """Take many numbers of both kinds, and try to get the name."""
    if take_name(zk, me):
        me.say(f"is called {NAME} now", name=True)
    for count in itertools.count(1):
        numbers = next_of_sequence(zk), next_of_counter(zk, versioned)
        text = f"has got {count} times two numbers, now {numbers[0]} and {numbers[1]}" if count % 10 == 0 else ""
        me.say(text, sequence=numbers[0], counter=numbers[1])
        if count == MANY and not endless:
            break
    me.wait_for_go()


def show(stage: Stage) -> str:
    """Four processes take numbers side by side; one is killed and comes back."""
    stage.zk.ensure_path(SEQUENCE)
    stage.zk.create(COUNTER, b"0 nobody")
    versioned = not stage.wrong
    killed = stage.start("ivy", worker, versioned, True)
    others = [stage.start(name, worker, versioned, False) for name in ("jim", "kay", "leo")]
    stage.wait_for("counter", MANY, "ivy")
    stage.kill(killed)
    others.append(stage.start("ivy-again", worker, versioned, False))
    stage.wait_until(
        lambda: all(len(stage.said("counter", each.name)) == MANY for each in others), "all have their numbers"
    )
    for each in others:
        each.go()
    stage.wait_for_end(*others)

    sequence = [event.facts["sequence"] for event in stage.said("sequence")]
    counter = [event.facts["counter"] for event in stage.said("counter")]
    stage.claim(f"no number of {len(sequence)} of the sequence was given twice", len(set(sequence)) == len(sequence))
    stage.claim(f"no number of {len(counter)} of the counter was given twice", len(set(counter)) == len(counter))
    missing = set(range(1, max(counter) + 1)) - set(counter)
    stage.claim("the counter has no gap but, perhaps, the one of the killed process", len(missing) <= 1)
    for name in ("ivy", "jim", "kay", "leo", "ivy-again"):
        own = [event.facts["sequence"] for event in stage.said("sequence", name)]
        if own != sorted(own):
            stage.claim(f"the numbers of {name} grow", False)
    named = [event.who for event in stage.said("name")]
    stage.claim("one process at a time had the name", len(named) == 1 or set(named[:-1]) <= {"ivy"})
    return f"{len(sequence) + len(counter)} numbers, none of them twice, though a process was killed among them"
