"""Failover: what the death of a server costs, and that nothing that was acknowledged is lost.

An ensemble of three has a leader, through which all writes go, and two followers. A write is acknowledged when a
majority has it on disk, that is two of three. So whichever one is killed, one of the two others has every
acknowledged write, and it is one of those that have the newest history who becomes the leader.

- *A follower dies*: its clients connect to another server and go on with the session that they have. All others
  notice nothing.
- *The leader dies*: the others elect a new one. Until then nobody can write, and clients are sent away. Sessions do
  not end meanwhile: only a leader may end them, and a new one gives each the full time again.

What a client has to do is little: try again. A write whose answer was lost may have been done or not, so it must be
one that can be told apart, or done twice without harm. Here each write makes a node with a name of its own, and
NodeExistsError at the second try means that the first one came through.

The time it takes is above all that of the election, when the death is noticed at once as here, where the operating
system closes the connections of a process that was killed. A server whose *machine* is gone is noticed by silence,
after syncLimit * tickTime.
"""

import time
from contextlib import suppress
from itertools import pairwise

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError

from pyzoo import testing  # Which loads a server only when one is made.
from pyzoo.examples.actor import Actor
from pyzoo.examples.client import connect
from pyzoo.examples.stage import Process, Stage

LOG = "/log"
TICK_TIME_MS = 500
SESSION_S = 8.0
PAUSE_S = 0.005
"""Between two writes of a client."""


# The recipe


def writer(zk: KazooClient, me: Actor) -> None:
    """Write all the time, each thing once, whatever happens to the servers."""
    count = 0
    while not me.told_to_end():
        count += 1
        with suppress(NodeExistsError):  # Our own try before, whose answer was lost.
            zk.retry(zk.create, f"{LOG}/{me.name}-{count}")
        me.say("", wrote=f"{me.name}-{count}", session=zk.client_id)
        time.sleep(PAUSE_S)


# The play


def show(stage: Stage) -> str:
    """Kill the leader, a follower, and the leader once more, while two clients write."""
    with testing.EmbeddedEnsemble(3, tick_time_ms=TICK_TIME_MS) as ensemble:
        stage.tell(f"three servers run: {ensemble.connect_string}")
        stage.hosts, stage.session_s = ensemble.connect_string, SESSION_S
        stage.zk.ensure_path(LOG)
        writers = [stage.start(name, writer) for name in ("wim", "wendy")]
        wait_for_more(stage, writers)
        leaders: list[float] = []
        followers: list[float] = []
        for kills_leader in (True, False, True):
            leader = ensemble.find_leader()
            victim = leader if kills_leader else next(each for each in ensemble.members if each is not leader)
            outage = kill(stage, ensemble, victim.sid, writers)
            (leaders if kills_leader else followers).append(outage)
            stage.tell(f"the {'leader' if kills_leader else 'follower'} cost {outage * 1000:.0f} ms")
            ensemble.restart(victim.sid)
            stage.tell(f"server {victim.sid} is back")
        for each in writers:
            each.go()
        stage.wait_for_end(*writers)

        wrote = {event.facts["wrote"] for event in stage.said("wrote")}
        for member in ensemble.members:
            there = nodes_of(member)
            stage.claim(f"server {member.sid} has all {len(wrote)} acknowledged writes", wrote <= there)
        # kazoo tells no session while it has no connection.
        sessions = {(event.who, event.facts["session"]) for event in stage.said("session") if event.facts["session"]}
        stage.claim("no client has lost its session", len(sessions) == len(writers))
    costs = " and ".join(f"{outage * 1000:.0f}" for outage in leaders)
    return (
        f"the death of a leader stopped writes for {costs} ms, that of a follower for {followers[0] * 1000:.0f} ms, "
        f"and of {len(wrote)} acknowledged writes none is lost"
    )


def kill(stage: Stage, ensemble: "testing.EmbeddedEnsemble", victim: int, writers: list[Process]) -> float:
    """Kill a server; the longest time in seconds that a client was not answered then."""
    stage.tell(f"kills server {victim}, a {ensemble.member(victim).mode()}")
    before = {each.name: len(stage.said("wrote", each.name)) for each in writers}
    ensemble.kill(victim)
    wait_for_more(stage, writers)
    outages = []
    for each in writers:
        answered = [event.at for event in stage.said("wrote", each.name)[before[each.name] - 1 :]]
        outages.append(max(after - at for at, after in pairwise(answered)))
    return max(outages)


def wait_for_more(stage: Stage, writers: list[Process]) -> None:
    """Until each client has written some more."""
    for each in writers:
        stage.wait_for("wrote", len(stage.said("wrote", each.name)) + 20, each.name)


def nodes_of(member: "testing.EmbeddedMember") -> set[str]:
    """What one server has, when it has caught up with the leader."""
    zk = connect(member.connect_string)
    try:
        zk.retry(zk.sync, LOG)
        return set(zk.retry(zk.get_children, LOG))
    finally:
        zk.stop()
        zk.close()
