"""LearnerTxns: what the leader has committed, until it is applied here and answered where it was asked for here."""

from collections import deque
from typing import final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.datatree.long_multi import PART_UNITS
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ErrorTxn, MultiTxn
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.cnxn_factory import ServerCnxnFactory
from pyzoo.server.clients.request import Request, first_pending
from pyzoo.server.database import AppliedTxn, ZKDatabase
from pyzoo.server.requests.audit import AuditLog
from pyzoo.server.requests.commits import CommittedTxns
from pyzoo.server.requests.final import FinalRequestProcessor
from pyzoo.server.requests.namespace_counts import count_txn
from pyzoo.server.requests.operations.multi_reply import MultiReply


@final
class LearnerTxns(CommittedTxns):
    """In the leader's order, with the answers to syncs in between. `touches` are the sessions heard of since a PING."""

    def __init__(
        self,
        database: ZKDatabase,
        connections: ServerCnxnFactory,
        final_processor: FinalRequestProcessor,
        audit: AuditLog | None,
    ) -> None:
        self.touches: dict[int, int] = {}
        self._database = database
        self._tree = database.tree
        self._connections = connections
        self._final = final_processor
        self._metrics = final_processor.reads.metrics
        self._audit = audit
        self._unaudited: dict[int, list[Request]] = {}
        self._syncs: deque[Request] = deque()
        self._sync_of: dict[int, LearnerHandler] = {}
        self._last_sync: i64 = 0
        # None stands for the answer to a sync.
        self._txns: deque[AppliedTxn | None] = deque()
        self._closing: AppliedTxn | None = None

    # --- what clients wait for

    def forget(self, cnxn: ServerCnxn) -> None:
        """The connection is gone; what its client has asked for goes on."""
        for request in cnxn.pending.all():
            if request.is_write and isinstance(request, Request):
                self._final.finished(request)
                if self._audit is not None and request.type != op.SYNC:
                    self._unaudited.setdefault(request.session_id, []).append(request)

    def sync_sent(self, request: Request, handler: LearnerHandler | None) -> None:
        """The leader is asked for a sync, for a client of ours or of an observer of ours."""
        if handler is not None:
            self._last_sync += 1
            request.owner = self._last_sync
            self._sync_of[request.owner] = handler
        self._syncs.append(request)

    def sync_received(self) -> None:
        """The leader has answered the oldest sync, which is over when everything committed before is applied here."""
        if self._final.is_behind:
            self._txns.append(None)
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
        if cnxn is None or cnxn.closing or cnxn.pending.is_empty or cnxn.pending.oldest is not request:
            self._final.finished(request)
            return
        cnxn.pending.take()
        self._final.serve(request, cnxn)
        self._final.write_done(cnxn)

    # --- commit

    def committed(self, applied: AppliedTxn) -> None:
        """The next transaction is committed."""
        self._txns.append(applied)

    @property
    def has_committed(self) -> bool:
        return len(self._txns) > 0

    @property
    def is_closing(self) -> bool:
        return self._closing is not None

    def next_may_pass(self) -> bool:
        if not self._txns:
            return False
        applied = self._txns[0]
        if applied is None:
            # Who reads then waits where that is necessary.
            cnxn = self._syncs[0].cnxn if self._syncs else None
            return self._tree.answer_zxid != self._tree.last_processed_zxid and self._final.has_no_read_before(cnxn)
        if not self._tree.may_pass(applied.header, applied.txn, None, None):
            return False
        return self._final.has_no_read_before(self._connections.by_session.get(applied.header.client_id))

    def commit_next(self) -> i64:
        applied = self._txns.popleft()
        if applied is None:
            self._sync_done()
            return 0
        header, txn, units = applied.header, applied.txn, self._final.slices.units
        parts: i64 = 0
        if isinstance(txn, MultiTxn):
            if self._database.begin_multi(header, txn, [], [], applied.result, units, applied.digest):
                applied.result.sink = MultiReply(self._audit is not None)
                self._closing = applied
                return 0
            parts = PART_UNITS * len(txn.txns or [])
        elif self._database.begin_close(header, txn, units, applied.digest):
            self._closing = applied
            return 0
        applied.result = self._tree.process_txn(header, txn)
        self._database.applied(applied)
        self._applied(applied)
        return parts

    def close_applied(self) -> None:
        applied = self._closing
        assert applied is not None
        self._closing = None
        self._database.close_ended(applied.zxid, applied.payload)
        self._applied(applied)

    def _applied(self, applied: AppliedTxn) -> None:
        self._metrics.request_commit_queued += 1
        header = applied.header
        self._count(applied)
        if header.type == op.CREATE_SESSION:
            self._session_created(header.client_id)
        request = self._request_of(applied)
        cnxn = None
        if request is not None:
            cnxn = request.cnxn
            assert cnxn is not None
            cnxn.pending.take()
            request.header = header
            request.txn = applied.txn
            if request.stays_local and header.type == op.ERROR:
                # To the leader it is a session that has expired (FinalRequestProcessor: the request's own exception).
                request.txn = ErrorTxn(err.EPHEMERALONLOCALSESSION)
            request.zxid = header.zxid
            if self._audit is not None:
                self._audit.answered(request, applied.result, cnxn)
            self._final.answer(request, applied.result, cnxn)
            self._final.write_done(cnxn)
        elif self._audit is not None:
            self._audit_unanswered(self._audit, applied)
        if header.type == op.CLOSE_SESSION:
            self.touches.pop(header.client_id, None)
            self._unaudited.pop(header.client_id, None)
            self._connections.session_closed(header.client_id, cnxn)

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
        self._metrics.propagated(self._final.wall_ms - applied.header.time)
        if applied.txn is not None and applied.header.type != op.ERROR:
            count_txn(self._metrics, self._final.slices, applied.txn)

    def _session_created(self, session_id: i64) -> None:
        timeout_ms = self._database.sessions.get(session_id)
        if timeout_ms is not None:
            self.touches[session_id] = timeout_ms

    def _request_of(self, applied: AppliedTxn) -> Request | None:
        """The request here that this transaction answers: the one that its session waits for next."""
        cnxn = self._connections.by_session.get(applied.header.client_id)
        if cnxn is None or cnxn.closing or cnxn.pending.is_empty:
            return None
        request = first_pending(cnxn)
        is_it = request.is_write and request.cxid == applied.header.cxid and request.type != op.SYNC
        return request if is_it else None
