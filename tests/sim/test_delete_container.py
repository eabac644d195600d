"""Deleting a container is for the leader alone: what a member forwards for a client deletes nothing, anywhere."""

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import ACL, CreateRequest, CreateSessionTxn, DeleteRequest, DeleteTxn
from pyzoo.server.clients.request import internal_request
from pyzoo.sim.options import Options
from tests.support.scenes import Scene

SESSION = 0x1234
OPEN = [ACL(31, "world", "anyone")]
CONTAINER = CreateRequest("/c", b"", OPEN, 4)


class ContainerScene(Scene):
    """Three members and an observer, and a container that a session has made and used."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, Options(observers=1, clients=0))
        self.leader = self.begin()
        self.submit(op.CREATE_SESSION, SESSION, CreateSessionTxn(60_000))
        self.submit(op.CREATE_CONTAINER, SESSION, CONTAINER)
        self.submit(op.CREATE, SESSION, CreateRequest("/c/x", b"", OPEN, 0))
        self.submit(op.DELETE, SESSION, DeleteRequest("/c/x", -1))
        self.run_until(lambda: len(self.zxids()) == 1 and all(self.have_it()))

    def submit(self, type: int, session_id: int, body: Record) -> None:
        """A request of the leader's own."""
        server = self.peer(self.leader).server
        assert server is not None
        self.leader.arrived(lambda: server.submit_write(internal_request(type, session_id, server.now_ms, body)))

    def have_it(self) -> list[bool]:
        return [self.has(member, "/c") for member in self.ensemble.members.values()]

    def zxids(self) -> set[int]:
        return {int(self.peer(member).database.last_zxid) for member in self.ensemble.members.values()}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_forwarded_deletes_nothing_and_is_answered_with_a_transaction(seed: int) -> None:
    scene = ContainerScene(seed)
    (before,) = scene.zxids()
    learners = [member for member in scene.ensemble.members.values() if member is not scene.leader]
    for member in learners:
        scene.forward(member, op.DELETE_CONTAINER, SESSION, DeleteTxn("/c"))
    scene.run_until(lambda: scene.zxids() == {before + len(learners)})
    assert all(scene.have_it())


def test_the_leader_still_deletes_it() -> None:
    scene = ContainerScene(1)
    scene.submit(op.DELETE_CONTAINER, 0, DeleteTxn("/c"))
    scene.run_until(lambda: not any(scene.have_it()))
