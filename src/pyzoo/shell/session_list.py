"""Sessions as an admin server tells of them: pyzoo's console, or the commands that Apache's server has too.

One shape for both, a document each; None is what the server did not tell:

    {"id": "0x100002f3a0b0000", "address": "10.0.0.7:40312", "auth": ["digest:bob"], "timeout_ms": 30000, "member": 1,
     "here": true, "established": "2026-11-30T03:00:00.000Z", "last_seen": "...", "last_operation": "GETD",
     "requests": 7, "outstanding": 0, "ephemerals": 1, "watches": 2, "latency_ms": {"min": 0, "avg": 0, "max": 1}}
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from pyzoo.shell.admin_port import AdminFailure, AdminPort, ask_each
from pyzoo.shell.failures import server_text
from pyzoo.shell.render import iso_text
from pyzoo.subtrees.values import Json
from pyzoo.zxid import zxid_text

PAGE: Final = 200
MOST: Final = 100_000
FILTERS: Final = 3
"""Sessions that are asked for one by one; more are picked out of all."""
_SAME: Final = (
    "timeout_ms",
    "established",
    "last_seen",
    "last_operation",
    "requests",
    "outstanding",
    "ephemerals",
    "watches",
    "latency_ms",
)
"""Fields that the console has under these names."""

Session = dict[str, Json]


def sessions_of(admin: AdminPort, limit: int, wanted: str = "") -> tuple[list[Session], int]:
    """At most `limit` sessions with this in their id, address or identities, and how many there are.

    Raises AdminFailure.
    """
    try:
        return _from_console(admin, limit, wanted)
    except AdminFailure as error:
        if not is_refusal_of_console(error):
            raise
        if error.status != HTTPStatus.NOT_FOUND:
            admin.note(f"{error}; shown is what the command connections tells")
    found = [each for each in _from_commands(admin) if matches(each, wanted)]
    return found[:limit], len(found)


def is_refusal_of_console(error: AdminFailure) -> bool:
    """Whether there is no console, or it answers others than this client; commands may be there all the same."""
    return error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED)


def matches(session: Session, wanted: str) -> bool:
    """As the console's filter: in its id, its address, or one of its identities."""
    auth = session["auth"] if isinstance(session["auth"], list) else []
    return any(wanted.lower() in str(each).lower() for each in (session["id"], session["address"] or "", *auth))


def _from_console(admin: AdminPort, limit: int, wanted: str) -> tuple[list[Session], int]:
    found: list[Session] = []
    while True:
        page = admin.console("sessions", filter=wanted or None, skip=len(found), limit=min(PAGE, limit - len(found)))
        found += [_of_console(each) for each in page["sessions"]]
        if not page["sessions"] or len(found) >= min(limit, page["matching"]):
            return found, int(page["matching"])


def _of_console(row: dict[str, Any]) -> Session:
    address = row.get("address") or None
    if address and row.get("port"):
        address = server_text(address, row["port"])
    session: Session = {
        "id": row["id"],
        "address": address,
        "auth": list(row.get("auth_ids") or ()),
        "member": row.get("server"),
        "here": row.get("is_here"),
    }
    return session | {name: row.get(name) for name in _SAME}


def _from_commands(admin: AdminPort) -> Iterator[Session]:
    """Those that are connected to this server; only they are told of."""
    connections = admin.command("connections")
    owned = admin.command("dump").get("session_id_to_ephemeral_paths", {})
    watches = _watch_counts(admin.command("watches_by_path"))
    for row in (*connections.get("connections", ()), *connections.get("secure_connections", ())):
        if row.get("session_id"):
            yield _of_command(row, len(owned.get(str(row["session_id"]), ())), watches.get(row["session_id"], 0))


def _of_command(row: dict[str, Any], ephemerals: int, watches: int) -> Session:
    established = row.get("established")
    return {
        "id": zxid_text(row["session_id"]),
        "address": str(row.get("remote_socket_address", "")).lstrip("/") or None,
        "auth": [],
        "timeout_ms": row.get("session_timeout"),
        "member": None,
        "here": True,
        "established": iso_text(established) if isinstance(established, int) else established,
        "last_seen": None,
        "last_operation": row.get("last_operation"),
        "requests": row.get("packets_received"),
        "outstanding": row.get("outstanding_requests"),
        "ephemerals": ephemerals,
        "watches": watches,
        "latency_ms": {name: row.get(f"{name}_latency") for name in ("min", "avg", "max")},
    }


def _watch_counts(answer: dict[str, Any]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for ids in (answer.get("path_to_session_ids") or {}).values():
        for id in ids:
            counts[id] = counts.get(id, 0) + 1
    return counts


def watchers_of(admin: AdminPort, path: str) -> dict[str, list[str]]:
    """The sessions of this server that watch a node, by id, with what they watch: data, children, below a node above.

    Without a console the command tells of those of its data only. Raises AdminFailure.
    """
    found: dict[str, list[str]] = {}
    try:
        while True:
            page = admin.console("watchers", path=path, skip=len(found), limit=PAGE)
            found |= {str(each["id"]): list(each["watches"]) for each in page["watchers"]}
            if not page["watchers"] or len(found) >= page["total"]:
                return found
    except AdminFailure as error:
        if not is_refusal_of_console(error):
            raise
    paths = admin.command("watches_by_path").get("path_to_session_ids") or {}
    return {zxid_text(id): ["data"] for id in paths.get(path, ())}


def by_id(admins: Sequence[AdminPort], ids: Sequence[str]) -> dict[str, Session]:
    """The sessions with these ids, preferably with an address; raises AdminFailure."""
    found: dict[str, Session] = {}

    def look(admin: AdminPort) -> None:
        missing = [id for id in ids if id not in found or not found[id]["address"]]
        filters = missing if len(missing) <= FILTERS else [""]
        for wanted in filters:
            sessions, _ = sessions_of(admin, MOST, wanted)
            found.update({str(each["id"]): each for each in sessions if each["id"] in missing})

    ask_each(admins, look)
    return found
