"""The close of a session with many ephemerals that a follower forwards: what it forwards after that is behind it."""

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateRequest, CreateSessionTxn, SetDataRequest
from pyzoo.persistence.log_format import decode_txn
from pyzoo.sim.member import SimMember
from pyzoo.sim.options import Options
from tests.support.scenes import Scene

OWNER = 0x1111
OTHER = 0x2222
OPEN = [ACL(31, "world", "anyone")]
EPHEMERALS = 200


class CloseScene(Scene):
    """A follower forwards what two sessions want; the slices of work are so small that a close takes many."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, Options(clients=0, slice_units=8))
        self.leader = self.begin()
        self.follower = next(each for each in self.ensemble.members.values() if each is not self.leader)
        for session_id in (OWNER, OTHER):
            self.forward(self.follower, op.CREATE_SESSION, session_id, CreateSessionTxn(60_000))
        self.forward(self.follower, op.CREATE, OTHER, CreateRequest("/set", b"", OPEN, 0))
        for at in range(EPHEMERALS):
            self.forward(self.follower, op.CREATE, OWNER, CreateRequest(f"/e{at}", b"", OPEN, 1))
        self.run_until(lambda: all(self.has(member, f"/e{EPHEMERALS - 1}") for member in self.members()))

    def members(self) -> list[SimMember]:
        return list(self.ensemble.members.values())

    def logged_types(self, member: SimMember) -> list[int]:
        """The types of the last transactions, oldest first."""
        proposals = self.peer(member).database.committed_log.proposals
        return [int(decode_txn(each.payload)[0].type) for each in proposals]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_forwarded_behind_a_large_close_is_committed_behind_it(seed: int) -> None:
    scene = CloseScene(seed)
    scene.forward(scene.follower, op.CLOSE_SESSION, OWNER)
    for _ in range(3):
        scene.forward(scene.follower, op.SET_DATA, OTHER, SetDataRequest("/set", b"x", -1))
    server = scene.peer(scene.leader).server
    assert server is not None
    scene.run_until(lambda: server.closes.preparing)
    for member in scene.members():
        scene.run_until(lambda member=member: scene.logged_types(member).count(op.SET_DATA) == 3)  # type: ignore[misc]
        assert not scene.has(member, "/e0")
    assert [op.CLOSE_SESSION, *[op.SET_DATA] * 3] == scene.logged_types(scene.follower)[-4:]
