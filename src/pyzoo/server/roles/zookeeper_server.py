"""ZooKeeperServer: one server without an ensemble, and what all roles of one that has an ensemble share.

It is put together of parts: connections, handshake and admission let requests come, PrepRequestProcessor makes
transactions of the writes, which are logged with all others of the turn, Commits applies them in zxid order when their
log records are safe, and FinalRequestProcessor answers. The roles of an ensemble (leader.py, learner.py, read_only.py)
replace what becomes of a write, and who keeps the sessions.
"""

import logging
from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.session_observer import SessionObserver
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import ProtocolViolation
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import CreateSessionTxn, DeleteTxn
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.auth.registry import make_access_control
from pyzoo.server.clients.admission import Admission
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.cnxn_factory import ServerCnxnFactory
from pyzoo.server.clients.handshake import Handshake, write_connect_response
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.clients.request import Request, internal_request
from pyzoo.server.clients.request_throttler import RequestThrottler
from pyzoo.server.clients.watch_removal import UNITS_A_WATCH, WatchRemoval
from pyzoo.server.database import ZKDatabase
from pyzoo.server.effects import Effects
from pyzoo.server.metrics import ServerMetrics, new_metrics
from pyzoo.server.modes import NOT_SERVING, STANDALONE
from pyzoo.server.operators.ensemble_view import EnsembleView
from pyzoo.server.operators.environment import ServerEnvironment
from pyzoo.server.operators.words import maybe_four_letter_word
from pyzoo.server.requests.audit import AuditLog
from pyzoo.server.requests.close_preparation import SlowCloses
from pyzoo.server.requests.commits import Commits, CommittedTxns
from pyzoo.server.requests.final import FinalOwner, FinalRequestProcessor
from pyzoo.server.requests.log_batch import LogBatcher
from pyzoo.server.requests.operations.operation import UNKNOWN, WRITE
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.requests.prep import PrepRequestProcessor
from pyzoo.server.requests.prepared import PreparedTxns
from pyzoo.server.requests.reads import Reads
from pyzoo.server.requests.slow_multis import SlowMultis
from pyzoo.server.requests.sync import SyncRequestProcessor
from pyzoo.server.roles.containers import ContainerManager
from pyzoo.server.roles.restoring import tell_watchers
from pyzoo.server.roles.session_expirer import SessionExpirer
from pyzoo.server.roles.writing import WritingServer
from pyzoo.server.sessions import SessionTracker, is_password
from pyzoo.server.slices import SliceQueue
from pyzoo.server.stats import ServerStats

logger: Final = logging.getLogger(__name__)


