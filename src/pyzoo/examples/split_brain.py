"""No split brain: an ensemble that falls apart in two goes on in one part only, and agrees afterwards.

The nightmare of everything that is replicated: the network falls apart, both sides believe that the other one is
dead, both take writes, and nobody can put that together again. With ZooKeeper only a side with a majority can elect
a leader and acknowledge a write, and there is one such side at most.

Here the leader and one follower of five are cut off from the other three; clients reach both sides.

- The old leader notices that it has no majority behind it, and stops. Who is connected to its side gets no answer,
  neither to writes nor to reads (but for clients and servers that are set up for *read-only mode*). That is the
  price: some are not served.
- The three elect a leader of a new *epoch*, which is the upper half of every transaction's number from then on.
  Would the old leader still say something to one of them, it would be known by its epoch, and refused.
- When the network is whole again the two follow the new leader. What the old one had written down and a majority
  had not is cut off from their logs: it was acknowledged to nobody.
"""

from pyzoo import testing  # Which loads a server only when one is made.
from pyzoo.examples.failover import LOG, SESSION_S, TICK_TIME_MS, nodes_of, wait_for_more, writer
from pyzoo.examples.stage import Process, Stage


def show(stage: Stage) -> str:
    """Cut off the leader with one follower, while a client on each side writes, and heal."""
    with testing.EmbeddedEnsemble(5, tick_time_ms=TICK_TIME_MS) as ensemble:
        stage.hosts, stage.session_s = ensemble.connect_string, SESSION_S
        stage.zk.ensure_path(LOG)
        leader = ensemble.find_leader()
        others = [each for each in ensemble.members if each is not leader]
        few, many = [leader, others[0]], others[1:]
        stage.tell(f"five servers, {leader.sid} leads")
        fern = start_on(stage, few, "fern")
        maud = start_on(stage, many, "maud")
        wait_for_more(stage, [fern, maud])

        stage.tell(f"the network falls apart: {sids(few)} here, with fern, and {sids(many)} there, with maud")
        ensemble.partition([each.sid for each in few], [each.sid for each in many])
        stage.wait_until(lambda: not any(each.mode() for each in few), "the few serve no more")
        stage.tell(f"{sids(few)} serve no more")
        stage.wait_until(lambda: any(each.mode() == "leader" for each in many), "the many have a leader")
        stage.tell(f"{next(each.sid for each in many if each.mode() == 'leader')} leads the others")
        wait_for_more(stage, [maud])
        silent_from = stage.said("wrote", "maud")[-1].at
        wait_for_more(stage, [maud])
        silent_until = stage.said("wrote", "maud")[-1].at
        served = [each.sid for each in few if each.mode()]
        stage.claim("the few elected nobody meanwhile", not served)

        stage.tell("the network is whole again")
        ensemble.heal()
        ensemble.wait_until_serving()
        wait_for_more(stage, [fern, maud])
        for each in (fern, maud):
            each.go()
        stage.wait_for_end(fern, maud)
        on_both = [event.who for event in stage.said("wrote") if silent_from < event.at < silent_until]
        stage.claim(f"of two sides one was acknowledged writes, {len(on_both)} of them", set(on_both) == {"maud"})
        return judge(stage, ensemble)


def judge(stage: Stage, ensemble: "testing.EmbeddedEnsemble") -> str:
    """What all have in the end."""
    wrote = {event.facts["wrote"] for event in stage.said("wrote")}
    have = [nodes_of(each) for each in ensemble.members]
    stage.claim("all five have the same", all(nodes == have[0] for nodes in have))
    stage.claim(f"and all {len(wrote)} writes that were acknowledged", wrote <= have[0])
    return f"{len(wrote)} acknowledged writes before, during and after a partition, all of them of one history"


def start_on(stage: Stage, members: "list[testing.EmbeddedMember]", name: str) -> Process:
    """A client that reaches these servers only."""
    stage.hosts = ",".join(each.connect_string for each in members)
    return stage.start(name, writer)


def sids(members: "list[testing.EmbeddedMember]") -> str:
    return ", ".join(str(each.sid) for each in members)
