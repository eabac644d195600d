"""A transaction as one entry of TxnLogToolkit's dump.

    <date> session 0x<hex> cxid 0x<hex> zxid 0x<hex> <operation> <text>

Records that the tool has no own form for are written in jute's text form (ToStringOutputArchive).
"""

from typing import Final

from pyzoo.filetools.dates import Dates
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import JAVA_REPLACE, Record
from pyzoo.jute.records import (
    ACL,
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

#: Request.op2String
_NAMES: Final = {
    op.NOTIFICATION: "notification",
    op.CREATE: "create",
    op.DELETE: "delete",
    op.EXISTS: "exists",
    op.GET_DATA: "getData",
    op.SET_DATA: "setData",
    op.GET_ACL: "getACL",
    op.SET_ACL: "setACL",
    op.GET_CHILDREN: "getChildren",
    op.SYNC: "sync",
    op.PING: "ping",
    op.GET_CHILDREN2: "getChildren2",
    op.CHECK: "check",
    op.MULTI: "multi",
    op.CREATE2: "create2",
    op.RECONFIG: "reconfig",
    op.CHECK_WATCHES: "checkWatches",
    op.REMOVE_WATCHES: "removeWatches",
    op.CREATE_CONTAINER: "createContainer",
    op.DELETE_CONTAINER: "deleteContainer",
    op.CREATE_TTL: "createTTL",
    op.MULTI_READ: "multiRead",
    op.AUTH: "auth",
    op.SET_WATCHES: "setWatches",
    op.SASL: "sasl",
    op.GET_EPHEMERALS: "getEphemerals",
    op.GET_ALL_CHILDREN_NUMBER: "getAllChildrenNumber",
    op.SET_WATCHES2: "setWatches2",
    op.ADD_WATCH: "addWatch",
    op.WHO_AM_I: "whoAmI",
    op.CREATE_SESSION: "createSession",
    op.CLOSE_SESSION: "closeSession",
    op.ERROR: "error",
}
_ESCAPES: Final = str.maketrans({"\0": "%00", "\n": "%0A", "\r": "%0D", ",": "%2C", "}": "%7D", "%": "%25"})
_MASK_64: Final = 0xFFFFFFFFFFFFFFFF
_MASK_32: Final = 0xFFFFFFFF


def entry_of(header: TxnHeader, txn: Record | None, dates: Dates) -> str:
    """The entry, which ends with a newline and may have others in it."""
    entry = (
        f"{dates.short(header.time)} session 0x{header.client_id & _MASK_64:x} cxid 0x{header.cxid & _MASK_32:x} "
        f"zxid 0x{header.zxid & _MASK_64:x} {operation_name(header.type)} {text_of(txn)}"
    )
    return entry if entry.endswith("\n") else entry + "\n"


def operation_name(type: int) -> str:
    """The name of an operation code."""
    return _NAMES.get(type, f"unknown {type}")


def text_of(txn: Record | None) -> str:
    """The part of an entry that depends on the type."""
    match txn:
        case None:
            return ""
        case CreateTxn():
            acl = _acl_list(txn.acl)
            return f"{txn.path},{_data(txn.data)},{acl},{_java_bool(txn.ephemeral)},{txn.parent_cversion}"
        case SetDataTxn():
            return f"{txn.path},{_data(txn.data)},{txn.version}"
        case CreateContainerTxn():
            return f"{txn.path},{_data(txn.data)},{_acl_list(txn.acl)},{txn.parent_cversion}"
        case CreateTTLTxn():
            return f"{txn.path},{_data(txn.data)},{_acl_list(txn.acl)},{txn.parent_cversion},{txn.ttl}"
        case MultiTxn():
            return ";".join(f"{operation_name(part.type)}:{_data(part.data)}" for part in txn.txns or [])
        case _:
            return _jute_text(txn) + "\n"


def _jute_text(txn: Record) -> str:
    match txn:
        case DeleteTxn():
            return _string(txn.path)
        case SetACLTxn():
            acl = "v{}" if txn.acl is None else f"v{{{','.join(map(_nested_acl, txn.acl))}}}"
            return f"{_string(txn.path)},{acl},{txn.version}"
        case CreateSessionTxn():
            return str(txn.time_out)
        case CloseSessionTxn():
            return f"v{{{','.join(map(_string, txn.paths2_delete or []))}}}"
        case ErrorTxn():
            return str(txn.err)
        case _:
            raise TypeError(f"no log holds a {type(txn).__name__}")


def _data(data: bytes | None) -> str:
    return "" if data is None else data.decode("utf-8", JAVA_REPLACE)


def _java_bool(value: bool) -> str:
    return "true" if value else "false"


def _string(value: str | None) -> str:
    return "" if value is None else "'" + value.translate(_ESCAPES)


def _acl_text(acl: ACL) -> str:
    return f"{acl.perms},s{{{_string(acl.scheme)},{_string(acl.id)}}}"


def _nested_acl(acl: ACL) -> str:
    return f"s{{{_acl_text(acl)}}}"


def _acl_list(acl: list[ACL] | None) -> str:
    """A Java list of records, each of which ends its own line."""
    return "null" if acl is None else f"[{', '.join(_acl_text(one) + chr(10) for one in acl)}]"
