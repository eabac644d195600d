"""QuorumZooKeeperServer: what the roles of an ensemble member share: local sessions, and their upgrade.

A local session is known to one server only and costs the ensemble nothing. With its first ephemeral node it has
to become a global one: a createSession goes ahead of the create (UpgradeableSessionTracker).
"""

import logging
from typing import Final

from mypy_extensions import i64

from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateSessionTxn
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_session
from pyzoo.server.clients.request import Request, internal_request
from pyzoo.server.database import ZKDatabase
from pyzoo.server.requests.eager_acl import refusal_of
from pyzoo.server.requests.multi_check import CheckOwner, MultiCheck, MultiChecks
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.roles.containers import NEVER
from pyzoo.server.roles.session_expirer import SessionExpirer
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.server.sessions import SessionTracker

logger: Final = logging.getLogger(__name__)


class QuorumZooKeeperServer(ZooKeeperServer, CheckOwner):
    """A role of a member; `members` is the current configuration, for those who ask."""

    def prepare_ensemble(self, members: QuorumVerifier) -> None:
        """To be called once, when the role begins."""
        self.members = members
        self._local_expirer: SessionExpirer | None = None
        self.checks_acl_early = False
        self.final.counts_queues = True
        if self.config.quorum.local_sessions_enabled:
            local = SessionTracker(self.config.tick_time_ms, self.config.server_id, int(self.now_ms))
            self.local = local
            self._local_expirer = SessionExpirer(local, self.metrics, self.config.slice_units, "local session")

    def _serve_database(self, database: ZKDatabase) -> None:
        super()._serve_database(database)
        self._multi_checks = MultiChecks(self, self.slices)

    # --- sessions

    def is_local(self, session_id: i64) -> bool:
        """Whether this session is known to this server only."""
        local = self.local
        return local is not None and session_id in local.sessions

    def leave_containers(self) -> None:
        """Only the leader deletes containers and TTL nodes."""
        self.containers.next_ms = NEVER

    def open_session(self, cnxn: ServerCnxn) -> None:
        local = self.local
        if local is None:
            super().open_session(cnxn)
            return
        session_id = self.sessions.new_session_id(self.database.sessions)
        local.track(session_id, cnxn.timeout_ms, self.now_ms)
        self.connections.bind_session(cnxn, session_id)
        self.finish_session_init(cnxn, True)

    def touch_session(self, session_id: i64, timeout_ms: i64) -> bool:
        local = self.local
        if local is not None and local.touch(session_id, timeout_ms, self.now_ms):
            return True
        return self.touch_global(session_id, timeout_ms)

    def touch(self, cnxn: ServerCnxn) -> bool:
        return self.touch_session(cnxn.session_id, cnxn.timeout_ms)

    def touch_global(self, session_id: i64, timeout_ms: i64) -> bool:
        """A session of the ensemble was heard of; False when there is no such session."""
        return super().touch_session(session_id, timeout_ms)

    # --- time

    def next_deadline_ms(self) -> int:
        deadline = super().next_deadline_ms()
        expirer = self._local_expirer
        return deadline if expirer is None else min(deadline, int(expirer.next_ms))

    def advance(self, now_ms: int, wall_ms: int) -> None:
        super().advance(now_ms, wall_ms)
        local, expirer = self.local, self._local_expirer
        if local is not None and expirer is not None and now_ms >= expirer.next_ms:
            # The ensemble does not hear of it.
            for session_id in expirer.take(now_ms):
                local.remove(session_id)
                self.connections.close_session(session_id)

    # --- writes

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        if self.checks_acl_early and not request.throttled:
            code = refusal_of(self.tree, self.access, request)
            if code != 0:
                self._refuse_early(request, cnxn, code)
                return
        super().submit_now(request, cnxn)

    def _refuse_early(self, request: Request, cnxn: ServerCnxn, code: int) -> None:
        """Answer in the request's turn (Apache's answer may overtake others, which makes clients hang up)."""
        self.touch_session(cnxn.session_id, cnxn.timeout_ms)
        if cnxn.pending.is_empty:
            cnxn.reply_empty(request.cxid, 0, code)
            self.throttler.finished(request)
        else:
            self.final.refuse(request, code)

    def submit_write(self, request: Request) -> None:
        cnxn = request.cnxn
        if request.type == op.MULTI and cnxn is not None and self._multi_checks.is_large(request):
            self._submit_large_multi(request, cnxn)
            return
        if self.is_local(request.session_id):
            if request.type == op.CLOSE_SESSION:
                self._close_local(request)
                return
            self._upgrade(request)
        self.submit_global(request)

    def _submit_large_multi(self, request: Request, cnxn: ServerCnxn) -> None:
        """Have it looked through first, over several turns, where somebody has to know what is in it."""
        is_local = self.is_local(request.session_id)
        if not is_local and not self.checks_multis:
            self.submit_global(request)
            return
        check = self._multi_checks.result_of(request, cnxn)
        if check is None:
            cnxn.is_busy = True
            self.final.keep_behind(request, cnxn)
            return
        if is_local and check.error == 0 and check.makes_ephemeral:
            self._make_global(request)
        self.submit_checked(request, check)

    @property
    def checks_multis(self) -> bool:
        """Whether it does not let every multi pass, so that it has to know what is in one."""
        return False

    def multi_checked(self, cnxn: ServerCnxn) -> None:
        self.final.go_on_held(cnxn)

    def forget(self, cnxn: ServerCnxn) -> None:
        self._multi_checks.forget(cnxn)
        super().forget(cnxn)

    def submit_checked(self, request: Request, check: MultiCheck) -> None:
        """A large multi that is looked through."""
        self.submit_global(request)

    def submit_global(self, request: Request) -> None:
        """A write that the ensemble has to agree on."""
        super().submit_write(request)

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
        self._make_global(request)

    def _make_global(self, request: Request) -> None:
        """The request makes an ephemeral in a local session."""
        local = self.local
        if local is None:
            return
        if not self.config.quorum.local_sessions_upgrading_enabled:
            request.stays_local = True
            return
        session_id = request.session_id
        timeout_ms = int(local.sessions[session_id].timeout_ms)
        logger.info("Upgrading session 0x%x", int(session_id) & 0xFFFFFFFFFFFFFFFF, extra=of_session(session_id))
        local.remove(session_id)
        self.submit_global(internal_request(op.CREATE_SESSION, session_id, self.now_ms, CreateSessionTxn(timeout_ms)))

    def _close_local(self, request: Request) -> None:
        local = self.local
        assert local is not None
        local.remove(request.session_id)
        cnxn = request.cnxn
        if cnxn is None:
            self.connections.close_session(request.session_id)
        else:
            self.final.refuse(request, 0)
            self.connections.by_session.pop(request.session_id, None)
