"""PreparedTxns: what this server has prepared, until it is committed, applied and answered."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.long_multi import PART_UNITS
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.jute import opcodes as op
from pyzoo.server.clients.cnxn_factory import ServerCnxnFactory
from pyzoo.server.clients.request import Request
from pyzoo.server.database import ZKDatabase
from pyzoo.server.requests.audit import AuditLog
from pyzoo.server.requests.close_preparation import SlowCloses
from pyzoo.server.requests.commits import CommittedTxns
from pyzoo.server.requests.final import FinalRequestProcessor
from pyzoo.server.requests.namespace_counts import count_written
from pyzoo.server.requests.operations.multi_reply import MultiReply
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.requests.request_queue import RequestQueue
from pyzoo.server.sessions import SessionTracker

MANY_PARTS: Final = 1
"""A multi of more may take several turns."""


@final
class PreparedTxns(CommittedTxns):
    """In the order of their zxids; those up to `final.committed_zxid` are committed. `closing` is begun with."""

    def __init__(
        self,
        database: ZKDatabase,
        outstanding: OutstandingChanges,
        closes: SlowCloses,
        sessions: SessionTracker,
        connections: ServerCnxnFactory,
        final_processor: FinalRequestProcessor,
        audit: AuditLog | None,
    ) -> None:
        self.uncommitted = RequestQueue()
        self.closing: Request | None = None
        self._result: ProcessTxnResult | None = None
        self._database = database
        self._tree = database.tree
        self._outstanding = outstanding
        self._closes = closes
        self._sessions = sessions
        self._connections = connections
        self._final = final_processor
        self._audit = audit
        self._slice_units: i64 = final_processor.slices.units

    @property
    def has_committed(self) -> bool:
        uncommitted = self.uncommitted
        return len(uncommitted) > 0 and uncommitted.oldest.zxid <= self._final.committed_zxid

    @property
    def is_closing(self) -> bool:
        return self.closing is not None

    def next_may_pass(self) -> bool:
        if not self.has_committed:
            return False
        request = self.uncommitted.oldest
        header = request.header
        if header is None or not self._tree.may_pass(header, request.txn, request.sub_types, request.sub_txns):
            return False
        return self._final.has_no_read_before(request.cnxn)

    def commit_next(self) -> i64:
        request = self.uncommitted.take()
        types = request.sub_types
        if request.type == op.CLOSE_SESSION:
            if self._begin_close(request):
                self.closing = request
                return 0
        elif types is not None and len(types) > MANY_PARTS:
            if self._begin_multi(request, types):
                self.closing = request
                return 0
        self._committed(request, self._database.process_txn(request))
        return 0 if types is None else PART_UNITS * len(types)

    def _begin_multi(self, request: Request, types: list[int]) -> bool:
        header, txns = request.header, request.sub_txns
        if header is None or txns is None:
            return False
        result = ProcessTxnResult(header.type)
        if not self._database.begin_multi(header, None, types, txns, result, self._slice_units, None):
            return False
        result.sink = MultiReply(self._audit is not None)
        self._result = result
        return True

    def _begin_close(self, request: Request) -> bool:
        header = request.header
        if header is None:
            return False
        return self._database.begin_close(header, request.txn, self._slice_units, None, request.parents)

    def close_applied(self) -> None:
        request = self.closing
        assert request is not None
        assert request.header is not None
        self.closing = None
        result = self._result
        self._result = None
        self._database.close_ended(request.zxid, request.payload)
        self._committed(request, ProcessTxnResult(request.header.type) if result is None else result)

    def _committed(self, request: Request, result: ProcessTxnResult) -> None:
        header = request.header
        assert header is not None
        processor = self._final
        metrics = processor.reads.metrics
        self._outstanding.committed(self._tree.last_processed_zxid)
        metrics.propagated(processor.wall_ms - header.time)
        count_written(metrics, processor.slices, request)
        cnxn = request.cnxn
        if request.type == op.CLOSE_SESSION:
            self._sessions.remove(request.session_id)
            self._closes.go_on()
        if cnxn is not None and self._audit is not None:
            self._audit.answered(request, result, cnxn)
        if cnxn is not None and not cnxn.closing:
            cnxn.pending.take()
            processor.answer(request, result, cnxn)
            processor.write_done(cnxn)
        else:
            if cnxn is not None and request.type != op.CLOSE_SESSION:
                metrics.stale_replies += 1
            processor.finished(request)
        if request.type == op.CLOSE_SESSION:
            self._connections.session_closed(request.session_id, cnxn)
