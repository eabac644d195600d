"""Roles without an ensemble: a server that looks for a leader, and one that serves reads meanwhile.

(ReadOnlyZooKeeperServer; the answers of a server without a ZooKeeperServer.)
"""

from typing import final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.modes import NOT_SERVING, READ_ONLY
from pyzoo.server.requests.operations.operation import READ
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.roles.quorum import QuorumZooKeeperServer


@final
class ReadOnlyZooKeeperServer(QuorumZooKeeperServer):
    """Reads from what this server has, for clients that accept that; sessions are local ones."""

    def read_only(self, members: QuorumVerifier) -> None:
        """To be called once."""
        self.mode = READ_ONLY
        self.tracks_sessions = False
        self.handshake.is_read_only = True
        self.final.sync_per_read = 0
        self.prepare_ensemble(members)
        self.leave_containers()

    def adopt_sessions(self) -> None:
        """None: sessions of the ensemble do not expire here."""

    def open_session(self, cnxn: ServerCnxn) -> None:
        if self.local is None:
            # What Apache's server sends here: only local sessions work read-only (ZOOKEEPER-3863).
            cnxn.reply_empty(0, self.tree.last_processed_zxid, err.NOTREADONLY)
            cnxn.close()
        else:
            super().open_session(cnxn)

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        if self.is_local(session_id):
            super().reopen_session(cnxn, session_id, passwd)
        elif session_id in self.database.sessions:
            cnxn.abort()
        else:
            self.finish_session_init(cnxn, False)

    def submit_now(self, request: Request, cnxn: ServerCnxn) -> None:
        operation = operation_of(request.type)
        if operation.needs_leader and operation.kind == READ:
            self.final.refuse(request, err.NOTREADONLY)
        else:
            super().submit_now(request, cnxn)

    def submit_write(self, request: Request) -> None:
        """Before anything is looked at: an ephemeral does not even make its session a global one here."""
        if request.type == op.CLOSE_SESSION and self.is_local(request.session_id):
            super().submit_write(request)
        else:
            self.final.refuse(request, err.NOTREADONLY)


@final
class LookingZooKeeperServer(QuorumZooKeeperServer):
    """Has no leader: it answers a few words and sends clients away."""

    def look(self, members: QuorumVerifier) -> None:
        """To be called once."""
        self.mode = NOT_SERVING
        self.tracks_sessions = False
        self.prepare_ensemble(members)
        self.leave_containers()

    def adopt_sessions(self) -> None:
        """None: sessions of the ensemble do not expire here."""

    def frames_waiting(self, cnxn: ServerCnxn) -> None:
        self.metrics.cnxn_closed_without_zk_server_running += 1
        cnxn.abort()

    def submit_global(self, request: Request) -> None:
        """Nothing gets as far as this."""
        raise AssertionError("a request to a server that does not serve")
