"""Priority queue: what is urgent goes first, also a job that comes back from a dead worker.

It is the queue of `queue` with three digits of priority before the number: 001-<guid>-0000000007. The order is by
priority, and by number within one. ZooKeeper has no order of its own among children and no query for the first of
them: the client gets all names and sorts.

A worker that takes a job looks at the list as it is then, so an urgent job that comes in later overtakes those that
wait. It does not interrupt one that is worked at. A job that comes back, as its worker is dead, stands where it
stood: before all that is less urgent.

The price: the least urgent may wait for ever. Who minds puts jobs with a higher priority the longer they have
waited.
"""

from kazoo.client import KazooClient

from pyzoo.examples.actor import Actor
from pyzoo.examples.stage import Stage
from pyzoo.examples.work_queue import TAKEN, WorkQueue

JOBS = [("sweep", 900), ("cook", 500), ("put out the fire", 1), ("wash", 500), ("call the doctor", 2), ("sing", 999)]


# The recipe


def worker(zk: KazooClient, me: Actor) -> None:
    """Take the most urgent job, and say that it is done when the stage says so."""
    queue = WorkQueue(zk)
    while True:
        job = queue.take(0.1)
        if job is not None:
            me.say(f"begins: {job.text}", begins=job.text)
            me.wait_for_go()
            if queue.done(job):
                me.say(f"has done: {job.text}", done=job.text)


# The play


def show(stage: Stage) -> str:
    """Jobs are put, one worker dies with the most urgent one, another one goes on."""
    queue = WorkQueue(stage.zk)
    for text, priority in JOBS:
        stage.tell(f"puts with priority {priority}: {text}")
        queue.put(text, priority)
    amy = stage.start("amy", worker)
    stage.wait_for("begins", who="amy")
    ben = stage.start("ben", worker)
    stage.wait_for("begins", who="ben")
    stage.kill(amy)
    stage.wait_until(lambda: len(stage.zk.get_children(TAKEN)) == 1, "the job of amy is free again")
    for count in range(1, len(JOBS) + 2):
        stage.wait_for("begins", count, "ben")
        if count == 4:
            stage.tell("puts with priority 3: catch the cat")
            queue.put("catch the cat", 3)
        ben.go()
    stage.wait_for("done", len(JOBS) + 1)

    begun = [event.facts["begins"] for event in stage.said("begins")]
    order = [
        "put out the fire",
        "call the doctor",
        "put out the fire",
        "cook",
        "wash",
        "catch the cat",
        "sweep",
        "sing",
    ]
    stage.claim("what is urgent was begun first, and the job of the dead one as soon as it was free", begun == order)
    done = [event.facts["done"] for event in stage.said("done")]
    stage.claim("each job is done once", sorted(done) == sorted(set(order)))
    return f"{len(done)} jobs in the order of their urgency, the one of a killed worker among them"
