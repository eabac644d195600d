"""Change: one thing that a transaction did, and transactions as changes.

A multi is the changes of its parts, the close of a session the deletion of each ephemeral that went with it.
"""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from pyzoo.datatree.acl import OPEN_ACL_UNSAFE
from pyzoo.datatree.txn_result import decode_parts
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    ACL,
    CheckVersionTxn,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    TxnHeader,
)

KINDS: Final = {
    op.CREATE: "create",
    op.CREATE2: "create2",
    op.CREATE_CONTAINER: "createContainer",
    op.CREATE_TTL: "createTTL",
    op.DELETE: "delete",
    op.DELETE_CONTAINER: "deleteContainer",
    op.SET_DATA: "setData",
    op.SET_ACL: "setACL",
    op.RECONFIG: "reconfig",
    op.CHECK: "check",
    op.MULTI: "multi",
    op.CREATE_SESSION: "createSession",
    op.CLOSE_SESSION: "closeSession",
    op.ERROR: "error",
}
"""The names of what a log may hold (Request.op2String)."""


@frozen
class Change:
    """One row of a history.

    `index` is its place within the transaction, from 0; `part` and `parts` count those of a multi from 1, 0 where it
    is none. `size` is that of the data, of which only the begin may be kept; None where data
    has nothing to do with it. `version` is that of the data or, of a setACL, that of the ACL, after it. `acl` is set
    where it is given with it. `cause` is what it belongs to: closeSession for an ephemeral that went with its session.
    `is_void` says that it changed nothing: an error, a check, a part of a multi that failed.
    """

    zxid: int
    time_ms: int
    session: int
    cxid: int
    kind: str
    index: int = 0
    path: str | None = None
    data: bytes | None = None
    size: int | None = None
    version: int | None = None
    acl: list[ACL] | None = None
    is_ephemeral: bool = False
    ttl_ms: int | None = None
    timeout_ms: int | None = None
    error: int = 0
    cause: str = ""
    part: int = 0
    parts: int = 0
    is_void: bool = False

    @property
    def sets_acl(self) -> bool:
        """Whether the node has `acl` from then on."""
        return self.acl is not None and not self.is_void

    @property
    def is_create(self) -> bool:
        """Whether the node was made."""
        return self.kind.startswith("create") and self.path is not None

    @property
    def is_delete(self) -> bool:
        """Whether the node was gone after it."""
        return self.kind in ("delete", "deleteContainer")


def changes_of(header: TxnHeader, txn: Record | None) -> Iterator[Change]:
    """The changes of a transaction in their order."""
    if isinstance(txn, MultiTxn):
        yield from _parts(header, txn)
        return
    yield _change(header, header.type, txn)
    if isinstance(txn, CloseSessionTxn):
        for index, path in enumerate(txn.paths2_delete or [], 1):
            if path is not None:
                yield _of(header, "delete", index=index, path=path, cause=KINDS[op.CLOSE_SESSION])


def _parts(header: TxnHeader, multi: MultiTxn) -> Iterator[Change]:
    types: list[int] = []
    bodies: list[Record] = []
    if not decode_parts(multi, types, bodies):
        # No server makes anything of it either.
        yield _of(header, KINDS[op.MULTI], is_void=True)
        return
    failed = op.ERROR in types
    for index, (type, body) in enumerate(zip(types, bodies, strict=True)):
        yield _change(header, type, body, index, len(types), failed)


def _change(
    header: TxnHeader, type: int, txn: Record | None, index: int = 0, parts: int = 0, failed: bool = False
) -> Change:
    common: dict[str, object] = {"index": index, "part": index + 1 if parts else 0, "parts": parts, "is_void": failed}
    kind = KINDS.get(type, f"unknown {type}")
    match txn:
        case CreateTxn():
            created = {"data": txn.data, "size": len(txn.data or b""), "version": 0, "acl": _acl(txn.acl)}
            return _of(header, kind, path=txn.path, is_ephemeral=txn.ephemeral, **created, **common)
        case CreateContainerTxn() | CreateTTLTxn():
            created = {"data": txn.data, "size": len(txn.data or b""), "version": 0, "acl": _acl(txn.acl)}
            ttl = txn.ttl if isinstance(txn, CreateTTLTxn) else None
            return _of(header, kind, path=txn.path, ttl_ms=ttl, **created, **common)
        case SetDataTxn():
            return _of(
                header, kind, path=txn.path, data=txn.data, size=len(txn.data or b""), version=txn.version, **common
            )
        case SetACLTxn():
            return _of(header, kind, path=txn.path, acl=_acl(txn.acl), version=txn.version, **common)
        case DeleteTxn():
            return _of(header, kind, path=txn.path, **common)
        case CheckVersionTxn():
            return _of(header, kind, path=txn.path, **{**common, "is_void": True})
        case ErrorTxn():
            return _of(header, kind, error=txn.err, **{**common, "is_void": True})
        case CreateSessionTxn():
            return _of(header, kind, timeout_ms=txn.time_out, **common)
        case _:
            return _of(header, kind, **common)


def _acl(acl: list[ACL] | None) -> list[ACL]:
    """Null is the open ACL."""
    return OPEN_ACL_UNSAFE if acl is None else acl


def _of(header: TxnHeader, kind: str, **fields: object) -> Change:
    return Change(header.zxid, header.time, header.client_id, header.cxid, kind, **fields)  # type: ignore[arg-type]
