"""What servers ask of themselves: sessions that begin and end, and containers that are not needed any more."""

from typing import final

from mypy_extensions import i64

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.operations.operation import UNKNOWN, WRITE, Operation
from pyzoo.server.requests.prep import PrepRequestProcessor


@final
class CreateSession(Operation):
    """createSession, which a ConnectRequest becomes."""

    def __init__(self) -> None:
        super().__init__(op.CREATE_SESSION, WRITE, "createSession", "SESS")
        self.needs_session = False
        self.may_be_throttled = False
        self.unreadable_takes_zxid = True

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        timeout_ms = request.body.read_int()
        prep.sessions.track(request.session_id, i64(timeout_ms), now_ms)
        return prep.create_session(timeout_ms)


@final
class CloseSession(Operation):
    """closeSession, of a client or of a session that has expired."""

    def __init__(self) -> None:
        super().__init__(op.CLOSE_SESSION, WRITE, "closeSession", "CLOS")
        self.needs_session = False
        self.may_be_throttled = False

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        return prep.close_session(request.txn)


@final
class DeleteContainer(Operation):
    """deleteContainer: no client may ask for it (since 3.9.6)."""

    def __init__(self) -> None:
        super().__init__(op.DELETE_CONTAINER, UNKNOWN, "deleteContainer", "NA")
        self.needs_session = False

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        return prep.delete_container(request.body.read_ustring())
