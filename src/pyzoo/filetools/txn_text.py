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

_ABBREVIATIONS: Final = {"ACL", "TTL"}
_ESCAPES: Final = str.maketrans({"\0": "%00", "\n": "%0A", "\r": "%0D", ",": "%2C", "}": "%7D", "%": "%25"})
_MASK_64: Final = 0xFFFFFFFFFFFFFFFF
_MASK_32: Final = 0xFFFFFFFF


def _camel_case(constant: str) -> str:
    first, *others = constant.split("_")
    return first.lower() + "".join(word if word in _ABBREVIATIONS else word.capitalize() for word in others)


_NAMES: Final = {code: _camel_case(name) for name, code in vars(op).items() if name.isupper()}
"""Request.op2String: the codes have their names."""


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
