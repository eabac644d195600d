"""Scene: an ensemble without clients, to which a test does what it likes."""

from collections.abc import Callable

from pyzoo.jute.primitives import Record
from pyzoo.quorum.packets import encode_request, request_packet
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.server.roles.learner import LearnerZooKeeperServer
from pyzoo.sim.ensemble import Ensemble
from pyzoo.sim.member import SimMember
from pyzoo.sim.operation import encoded
from pyzoo.sim.options import Options
from pyzoo.sim.world import World

LIMIT_MS = 120_000


class Scene:
    """`begin` lets the members start; until then their ensemble can be changed."""

    def __init__(self, seed: int, options: Options) -> None:
        self.world = World(seed)
        self.ensemble = Ensemble(self.world, options)
        self.cxid = 0

    def begin(self) -> SimMember:
        """Start, and return the first leader."""
        self.ensemble.start()
        return self.wait_for_leader()

    def run_until(self, done: Callable[[], object]) -> None:
        assert self.world.run_until(self.world.now_ms + LIMIT_MS, lambda: bool(done())), "it takes too long"

    def wait_for_leader(self) -> SimMember:
        """All serve, and one of them leads."""
        members = self.ensemble.members.values()
        self.run_until(lambda: self.ensemble.leader() is not None and all(member.is_serving for member in members))
        leader = self.ensemble.leader()
        assert leader is not None
        return leader

    def peer(self, member: SimMember) -> QuorumPeer:
        assert member.peer is not None
        return member.peer

    def has(self, member: SimMember, path: str) -> bool:
        return path in self.peer(member).database.tree.nodes

    def forward(self, member: SimMember, type: int, session_id: int, body: Record | None = None) -> None:
        """What a member that lets everything through makes of a client's request."""
        server = self.peer(member).server
        assert isinstance(server, LearnerZooKeeperServer)
        self.cxid += 1
        data = b"" if body is None else encoded(body)
        packet = request_packet(encode_request(session_id, self.cxid, type, data), [])
        member.arrived(lambda: server.learner.send(packet))
