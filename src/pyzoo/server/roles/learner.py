"""LearnerZooKeeperServer: the clients of a follower or observer.

Reads are answered here. What changes something goes to the leader as the client sent it, and is answered when
its transaction comes back committed: the first request that its connection waits for has the same number then.
The leader keeps the sessions; it hears of them with every ping (LearnerSessionTracker, FollowerRequestProcessor).
"""

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.quorum.learner import Learner
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.packets import encode_request, encode_touches, request_packet, revalidate_packet
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.commits import CommittedTxns
from pyzoo.server.requests.multi_check import MultiCheck
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.roles.learner_txns import LearnerTxns
from pyzoo.server.roles.quorum import QuorumZooKeeperServer
from pyzoo.server.sessions import is_password


class LearnerZooKeeperServer(QuorumZooKeeperServer):
    """What followers and observers have in common."""

    def learn(self, learner: Learner, members: QuorumVerifier) -> None:
        """To be called once, when the learner is in step."""
        self.tracks_sessions = False
        self.final.prep_per_read = 0
        self.final.sync_per_read = 0
        self.learner = learner
        self.prepare_ensemble(members)
        self.leave_containers()
        self.checks_acl_early = self.config.enable_eager_acl_check
        self.revalidating: dict[int, list[ServerCnxn | LearnerHandler]] = {}

    def committed_txns(self) -> CommittedTxns:
        self.txns = LearnerTxns(self.database, self.connections, self.final, self.audit)
        return self.txns

    # --- sessions

    def adopt_sessions(self) -> None:
        """None: the leader counts their time."""

    def touch_global(self, session_id: i64, timeout_ms: i64) -> bool:
        self.txns.touches[session_id] = timeout_ms
        return True

    def take_touches(self) -> bytes:
        """The sessions heard of since the last call, for a PING."""
        data = encode_touches(self.txns.touches)
        self.txns.touches.clear()
        return data

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        if self.is_local(session_id):
            super().reopen_session(cnxn, session_id, passwd)
            return
        self.connections.close_session(session_id)
        if not is_password(session_id, passwd):
            self.finish_session_init(cnxn, False)
            return
        self.revalidating.setdefault(session_id, []).append(cnxn)
        self.learner.send(revalidate_packet(session_id, cnxn.timeout_ms))

    def revalidated(self, session_id: i64, valid: bool) -> None:
        """The leader has answered about a session that a client brought along."""
        waiting = self.revalidating.get(session_id)
        if waiting is None:
            return
        cnxn = waiting.pop(0)
        if not waiting:
            del self.revalidating[session_id]
        if isinstance(cnxn, LearnerHandler):
            cnxn.send_revalidated(session_id, valid)
            return
        if cnxn.closing:
            return
        if valid:
            self.connections.close_session(session_id)
            self.connections.bind_session(cnxn, session_id)
        self.finish_session_init(cnxn, valid)

    # --- requests

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        if request.type == op.SYNC and not request.throttled:
            self.touch_session(cnxn.session_id, cnxn.timeout_ms)
            self.submit_global(request)
        else:
            super().submit_now(request, cnxn)

    def submit_global(self, request: Request) -> None:
        """Forward it, unless a follower of Apache's refuses it by itself."""
        try:
            operation_of(request.type).check(request.body_again())
        except MalformedRecord:
            self.final.refuse(request, err.MARSHALLINGERROR)
            return
        except KeeperError as error:
            self.final.refuse(request, error.code)
            return
        self.pass_on(request)

    @property
    def checks_multis(self) -> bool:
        return True

    def submit_checked(self, request: Request, check: MultiCheck) -> None:
        if check.error != 0:
            self.final.refuse(request, check.error)
        else:
            self.pass_on(request)

    def pass_on(self, request: Request) -> None:
        """Let it wait on its connection, and tell the leader."""
        cnxn = request.cnxn
        if cnxn is not None:
            request.is_write = True
            cnxn.pending.append(request)
        if request.type == op.SYNC:
            self.txns.sync_sent(request, None)
        body = request.body
        data = encode_request(request.session_id, request.cxid, request.type, body.data[body.pos : body.end])
        self.learner.send(request_packet(data, request.ids))

    @property
    def is_busy(self) -> bool:
        return self.throttler.in_process > 0 or self.learner.has_pending

    def forget(self, cnxn: ServerCnxn) -> None:
        self.txns.forget(cnxn)
        super().forget(cnxn)

    # --- what the leader says

    def sync_received(self) -> None:
        """The leader has answered the oldest sync, which is over when everything committed before is applied here."""
        self.txns.sync_received()
