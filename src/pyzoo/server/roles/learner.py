"""LearnerZooKeeperServer: a follower's or observer's clients.

Reads are answered here. What changes something goes to the leader as the client sent it, and is answered when
its transaction comes back committed: the first request that its connection waits for has the same number then.
The leader keeps the sessions; it hears of them with every ping (LearnerSessionTracker, FollowerRequestProcessor).
"""

from collections import deque
from typing import final

from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ErrorTxn, Id
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner import Learner
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.packets import encode_request, encode_touches, request_packet
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.handshake import finish_session_init
from pyzoo.server.database import AppliedTxn, decoded
from pyzoo.server.modes import FOLLOWER, OBSERVER
from pyzoo.server.requests.audit import AuditLog
from pyzoo.server.requests.final import count_txn
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.request import NO_BODY, Request
from pyzoo.server.roles.quorum import QuorumZooKeeperServer
from pyzoo.server.sessions import is_password


@final
class LearnerZooKeeperServer(QuorumZooKeeperServer):
    """Serves while this server follows or observes."""

    def learn(self, learner: Learner, members: QuorumVerifier) -> None:
        """To be called once, when the learner is in step."""
        self.mode = OBSERVER if learner.is_observer else FOLLOWER
        self.tracks_sessions = False
        self.prep_per_read = 0
        self.sync_per_read = 0
        self.learner = learner
        self.prepare_ensemble(members)
        self.leave_containers()
        self.checks_acl_early = self.config.enable_eager_acl_check
        self._touches: dict[int, int] = {}
        self._unaudited: dict[int, list[Request]] = {}
        self._syncs: deque[Request] = deque()
        self._revalidating: dict[int, list[ServerCnxn | LearnerHandler]] = {}
        self._sync_of: dict[int, LearnerHandler] = {}
        self._last_sync: i64 = 0
        # None stands for the answer to a sync.
        self._committed_txns: deque[AppliedTxn | None] = deque()
        self._closing_txn: AppliedTxn | None = None

    # --- sessions

    def adopt_sessions(self) -> None:
        """None: the leader counts their time."""

    def touch_global(self, session_id: i64, timeout_ms: i64) -> bool:
        self._touches[session_id] = timeout_ms
        return True

    def take_touches(self) -> bytes:
        """The sessions heard of since the last call, for a PING."""
        data = encode_touches(self._touches)
        self._touches.clear()
        return data

    def is_session_alive(self, session_id: i64) -> bool:
        return session_id in self.database.sessions or self.is_local(session_id)

    def track_new_session(self, cnxn: ServerCnxn, session_id: i64) -> None:
        """The leader does, when the request comes to it."""

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        if self.is_local(session_id):
            super().reopen_session(cnxn, session_id, passwd)
            return
        self.close_session_cnxn(session_id)
        if not is_password(session_id, passwd):
            finish_session_init(self, cnxn, False)
            return
        self._revalidating.setdefault(session_id, []).append(cnxn)
        self.learner.send_revalidate(session_id, cnxn.timeout_ms)

    def revalidated(self, session_id: i64, valid: bool) -> None:
        """The leader has answered about a session that a client brought along."""
        waiting = self._revalidating.get(session_id)
        if waiting is None:
            return
        cnxn = waiting.pop(0)
        if not waiting:
            del self._revalidating[session_id]
        if isinstance(cnxn, LearnerHandler):
            cnxn.send_revalidated(session_id, valid)
            return
        if cnxn.closing:
            return
        if valid:
            self.close_session_cnxn(session_id)
            self.bind_session(cnxn, session_id)
        finish_session_init(self, cnxn, valid)

    # --- observers of this server

    def revalidate_for(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> None:
        """A client of an observer has brought a session along."""
        self._revalidating.setdefault(session_id, []).append(handler)
        self.learner.send_revalidate(session_id, timeout_ms)

    def forward(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        """A request of an observer's client."""
        if type == op.SYNC:
            request = Request(None, session_id, cxid, type, NO_BODY, ids, self.now_ms)
            self._last_sync += 1
            request.owner = self._last_sync
            self._sync_of[request.owner] = handler
            self._syncs.append(request)
        self.learner.send_request(request_packet(encode_request(session_id, cxid, type, body), ids))

    # --- requests

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        if request.type == op.SYNC and not request.throttled:
            self.touch_session(cnxn.session_id, cnxn.timeout_ms)
            self.submit_global(request)
        else:
            super().submit_now(request, cnxn)

    def submit_global(self, request: Request) -> None:
        """Wait for it on its connection, and forward it."""
        try:
            operation_of(request.type).check(request.body_again())
        except MalformedRecord:
            self.refuse(request, err.MARSHALLINGERROR)
            return
        except KeeperError as error:
            self.refuse(request, error.code)
            return
        cnxn = request.cnxn
        if cnxn is not None:
            request.is_write = True
            cnxn.pending.append(request)
        if request.type == op.SYNC:
            self._syncs.append(request)
        body = request.body
        data = encode_request(request.session_id, request.cxid, request.type, body.data[body.pos : body.end])
        self.learner.send_request(request_packet(data, request.ids))

    @property
    def is_busy(self) -> bool:
        return self.in_process > 0 or self.learner.has_pending

    def forget(self, cnxn: ServerCnxn) -> None:
        for request in cnxn.pending:
            if request.is_write:
                self.finished(request)
                if self.audit is not None and request.type != op.SYNC:
                    self._unaudited.setdefault(request.session_id, []).append(request)
        super().forget(cnxn)

    def sync_received(self) -> None:
        """The leader has answered the oldest sync, which is over when everything committed before is applied here."""
        if self.commits.is_behind:
            self._committed_txns.append(None)
        else:
            self._sync_done()

    def _sync_done(self) -> None:
        if not self._syncs:
            return
        request = self._syncs.popleft()
        handler = self._sync_of.pop(request.owner, None)
        if handler is not None:
            handler.send_sync()
            return
        cnxn = request.cnxn
        if cnxn is None or cnxn.closing or not cnxn.pending or cnxn.pending[0] is not request:
            self.finished(request)
            return
        cnxn.pending.popleft()
        self.serve(request, cnxn)
        self.write_done(cnxn)

    # --- commit

    def commit(self, proposal: Proposal) -> None:
        """A transaction is committed: apply it, and answer it where it was asked for here, now or in a later turn.

        Raises MalformedRecord.
        """
        self._committed_txns.append(decoded(proposal.zxid, proposal.payload))
        self.commits.go_on()

    @property
    def has_committed(self) -> bool:
        return len(self._committed_txns) > 0

    @property
    def is_closing(self) -> bool:
        return self._closing_txn is not None

    def next_may_pass(self) -> bool:
        if not self._committed_txns:
            return False
        applied = self._committed_txns[0]
        if applied is None:
            # Who reads then waits where that is necessary.
            cnxn = self._syncs[0].cnxn if self._syncs else None
            return self.tree.answer_zxid != self.tree.last_processed_zxid and self.has_no_read_before(cnxn)
        if not self.tree.may_pass(applied.header, applied.txn, None, None):
            return False
        return self.has_no_read_before(self.cnxns_by_session.get(applied.header.client_id))

    def commit_next(self) -> None:
        applied = self._committed_txns.popleft()
        if applied is None:
            self._sync_done()
            return
        tree = self.tree
        if self.database.begin_close(applied.header, applied.txn, self.config.slice_units, applied.digest):
            self._closing_txn = applied
        else:
            applied.result = tree.process_txn(applied.header, applied.txn)
            self.database.applied(applied)
            self._applied(applied)

    def close_applied(self) -> None:
        applied = self._closing_txn
        assert applied is not None
        self._closing_txn = None
        self.database.close_ended(applied.header, applied.txn, applied.zxid, applied.payload)
        self._applied(applied)

    def _applied(self, applied: AppliedTxn) -> None:
        self.metrics.request_commit_queued += 1
        header = applied.header
        self._count(applied)
        if header.type == op.CREATE_SESSION:
            self._session_created(header.client_id)
        request = self._request_of(applied)
        cnxn = None
        if request is not None:
            cnxn = request.cnxn
            assert cnxn is not None
            cnxn.pending.popleft()
            request.header = header
            request.txn = applied.txn
            if request.stays_local and header.type == op.ERROR:
                # To the leader it is a session that has expired (FinalRequestProcessor: the request's own exception).
                request.txn = ErrorTxn(err.EPHEMERALONLOCALSESSION)
            request.zxid = header.zxid
            if self.audit is not None:
                self.audit.answered(request, applied.result, cnxn)
            self.answer(request, applied.result, cnxn)
            self.write_done(cnxn)
        elif self.audit is not None:
            self._audit_unanswered(self.audit, applied)
        if header.type == op.CLOSE_SESSION:
            self._touches.pop(header.client_id, None)
            self._unaudited.pop(header.client_id, None)
            self.session_closed(header.client_id, cnxn)

    def _audit_unanswered(self, audit: AuditLog, applied: AppliedTxn) -> None:
        """A transaction of a client that did not wait for its answer is written down all the same."""
        header = applied.header
        waiting = self._unaudited.get(header.client_id)
        if not waiting or waiting[0].cxid != header.cxid:
            return
        request = waiting.pop(0)
        cnxn = request.cnxn
        assert cnxn is not None
        request.header = header
        audit.answered(request, applied.result, cnxn)

    def _count(self, applied: AppliedTxn) -> None:
        self.metrics.propagated(self.wall_ms - applied.header.time)
        if applied.txn is not None and applied.header.type != op.ERROR:
            count_txn(self.metrics, self.slices, applied.txn)

    def _session_created(self, session_id: i64) -> None:
        timeout_ms = self.database.sessions.get(session_id)
        if timeout_ms is not None:
            self._touches[session_id] = timeout_ms
        self.upgrading.pop(session_id, None)

    def _request_of(self, applied: AppliedTxn) -> Request | None:
        """The request here that this transaction answers: the one that its session waits for next."""
        cnxn = self.cnxns_by_session.get(applied.header.client_id)
        if cnxn is None or cnxn.closing or not cnxn.pending:
            return None
        request = cnxn.pending[0]
        is_it = request.is_write and request.cxid == applied.header.cxid and request.type != op.SYNC
        return request if is_it else None
