"""FollowerZooKeeperServer: the clients of a follower, and those of the observers that it passes on to."""

from typing import final

from mypy_extensions import i32, i64

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import Id
from pyzoo.quorum.learner import Learner
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.packets import encode_request, request_packet, revalidate_packet
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.request import NO_BODY, Request
from pyzoo.server.modes import FOLLOWER
from pyzoo.server.roles.learner import LearnerZooKeeperServer


@final
class FollowerZooKeeperServer(LearnerZooKeeperServer):
    """Serves while this server follows; what it does for observers is the part of an observer master."""

    def learn(self, learner: Learner, members: QuorumVerifier) -> None:
        self.mode = FOLLOWER
        super().learn(learner, members)

    def revalidate_for(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> None:
        """A client of an observer has brought a session along."""
        self.revalidating.setdefault(session_id, []).append(handler)
        self.learner.send(revalidate_packet(session_id, timeout_ms))

    def forward(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        """A request of an observer's client."""
        if type == op.SYNC:
            self.txns.sync_sent(Request(None, session_id, cxid, type, NO_BODY, ids, self.now_ms), handler)
        self.learner.send(request_packet(encode_request(session_id, cxid, type, body), ids))
