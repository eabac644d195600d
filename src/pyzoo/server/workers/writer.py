"""WriterZooKeeperServer: a server without an ensemble that has workers beside it, which serve its clients too.

It is the one that writes: only here transactions are made and logged, sessions expire, and snapshots are saved.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import TxnHeader
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import PeerLink
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.database import ZKDatabase
from pyzoo.server.effects import Effects
from pyzoo.server.operators.words import is_allowed, maybe_four_letter_word, word_of
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.sync import SyncRequestProcessor
from pyzoo.server.roles.forwarding import ForwardingZooKeeperServer
from pyzoo.server.roles.proposal import ME
from pyzoo.server.sessions import SessionTracker
from pyzoo.server.workers.hub import Look, WorkerHub

WATCH_WORDS: Final = ("wchs", "wchc", "wchp")
LOOKING_WORDS: Final = ("srvr", "stat", "cons", "mntr", "dump", "srst", *WATCH_WORDS)
"""What is answered of all processes; the others are about the settings, the tree or the machine."""


@final
class WriterRequestProcessor(SyncRequestProcessor):
    """What it prepares the workers will need as bytes, and a session writes through one process only."""

    def make_txn(self, request: Request, now_ms: i64) -> Record:
        sessions: SessionTracker = self.prep.sessions
        if operation_of(request.type).needs_session:
            sessions.check_owner(request.session_id, request.owner)
        if request.type == op.DELETE_CONTAINER and request.owner != ME:
            raise KeeperError(err.UNIMPLEMENTED)
        txn = super().make_txn(request, now_ms)
        if request.type == op.CREATE_SESSION:
            sessions.set_owner(request.session_id, request.owner)
        return txn

    def may_refuse(self, request: Request) -> bool:
        return request.cnxn is not None or request.owner != ME

    def log_txn(self, request: Request, header: TxnHeader, txn: Record) -> None:
        request.payload = self.log_encoded(request, header, txn)


@final
class WordLook(Look):
    """A four-letter word that waits for a look."""

    def __init__(self, server: "WriterZooKeeperServer", cnxn: ServerCnxn, wants_watches: bool) -> None:
        super().__init__(wants_watches)
        self._server = server
        self._cnxn = cnxn

    def ended(self) -> None:
        cnxn = self._cnxn
        cnxn.is_busy = False
        if not cnxn.closing:
            maybe_four_letter_word(self._server, cnxn)


@final
class WriterZooKeeperServer(ForwardingZooKeeperServer):
    """See the module; `hub` has the workers."""

    hub: WorkerHub

    def _serve_database(self, database: ZKDatabase) -> None:
        super()._serve_database(database)
        self._local_expirer = None
        self.checks_acl_early = False
        self.begin_forwarding()
        self.sync_processor = WriterRequestProcessor(self.prep, self.log, self.tree.last_processed_zxid + 1)
        self.hub = WorkerHub(self)
        self.connections.elsewhere = self.hub.elsewhere

    def replace_database(self, database: ZKDatabase) -> None:
        """The workers begin anew, with the other database; their clients come again."""
        self.hub.close()
        super().replace_database(database)

    # --- links to workers

    def link_received(self, link: PeerLink, data: bytes) -> None:
        """Bytes of a worker."""
        if not link.closing:
            link.receiver.bytes_received(data, self.now_ms)

    def link_drained(self, link: PeerLink) -> None:
        """A worker has taken all bytes."""
        if not link.closing:
            link.receiver.drained(self.now_ms)

    def link_gone(self, link: PeerLink) -> None:
        """A worker has ended."""
        link.broke().gone(self.now_ms)
        self.hub.forget_gone()

    # --- sessions

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        self.hub.close_former(session_id, ME)
        super().reopen_session(cnxn, session_id, passwd)
        if cnxn.established:
            self.hub.moved(session_id, ME)

    # --- writes

    def sync_forwarded(self, handler: LearnerHandler) -> None:
        self.hub.sync_requested(handler, self.sync_processor.next_zxid - 1)

    def unreadable(self, request: Request) -> None:
        if request.owner == ME:
            super().unreadable(request)
        else:
            self.hub.refused(request, err.MARSHALLINGERROR)

    def unreadable_pending(self, request: Request) -> None:
        if request.owner == ME:
            super().unreadable_pending(request)
        else:
            self.hub.refused(request, err.MARSHALLINGERROR)

    def persisted(self, zxid: i64) -> None:
        self.hub.committed_up_to(zxid)
        super().persisted(zxid)

    # --- operators

    def begins_with_word(self, cnxn: ServerCnxn) -> bool:
        if cnxn.is_busy:
            return True
        word = word_of(cnxn)
        if word in LOOKING_WORDS and is_allowed(self, word) and self.hub.workers:
            cnxn.is_busy = True
            self.hub.look(WordLook(self, cnxn, word in WATCH_WORDS))
            return True
        return super().begins_with_word(cnxn)

    # --- time and effects

    def advance(self, now_ms: int, wall_ms: int) -> None:
        super().advance(now_ms, wall_ms)
        self.hub.advance(self.now_ms)

    def next_deadline_ms(self) -> int:
        return min(super().next_deadline_ms(), int(self.hub.next_deadline_ms()))

    def take_effects(self) -> Effects:
        effects = super().take_effects()
        self.hub.send_answers()
        return effects