class ZooKeeperServer(WritingServer, FinalOwner):
    """The core of a standalone server; `mode` is what operators see of its role.

    `tracks_sessions` says whether the sessions of the ensemble expire here; `local` are those that only this server
    knows, None where there are no such; `ensemble` is None without one.
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
        self.config = config
        self.mode = STANDALONE
        self.tracks_sessions = True
        self.local: SessionTracker | None = None
        self.stats = ServerStats(now_ms, self.metrics)
        self.access: AccessControl = make_access_control(config, self.metrics)
        self.log = LogBatcher(config, draw) if log is None else log
        self.snapshot_running = False
        self.ensemble: EnsembleView | None = None
        self.environment = ServerEnvironment()
        self.slices = SliceQueue(config.slice_units)
        self.audit: AuditLog | None = None
        if config.audit_enabled:
            self.audit = AuditLog(self.access, config.server_user, self.slices)
        self.connections = ServerCnxnFactory(
            config, self.effects.replies, self.metrics, self.stats, self.access, self.slices, self.now_ms
        )
        self.throttler = RequestThrottler(config, self.metrics, self.connections.cnxns)
        self.handshake = Handshake(config, self.metrics, now_ms, draw)
        self.admission = Admission(config, self.access, self.throttler, self.stats, self.effects)
        self.containers = ContainerManager(config, now_ms)
        self._serve_database(database)

    def _serve_database(self, database: ZKDatabase) -> None:
        """Make the parts that look at the tree."""
        config, metrics, slices = self.config, self.metrics, self.slices
        tree = database.tree
        self.database = database
        self.tree = tree
        self.access.use_tree(tree)
        self.sessions = SessionTracker(config.tick_time_ms, config.server_id or 1, int(self.now_ms))
        self.expirer = SessionExpirer(self.sessions, metrics, config.slice_units, "session")
        self.outstanding = OutstandingChanges(tree, config.digest_enabled, metrics)
        self.closes = SlowCloses(self, self.outstanding, self.sessions, slices)
        self.prep = PrepRequestProcessor(config, self.outstanding, self.sessions, self.access, metrics)
        self.sync_processor = SyncRequestProcessor(self.prep, self.log, tree.last_processed_zxid + 1)
        reads = Reads(tree, self.access, metrics, config.slice_units, config.multi_read_max_bytes)
        self.final = FinalRequestProcessor(self, reads, self.throttler, self.stats, slices, self.now_ms, self.wall_ms)
        self.multis = SlowMultis(self, self.prep, slices)
        self.prepared = PreparedTxns(
            database, self.outstanding, self.closes, self.sessions, self.connections, self.final, self.audit
        )
        self.commits = Commits(self.committed_txns(), self.final, self.outstanding, slices, config.slice_units)
        tree.data_watches.observer = metrics
        tree.child_watches.observer = metrics
        tree.session_observer = SessionObserver() if self.audit is None else self.audit
        database.finish_commits = self.commits.finish
        self.adopt_sessions()

    def committed_txns(self) -> CommittedTxns:
        """Where this role's committed transactions come from; called once."""
        return self.prepared

    def adopt_sessions(self) -> None:
        """Every session of the database gets its full timeout again."""
        for session_id, timeout_ms in self.database.sessions.items():
            self.sessions.track(session_id, timeout_ms, self.now_ms)

    # --- connections

    def accept(self, address: str, port: int, secure: bool = False) -> ServerCnxn | None:
        if secure and self.config.early_drop_secure_handshakes and self.mode == NOT_SERVING:
            self.metrics.cnxn_closed_without_zk_server_running += 1
            return None
        return self.connections.accept(address, port, secure, self.now_ms, self.wall_ms)

    def secured(self, cnxn: ServerCnxn, certificate: bytes) -> None:
        self.admission.secured(cnxn, certificate)

    def client_gone(self, cnxn: ServerCnxn) -> None:
        if cnxn not in self.connections.cnxns:
            return
        if cnxn.in_handshake:
            self.metrics.unsuccessful_handshake += 1
            self.stats.auth_failed += 1
        elif not cnxn.closing:
            self.metrics.connection_drop_count += 1
        cnxn.gone = True
        cnxn.closing = True
        self.forget(cnxn)

    def forget(self, cnxn: ServerCnxn) -> None:
        """The connection is no longer one of this server's."""
        self.connections.remove(cnxn)
        most = self.config.slice_units // UNITS_A_WATCH + 1
        if self.tree.remove_watches(cnxn, most) == most:
            self.slices.add(WatchRemoval(self.tree, cnxn))
        self.final.forget(cnxn)

    def wants_input(self, cnxn: ServerCnxn) -> bool:
        return self.throttler.wants_input(cnxn)

    @property
    def is_busy(self) -> bool:
        return self.throttler.in_process > 0 or len(self.prepared.uncommitted) > 0

    # --- the end, or another database

    def shutdown(self, successor: DataTree | None = None, zxid: i64 = 0) -> None:
        """Send all clients away, with the answers that they have got; their sessions live on.

        If another tree takes the place of this server's, who watches what differs is told: as of `zxid`, or of the last
        transaction applied if that is later. Writes that are logged and not committed yet are not answered.
        """
        self.commits.finish()
        if successor is not None:
            tell_watchers(self.tree, successor, max(int(zxid), int(self.tree.last_processed_zxid)))
        self.slices.drop_all()
        for cnxn in list(self.connections.cnxns):
            cnxn.close()
            self.forget(cnxn)
        # What that has left to be done is done now.
        self.slices.drop_all()

    def replace_database(self, database: ZKDatabase) -> None:
        """Go on with another database, which is on disk as of its last zxid, as after a start."""
        self.shutdown(database.tree, database.last_zxid)
        self.throttler.forget_all()
        self._serve_database(database)
        self.snapshot_epoch += 1

    # --- bytes in

    def data_received(self, cnxn: ServerCnxn, data: bytes) -> None:
        if cnxn.closing:
            return
        cnxn.last_io_ms = self.now_ms
        self.metrics.bytes_received_count += len(data)
        cnxn.frames.append(data)
        if not cnxn.connect_seen and self.begins_with_word(cnxn):
            return
        self.frames_waiting(cnxn)

    def begins_with_word(self, cnxn: ServerCnxn) -> bool:
        """Answer a connection that begins with a four-letter word; False where it does not."""
        return maybe_four_letter_word(self, cnxn)

    def frames_waiting(self, cnxn: ServerCnxn) -> None:
        frames, throttler = cnxn.frames, self.throttler
        try:
            while throttler.wants_input(cnxn):
                if throttler.limits_large and not self.admission.admits_next(cnxn):
                    return
                if not frames.take():
                    return
                archive = InputArchive(frames.data, frames.start, frames.end)
                cnxn.packets_received += 1
                self.stats.packets_received += 1
                if not cnxn.connect_seen:
                    self._connect(cnxn, archive)
                    continue
                request = self.admission.request_of(cnxn, archive, self.now_ms)
                if request is not None and throttler.begin(request):
                    self.submit_now(request, cnxn)
                if frames.is_used_up():
                    return
        except ProtocolViolation as violation:
            logger.info(
                "Closing the connection of %s:%d: %s", cnxn.address, cnxn.port, violation, extra=of_client(cnxn)
            )
            cnxn.abort()

    def release_throttled(self) -> None:
        """Let waiting requests through as far as the throttle allows."""
        while (request := self.throttler.next(self.now_ms)) is not None:
            cnxn = request.cnxn
            assert cnxn is not None
            if self.throttler.is_too_late(request, self.now_ms) and operation_of(request.type).may_be_throttled:
                request.throttled = True
                self.metrics.throttled_ops += 1
            if cnxn.is_busy:
                self.final.keep_behind(request, cnxn)
            else:
                self.submit_now(request, cnxn)

    # --- sessions

    def _connect(self, cnxn: ServerCnxn, archive: InputArchive) -> None:
        """A client has said hello."""
        request = self.handshake.begin(cnxn, archive, self.tree.answer_zxid, self.now_ms)
        if request is None:
            return
        if request.session_id == 0:
            self.open_session(cnxn)
        else:
            self.reopen_session(cnxn, request.session_id, request.passwd)
            self.metrics.connection_revalidate_count += 1

    def open_session(self, cnxn: ServerCnxn) -> None:
        """A client without a session: it is answered when the transaction of a new one is applied."""
        session_id = self.sessions.new_session_id(self.database.sessions)
        if self.tracks_sessions:
            self.sessions.track(session_id, cnxn.timeout_ms, self.now_ms)
        self.connections.bind_session(cnxn, session_id)
        txn = CreateSessionTxn(int(cnxn.timeout_ms))
        request = internal_request(op.CREATE_SESSION, session_id, self.now_ms, txn)
        request.cnxn = cnxn
        self.submit_write(request)

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        """A client has brought its session along.

        The connection that holds the session is closed before the password is looked at, as in Apache.
        """
        self.connections.close_session(session_id)
        valid = is_password(session_id, passwd) and self.touch_session(session_id, cnxn.timeout_ms)
        if valid:
            self.connections.bind_session(cnxn, session_id)
        self.finish_session_init(cnxn, valid)

    def finish_session_init(self, cnxn: ServerCnxn, valid: bool) -> None:
        """Answer the ConnectRequest, and go on with what came behind it."""
        self.handshake.finish(cnxn, valid)
        if valid:
            self.frames_waiting(cnxn)

    def session_created(self, cnxn: ServerCnxn, session_id: i64) -> None:
        if cnxn.established:
            # The client itself has sent a createSession.
            write_connect_response(cnxn, True, False)
        else:
            # Where others track it, it may not be closing, but it was created.
            is_alive = not self.tracks_sessions or self.sessions.is_alive(session_id)
            self.finish_session_init(cnxn, is_alive and session_id in self.database.sessions)

    def touch_session(self, session_id: i64, timeout_ms: i64) -> bool:
        return self.sessions.touch(session_id, timeout_ms, self.now_ms)

    def touch(self, cnxn: ServerCnxn) -> bool:
        """The client of a connection was heard of; False when its session is over."""
        session = cnxn.session
        if session is None or session.closing:
            if not self.touch_session(cnxn.session_id, cnxn.timeout_ms):
                return False
            cnxn.session = self.sessions.sessions.get(cnxn.session_id)
            return True
        self.sessions.restart(session, cnxn.timeout_ms, self.now_ms)
        return True

    # --- requests

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        """Start on a request, or queue it behind what its connection waits for (submitRequestNow)."""
        if not self.touch(cnxn):
            self.throttler.finished(request)
            return
        kind = operation_of(request.type).kind
        if kind == WRITE and not request.throttled:
            self.submit_write(request)
        elif kind == UNKNOWN:
            cnxn.reply_empty(request.cxid, -1, err.UNIMPLEMENTED)
            cnxn.close()
            self.throttler.finished(request)
        else:
            self.final.read(request, cnxn)

    # --- commit

    def persisted(self, zxid: i64) -> None:
        self.commits.commit_up_to(zxid)

    # --- time

    def advance(self, now_ms: int, wall_ms: int) -> None:
        self.now_ms = now_ms
        self.wall_ms = wall_ms
        self.final.now_ms = now_ms
        self.final.wall_ms = wall_ms
        self.metrics.registry.advance(now_ms)
        self.commits.begin_turn()
        self.multis.begin_turn()
        if now_ms >= self.expirer.next_ms:
            for session_id in self.expirer.take(now_ms):
                self.submit_write(internal_request(op.CLOSE_SESSION, session_id, self.now_ms))
        if self.containers.due(now_ms):
            for path in self.containers.candidates(self.tree, now_ms, wall_ms):
                # After the deletions before, and all other changes on their way.
                if not self.multis.concerns(path) and self.containers.may_go(self.outstanding.get(path), wall_ms):
                    self.submit_write(internal_request(op.DELETE_CONTAINER, 0, self.now_ms, DeleteTxn(path)))
        if now_ms >= self.connections.next_sweep_ms:
            self.connections.sweep(now_ms)
        self.slices.advance(now_ms, self.stats.packets_received + self.tree.answer_zxid)

    def next_deadline_ms(self) -> int:
        if self.final.is_behind:
            return int(self.now_ms)
        return int(
            min(
                self.expirer.next_ms,
                self.containers.next_ms,
                self.connections.next_sweep_ms,
                self.slices.next_ms,
            )
        )

    # --- effects

    def take_effects(self) -> Effects:
        """What is to be done now, with a snapshot when enough has been logged."""
        if self.throttler.limit > 0:
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
