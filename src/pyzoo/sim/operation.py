"""Operations of clients: what was asked, as bytes, and what was answered."""

from typing import Any, Final

from attrs import define
from librt.strings import BytesWriter

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import (
    ACL,
    CheckVersionRequest,
    Create2Response,
    CreateRequest,
    CreateResponse,
    CreateTTLRequest,
    DeleteRequest,
    GetChildren2Request,
    GetChildren2Response,
    GetDataRequest,
    GetDataResponse,
    MultiHeader,
    ReconfigRequest,
    SetACLRequest,
    SetDataRequest,
    SetDataResponse,
    Stat,
    SyncRequest,
)
from pyzoo.server.requests.operations.table import operation_of

OPEN: Final = [ACL(31, "world", "anyone")]
PERSISTENT: Final = 0
EPHEMERAL: Final = 1
SEQUENTIAL: Final = 2
EPHEMERAL_SEQUENTIAL: Final = 3
CONTAINER: Final = 4
TTL: Final = 5
TTL_SEQUENTIAL: Final = 6
CREATES: Final = frozenset({op.CREATE, op.CREATE2, op.CREATE_CONTAINER, op.CREATE_TTL})
WRITES: Final = CREATES | {
    op.SET_DATA,
    op.SET_ACL,
    op.DELETE,
    op.MULTI,
    op.RECONFIG,
    op.CLOSE_SESSION,
    op.CREATE_SESSION,
}


@define(eq=False)
class Operation:
    """One request of one session; `zxid` -1 means that there is no answer, then the outcome is unknown.

    `floor_zxid` is the newest zxid that any client had been told of a write when this was sent, `fresh_zxid` that of
    which a sync before it on the same connection has made sure. `ttl` is in ms; an `acl` that is None is open.
    """

    type: int
    path: str = ""
    data: bytes = b""
    version: int = -1
    flags: int = PERSISTENT
    ttl: int = 0
    acl: list[ACL] | None = None
    watch: bool = False
    text: str = ""
    session_id: int = 0
    xid: int = 0
    floor_zxid: int = 0
    fresh_zxid: int = 0
    zxid: int = -1
    error: int = 0
    made_path: str = ""
    found: bytes | None = None
    stat: Stat | None = None
    names: list[str] | None = None

    def __str__(self) -> str:
        name = operation_of(self.type).name
        return f"{name} {self.path} of session {self.session_id & 0xFFFFFFFFFFFFFFFF:#x} xid {self.xid}"

    @property
    def is_write(self) -> bool:
        """Whether it becomes a transaction."""
        return self.type in WRITES

    @property
    def is_sequential(self) -> bool:
        """Whether the name of what it creates gets a number."""
        return self.flags in (SEQUENTIAL, EPHEMERAL_SEQUENTIAL, TTL_SEQUENTIAL)

    def body(self) -> bytes:
        """The request record."""
        return encoded(*self._parts())

    def _parts(self) -> list[Any]:
        type, path = self.type, self.path
        if type == op.CREATE_TTL:
            return [CreateTTLRequest(path, self.data, OPEN, self.flags, self.ttl)]
        if type in CREATES:
            return [CreateRequest(path, self.data, OPEN, self.flags)]
        if type == op.SET_ACL:
            return [SetACLRequest(path, self.acl or OPEN, self.version)]
        if type == op.SET_DATA:
            return [SetDataRequest(path, self.data, self.version)]
        if type == op.DELETE:
            return [DeleteRequest(path, self.version)]
        if type in (op.GET_DATA, op.EXISTS):
            return [GetDataRequest(path, self.watch)]
        if type == op.GET_CHILDREN2:
            return [GetChildren2Request(path, self.watch)]
        if type == op.SYNC:
            return [SyncRequest(path)]
        if type == op.RECONFIG:
            joining, _, leaving = self.text.partition("|")
            return [ReconfigRequest(joining or None, leaving or None, None, -1)]
        if type == op.MULTI:
            return [
                MultiHeader(op.CHECK, False, -1),
                CheckVersionRequest(path, self.version),
                MultiHeader(op.SET_DATA, False, -1),
                SetDataRequest(path, self.data, -1),
                MultiHeader(op.CREATE, False, -1),
                CreateRequest(f"{path}/m-", self.data, OPEN, SEQUENTIAL),
                MultiHeader(-1, True, -1),
            ]
        return []

    def answered(self, zxid: int, error: int, archive: InputArchive) -> None:
        """Take the reply."""
        self.zxid = zxid
        self.error = error
        if error != 0:
            return
        if self.type == op.CREATE:
            self.made_path = CreateResponse.decode(archive).path or ""
        elif self.type in CREATES:
            created = Create2Response.decode(archive)
            self.made_path, self.stat = created.path or "", created.stat
        elif self.type in (op.SET_DATA, op.SET_ACL, op.EXISTS):
            self.stat = SetDataResponse.decode(archive).stat
        elif self.type == op.GET_DATA:
            got = GetDataResponse.decode(archive)
            self.found, self.stat = got.data, got.stat
        elif self.type == op.GET_CHILDREN2:
            listed = GetChildren2Response.decode(archive)
            self.names, self.stat = [name or "" for name in listed.children or []], listed.stat


def encoded(*parts: Any) -> bytes:
    """Records and bytes, one after the other."""
    out = BytesWriter()
    for part in parts:
        if isinstance(part, bytes):
            out.write(part)
        else:
            part.encode(out)
    return out.getvalue()


def framed(payload: bytes) -> bytes:
    """With the length ahead."""
    return len(payload).to_bytes(4, "big") + payload
