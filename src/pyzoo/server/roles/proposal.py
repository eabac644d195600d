"""ProposalRequestProcessor: what a leader logs it proposes to its followers."""

from typing import Final, final

from attrs import evolve
from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import ReconfigRequest, TxnHeader
from pyzoo.quorum.leader import Leader
from pyzoo.quorum.reconfig import check_reconfig, proposed_members
from pyzoo.quorum.verifier import QuorumVerifier, make_verifier
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.log_batch import LogBatcher
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.prep import PrepRequestProcessor
from pyzoo.server.requests.sync import SyncRequestProcessor
from pyzoo.server.sessions import SessionTracker

ME: Final = 0
"""The owner of the sessions of this server's own clients."""


@final
class ProposalRequestProcessor(SyncRequestProcessor):
    """For one term of office; `local` are the sessions that only this server knows, where there may be such."""

    def __init__(
        self,
        prep: PrepRequestProcessor,
        log: LogBatcher,
        config: ServerConfig,
        leader: Leader,
        members: QuorumVerifier,
        local: SessionTracker | None,
    ) -> None:
        super().__init__(prep, log, leader.broadcast.last_proposed + 1)
        self._config = config
        self.leader = leader
        self.broadcast = leader.broadcast
        self._members = members
        self._local = local
        self._sessions = prep.sessions
        self._reconfig: QuorumVerifier | None = None

    def make_txn(self, request: Request, now_ms: i64) -> Record:
        type = request.type
        if operation_of(type).needs_session:
            self._check_session(request)
        if type == op.DELETE_CONTAINER and request.owner != ME:
            # An older member forwards it for its client, who waits for a transaction as the answer.
            raise KeeperError(err.UNIMPLEMENTED)
        if type == op.RECONFIG and self._config.reconfig_enabled:
            return self._make_reconfig(ReconfigRequest.decode(request.body))
        self.prep.stays_local = request.stays_local
        txn = super().make_txn(request, now_ms)
        if type == op.CREATE_SESSION:
            self._sessions.set_owner(request.session_id, request.owner)
        return txn

    def log_txn(self, request: Request, header: TxnHeader, txn: Record) -> None:
        payload = self.log_encoded(request, header, txn)
        request.payload = payload
        reconfig = self._reconfig
        self._reconfig = None
        self.broadcast.propose(request.zxid, payload, reconfig)

    def _check_session(self, request: Request) -> None:
        """Raise KeeperError unless the session lives and is used through its owner (LeaderSessionTracker)."""
        session_id = request.session_id
        local = self._local
        if local is not None and session_id in local.sessions:
            return
        if session_id not in self._sessions.sessions and self._may_be_local_elsewhere(session_id):
            return
        self._sessions.check_owner(session_id, request.owner)

    def _may_be_local_elsewhere(self, session_id: i64) -> bool:
        if self._local is None:
            return False
        return (session_id >> 56) & 0xFF != self._config.server_id & 0xFF

    def _make_reconfig(self, request: ReconfigRequest) -> Record:
        """The checks of a reconfiguration, in Apache's order (PrepRequestProcessor)."""
        config, last_seen = self._config, self.broadcast.last_seen
        in_progress = last_seen.version != self.broadcast.current.version
        check_reconfig(True, in_progress, request.cur_config_id, last_seen.version)
        proposed = proposed_members(
            last_seen,
            request.joining_servers,
            request.leaving_servers,
            request.new_members,
            config.standalone_enabled,
            config.quorum.multi_address_enabled,
        )
        verifier = make_verifier(evolve(proposed, version=self.next_zxid), self._members.oracle)
        if not self.leader.has_quorum_in_step(verifier):
            raise KeeperError(err.NEWCONFIGNOQUORUM)
        txn = self.prep.set_config(verifier.members.text().encode())
        self._reconfig = verifier
        return txn
