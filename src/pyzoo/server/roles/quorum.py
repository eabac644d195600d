"""QuorumZooKeeperServer: what the roles of an ensemble member share: local sessions, and their upgrade.

A local session is known to one server only and costs the ensemble nothing. With its first ephemeral node it has
to become a global one: a createSession goes ahead of the create (UpgradeableSessionTracker).
"""

import logging
from collections import deque
from typing import Final

from mypy_extensions import i64

from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateSessionTxn
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.handshake import finish_session_init
from pyzoo.server.clients.log_extras import of_session
from pyzoo.server.requests.eager_acl import refusal_of
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.request import Request, internal_request
from pyzoo.server.roles.containers import NEVER
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.server.sessions import SessionTracker

logger: Final = logging.getLogger(__name__)


class QuorumZooKeeperServer(ZooKeeperServer):
    """A role of a member; `members` is the current configuration, for those who ask."""

    def prepare_ensemble(self, members: QuorumVerifier) -> None:
        """To be called once, when the role begins."""
        self.members = members
        self.local: SessionTracker | None = None
        self._expired_local: deque[int] = deque()
        self.upgrading: dict[int, int] = {}
        self.checks_acl_early = False
        if self.config.quorum.local_sessions_enabled:
            self.local = SessionTracker(self.config.tick_time_ms, self.config.server_id, int(self.now_ms))

    # --- sessions

    def is_local(self, session_id: i64) -> bool:
        """Whether this session is known to this server only."""
        local = self.local
        return local is not None and session_id in local.sessions

    def leave_containers(self) -> None:
        """Only the leader deletes containers and TTL nodes."""
        self.containers.next_ms = NEVER

    def local_tracker(self) -> SessionTracker | None:
        return self.local

    def open_session(self, cnxn: ServerCnxn) -> None:
        local = self.local
        if local is None:
            super().open_session(cnxn)
            return
        session_id = self.new_session_id()
        local.track(session_id, cnxn.timeout_ms, self.now_ms)
        self.bind_session(cnxn, session_id)
        finish_session_init(self, cnxn, True)

    def touch_session(self, session_id: i64, timeout_ms: i64) -> bool:
        local = self.local
        if local is not None and local.touch(session_id, timeout_ms, self.now_ms):
            return True
        return self.touch_global(session_id, timeout_ms)

    def touch_global(self, session_id: i64, timeout_ms: i64) -> bool:
        """A session of the ensemble was heard of; False when there is no such session."""
        return super().touch_session(session_id, timeout_ms)

    def _expire_local(self, local: SessionTracker) -> None:
        """Those of this server alone, so many a turn; the ensemble does not hear of it."""
        expired = self._expired_local
        for _ in range(min(self.expiries_per_turn, len(expired))):
            session_id = expired.popleft()
            logger.info("Expiring local session 0x%x", session_id & 0xFFFFFFFFFFFFFFFF, extra=of_session(session_id))
            self.metrics.stale_sessions_expired += 1
            local.remove(session_id)
            self.close_session_cnxn(session_id)

    def next_deadline_ms(self) -> int:
        deadline = super().next_deadline_ms()
        local = self.local
        if local is None:
            return deadline
        return int(self.now_ms) if self._expired_local else min(deadline, int(local.next_expiration_ms))

    def advance(self, now_ms: int, wall_ms: int) -> None:
        super().advance(now_ms, wall_ms)
        local = self.local
        if local is not None:
            if now_ms >= local.next_expiration_ms:
                self._expired_local.extend(local.take_expired(now_ms))
            if self._expired_local:
                self._expire_local(local)

    # --- writes

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        if self.checks_acl_early and not request.throttled:
            code = refusal_of(self, request)
            if code != 0:
                self._refuse_early(request, cnxn, code)
                return
        super().submit_now(request, cnxn)

    def _refuse_early(self, request: Request, cnxn: ServerCnxn, code: int) -> None:
        """Answer in the request's turn (Apache's answer may overtake others, which makes clients hang up)."""
        self.touch_session(cnxn.session_id, cnxn.timeout_ms)
        if cnxn.pending:
            self.refuse(request, code)
        else:
            cnxn.reply_empty(request.cxid, 0, code)
            self.finished(request)

    def submit_write(self, request: Request) -> None:
        if self.is_local(request.session_id):
            if request.type == op.CLOSE_SESSION:
                self._close_local(request)
                return
            self._upgrade(request)
        self.submit_global(request)

    def submit_global(self, request: Request) -> None:
        """A write that the ensemble has to agree on."""
        super().submit_write(request)

    def refuse(self, request: Request, code: int) -> None:
        """Answer a request with an error, in its turn, without a transaction."""
        request.error = code
        cnxn = request.cnxn
        if cnxn is None:
            return
        if cnxn.pending:
            self.wait_behind(request, cnxn)
        else:
            self.serve(request, cnxn)

    def _upgrade(self, request: Request) -> None:
        """Make the session a global one where the request needs that, or note that it may not.

        Then the request goes on, and the preparation refuses each ephemeral of it: that takes a zxid.
        """
        local = self.local
        try:
            if local is None or not operation_of(request.type).makes_ephemeral(request.body_again()):
                return
        except (MalformedRecord, KeeperError):
            return  # the request fails on its own, later
        if not self.config.quorum.local_sessions_upgrading_enabled:
            request.stays_local = True
            return
        session_id = request.session_id
        timeout_ms = int(local.sessions[session_id].timeout_ms)
        logger.info("Upgrading session 0x%x", int(session_id) & 0xFFFFFFFFFFFFFFFF, extra=of_session(session_id))
        local.remove(session_id)
        self.upgrading[session_id] = timeout_ms
        self.submit_global(internal_request(op.CREATE_SESSION, session_id, self.now_ms, CreateSessionTxn(timeout_ms)))

    def _close_local(self, request: Request) -> None:
        local = self.local
        assert local is not None
        local.remove(request.session_id)
        cnxn = request.cnxn
        if cnxn is None:
            self.close_session_cnxn(request.session_id)
        else:
            self.refuse(request, 0)
            self.cnxns_by_session.pop(request.session_id, None)

    def write_done(self, cnxn: ServerCnxn) -> None:
        waiting = len(cnxn.pending)
        self.drain(cnxn)
        # With the write that is done, as Apache's CommitProcessor counts.
        self.metrics.requests_in_session_queue.add(waiting + 1)
        self.metrics.reads_after_write_in_session_queue.add(waiting - len(cnxn.pending))

    def serve(self, request: Request, cnxn: ServerCnxn) -> None:
        if request.type == op.CLOSE_SESSION and request.error == 0:
            cnxn.reply_empty(request.cxid, self.tree.answer_zxid, 0)
            self.finished(request)
            cnxn.close()
        else:
            super().serve(request, cnxn)
