"""ZooKeeperServer: one server without an ensemble, and what all roles of one that has an ensemble share.

A write is prepared at once, logged with all others of the turn, and applied and answered in zxid order when its
log record is safe. A read is answered at once unless its own connection still has earlier requests waiting. The
roles of an ensemble (leader.py, learner.py, read_only.py) replace what becomes of a write,
and who keeps the sessions.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.session_observer import SessionObserver
from pyzoo.datatree.tree import DataTree, ProcessTxnResult
from pyzoo.errors import KeeperError, MalformedRecord, ProtocolViolation
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import ACL, DeleteTxn, ErrorTxn, Id, TxnHeader
from pyzoo.server.clients.admission import admit_large, process_packet
from pyzoo.server.clients.auth import AccessControl
from pyzoo.server.clients.cnxn import NO_OP, OUT_HIGH_WATER, PENDING_READS_LIMIT, ServerCnxn
from pyzoo.server.clients.handshake import (
    create_session,
    finish_session_init,
    process_connect_request,
    write_connect_response,
)
from pyzoo.server.clients.log_extras import of_client, of_session
from pyzoo.server.clients.providers import enforced_schemes, make_access_control
from pyzoo.server.clients.throttle import ConnectionThrottle
from pyzoo.server.clients.watch_removal import UNITS_A_WATCH, WatchRemoval
from pyzoo.server.core import Core
from pyzoo.server.database import ZKDatabase
from pyzoo.server.effects import Effects
from pyzoo.server.ensemble_view import EnsembleView
from pyzoo.server.environment import ServerEnvironment
from pyzoo.server.metrics import ServerMetrics, new_metrics
from pyzoo.server.modes import STANDALONE
from pyzoo.server.operators.words import maybe_four_letter_word
from pyzoo.server.requests.audit import AuditLog
from pyzoo.server.requests.close_preparation import prepares_slowly
from pyzoo.server.requests.close_sums import Disposal
from pyzoo.server.requests.commits import Commits
from pyzoo.server.requests.final import answer_read, count_written, write_reply
from pyzoo.server.requests.log_batch import LogBatcher
from pyzoo.server.requests.operations.operation import UNKNOWN, WRITE
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.requests.prep import PrepRequestProcessor
from pyzoo.server.requests.reads import TAKES_LONGER, Reads
from pyzoo.server.requests.request import Request, error_of, internal_request
from pyzoo.server.roles.containers import ContainerManager
from pyzoo.server.roles.restoring import tell_watchers
from pyzoo.server.sessions import SessionTracker, is_password
from pyzoo.server.slices import SlicedWork, SliceQueue
from pyzoo.server.stats import ServerStats

logger: Final = logging.getLogger(__name__)

NO_REQUESTS: Final[deque[Request]] = deque()
EXPIRY_UNITS: Final = 50
"""Units of work (see slices.py) to prepare the close of a session that has expired."""


class ZooKeeperServer(Core):
    """The core of a standalone server; `mode` is what operators see of its role.

    `tracks_sessions` says whether the sessions of the ensemble expire here; `ensemble` is None without one.
    """

    def __init__(
        self,
        config: ServerConfig,
        database: ZKDatabase,
        now_ms: int,
        wall_ms: int,
        draw: Callable[[int], int],
        log: LogBatcher | None = None,
        metrics: ServerMetrics | None = None,
        effects: Effects | None = None,
    ) -> None:
        """`draw(n)` gives a number from 0 to n - 1; it spreads the roll points of logs.

        `log`, `metrics` and `effects` are given by a peer whose roles share them.
        """
        super().__init__(
            now_ms,
            wall_ms,
            new_metrics(config, now_ms) if metrics is None else metrics,
            Effects() if effects is None else effects,
        )
        self.stats = ServerStats(now_ms, self.metrics)
        self.draw = draw
        self.mode = STANDALONE
        self.ensemble: EnsembleView | None = None
        self.tracks_sessions = True
        self.config = config
        self.database = database
        self.tree = database.tree
        self.min_session_timeout_ms: i64 = config.min_session_timeout_ms
        self.max_session_timeout_ms: i64 = config.max_session_timeout_ms
        self.max_frame: i64 = config.jute_max_buffer
        self.global_outstanding_limit: i64 = config.global_outstanding_limit
        self.large_request_threshold: i64 = config.large_request_threshold
        self.large_request_max_bytes: i64 = config.large_request_max_bytes
        self.sessionless_timeout_ms: i64 = config.sessionless_cnxn_timeout_ms
        self.throttled_op_wait_ms: i64 = config.throttled_op_wait_time_ms
        self.request_throttle_limit: i64 = config.request_throttle_max_requests
        # What one read counts as in the processors that it passes in Apache's server.
        self.prep_per_read: i64 = 1
        self.sync_per_read: i64 = 1
        self.environment = ServerEnvironment()
        self.access: AccessControl = make_access_control(config, self.metrics)
        self.audit: AuditLog | None = AuditLog(self.access, config.server_user) if config.audit_enabled else None
        self.enforced_schemes: list[str] = enforced_schemes(config)
        self.sessions = SessionTracker(config.tick_time_ms, config.server_id or 1, now_ms)
        self.outstanding = OutstandingChanges(self.tree, config.digest_enabled, self.metrics)
        self.prep = PrepRequestProcessor(
            self.tree,
            self.outstanding,
            self.sessions,
            self.access,
            self.metrics,
            config.enforce_quota,
            config.extended_types_enabled,
            config.emulate_353_ttl_nodes,
            config.reconfig_enabled,
            config.multi_create2_as_create,
        )
        self.reads = Reads(self.tree, self.access, self.metrics, config.slice_units, config.multi_read_max_bytes)
        self.tree.data_watches.observer = self.metrics
        self.tree.child_watches.observer = self.metrics
        self.containers = ContainerManager(config, now_ms)
        self.connection_throttle = ConnectionThrottle(config, now_ms, draw)
        self.slices = SliceQueue(config.slice_units)
        self.expiries_per_turn: i64 = max(config.slice_units // EXPIRY_UNITS, 1)
        self.cnxns: dict[ServerCnxn, None] = {}
        self.cnxns_by_session: dict[int, ServerCnxn] = {}
        self.cnxns_by_address: dict[str, int] = {}
        self.next_zxid: i64 = self.tree.last_processed_zxid + 1
        self.in_process: i64 = 0
        self.large_bytes: i64 = 0
        self.uncommitted: deque[Request] = deque()
        self.committed_zxid: i64 = 0
        self.commits = Commits(self, config.slice_units)
        self.closing: Request | None = None
        self._expired: deque[int] = deque()
        self.preparing: dict[int, None] = {}
        self.waiting_closes: deque[SlicedWork] = deque()
        self._throttled: deque[Request] = deque()
        self._behind: dict[ServerCnxn, deque[Request]] = {}
        self.log = LogBatcher(config, draw) if log is None else log
        self.snapshot_running = False
        self._next_cnxn_sweep_ms: i64 = now_ms + self.sessionless_timeout_ms
        self.tree.session_observer = SessionObserver() if self.audit is None else self.audit
        self.database.server = self
        self.adopt_sessions()

    def adopt_sessions(self) -> None:
        """Every session of the database gets its full timeout again."""
        for session_id, timeout_ms in self.database.sessions.items():
            self.sessions.track(session_id, timeout_ms, self.now_ms)

    # --- connections

    def accept(self, address: str, port: int) -> ServerCnxn | None:
        """A connection came in; None when a limit says to close it at once."""
        limit = self.config.max_client_cnxns
        same = self.cnxns_by_address.get(address, 0)
        over_total = self.config.max_cnxns > 0 and len(self.cnxns) >= self.config.max_cnxns
        if over_total or (limit > 0 and same >= limit):
            self.metrics.connection_rejected += 1
            logger.warning("Too many connections from %s: %d", address, same, extra={"client": f"{address}:{port}"})
            return None
        self.cnxns_by_address[address] = same + 1
        cnxn = ServerCnxn(
            self, self.effects.replies, address, port, int(self.max_frame), int(self.now_ms), int(self.wall_ms)
        )
        self.cnxns[cnxn] = None
        return cnxn

    def client_gone(self, cnxn: ServerCnxn) -> None:
        """The socket of a connection is closed; its session lives on."""
        if cnxn not in self.cnxns:
            return
        if not cnxn.closing:
            self.metrics.connection_drop_count += 1
        cnxn.gone = True
        cnxn.closing = True
        self.forget(cnxn)

    def shutdown(self) -> None:
        """Send all clients away, with the answers that they have got; their sessions live on."""
        self.finish_commits()
        self.slices.drop_all()
        for cnxn in list(self.cnxns):
            cnxn.close()
            self.forget(cnxn)
        # What that has left to be done is done now.
        self.slices.drop_all()

    def forget(self, cnxn: ServerCnxn) -> None:
        """The connection is no longer one of this server's."""
        del self.cnxns[cnxn]
        left = self.cnxns_by_address.get(cnxn.address, 1) - 1
        if left > 0:
            self.cnxns_by_address[cnxn.address] = left
        else:
            self.cnxns_by_address.pop(cnxn.address, None)
        if self.cnxns_by_session.get(cnxn.session_id) is cnxn:
            del self.cnxns_by_session[cnxn.session_id]
        self.commits.forget(cnxn)
        most = self.config.slice_units // UNITS_A_WATCH + 1
        if self.tree.remove_watches(cnxn, most) == most:
            self.slices.add(WatchRemoval(self.tree, cnxn))
        for request in cnxn.pending:
            if not request.is_write:
                self.finished(request)
        cnxn.pending.clear()
        if cnxn.work is not None:
            self.slices.drop(cnxn.work)
        for request in self._behind.pop(cnxn, NO_REQUESTS):
            self.finished(request)

    def bind_session(self, cnxn: ServerCnxn, session_id: i64) -> None:
        """This connection now speaks for the session."""
        cnxn.session_id = session_id
        self.cnxns_by_session[session_id] = cnxn

    def close_session_cnxn(self, session_id: i64) -> None:
        """Close the connection that holds the session, if there is one, without another byte."""
        cnxn = self.cnxns_by_session.get(session_id)
        if cnxn is not None:
            cnxn.abort()
            del self.cnxns_by_session[session_id]

    def wants_input(self, cnxn: ServerCnxn) -> bool:
        """Whether the shell may read from this connection now: the back-pressure of the server."""
        if cnxn.closing or cnxn.is_busy or cnxn.waiting_bytes() > OUT_HIGH_WATER:
            return False
        if cnxn.pending_reads > PENDING_READS_LIMIT or (cnxn.connect_seen and not cnxn.established):
            return False
        return self.in_process <= self.global_outstanding_limit or not cnxn.pending

    def may_read(self, ids: list[Id], acl: list[ACL]) -> bool:
        return self.access.may_read(acl, ids)

    def packet_sent(self, size: i64) -> None:
        self.stats.packet_sent(size)

    def output_taken(self, work: SlicedWork) -> None:
        self.slices.go_on(work)

    def event_sent(self) -> None:
        self.metrics.watch_bytes += self.stats.last_response_size

    @property
    def is_busy(self) -> bool:
        return self.in_process > 0 or len(self.uncommitted) > 0

    # --- another database

    def leave_for(self, tree: DataTree, zxid: i64) -> None:
        """`tree` takes the place of this server's: tell who watches what differs, and close all.

        Events are as of `zxid`, or of the last transaction applied if that is later. Writes that are logged and not
        committed yet are not answered.
        """
        self.finish_commits()
        tell_watchers(self.tree, tree, max(int(zxid), int(self.tree.last_processed_zxid)))
        self.shutdown()

    def replace_database(self, database: ZKDatabase) -> None:
        """Go on with another database, which is on disk as of its last zxid, as after a start."""
        self.leave_for(database.tree, database.last_zxid)
        fresh = ZooKeeperServer(
            self.config, database, int(self.now_ms), int(self.wall_ms), self.draw, self.log, self.metrics
        )
        self.database = database
        database.server = self
        self.tree = database.tree
        self.sessions = fresh.sessions
        self.outstanding = fresh.outstanding
        self.prep = fresh.prep
        self.reads = fresh.reads
        self.next_zxid = fresh.next_zxid
        self.in_process = 0
        self.large_bytes = 0
        self.uncommitted.clear()
        self.committed_zxid = 0
        self._expired.clear()
        self.preparing.clear()
        self.waiting_closes.clear()
        self._throttled.clear()
        self.tree.session_observer = fresh.tree.session_observer if self.audit is None else self.audit
        self.snapshot_epoch += 1

    # --- bytes in

    def data_received(self, cnxn: ServerCnxn, data: bytes) -> None:
        """Take what arrived on a connection and begin to work on every whole frame."""
        if cnxn.closing:
            return
        cnxn.last_io_ms = self.now_ms
        self.metrics.bytes_received_count += len(data)
        cnxn.frames.append(data)
        if not cnxn.connect_seen and maybe_four_letter_word(self, cnxn):
            return
        self.frames_waiting(cnxn)

    def frames_waiting(self, cnxn: ServerCnxn) -> None:
        """Work on the frames that are there, as far as back-pressure allows; the shell calls this again later."""
        frames = cnxn.frames
        try:
            while self.wants_input(cnxn):
                if self.large_request_threshold >= 0 and not admit_large(self, cnxn):
                    return
                if not frames.take():
                    return
                archive = InputArchive(frames.data, frames.start, frames.end)
                cnxn.packets_received += 1
                self.stats.packets_received += 1
                if not cnxn.connect_seen:
                    process_connect_request(self, cnxn, archive)
                else:
                    process_packet(self, cnxn, archive)
        except ProtocolViolation as violation:
            logger.info(
                "Closing the connection of %s:%d: %s", cnxn.address, cnxn.port, violation, extra=of_client(cnxn)
            )
            cnxn.abort()

    def admits(self, accepts_read_only: bool) -> bool:
        """Whether a client that does or does not accept a read-only server may stay."""
        return True

    def admit_connect(self, session_id: i64) -> bool:
        """Whether the connection throttle lets this ConnectRequest through."""
        if self.connection_throttle.admit(session_id != 0, int(self.now_ms)):
            self.metrics.connection_request_count += 1
            self.metrics.connection_token_deficit.add(self.connection_throttle.deficit)
            return True
        self.metrics.connection_rejected += 1
        return False

    # --- sessions

    def open_session(self, cnxn: ServerCnxn) -> None:
        """A client without a session has said hello."""
        create_session(self, cnxn, self.new_session_id())

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        """A client has brought its session along.

        The connection that holds the session is closed before the password is looked at, as in Apache.
        """
        self.close_session_cnxn(session_id)
        valid = is_password(session_id, passwd) and self.touch_session(session_id, cnxn.timeout_ms)
        if valid:
            self.bind_session(cnxn, session_id)
        finish_session_init(self, cnxn, valid)

    def new_session_id(self) -> i64:
        """An id that no session has; clocks may have gone back since the last one."""
        session_id = self.sessions.new_session_id()
        while session_id in self.database.sessions:
            session_id = self.sessions.new_session_id()
        return session_id

    def touch_session(self, session_id: i64, timeout_ms: i64) -> bool:
        """Restart the timer of a session; False when there is no such session."""
        return self.sessions.touch(session_id, timeout_ms, self.now_ms)

    def is_session_alive(self, session_id: i64) -> bool:
        """Whether the session exists and is not closing."""
        return self.sessions.is_alive(session_id)

    def local_tracker(self) -> SessionTracker | None:
        """The sessions that only this server knows, where there are such."""
        return None

    def track_new_session(self, cnxn: ServerCnxn, session_id: i64) -> None:
        """A session begins on this connection."""
        self.sessions.track(session_id, cnxn.timeout_ms, self.now_ms)

    def log_refused(self, cnxn: ServerCnxn, last_zxid_seen: i64) -> None:
        """Say why a client from the future is sent away."""
        logger.info(
            "Refusing the client %s:%d: it has seen zxid 0x%x, our last zxid is 0x%x",
            cnxn.address,
            cnxn.port,
            last_zxid_seen,
            self.tree.answer_zxid,
            extra=of_client(cnxn),
        )

    # --- requests

    def submit(self, request: Request) -> None:
        """A request of a client, unless the request throttler makes it wait."""
        cnxn = request.cnxn
        assert cnxn is not None
        request.counted = True
        self.in_process += 1
        if self.request_throttle_limit > 0 and (self._throttled or self.in_process > self.request_throttle_limit):
            self.metrics.request_throttle_wait_count += 1
            self._throttled.append(request)
        else:
            self.submit_now(request, cnxn)

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        """Start on a request, or queue it behind what its connection waits for (submitRequestNow)."""
        if not self.touch_session(cnxn.session_id, cnxn.timeout_ms):
            self.finished(request)
            return
        kind = operation_of(request.type).kind
        if kind == WRITE and not request.throttled:
            self.submit_write(request)
        elif kind == UNKNOWN:
            cnxn.reply_empty(request.cxid, -1, err.UNIMPLEMENTED)
            cnxn.close()
            self.finished(request)
        elif cnxn.pending:
            self.wait_behind(request, cnxn)
        elif self.commits.is_behind and self.commits.holds(request):
            self.wait_behind(request, cnxn)
            self.commits.wait(cnxn)
        else:
            self.serve(request, cnxn)

    def submit_write(self, request: Request) -> None:
        """Prepare a write and log it; it is answered when it is safe."""
        cnxn = request.cnxn
        if request.type == op.CLOSE_SESSION and prepares_slowly(self, request):
            request.is_write = True
            if cnxn is not None:
                cnxn.pending.append(request)
            return
        if self.prepare(request):
            request.is_write = True
            self.uncommitted.append(request)
        else:
            request.error = err.MARSHALLINGERROR
        if cnxn is not None:
            if request.is_write:
                cnxn.pending.append(request)
            elif cnxn.pending:
                self.wait_behind(request, cnxn)
            else:
                self.serve(request, cnxn)

    def close_delayed(self, request: Request) -> None:
        """A closeSession will take several turns; a leader has to think of the learner that it came through."""

    def submit_prepared(self, request: Request) -> None:
        """A closeSession that took several turns gets its zxid."""
        del self.preparing[request.session_id]
        sums = self.outstanding.sums
        if sums is not None and sums.is_verified:
            request.parents = sums.parent_paths()
        self.prepare(request)
        request.encoded_txn = None
        self.outstanding.sums = None
        self.uncommitted.append(request)
        self._prepare_next_close()

    def _prepare_next_close(self) -> None:
        """Go on with the close of another large session that waits for the one before."""
        if self.outstanding.lost:
            self.slices.add(Disposal(self.outstanding.lost))
            self.outstanding.lost = {}
        if self.waiting_closes and self.outstanding.may_begin_sums:
            self.slices.go_on(self.waiting_closes.popleft())

    def wait_behind(self, request: Request, cnxn: ServerCnxn) -> None:
        """Something to be answered when the writes before it are done."""
        cnxn.pending.append(request)
        cnxn.pending_reads += 1
        if operation_of(request.type).may_take_long(self.reads, request):
            cnxn.is_busy = True
        if request.type == op.SYNC:
            request.zxid = self.committed_zxid

    def prepare(self, request: Request) -> bool:
        """Make the transaction; False when the request cannot be read and takes no zxid."""
        zxid = self.next_zxid
        type = request.type
        self.metrics.prep_processor_request_queued += 1
        self.prep.begin(zxid, self.wall_ms, request.session_id, request.ids)
        txn: Record
        try:
            txn = self.make_txn(request)
        except MalformedRecord:
            if request.cnxn is not None and not operation_of(type).unreadable_takes_zxid:
                return False
            type = op.ERROR
            txn = ErrorTxn(err.MARSHALLINGERROR)
        except KeeperError as error:
            if request.error != 0 and request.cnxn is not None:
                return False
            type = op.ERROR
            txn = ErrorTxn(error.code)
        self.next_zxid = zxid + 1
        request.zxid = zxid
        request.txn = txn
        request.header = TxnHeader(request.session_id, request.cxid, zxid, self.wall_ms, type)
        payload = self.log.encode(request.header, txn, self.outstanding.tree_digest, request.encoded_txn)
        self.log.append(zxid, payload)
        self.metrics.sync_processor_request_queued += 1
        self.logged(request, payload)
        return True

    def make_txn(self, request: Request) -> Record:
        """The body of the transaction; raises KeeperError or MalformedRecord."""
        return operation_of(request.type).make_txn(self.prep, request, self.now_ms)

    def logged(self, request: Request, payload: bytes) -> None:
        """A transaction is on its way to the log; a leader proposes it too."""

    def serve(self, request: Request, cnxn: ServerCnxn) -> None:
        """Answer a read, or the error that stands for a request."""
        code: i32 = request.error
        zxid = self.tree.answer_zxid
        if request.throttled:
            code = err.THROTTLEDOP
        if code == err.SESSIONMOVED:
            # The client is elsewhere by now; this connection is a leftover (ZOOKEEPER-710).
            cnxn.close()
        elif code != 0:
            cnxn.reply_empty(request.cxid, zxid, code)
        else:
            operation = operation_of(request.type)
            if answer_read(operation, self.reads, request, cnxn) == TAKES_LONGER:
                # It was left untouched but for the position in its body.
                request.body.pos = request.body_start
                operation.long_read(self, request, cnxn).begin()
                return
        self.count_read(request, cnxn, zxid)

    def count_read(self, request: Request, cnxn: ServerCnxn, zxid: i64) -> None:
        """A reply to what is not a write is the last thing written."""
        last_op: i32 = request.type if request.error == 0 else NO_OP
        cnxn.answered(last_op, request.cxid, zxid, request.created_ms, self.now_ms)
        self.stats.read_answered(self.now_ms - request.created_ms)
        metrics = self.metrics
        if request.type != op.PING and not cnxn.closing:
            metrics.response_bytes += self.stats.last_response_size
        metrics.prep_processor_request_queued += self.prep_per_read
        metrics.sync_processor_request_queued += self.sync_per_read
        self.finished(request)

    def finished(self, request: Request) -> None:
        """The request counts no longer towards the limits."""
        if not request.counted:
            return
        request.counted = False
        self.in_process -= 1
        self.large_bytes -= request.large_bytes

    def write_done(self, cnxn: ServerCnxn) -> None:
        """A write of this connection, or a sync, is answered: go on with what waited behind it."""
        self.drain(cnxn)

    def drain(self, cnxn: ServerCnxn) -> None:
        """Answer what needs not wait any more, up to the next write."""
        pending = cnxn.pending
        while pending and not pending[0].is_write and not cnxn.closing:
            if self.commits.is_behind and self.commits.hides(pending[0]):
                self.commits.wait(cnxn)
                return
            cnxn.pending_reads -= 1
            self.serve(pending.popleft(), cnxn)
        if cnxn.is_busy and cnxn.work is None and not pending:
            # What might have taken long did not.
            cnxn.is_busy = False
            self.go_on_behind(cnxn)

    def go_on_behind(self, cnxn: ServerCnxn) -> None:
        """Take the requests that were here already when their connection became busy, until it is so again."""
        behind = self._behind.pop(cnxn, None)
        while behind and not cnxn.is_busy:
            self.submit_now(behind.popleft(), cnxn)
        if behind:
            self._behind[cnxn] = behind

    # --- commit

    def persisted(self, zxid: i64) -> None:
        self.commit_up_to(zxid)

    def commit_up_to(self, zxid: i64) -> None:
        """All prepared transactions up to `zxid` are committed: apply them in order, and answer, soon if not now."""
        self.committed_zxid = zxid
        self.commits.go_on()

    def finish_commits(self) -> None:
        """Apply at once all that is committed."""
        self.commits.finish()

    @property
    def has_committed(self) -> bool:
        """Whether a committed transaction was not begun with."""
        uncommitted = self.uncommitted
        return len(uncommitted) > 0 and uncommitted[0].zxid <= self.committed_zxid

    @property
    def is_closing(self) -> bool:
        """Whether the close of a session was begun with and is not answered."""
        return self.closing is not None

    def next_may_pass(self) -> bool:
        """Whether the next committed transaction needs not wait for the end of that close."""
        if not self.has_committed:
            return False
        request = self.uncommitted[0]
        header = request.header
        if header is None or not self.tree.may_pass(header, request.txn, request.sub_types, request.sub_txns):
            return False
        return self.has_no_read_before(request.cnxn)

    def has_no_read_before(self, cnxn: ServerCnxn | None) -> bool:
        """Whether no read waits before the next write of this connection."""
        if cnxn is None or cnxn.closing or not cnxn.pending or cnxn.pending[0].is_write:
            return True
        self.drain(cnxn)
        return len(cnxn.pending) == 0 or cnxn.pending[0].is_write

    def commit_next(self) -> None:
        """Apply the next committed transaction, or begin with it."""
        request = self.uncommitted.popleft()
        if request.type == op.CLOSE_SESSION and self._begin_close(request):
            self.closing = request
        else:
            self._committed(request, self.database.process_txn(request))

    def _begin_close(self, request: Request) -> bool:
        header = request.header
        if header is None:
            return False
        return self.database.begin_close(header, request.txn, self.config.slice_units, None, request.parents)

    def close_applied(self) -> None:
        """What was begun with is applied."""
        request = self.closing
        assert request is not None
        assert request.header is not None
        self.closing = None
        self.database.close_ended(request.header, request.txn, request.zxid, request.payload)
        self._committed(request, ProcessTxnResult(request.header.type))

    def _committed(self, request: Request, result: ProcessTxnResult) -> None:
        header = request.header
        assert header is not None
        self.outstanding.committed(self.tree.last_processed_zxid)
        self.metrics.propagated(self.wall_ms - header.time)
        count_written(self.metrics, self.slices, request)
        cnxn = request.cnxn
        if request.type == op.CLOSE_SESSION:
            self.sessions.remove(request.session_id)
            self._prepare_next_close()
        if cnxn is not None and self.audit is not None:
            self.audit.answered(request, result, cnxn)
        if cnxn is not None and not cnxn.closing:
            cnxn.pending.popleft()
            self.answer(request, result, cnxn)
            self.write_done(cnxn)
        else:
            if cnxn is not None and request.type != op.CLOSE_SESSION:
                self.metrics.stale_replies += 1
            self.finished(request)
        if request.type == op.CLOSE_SESSION:
            self.session_closed(request.session_id, cnxn)

    def answer(self, request: Request, result: ProcessTxnResult, cnxn: ServerCnxn) -> None:
        # What has passed a close since then does not matter to its own answer.
        zxid = request.zxid
        header = request.header
        failed = header is not None and header.type == op.ERROR
        if request.type == op.CREATE_SESSION:
            self._answer_create_session(request, cnxn)
        elif failed and error_of(request) == err.SESSIONMOVED:
            cnxn.close()
        else:
            write_reply(request, result, cnxn, zxid)
        last_op: i32 = NO_OP if failed else request.type
        cnxn.answered(last_op, request.cxid, zxid, request.created_ms, self.now_ms)
        if request.type != op.CREATE_SESSION and not cnxn.closing:
            self.metrics.response_bytes += self.stats.last_response_size
        self.stats.update_answered(self.now_ms - request.created_ms)
        self.finished(request)

    def _answer_create_session(self, request: Request, cnxn: ServerCnxn) -> None:
        header = request.header
        if header is not None and header.type == op.ERROR:
            cnxn.reply_empty(request.cxid, request.zxid, err.MARSHALLINGERROR)
        elif cnxn.established:
            write_connect_response(cnxn, True, False)
        else:
            finish_session_init(self, cnxn, self.is_session_alive(request.session_id))

    def session_closed(self, session_id: i64, cnxn: ServerCnxn | None) -> None:
        """A session is over; `cnxn` is the connection that asked for that and has got its answer."""
        if cnxn is None:
            self.close_session_cnxn(session_id)
        elif not cnxn.closing:
            self.cnxns_by_session.pop(cnxn.session_id, None)
            cnxn.close()

    # --- time

    def advance(self, now_ms: int, wall_ms: int) -> None:
        """The time of this turn (monotonic and wall clock, ms); expires what is due."""
        self.now_ms = now_ms
        self.wall_ms = wall_ms
        self.metrics.registry.advance(now_ms)
        self.commits.begin_turn()
        if now_ms >= self.sessions.next_expiration_ms:
            self._expired.extend(self.sessions.take_expired(now_ms))
        if self._expired:
            self.expire_sessions()
        if self.containers.due(now_ms):
            self.delete_containers()
        if now_ms >= self._next_cnxn_sweep_ms:
            self._sweep_sessionless()
        self.slices.advance(now_ms, self.stats.packets_received + self.tree.answer_zxid)

    def expire_sessions(self) -> None:
        """Close the sessions that nothing was heard of in time, so many a turn."""
        for _ in range(min(self.expiries_per_turn, len(self._expired))):
            session_id = self._expired.popleft()
            logger.info("Expiring session 0x%x", session_id & 0xFFFFFFFFFFFFFFFF, extra=of_session(session_id))
            self.metrics.stale_sessions_expired += 1
            self.submit_write(internal_request(op.CLOSE_SESSION, session_id, self.now_ms))

    def delete_containers(self) -> None:
        """Delete the containers and TTL nodes whose time has come."""
        for path in self.containers.candidates(self.tree, int(self.now_ms), int(self.wall_ms)):
            if self.containers.may_go(self.outstanding.get(path), int(self.wall_ms)):
                self.submit_write(internal_request(op.DELETE_CONTAINER, 0, self.now_ms, DeleteTxn(path)))

    def _sweep_sessionless(self) -> None:
        """Close connections that never got a session, one to two intervals after they were opened.

        From a whole ConnectRequest or a four-letter word on it counts from the last byte. Apache's counts from that
        always, so whoever sends a byte now and then keeps a connection for ever.
        """
        interval = self.sessionless_timeout_ms
        for cnxn in list(self.cnxns):
            if cnxn.established:
                continue
            since = cnxn.last_io_ms if cnxn.connect_seen or cnxn.closing else cnxn.opened_ms
            if (since // interval + 2) * interval <= self.now_ms:
                self.metrics.sessionless_connections_expired += 1
                cnxn.abort()
        self._next_cnxn_sweep_ms = (self.now_ms // interval + 1) * interval

    def next_deadline_ms(self) -> int:
        """The monotonic time at which `advance` has something to do again."""
        if self.commits.is_behind or self._expired:
            return int(self.now_ms)
        return int(
            min(
                self.sessions.next_expiration_ms,
                self.containers.next_ms,
                self._next_cnxn_sweep_ms,
                self.slices.next_ms,
            )
        )

    # --- effects

    def take_effects(self) -> Effects:
        """What is to be done now, with a snapshot when enough has been logged."""
        if self.request_throttle_limit > 0:
            self.release_throttled()
        effects = self.effects
        batch = self.log.take()
        effects.log = batch
        if batch is not None and batch.roll_after:
            if self.snapshot_running:
                logger.warning("Too busy to snap, skipping")
            else:
                effects.errands.starts_snapshot = True
        return effects

    def snapshot_began(self) -> None:
        self.snapshot_running = True

    def snapshot_ended(self, failed: bool) -> None:
        self.snapshot_running = False
        if failed:
            self.metrics.snapshot_error_count += 1

    def release_throttled(self) -> None:
        """Let waiting requests through as far as the request throttler's limit allows."""
        while self._throttled and self.in_process - len(self._throttled) < self.request_throttle_limit:
            request = self._throttled.popleft()
            cnxn = request.cnxn
            if cnxn is None or cnxn.gone or cnxn.closing:
                self.metrics.stale_requests_dropped += 1
                self.finished(request)
                continue
            waited = self.now_ms - request.created_ms
            self.metrics.request_throttle_queue_time_ms.add(waited)
            if 0 < self.throttled_op_wait_ms < waited and operation_of(request.type).may_be_throttled:
                request.throttled = True
                self.metrics.throttled_ops += 1
            if cnxn.is_busy:
                self._behind.setdefault(cnxn, deque()).append(request)
            else:
                self.submit_now(request, cnxn)
