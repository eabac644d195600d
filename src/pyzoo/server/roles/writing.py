"""WritingServer: what becomes of a write until it has its zxid.

Most get it at once. The close of a session with very many ephemerals, and a multi of very many parts, are prepared over
several turns first, and what must not pass them waits.
"""

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
from pyzoo.server.clients.request import Request
from pyzoo.server.clients.request_throttler import RequestThrottler
from pyzoo.server.core import Core
from pyzoo.server.requests.close_preparation import CloseOwner, SlowCloses
from pyzoo.server.requests.final import FinalRequestProcessor
from pyzoo.server.requests.multi_preparation import MultiOwner, PreparedMulti
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.requests.prepared import PreparedTxns
from pyzoo.server.requests.slow_multis import SlowMultis
from pyzoo.server.requests.sync import SyncRequestProcessor


class WritingServer(Core, CloseOwner, MultiOwner):
    """A server without its connections; the parts of it are made by whoever has these."""

    throttler: RequestThrottler
    outstanding: OutstandingChanges
    closes: SlowCloses
    multis: SlowMultis
    sync_processor: SyncRequestProcessor
    prepared: PreparedTxns
    final: FinalRequestProcessor

    def submit_write(self, request: Request) -> None:
        """Prepare a write and log it; it is answered when it is safe."""
        cnxn = request.cnxn
        if self.multis.is_preparing and self.multis.holds(request):
            self.hold(request)
            return
        if request.type == op.CLOSE_SESSION and self.closes.begin(request):
            request.is_write = True
        elif request.type == op.MULTI and self.multis.is_large(request):
            if self.closes.preparing:
                self.hold(request)
                return
            request.is_write = True
            self.write_delayed(request)
            self.multis.begin(request, self.wall_ms)
        elif self.sync_processor.prepare(request, self.now_ms, self.wall_ms):
            request.is_write = True
            self.prepared.uncommitted.append(request)
            if request.type == op.MULTI:
                self.multis.done_at_once(request)
        else:
            self.unreadable(request)
            return
        if cnxn is not None:
            cnxn.pending.append(request)

    def unreadable(self, request: Request) -> None:
        """A request cannot be read, and takes no zxid."""
        self.final.refuse(request, err.MARSHALLINGERROR)

    def unreadable_pending(self, request: Request) -> None:
        """The same of one that its connection waits for already."""
        self.final.refuse_pending(request, err.MARSHALLINGERROR)

    def submit_prepared(self, request: Request) -> None:
        self.closes.ended(request)
        self.sync_processor.prepare(request, self.now_ms, self.wall_ms)
        request.encoded_txn = None
        self.outstanding.sums = None
        self.prepared.uncommitted.append(request)
        self.closes.go_on()
        self.close_prepared(request)

    def close_prepared(self, request: Request) -> None:
        """A closeSession has its zxid: who has waited for that goes on."""
        if not self.closes.preparing:
            self.release_held()

    # --- multis of very many parts

    def hold(self, request: Request) -> None:
        """A write waits for a multi that is being prepared, and with it its connection."""
        cnxn = request.cnxn
        if cnxn is not None:
            cnxn.is_busy = True
            self.final.keep_behind(request, cnxn)
            self.multis.waiting[cnxn] = None
        elif request.type != op.DELETE_CONTAINER:
            self.multis.held.append(request)

    def release_held(self) -> None:
        """Nothing is being prepared any more: those that have waited go on, first come first."""
        multis = self.multis
        held, waiting = multis.held, multis.waiting
        multis.held = []
        multis.waiting = {}
        for request in held:
            self.submit_write(request)
        for cnxn in waiting:
            self.final.go_on_held(cnxn)

    def multi_prepared(self, request: Request, multi: PreparedMulti, time_ms: i64) -> None:
        request.prepared = multi
        if self.sync_processor.prepare(request, self.now_ms, time_ms):
            self.prepared.uncommitted.append(request)
        else:
            self.unreadable_pending(request)
        request.prepared = None
        request.encoded_txn = None
        self.release_held()

    def multi_broken(self, request: Request) -> None:
        self.metrics.unrecoverable_error_count += 1
        if request.cnxn is not None:
            request.cnxn.abort()
        self.throttler.finished(request)
        self.release_held()
