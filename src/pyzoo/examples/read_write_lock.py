"""Read-write lock: many readers at once, or one writer alone, and no writer starves.

It is the queue of the lock (see `lock`) with two kinds of nodes, `__rlock__` for readers and `__lock__` for
writers. That is what `ReadLock` and `WriteLock` of `kazoo.recipe.lock` do underneath:

- A writer has it when its node is the first of all.
- A reader has it when no *writer* is before it. Readers among themselves do not wait.

A reader that comes after a waiting writer waits for it, since the writer has the lower number: readers that keep
coming cannot keep a writer out for ever. The nodes are ephemeral, so a reader that is killed holds nobody up for
longer than its session lives.

**What goes wrong otherwise.** What is larger than one node is not written in one moment (unless by a transaction,
see `two-phase-commit` and `configuration`). Here a text is in two halves. `--wrong` has the readers go without a
lock, and they see a half of one text and a half of another.
"""

from contextlib import nullcontext

from kazoo.client import KazooClient

from pyzoo.examples.actor import Actor
from pyzoo.examples.stage import Process, Stage

LOCK = "/lock"
HALVES = ("/text/left", "/text/right")


# The recipe


def write(zk: KazooClient, me: Actor, text: str) -> None:
    """Write both halves, alone."""
    with zk.WriteLock(LOCK, me.name):
        me.say("writes alone", enters="writer")
        zk.retry(zk.set, HALVES[0], text.encode())
        me.wait_for_go()
        zk.retry(zk.set, HALVES[1], text.encode())
        me.say(f"has written {text!r}", leaves="writer")


def read(zk: KazooClient, me: Actor, locked: bool) -> None:
    """Read both halves, beside other readers."""
    with zk.ReadLock(LOCK, me.name) if locked else nullcontext():
        me.say("reads", enters="reader")
        left, right = (zk.retry(zk.get, half)[0].decode() for half in HALVES)
        if locked:
            me.wait_for_go()
        me.say(f"has read {left!r} and {right!r}", leaves="reader", halves=(left, right))


# The play


def show(stage: Stage) -> str:
    """Three readers, a writer that waits for them, and a reader that waits for the writer."""
    locked = not stage.wrong
    for half in HALVES:
        stage.zk.create(half, b"old", makepath=True)
    readers = [queued(stage, name, locked) for name in ("rita", "rob", "rosa")]
    stage.wait_for("enters", 3)
    stage.claim("three readers are in at once", stage.wrong or not stage.said("leaves"))
    writer = queued(stage, "will", True)
    if stage.wrong:
        stage.wait_for("enters", who="will")
    late = queued(stage, "ruth", locked)
    if locked:
        readers[0].go()
        readers[1].go()
        stage.kill(readers[2])
        stage.wait_for("enters", who="will")
    else:
        stage.wait_for_end(late)
    writer.go()
    late.go()
    stage.wait_for_end(writer, late)
    stays = stage.stays("enters", "leaves")
    [alone] = [stay for stay in stays if stay.who == "will"]
    if locked:
        assert readers[2].killed_at is not None
        stage.claim("the reader that was killed let the writer in", alone.since > readers[2].killed_at)
    stage.claim("the writer was in with nobody else", not any(alone.overlaps(stay) for stay in stays if stay != alone))
    halves = [event.facts["halves"] for event in stage.said("halves")]
    stage.claim("all readers saw halves of one text", all(left == right for left, right in halves))
    stage.claim("the reader that came after the writer saw what it wrote", halves[-1] == ("new", "new"))
    return f"{len(halves)} readers saw whole texts, the writer was alone, and nobody waited for a dead reader for long"


def queued(stage: Stage, name: str, locked: bool) -> Process:
    """Start a reader, or the writer; returns when it is in or in the queue."""
    process = stage.start(name, write, "new") if name == "will" else stage.start(name, read, locked)
    contenders = stage.zk.WriteLock(LOCK).contenders
    stage.wait_until(lambda: stage.said("enters", name) or name in contenders(), f"{name} is in the queue")
    return process
