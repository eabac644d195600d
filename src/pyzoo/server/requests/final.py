"""FinalRequestProcessor: every request is answered here, each connection's in their order.

A read is answered at once unless its own connection still has earlier requests waiting, or it would see what a close
of many nodes has not come to yet.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i32, i64, trait

from pyzoo import errors as err
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.jute import opcodes as op
from pyzoo.server.clients.cnxn import NO_OP, ServerCnxn
from pyzoo.server.clients.request import Request, error_of, first_pending
from pyzoo.server.clients.request_throttler import RequestThrottler
from pyzoo.server.requests.long_reads import LongReadOwner
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.reads import TAKES_LONGER, Reads
from pyzoo.server.requests.replies import answer_read, write_reply
from pyzoo.server.slices import SliceQueue
from pyzoo.server.stats import ServerStats

_NO_REQUESTS: Final[deque[Request]] = deque()


@trait
class FinalOwner:
    """What answers set off in their server."""

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        """Start on a request that was here already when its connection became busy."""
        raise NotImplementedError

    def touch_session(self, session_id: i64, timeout_ms: i64) -> bool:
        """Restart the timer of a session; False when there is no such session."""
        raise NotImplementedError

    def session_created(self, cnxn: ServerCnxn, session_id: i64) -> None:
        """A session has begun that this connection asked for."""
        raise NotImplementedError


@final
class FinalRequestProcessor(LongReadOwner):
    """The answers of one server; `wall_ms` is the wall clock's time of this turn.

    `is_behind` while something is committed and not wholly applied, up to `committed_zxid`. `prep_per_read` and
    `sync_per_read` are what one read counts as in the processors that it passes in Apache's server, and with
    `counts_queues` that of commits counts how many requests wait.
    """

    def __init__(
        self,
        owner: FinalOwner,
        reads: Reads,
        throttler: RequestThrottler,
        stats: ServerStats,
        slices: SliceQueue,
        now_ms: i64,
        wall_ms: i64,
    ) -> None:
        super().__init__(reads, slices, now_ms)
        self.wall_ms: i64 = wall_ms
        self.is_behind = False
        self.committed_zxid: i64 = 0
        self.prep_per_read: i64 = 1
        self.sync_per_read: i64 = 1
        self.counts_queues = False
        self._owner = owner
        self._tree = reads.tree
        self._metrics = reads.metrics
        self._throttler = throttler
        self._stats = stats
        self._waiting: dict[ServerCnxn, None] = {}
        self._behind: dict[ServerCnxn, deque[Request]] = {}

    # --- reads

    def read(self, request: Request, cnxn: ServerCnxn) -> None:
        """Answer what changes nothing, in its turn."""
        if not cnxn.pending.is_empty:
            self.wait_behind(request, cnxn)
        elif self.is_behind and self._holds(request):
            self.wait_behind(request, cnxn)
            self._waiting[cnxn] = None
        else:
            self.serve(request, cnxn)

    def wait_behind(self, request: Request, cnxn: ServerCnxn) -> None:
        """Something to be answered when the writes before it are done."""
        cnxn.pending.append(request)
        cnxn.pending_reads += 1
        if operation_of(request.type).may_take_long(self.reads, request):
            cnxn.is_busy = True
        if request.type == op.SYNC:
            request.zxid = self.committed_zxid

    def refuse(self, request: Request, code: i32) -> None:
        """Answer a request with an error, in its turn, without a transaction; 0 for a closed session of this server."""
        request.error = code
        cnxn = request.cnxn
        if cnxn is None:
            return
        if not cnxn.pending.is_empty:
            self.wait_behind(request, cnxn)
        else:
            self.serve(request, cnxn)

    def serve(self, request: Request, cnxn: ServerCnxn) -> None:
        """Answer a read, or the error that stands for a request."""
        code: i32 = request.error
        zxid = self._tree.answer_zxid
        if request.throttled and code == 0:
            code = err.THROTTLEDOP
        if code == err.SESSIONMOVED:
            # The client is elsewhere by now; this connection is a leftover (ZOOKEEPER-710).
            cnxn.close()
        elif code != 0:
            cnxn.reply_empty(request.cxid, zxid, code)
        elif request.type == op.CLOSE_SESSION:
            # Of a session that only this server knew.
            cnxn.reply_empty(request.cxid, zxid, 0)
            self.finished(request)
            cnxn.close()
            return
        else:
            operation = operation_of(request.type)
            if answer_read(operation, self.reads, request, cnxn) == TAKES_LONGER:
                # It was left untouched but for the position in its body.
                request.body.pos = request.body_start
                if cnxn.pending.is_empty:
                    operation.long_read(self, request, cnxn).begin()
                    return
                # Its node has grown since others came behind it; these cannot wait any more.
                self.reads.all_at_once = True
                answer_read(operation, self.reads, request, cnxn)
                self.reads.all_at_once = False
        self._count_read(request, cnxn, zxid)

    def _count_read(self, request: Request, cnxn: ServerCnxn, zxid: i64) -> None:
        """A reply to what is not a write is the last thing written."""
        last_op: i32 = NO_OP
        if request.error == 0:
            last_op = request.type
        cnxn.answered(last_op, request.cxid, zxid, request.created_ms, self.now_ms)
        self._stats.read_answered(self.now_ms - request.created_ms)
        metrics = self._metrics
        if request.type != op.PING and not cnxn.closing:
            metrics.response_bytes += self._stats.last_response_size
        metrics.prep_processor_request_queued += self.prep_per_read
        metrics.sync_processor_request_queued += self.sync_per_read
        self._throttler.finished(request)

    # --- long reads

    def touch(self, cnxn: ServerCnxn) -> None:
        self._owner.touch_session(cnxn.session_id, cnxn.timeout_ms)

    def long_read_answered(self, request: Request, cnxn: ServerCnxn, zxid: i64) -> None:
        self._count_read(request, cnxn, zxid)
        self._go_on_behind(cnxn)

    def finished(self, request: Request) -> None:
        self._throttler.finished(request)

    def keep_behind(self, request: Request, cnxn: ServerCnxn) -> None:
        """A request that was here before its connection became busy goes on when that is over."""
        self._behind.setdefault(cnxn, deque()).append(request)

    def _go_on_behind(self, cnxn: ServerCnxn) -> None:
        """Take those requests, until the connection is busy again."""
        behind = self._behind.pop(cnxn, None)
        while behind and not cnxn.is_busy:
            self._owner.submit_now(behind.popleft(), cnxn)
        if behind:
            # One that has to wait once more is still ahead of the others.
            self._behind.setdefault(cnxn, deque()).extend(behind)

    def go_on_held(self, cnxn: ServerCnxn) -> None:
        """What this connection was busy with, a write that waited for another, need not wait any more."""
        if cnxn.work is None and not cnxn.waits_for_sasl and not cnxn.closing:
            cnxn.is_busy = False
            self._go_on_behind(cnxn)

    def refuse_pending(self, request: Request, code: i32) -> None:
        """As `refuse`, for a write that its connection waits for already."""
        request.error = code
        cnxn = request.cnxn
        if cnxn is None or cnxn.closing:
            self.finished(request)
            return
        request.is_write = False
        cnxn.pending_reads += 1
        if cnxn.pending.oldest is request:
            self.drain(cnxn)

    # --- reads that wait

    def _holds(self, request: Request) -> bool:
        """Whether a read that has just come has to wait."""
        request.zxid = self.committed_zxid
        return self._hides(request)

    def _hides(self, request: Request) -> bool:
        """Whether a read has to wait for what is committed and not wholly applied."""
        if request.error != 0 or request.throttled:
            return False
        if request.type == op.SYNC:
            # Who was told of a write by another server has to find it here: all that was committed when this came.
            return request.zxid > self._tree.answer_zxid
        closing = self._tree.closing
        return closing is not None and operation_of(request.type).sees(closing, request)

    @property
    def has_waiting(self) -> bool:
        """Whether some connection waits for such a read first."""
        return len(self._waiting) > 0

    def release_waiting(self) -> None:
        """Answer those that need not wait any more."""
        waiting = self._waiting
        self._waiting = {}
        for cnxn in waiting:
            self.drain(cnxn)

    def drain(self, cnxn: ServerCnxn) -> None:
        """Answer what needs not wait any more, up to the next write."""
        pending = cnxn.pending
        while pending.begins_with_read and not cnxn.closing:
            request = first_pending(cnxn)
            if self.is_behind and self._hides(request):
                self._waiting[cnxn] = None
                return
            cnxn.pending_reads -= 1
            pending.take()
            self.serve(request, cnxn)
        if cnxn.is_busy and cnxn.work is None and pending.is_empty and not cnxn.waits_for_sasl:
            # What might have taken long did not.
            cnxn.is_busy = False
            self._go_on_behind(cnxn)

    def has_no_read_before(self, cnxn: ServerCnxn | None) -> bool:
        """Whether no read waits before the next write of this connection."""
        if cnxn is None or cnxn.closing or not cnxn.pending.begins_with_read:
            return True
        self.drain(cnxn)
        return not cnxn.pending.begins_with_read

    # --- writes

    def write_done(self, cnxn: ServerCnxn) -> None:
        """A write of this connection, or a sync, is answered: go on with what waited behind it."""
        if not self.counts_queues:
            self.drain(cnxn)
            return
        waiting = len(cnxn.pending)
        self.drain(cnxn)
        # With the write that is done, as Apache's CommitProcessor counts.
        self._metrics.requests_in_session_queue.add(waiting + 1)
        self._metrics.reads_after_write_in_session_queue.add(waiting - len(cnxn.pending))

    def answer(self, request: Request, result: ProcessTxnResult, cnxn: ServerCnxn) -> None:
        """Answer a write that is applied."""
        # What has passed a close since then does not matter to its own answer.
        zxid = request.zxid
        header = request.header
        failed = header is not None and header.type == op.ERROR
        if request.type == op.CREATE_SESSION:
            if failed:
                cnxn.reply_empty(request.cxid, zxid, err.MARSHALLINGERROR)
            else:
                self._owner.session_created(cnxn, request.session_id)
        elif failed and error_of(request) == err.SESSIONMOVED:
            cnxn.close()
        else:
            write_reply(request, result, cnxn, zxid)
        last_op = request.type
        if failed:
            last_op = NO_OP
        cnxn.answered(last_op, request.cxid, zxid, request.created_ms, self.now_ms)
        if request.type != op.CREATE_SESSION and not cnxn.closing:
            self._metrics.response_bytes += self._stats.last_response_size
        self._stats.update_answered(self.now_ms - request.created_ms)
        self._throttler.finished(request)

    # --- the end

    def forget(self, cnxn: ServerCnxn) -> None:
        """The connection is gone: nobody waits for its reads, and nobody takes what was behind them."""
        self._waiting.pop(cnxn, None)
        for pending in cnxn.pending.all():
            if not pending.is_write and isinstance(pending, Request):
                self.finished(pending)
        cnxn.pending.clear()
        if cnxn.work is not None:
            self.slices.drop(cnxn.work)
        for request in self._behind.pop(cnxn, _NO_REQUESTS):
            self.finished(request)
