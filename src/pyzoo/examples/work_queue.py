"""Queue: jobs in order, each for one worker, and none is lost when a worker dies with it.

A job is a *sequential* node below /jobs/entries, so jobs have the order in which they were put. A worker goes like
this:

1. Take the first job that nobody has: in one *transaction* it creates the *ephemeral* node /jobs/taken/<job>, which
   can exist only once, and writes the job anew, which raises its version. If the worker dies, the ephemeral node
   goes, and the job is free again in its old place.
2. Work.
3. Done: delete the job *if it still has that version*, and the ephemeral node, and note who has done it, in one
   transaction. Who slept for so long that somebody else has taken the job is refused: the version is a fencing
   token, as in `lock`. When the answer is lost with the connection, the note tells whether it came through.

So each job is done *at least once*. A worker can die after the work and before step 3, and then somebody does it
again; what must not happen twice has to carry the name of the job, so that the second time can be told.
`LockingQueue` of `kazoo.recipe.queue` is much the same without the version.

All workers watch both lists, which is fine for a dozen; with hundreds each job would wake all of them. And
ZooKeeper is no message broker: all nodes are in memory, a list of children has to fit into a packet of 1 MB. For
jobs that matter it is right, for a stream of thousands a second it is not.

**What goes wrong otherwise.** `--wrong` takes a job by deleting it, as kazoo's plain `Queue` does: what a dead
worker had in its hands is lost.
"""

import threading
import uuid
from contextlib import suppress

from attrs import frozen
from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError
from kazoo.recipe.queue import Queue

from pyzoo.examples.actor import Actor
from pyzoo.examples.client import commit, owns
from pyzoo.examples.stage import Stage

ENTRIES = "/jobs/entries"
TAKEN = "/jobs/taken"
DONE = "/jobs/done"
EACH = 6


# The recipe


@frozen
class Job:
    """A job that a worker has: the name of its node, what is to be done, and its version as taken."""

    name: str
    text: str
    version: int


class WorkQueue:
    """The queue as one client sees it. Lower priorities come first; see `priority-queue`."""

    def __init__(self, zk: KazooClient) -> None:
        self.zk = zk
        self.id = uuid.uuid4().hex.encode()
        self.changed = threading.Event()
        for path in (ENTRIES, TAKEN, DONE):
            zk.retry(zk.ensure_path, path)

    def put(self, text: str, priority: int = 500) -> None:
        """Put a job at the end of those of its priority, 0 to 999. A put whose answer was lost is not done again."""
        self.zk.retry(self._put_once, f"{priority:03}-{uuid.uuid4().hex}-", text)

    def _put_once(self, prefix: str, text: str) -> None:
        if not any(name.startswith(prefix) for name in self.zk.get_children(ENTRIES)):
            self.zk.create(f"{ENTRIES}/{prefix}", text.encode(), sequence=True)

    def take(self, timeout_s: float) -> Job | None:
        """The first job that nobody has; None if there was none for so long."""
        job = self.zk.retry(self._take_first)
        if job is None and self.changed.wait(timeout_s):
            job = self.zk.retry(self._take_first)
        return job if isinstance(job, Job) else None

    def _take_first(self) -> Job | None:
        self.changed.clear()
        taken = set(self.zk.get_children(TAKEN, watch=lambda event: self.changed.set()))
        names = self.zk.get_children(ENTRIES, watch=lambda event: self.changed.set())
        for name in sorted(names, key=place_of):
            if name not in taken or self._is_ours(name):
                with suppress(NoNodeError, NodeExistsError, BadVersionError):  # Somebody was faster.
                    return self._take(name)
        return None

    def _take(self, name: str) -> Job:
        data, stat = self.zk.get(f"{ENTRIES}/{name}")
        if self._is_ours(name):
            return Job(name, data.decode(), stat.version)  # Taken by a try whose answer was lost.
        taking = self.zk.transaction()
        taking.create(f"{TAKEN}/{name}", ephemeral=True)
        taking.set_data(f"{ENTRIES}/{name}", data, stat.version)
        commit(taking)
        return Job(name, data.decode(), stat.version + 1)

    def _is_ours(self, name: str) -> bool:
        return owns(self.zk, self.zk.exists(f"{TAKEN}/{name}"))

    def done(self, job: Job) -> bool:
        """Take the job out, with a note by whom; False if it was not ours any more."""
        try:
            self.zk.retry(self._take_out, job)
        except BadVersionError:
            return False  # Taken by somebody else.
        except NoNodeError:  # Done by somebody else, or by our own try before this, whose answer was lost.
            return bool(self.zk.retry(self.zk.get, f"{DONE}/{job.name}")[0] == self.id)
        return True

    def _take_out(self, job: Job) -> None:
        finishing = self.zk.transaction()
        finishing.delete(f"{ENTRIES}/{job.name}", job.version)
        finishing.delete(f"{TAKEN}/{job.name}")
        finishing.create(f"{DONE}/{job.name}", self.id)
        commit(finishing)


