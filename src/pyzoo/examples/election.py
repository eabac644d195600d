"""Master election: one leads, the next in line follows, and a death wakes one process, not all.

Everybody makes a node below /election, *ephemeral* (it goes with its owner) and *sequential* (the server numbers
them). The lowest number leads. Everybody else watches the node just before the own one:

- Does that one go, be it the leader or somebody in the middle, one process wakes up and looks again.
- Would all watch the leader, its death would wake all of them at once: a *herd* of a thousand that reads a thousand
  children each, just when the cluster has other worries. That is what `--wrong` does.

It is done by hand here; `kazoo.recipe.election.Election` is the same on top of `Lock`. Two things are easily
forgotten:

- *A create whose answer was lost.* After ConnectionLoss nobody knows whether the node was made. So its name has a
  guid, and one looks for that before one tries again; otherwise one waits for ever behind a node of one's own.
- *A leader that cannot know.* Without a connection its session may be over, and another one lead already. So it
  stops as soon as the connection is gone, not when it hears that the session is. And as even that can be too late,
  every act of a leader is a transaction that checks that its node is still there. ZooKeeper then refuses what comes
  from an old leader.
"""

import threading
import uuid
from itertools import pairwise
from typing import Any

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import BadVersionError, NoNodeError
from kazoo.protocol.states import EventType

from pyzoo.examples.actor import Actor
from pyzoo.examples.client import commit
from pyzoo.examples.stage import Process, Stage

ELECTION = "/election"
LOG = "/log"


# The recipe


class Candidate:
    """Somebody who wants to lead."""

    def __init__(self, zk: KazooClient, me: Actor, watches_leader: bool) -> None:
        self.zk = zk
        self.me = me
        self.watches_leader = watches_leader
        self.changed = threading.Event()
        self.node = ""
        zk.add_listener(self.on_state)

    def run(self) -> None:
        """Stand for election, follow, lead; again whenever the session was lost."""
        while True:
            guid = uuid.uuid4().hex
            self.node = self.zk.retry(self.create_once, guid)
            self.me.say(f"stands for election as {number_of(self.node)}", stands=self.node)
            while (line := self.line()) and self.node in line:
                place = line.index(self.node)
                if place == 0:
                    self.lead()
                else:
                    self.follow(line[0 if self.watches_leader else place - 1])

    def create_once(self, guid: str) -> str:
        """Make the node, unless an earlier try has."""
        self.zk.ensure_path(ELECTION)
        for name in self.zk.get_children(ELECTION):
            if name.startswith(guid):
                return str(name)
        path = self.zk.create(f"{ELECTION}/{guid}-", self.me.name.encode(), ephemeral=True, sequence=True)
        return name_of(path)

    def line(self) -> list[str]:
        """All candidates, the leader first."""
        self.changed.clear()
        return sorted(self.zk.retry(self.zk.get_children, ELECTION), key=number_of)

    def follow(self, before: str) -> None:
        """Sleep until the one before is gone, or the connection changes."""
        if self.zk.retry(self.zk.exists, f"{ELECTION}/{before}", watch=self.on_event):
            self.me.say(f"follows {number_of(before)}", follows=before)
            self.changed.wait()

    def lead(self) -> None:
        """Act as the leader, until that is not certain any more."""
        self.me.say("leads", leads=True)
        while not self.changed.is_set():
            try:
                self.zk.retry(self.act)
            except (NoNodeError, BadVersionError):
                break
            self.changed.wait(0.05)
        self.me.say("leads no more", stops=True)

    def act(self) -> None:
        """One act of the leader: done if its node is there, otherwise NoNodeError."""
        acting = self.zk.transaction()
        acting.check(f"{ELECTION}/{self.node}", 0)
        acting.create(f"{LOG}/entry-", self.node.encode(), sequence=True)
        commit(acting)

    def on_event(self, event: Any) -> None:
        """A watch told something."""
        if event.type == EventType.DELETED:
            self.me.say("is woken", woken=True)
        self.changed.set()

    def on_state(self, state: KazooState) -> None:
        """The connection is lost or back."""
        self.changed.set()


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


def number_of(node: str) -> int:
    return int(node[-10:])


def candidate(zk: KazooClient, me: Actor, watches_leader: bool) -> None:
    """The part."""
    Candidate(zk, me, watches_leader).run()


# The play


def show(stage: Stage) -> str:
    """Five candidates; the leader and one in the middle are killed, then the next leader."""
    stage.zk.ensure_path(LOG)
    stage.zk.ensure_path(ELECTION)
    line: list[Process] = []
    for name in ("mia", "noa", "ole", "pit", "una"):
        line.append(stage.start(name, candidate, stage.wrong))
        if len(line) == 1:
            stage.wait_for("leads")
        else:
            stage.wait_for("follows", who=name)
    stage.kill(line[0], line[3])
    stage.wait_for("leads", 2)
    stage.wait_until(lambda: len(in_line(stage)) == 3, "the nodes of both are gone")
    # Who does not follow again yet is not woken by the next end.
    stage.wait_for("follows", 6 if stage.wrong else 5)
    stage.kill(line[1])
    stage.wait_for("leads", 3)

    terms = stage.stays("leads", "stops")
    stage.claim("never two led at once", not any(a.overlaps(b) for a, b in pairwise(terms)))
    stage.wait_for("woken", 5 if stage.wrong else 3)
    gone = len(stage.said("stands")) - len(in_line(stage))
    woken = len(stage.said("woken"))
    stage.claim(f"{gone} left, and that woke {woken}: one for each", woken <= gone)
    log = [stage.zk.get(f"{LOG}/{name}")[0] for name in sorted(stage.zk.get_children(LOG))]
    leaders = [node for node, before in zip(log, [b"", *log], strict=False) if node != before]
    stage.claim("the acts of one leader never came between those of another", len(set(leaders)) == len(leaders))
    return f"{len(terms)} leaders one after the other, {gone} deaths, {len(log)} acts, and no herd"


def in_line(stage: Stage) -> list[str]:
    """The nodes of those that stand."""
    return list(stage.zk.get_children(ELECTION))
