"""LeaderZooKeeperServer: the leader's requests, and those of all learners, become proposals.

It keeps the sessions of the whole ensemble: only here they expire. A write is logged and proposed in the same
turn, and committed when the leader says that its quorums have it.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.leader import Leader
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.modes import LEADER
from pyzoo.server.requests.multi_preparation import PreparedMulti
from pyzoo.server.requests.operations.operation import READ
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.roles.forwarding import ForwardingZooKeeperServer
from pyzoo.server.roles.proposal import ME, ProposalRequestProcessor
from pyzoo.zxid import epoch_of

NO_ZXIDS_LEFT: Final = "the zxids of its epoch are used up, a new epoch has to begin"


@final
class LeaderZooKeeperServer(ForwardingZooKeeperServer):
    """Serves while this server leads."""

    def lead(self, leader: Leader, members: QuorumVerifier) -> None:
        """To be called once, when the leader has its quorum."""
        self.mode = LEADER
        self.leader = leader
        self.broadcast = leader.broadcast
        self.prepare_ensemble(members)
        self.begin_forwarding()
        self.checks_acl_early = self.config.enable_eager_acl_check
        self.sync_processor = ProposalRequestProcessor(self.prep, self.log, self.config, leader, members, self.local)
        self.final.sync_per_read = 0

    # --- sessions

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        super().reopen_session(cnxn, session_id, passwd)
        if cnxn.established:
            self.sessions.set_owner(session_id, ME)

    # --- requests

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        if operation_of(request.type).kind == READ:
            session = self.sessions.sessions.get(request.session_id)
            if session is not None and session.owner > ME:
                request.error = err.SESSIONMOVED
        super().submit_now(request, cnxn)

    def submit_global(self, request: Request) -> None:
        if self.broadcast.takes_proposals:
            super().submit_global(request)
        else:
            self._take_no_more()

    def _take_no_more(self) -> None:
        """The client sees its connection break; its request has not happened (ZOOKEEPER-1277)."""
        if not self.broadcast.is_closed:
            self.leader.fail(NO_ZXIDS_LEFT)

    def sync_forwarded(self, handler: LearnerHandler) -> None:
        self.metrics.prep_processor_request_queued += 1
        self.broadcast.sync_requested(handler)

    def multi_prepared(self, request: Request, multi: PreparedMulti, time_ms: i64) -> None:
        if not self.broadcast.takes_proposals:
            self._take_no_more()
            return
        super().multi_prepared(request, multi, time_ms)

    def submit_prepared(self, request: Request) -> None:
        if not self.broadcast.takes_proposals:
            self._take_no_more()
            return
        super().submit_prepared(request)

    def persisted(self, zxid: i64) -> None:
        if epoch_of(zxid) == self.leader.epoch:
            self.broadcast.acked_up_to(self.broadcast.my_id, zxid)

    def committed_ahead(self) -> list[Proposal]:
        """What is committed and not applied yet, oldest first."""
        ahead = [request for request in self.prepared.uncommitted if request.zxid <= self.final.committed_zxid]
        proposals = [Proposal(request.zxid, request.payload) for request in ahead]
        closing = self.prepared.closing
        if closing is not None:
            passed = self.database.passed
            return [Proposal(closing.zxid, closing.payload), *passed, *proposals]
        return proposals

    def unfinished(self) -> list[Proposal]:
        """What is logged here and not committed."""
        return [Proposal(request.zxid, request.payload) for request in self.prepared.uncommitted]