def place_of(name: str) -> tuple[str, str]:
    """Where a job stands in the queue: by priority, then by its number."""
    return name[:3], name[-10:]


# The play


def producer(zk: KazooClient, me: Actor) -> None:
    """Put some jobs."""
    queue = WorkQueue(zk)
    for number in range(1, EACH + 1):
        job = f"{me.name}'s job {number}"
        queue.put(job)
        me.say(f"puts {job}", put=job)


def worker(zk: KazooClient, me: Actor, waits: bool) -> None:
    """Take, work, say that it is done; until told to end."""
    queue = WorkQueue(zk)
    while not me.told_to_end():
        job = queue.take(0.1)
        if job is not None:
            entry = zk.retry(zk.exists, f"{ENTRIES}/{job.name}")
            me.say(f"works at {job.text}", takes=job.text, zxid=entry.mzxid if entry else 0)
            if waits:
                me.wait_for_go()
            if queue.done(job):
                me.say("", done=job.text)
            else:
                me.say(f"is not the one who has {job.text} any more", refused=job.text)


def hasty_worker(zk: KazooClient, me: Actor, waits: bool) -> None:
    """The wrong one: what it takes is in the queue no more."""
    queue = Queue(zk, ENTRIES)
    while not me.told_to_end():
        job = queue.get()
        if job is not None:
            me.say(f"works at {job.decode()}", takes=job.decode())
            if waits:
                me.wait_for_go()
            me.say("", done=job.decode())


def show(stage: Stage) -> str:
    """Two producers, and workers, of whom one is killed and one sleeps with a job in their hands."""
    part = hasty_worker if stage.wrong else worker
    slow = [stage.start(name, part, True) for name in ("max", "kim")]
    producers = [stage.start(name, producer) for name in ("pam", "pit")]
    stage.wait_for("takes", 2)
    stage.tell("pauses max for longer than a session lives")
    slow[0].pause()
    stage.kill(slow[1])
    workers = [stage.start(name, part, False) for name in ("ria", "sam")]
    stage.wait_for_end(*producers)
    put = {event.facts["put"] for event in stage.said("put")}
    if stage.wrong:
        stage.wait_for("done", len(put) - 2)
    else:
        stage.wait_until(lambda: {event.facts["done"] for event in stage.said("done")} == put, "all jobs are done")
    stage.tell("lets max go on")
    slow[0].resume()
    for each in (slow[0], slow[0], *workers):
        each.go()
    stage.wait_for_end(slow[0], *workers)

    done = [event.facts["done"] for event in stage.said("done")]
    stage.claim(f"each of {len(put)} jobs is done", set(done) == put)
    stage.claim("and none was taken as done twice", len(done) == len(set(done)))
    stage.claim("nothing is left in the queue", not stage.zk.get_children(ENTRIES))
    taken = sorted(stage.said("zxid"), key=lambda event: event.facts["zxid"])
    for name in ("pam", "pit"):
        jobs = list(dict.fromkeys(event.facts["takes"] for event in taken if name in event.facts["takes"]))
        stage.claim(f"the jobs of {name} were taken in order", jobs == sorted(jobs))
    return f"{len(put)} jobs, each done, though one worker was killed with one and another slept over one"
