"""Configuration by publish and subscribe: everybody learns of a change, and nothing is missed.

A subscriber reads the node and leaves a *watch* in the same request, so no change can come between the two. A watch
tells once, and only *that* something changed. So one reads again, with a new watch; what came in between is in what
is read. A subscriber sees the last value always, each value at most once, never an older one after a newer one, and
when values come faster than it reads, not every one of them.

Who needs every change writes them down: here the publisher makes, in one *transaction* with the new value, a
sequential node below /changes. All of it happens or nothing. The auditor watches the children of /changes and goes
through those that are new, in their order.

A client that was away may have missed an event: when its connection is lost its watches end, and kazoo tells them
so. They are called, and who is called reads again, as after a change. (`kazoo.recipe.watchers.DataWatch` and
`ChildrenWatch` do all that for you: read, watch, call your function, and again after a reconnect.)

**What goes wrong otherwise.** `--wrong` leaves no new watch when the first has told: the subscriber works for ever
with what it read then.
"""

import itertools
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError

from pyzoo.examples.actor import Actor
from pyzoo.examples.client import commit
from pyzoo.examples.stage import Stage

CONFIG = "/config"
CHANGES = "/changes"
AWAY = "/here/paul"
END = b" end"


# The recipe


def publish(zk: KazooClient, me: Actor, count: int | None) -> None:
    """Publish so many numbers, or without end. Who takes over goes on where the other ended."""
    published = 0
    while published != count:
        data, stat = zk.retry(zk.get, CONFIG)
        number = number_of(data) + 1
        published += 1
        try:
            zk.retry(publish_one, zk, b"%d" % number + (END if published == count else b""), stat.version)
        except BadVersionError:
            continue  # Somebody else was first; or it was we, and the answer got lost with the connection.
        me.say(f"publishes {number}" if number % 10 == 0 else "", published=number)


def publish_one(zk: KazooClient, value: bytes, version: int) -> None:
    """The new value and the note of it, both or none, if the value is still that of `version`."""
    change = zk.transaction()
    change.set_data(CONFIG, value, version)
    change.create(f"{CHANGES}/change-", value, sequence=True)
    commit(change)


def subscribe(zk: KazooClient, me: Actor, watches_again: bool) -> None:
    """Follow the value up to the last one."""
    changed = threading.Event()
    zk.retry(zk.create, f"/here/{me.name}", ephemeral=True, makepath=True)
    for count in itertools.count():
        changed.clear()  # Before it is read: what changes after that wakes us.
        watch = None if count and not watches_again else lambda event: changed.set()
        data, _ = zk.retry(zk.get, CONFIG, watch=watch)
        me.say(f"works with {data.decode()} now" if count % 10 == 0 or data.endswith(END) else "", seen=number_of(data))
        if data.endswith(END):
            return
        changed.wait()


def audit(zk: KazooClient, me: Actor) -> None:
    """Go through every single change up to the last one."""
    changed = threading.Event()
    done: set[str] = set()
    data = b""
    while not data.endswith(END):
        changed.clear()
        names = zk.retry(zk.get_children, CHANGES, watch=lambda event: changed.set())
        for name in sorted(set(names) - done):
            data, _ = zk.retry(zk.get, f"{CHANGES}/{name}")
            me.say("", audited=number_of(data))
            done.add(name)
        if not data.endswith(END):
            changed.wait()


def number_of(data: bytes) -> int:
    return int(data.removesuffix(END))


# The play


def show(stage: Stage) -> str:
    """A publisher that is killed and followed by another, subscribers of whom one sleeps meanwhile, an auditor."""
    stage.zk.create(CONFIG, b"0")
    stage.zk.ensure_path(CHANGES)
    names = ["paul", "sue", "tom"]
    subscribers = [stage.start(name, subscribe, not stage.wrong) for name in names]
    auditor = stage.start("auditor", audit)
    stage.wait_until(lambda: all(stage.said("seen", name) for name in names), "all have read the first value")
    first = stage.start("petra", publish, None)
    stage.wait_until(lambda: all(len(stage.said("seen", name)) > 1 for name in names), "all have read another value")
    stage.tell("pauses paul for longer than a session lives")
    subscribers[0].pause()
    stage.kill(first)
    second = stage.start("pia", publish, 30)
    stage.wait_for_end(second, auditor)
    stage.wait_until(lambda: not stage.zk.exists(AWAY), "the session of paul is over")
    stage.tell("lets paul go on, who has missed everything")
    subscribers[0].resume()
    if not stage.wrong:
        stage.wait_for_end(*subscribers)

    last = number_of(stage.zk.get(CONFIG)[0])
    seen = {name: [event.facts["seen"] for event in stage.said("seen", name)] for name in names}
    for name, values in seen.items():
        stage.claim(f"{name} works with the last value, {last}, after {len(values)} reads", values[-1] == last)
    stage.claim("nobody saw an older value after a newer one", all(sorted(each) == each for each in seen.values()))
    audited = [event.facts["audited"] for event in stage.said("audited")]
    stage.claim(f"the auditor saw every change once and in order, {len(audited)}", audited == [*range(1, last + 1)])
    return f"{last} changes by two publishers, the first of which was killed; nobody missed the last, the auditor none"
