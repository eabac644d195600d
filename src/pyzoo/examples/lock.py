"""Distributed lock: one at a time, in the order they came, and free when its holder dies.

A file or a row in a database makes a poor lock for processes on several machines: whoever dies with it keeps it. In
ZooKeeper the lock is a queue of nodes below /lock, and kazoo's `Lock` (`kazoo.recipe.lock`) does this underneath:

1. It creates /lock/<guid>__lock__<number>. The node is *ephemeral*: it goes with the session of its owner. It is
   *sequential*: the server appends the next number. The guid is for a create whose answer got lost with the
   connection: nobody knows then whether it was made, and a second node would wait behind the first one for ever.
2. Who has the lowest number has the lock.
3. Everybody else watches the node just before the own one, not all of them: one release wakes one process, and not
   a herd. The queue is fair for the same reason.

A holder that is killed sends nothing any more. After the session timeout the server deletes its node, and that
wakes the next one. Too short a timeout takes locks from the living, too long a one makes everybody wait for the
dead.

**What goes wrong otherwise.** A holder that is only paused (a long garbage collection, a machine that swaps) loses
its session as a dead one does, and does not know: when it wakes up, there are two that believe they hold the lock,
and no lock service can prevent that. So whatever the lock protects has to look at a *fencing token*, a number that
grows from holder to holder. Here that is the czxid of the lock's node, the number of the transaction that made it.
The storage refuses writes with an older token than it has seen. `--wrong` leaves the fence out: the paused holder
then overwrites what its successor has paid in.
"""

import sqlite3
import tempfile
from itertools import pairwise
from pathlib import Path

from kazoo.client import KazooClient

from pyzoo.examples.actor import Actor
from pyzoo.examples.stage import Process, Stage

LOCK = "/lock"


# The recipe


def pay_in(zk: KazooClient, me: Actor, storage: Path, times: int, fenced: bool, waits_inside: bool) -> None:
    """Add one to the balance, again and again: read, think, write, which has to be done by one at a time."""
    lock = zk.Lock(LOCK, me.name)
    for _ in range(times):
        with lock:
            own_node = zk.retry(zk.exists, f"{LOCK}/{lock.node}")
            if own_node is None:
                continue  # The session was lost just now, and with it the lock.
            token = own_node.czxid
            balance = read_balance(storage)
            me.say(f"has the lock, token {token}, and reads {balance}", holds=token)
            if waits_inside:
                me.wait_for_go()
            if write_balance(storage, balance + 1, token, fenced):
                me.say(f"has written {balance + 1}, and gives the lock back", paid=token)
            else:
                me.say(f"is refused: token {token} is too old, somebody else had the lock since", refused=token)


def read_balance(storage: Path) -> int:
    """The storage stands for whatever the lock protects. It is not ZooKeeper, and knows of the lock only the token."""
    with sqlite3.connect(storage) as database:
        [(balance,)] = database.execute("SELECT balance FROM account")
    database.close()
    return int(balance)


def write_balance(storage: Path, balance: int, token: int, fenced: bool) -> bool:
    """Whether it was written: the fence is the condition of the UPDATE."""
    with sqlite3.connect(storage) as database:
        done = database.execute(
            "UPDATE account SET balance = ?, token = ? WHERE token <= ? OR NOT ?", (balance, token, token, fenced)
        )
    database.close()
    return done.rowcount == 1


# The play


def show(stage: Stage) -> str:
    """Four processes compete; then one dies with the lock, and one sleeps with it."""
    with tempfile.TemporaryDirectory() as directory:
        storage = Path(directory) / "account.sqlite"
        with sqlite3.connect(storage) as database:
            database.execute("CREATE TABLE account (balance INTEGER, token INTEGER)")
            database.execute("INSERT INTO account VALUES (0, 0)")
        database.close()
        fenced = not stage.wrong
        four = [stage.start(name, pay_in, storage, 3, fenced, False) for name in ("ann", "ben", "cleo", "dan")]
        stage.wait_for_end(*four)
        tokens = [event.facts["holds"] for event in stage.said("holds")]
        stage.claim("the lock was given in the order in which they came for it", tokens == sorted(tokens))

        eve = queued(stage, "eve", storage, fenced, waits=True)
        gus = queued(stage, "gus", storage, fenced, waits=True)
        hana = queued(stage, "hana", storage, fenced, waits=False)
        stage.kill(eve)
        stage.wait_for("holds", who="gus")
        stage.tell("pauses gus, who has the lock, for longer than a session lives")
        gus.pause()
        stage.wait_for_end(hana)
        stage.tell("lets gus go on, who has noticed nothing")
        gus.resume()
        gus.go()
        stage.wait_for_end(gus)
        return judge(stage, eve, read_balance(storage))


def queued(stage: Stage, name: str, storage: Path, fenced: bool, waits: bool) -> Process:
    """Start an actor; returns when it stands in the queue."""
    process = stage.start(name, pay_in, storage, 1, fenced, waits)
    contenders = stage.zk.Lock(LOCK).contenders
    stage.wait_until(lambda: stage.said("holds", name) or name in contenders(), f"{name} is in the queue")
    return process


def judge(stage: Stage, killed: Process, balance: int) -> str:
    """The claims about all of it."""
    paid = len(stage.said("paid"))
    turns = [stay for stay in stage.stays("holds", "paid") if stay.who != "gus"]
    stage.claim("never two held it, but for the one that slept", all(not a.overlaps(b) for a, b in pairwise(turns)))
    [after_death] = stage.said("holds", "gus")
    assert killed.killed_at is not None
    stage.claim("the lock of the killed holder went to the next one", after_death.at > killed.killed_at)
    stage.claim("the one that slept was refused", stage.said("refused", "gus"))
    stage.claim(f"the account has all that was paid in: {balance} of {paid}", balance == paid)
    return (
        f"{paid} deposits by processes that took turns; a killed holder was followed after "
        f"{after_death.at - killed.killed_at:.1f} s, and a paused one could do no harm"
    )
