"""LeaderZooKeeperServer: the leader's requests, and those of all learners, become proposals.

It keeps the sessions of the whole ensemble: only here they expire. A write is logged and proposed in the same
turn, and committed when the leader says that its quorums have it.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
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
from pyzoo.server.roles.proposal import ME, ProposalRequestProcessor
from pyzoo.server.roles.quorum import QuorumZooKeeperServer
from pyzoo.zxid import epoch_of

NO_ZXIDS_LEFT: Final = "the zxids of its epoch are used up, a new epoch has to begin"
NOTHING_FORWARDED: Final[deque[tuple[LearnerHandler, Request]]] = deque()


@final
class LeaderZooKeeperServer(QuorumZooKeeperServer):
    """Serves while this server leads."""

    def lead(self, leader: Leader, members: QuorumVerifier) -> None:
        """To be called once, when the leader has its quorum."""
        self.mode = LEADER
        self.leader = leader
        self.broadcast = leader.broadcast
        self.prepare_ensemble(members)
        self.checks_acl_early = self.config.enable_eager_acl_check
        self.sync_processor = ProposalRequestProcessor(self.prep, self.log, self.config, leader, members, self.local)
        self.final.sync_per_read = 0
        self._behind_close: dict[int, deque[tuple[LearnerHandler, Request]]] = {}

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

    def forwarded(self, handler: LearnerHandler, request: Request) -> None:
        """A client of a learner wants something.

        Learners take it that what they forward, for whomever, is committed in that order (CommitProcessor): whoever
        comes behind a close that takes several turns waits for it.
        """
        waiting = self._behind_close.get(request.owner)
        if waiting is not None:
            waiting.append((handler, request))
        elif request.type != op.SYNC and self._has_to_wait(request):
            self._behind_close[request.owner] = deque([(handler, request)])
        elif request.type == op.SYNC:
            self.metrics.prep_processor_request_queued += 1
            self.broadcast.sync_requested(handler)
        else:
            self.submit_global(request)

    def _has_to_wait(self, request: Request) -> bool:
        multis = self.multis
        if multis.is_preparing:
            return multis.holds(request)
        return request.type == op.MULTI and len(self.closes.preparing) > 0 and multis.is_large(request)

    def write_delayed(self, request: Request) -> None:
        if request.owner != ME:
            self._behind_close[request.owner] = deque()

    def multi_prepared(self, request: Request, multi: PreparedMulti, time_ms: i64) -> None:
        if not self.broadcast.takes_proposals:
            self._take_no_more()
            return
        super().multi_prepared(request, multi, time_ms)

    def release_held(self) -> None:
        super().release_held()
        for owner in list(self._behind_close):
            self._go_on_forwarded(owner)

    def submit_prepared(self, request: Request) -> None:
        if not self.broadcast.takes_proposals:
            self._take_no_more()
            return
        super().submit_prepared(request)

    def close_prepared(self, request: Request) -> None:
        if self.closes.preparing:
            self._go_on_forwarded(request.owner)
        else:
            self.release_held()

    def _go_on_forwarded(self, owner: i64) -> None:
        """What a learner has forwarded goes on, until it has to wait again."""
        waiting = self._behind_close.pop(owner, NOTHING_FORWARDED)
        while waiting and owner not in self._behind_close:
            handler, later = waiting.popleft()
            self.forwarded(handler, later)
        if waiting:
            # One that has to wait once more is still ahead of the others.
            self._behind_close[owner].extend(waiting)

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
