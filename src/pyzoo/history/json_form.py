"""Changes and nodes of the past as JSON: zxids and ids of sessions are texts with 0x, times are ms since 1970.

Data is there up to MOST_DATA bytes, in base64 and, where it is UTF-8, as text. What begins with an underscore is for
whoever decides what somebody may see (see visibility.py), and nobody else's.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from pyzoo import errors
from pyzoo.history.change import Change
from pyzoo.history.difference import KIND_NAMES, NodeDifference, NodeState
from pyzoo.jute.records import ACL
from pyzoo.subtrees.acl_text import Acl, perms_of
from pyzoo.zxid import zxid_text

MOST_DATA: Final = 1024
ERROR_NAMES: Final = {
    value: name for name, value in vars(errors).items() if isinstance(value, int) and name.isupper() and value < 0
}
_CONTINUED: Final = 3
"""Bytes of a character of UTF-8 that may be cut off."""

Json = dict[str, Any]


def acl_json(acl: list[ACL] | None) -> list[Json] | None:
    """An ACL with letters for permissions; null where it is not known."""
    if acl is None:
        return None
    entries = (Acl(entry.perms, entry.scheme or "", entry.id or "") for entry in acl)
    return [{"perms": entry.perms_text, "scheme": entry.scheme, "id": entry.id} for entry in entries]


def acl_of_json(entries: list[Json] | None) -> list[ACL] | None:
    """The ACL that `acl_json` was given."""
    if entries is None:
        return None
    return [ACL(perms_of(entry["perms"]), entry["scheme"], entry["id"]) for entry in entries]


def data_json(data: bytes | None, size: int | None) -> Json:
    """Data, or the begin of it; `size` is that of all of it, null where there is none to speak of."""
    kept = None if data is None else data[:MOST_DATA]
    is_cut = kept is not None and size is not None and size > len(kept)
    return {
        "size": size,
        "data": None if kept is None else b64encode(kept).decode(),
        "text": None if kept is None else _text(kept, is_cut),
        "data_cut": is_cut,
        "data_hidden": False,
    }


def _text(data: bytes, is_cut: bool) -> str | None:
    for left_out in range(_CONTINUED + 1 if is_cut else 1):
        try:
            return data[: len(data) - left_out].decode("utf-8")
        except UnicodeDecodeError:
            continue
    return None


def change_json(change: Change, acl_then: list[ACL] | None, parent_acl_then: list[ACL] | None = None) -> Json:
    """A row of a history. `acl_then` is the ACL that its node had, if that is known, the other that of its parent."""
    return {
        "zxid": zxid_text(change.zxid),
        "time": change.time_ms,
        "session": zxid_text(change.session),
        "address": None,
        "cxid": change.cxid,
        "kind": change.kind,
        "path": change.path,
        "cause": change.cause or None,
        "part": change.part or None,
        "parts": change.parts or None,
        "version": change.version,
        **data_json(change.data, change.size),
        "acl": acl_json(change.acl),
        "ephemeral": change.is_ephemeral,
        "ttl": change.ttl_ms,
        "timeout": change.timeout_ms,
        "error": ERROR_NAMES.get(change.error, str(change.error)) if change.error else None,
        "_acl_then": acl_json(acl_then),
        "_parent_acl_then": acl_json(parent_acl_then),
    }


def node_json(node: NodeState | None) -> Json | None:
    """A node, null for none."""
    if node is None:
        return None
    return {
        **data_json(node.data, len(node.data or b"")),
        "acl": acl_json(node.acl),
        "czxid": zxid_text(node.czxid),
        "mzxid": zxid_text(node.mzxid),
        "pzxid": zxid_text(node.pzxid),
        "ctime": node.ctime_ms,
        "mtime": node.mtime_ms,
        "version": node.version,
        "cversion": node.cversion,
        "aversion": node.aversion,
        "ephemeral_owner": zxid_text(node.ephemeral_owner),
        "kind": KIND_NAMES[node.kind],
        "ttl": node.ttl_ms,
        "num_children": node.num_children,
        "_acl_then": acl_json(node.acl),
        "_parent_acl_then": acl_json(node.parent_acl),
    }


def difference_json(row: NodeDifference) -> Json:
    """What became of a node."""
    return {
        "path": row.path,
        "change": row.change,
        "what": row.what,
        "before": node_json(row.before),
        "after": node_json(row.after),
    }


def public(value: Any) -> Any:
    """Without what begins with an underscore."""
    if isinstance(value, Mapping):
        return {name: public(inner) for name, inner in value.items() if not name.startswith("_")}
    return [public(inner) for inner in value] if isinstance(value, list) else value
