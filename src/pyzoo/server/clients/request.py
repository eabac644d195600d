"""Request: one frame of a client on its way through the server."""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64

from pyzoo.datatree.foreseen import Foreseen
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import ErrorTxn, Id, TxnHeader
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.pending_requests import PendingRequest


class PreparedWrite:
    """What a write was made over several turns, before it has its zxid."""

    def txn(self, request: "Request", zxid: i64) -> Record:
        """The transaction, now that its zxid is known; raises what an operation raises that makes one."""
        raise NotImplementedError


@final
class Request(PendingRequest):
    """What a client asked for, then the transaction that was made of it.

    `ids` are the connection's identities when the frame was read; `body_start` is where the body began before it
    was read. `header` and `txn` are set by the preparation of a write; `sub_types` and `sub_txns` are the parts of
    a multi. `owner` is 0 for a client of this server, else the handler of the learner that it came through.
    `payload` is kept by leaders only, `prepared` and `encoded_txn` from a preparation over several turns until it
    has its zxid. `parents` are those of the nodes that a closeSession deletes, where they are known. `foreseen` and
    `foreseen_parent` are the node of a single write and its parent after it, where they are known. With `stays_local`
    it creates an ephemeral in a local session that may not become global. A `throttled` one is not looked at: it is
    answered in its turn with `error`, or with THROTTLEDOP.
    """

    def __init__(
        self,
        cnxn: ServerCnxn | None,
        session_id: i64,
        cxid: i32,
        type: i32,
        body: InputArchive,
        ids: list[Id],
        created_ms: i64,
    ) -> None:
        super().__init__()
        self.cnxn = cnxn
        self.session_id: i64 = session_id
        self.cxid: i32 = cxid
        self.type: i32 = type
        self.body = body
        self.body_start: i64 = body.pos
        self.ids = ids
        self.created_ms: i64 = created_ms
        self.throttled = False
        self.stays_local = False
        self.counted = False
        self.error: i32 = 0
        self.large_bytes: i64 = 0
        self.owner: i64 = 0
        self.zxid: i64 = 0
        self.foreseen: Foreseen | None = None
        self.foreseen_parent: Foreseen | None = None
        self.header: TxnHeader | None = None
        self.txn: Record | None = None
        self.sub_types: list[int] | None = None
        self.sub_txns: list[Record] | None = None
        self.payload = b""
        self.prepared: PreparedWrite | None = None
        self.encoded_txn: bytes | None = None
        self.parents: dict[str, None] | None = None

    def body_again(self) -> InputArchive:
        """The body from its beginning, to be read once more."""
        body = self.body
        return InputArchive(body.data, self.body_start, body.end)


def first_pending(cnxn: ServerCnxn) -> Request:
    """The request that a connection waits for next; it waits for one."""
    request = cnxn.pending.oldest
    assert isinstance(request, Request)
    return request


def error_of(request: Request) -> i32:
    """The code of a prepared request that has failed; 0 for one that has not."""
    txn = request.txn
    return txn.err if isinstance(txn, ErrorTxn) else 0


NO_BODY: Final = InputArchive(b"")
NO_IDS: Final[list[Id]] = []


def internal_request(type: i32, session_id: i64, now_ms: i64, record: Record | None = None) -> Request:
    """A request of the server itself, such as the closeSession of an expired session."""
    body = NO_BODY
    if record is not None:
        out = BytesWriter()
        record.encode(out)
        body = InputArchive(out.getvalue())
    return Request(None, session_id, 0, type, body, NO_IDS, now_ms)
