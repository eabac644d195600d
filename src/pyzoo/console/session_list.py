"""Sessions as operators see them: those of this server with all detail, others as far as they are known here."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from attrs import evolve, frozen

from pyzoo.console.visitor import Visitor
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.clients.cnxn import NO_LATENCY, ServerCnxn
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

LOOKED_AT_ONCE: Final = 2_000
_IDS_OF_SERVER: Final = 56


@frozen
class SessionRow:
    """One session; times in ms since 1970, None is what is not known here.

    `is_here`: its connection is one of this server. `address` is the last that is known. `server` is the member that
    it is connected to, as the leader knows it, `maker` the one that made it. `last_seen_ms` is when its connection was
    heard last; `expires_ms` is when a server that counts its time would end it.
    """

    id: int
    timeout_ms: int
    is_here: bool
    is_local: bool
    is_closing: bool
    address: str
    server: int | None
    maker: int
    ephemerals: int
    expires_ms: int | None = None
    port: int | None = None
    is_secure: bool | None = None
    auth_ids: tuple[str, ...] = ()
    established_ms: int | None = None
    last_seen_ms: int | None = None
    requests: int | None = None
    sent: int | None = None
    outstanding: int | None = None
    watches: int | None = None
    last_operation: str | None = None
    last_zxid: int | None = None
    latency: tuple[int, int, int] | None = None

    def matches(self, wanted: str) -> bool:
        """Whether its id, address or one of its ids has this in it; in small letters."""
        return (
            wanted in f"0x{self.id & 0xFFFFFFFFFFFFFFFF:x}"
            or wanted in self.address.lower()
            or any(wanted in each.lower() for each in self.auth_ids)
        )


def session_ids(server: ZooKeeperServer) -> list[int]:
    """All sessions that are known here: those connected to this server first, in the order in which they came."""
    here = server.connections.by_session
    known = server.sessions.sessions if server.tracks_sessions else server.database.sessions
    local = {} if server.local is None else server.local.sessions
    first = [each for each in here if each in known or each in local]
    return [*first, *(each for each in local if each not in here), *(each for each in known if each not in here)]


def is_known(server: ZooKeeperServer, session_id: int) -> bool:
    """Whether there is such a session."""
    known = server.sessions.sessions if server.tracks_sessions else server.database.sessions
    return session_id in known or (server.local is not None and session_id in server.local.sessions)


def session_row(server: ZooKeeperServer, session_id: int, owners: dict[int, int]) -> SessionRow | None:
    """What is known of a session; None when there is none. `owners` are `EnsembleView.sids_by_owner()`."""
    if not is_known(server, session_id):
        return None
    local = server.local
    is_local = local is not None and session_id in local.sessions
    tracker = local if is_local and local is not None else server.sessions
    tracked = tracker.sessions.get(session_id)
    timeout_ms = server.database.sessions.get(session_id, 0) if tracked is None else int(tracked.timeout_ms)
    cnxn = server.connections.by_session.get(session_id)
    ahead_ms = int(server.wall_ms) - int(server.now_ms)
    row = SessionRow(
        id=session_id,
        timeout_ms=timeout_ms,
        is_here=cnxn is not None,
        is_local=is_local,
        is_closing=tracked is not None and tracked.closing,
        address=server.connections.addresses.address_of(session_id),
        server=_server_of(server, cnxn, None if tracked is None else int(tracked.owner), owners),
        maker=(session_id >> _IDS_OF_SERVER) & 0xFF,
        ephemerals=int(server.tree.ownership.count_of(session_id)),
        expires_ms=None if tracked is None else int(tracked.expiry_ms) + ahead_ms,
    )
    return row if cnxn is None else _with_connection(row, cnxn, server, ahead_ms)


def _server_of(
    server: ZooKeeperServer, cnxn: ServerCnxn | None, owner: int | None, owners: dict[int, int]
) -> int | None:
    if cnxn is not None:
        return server.config.server_id
    return None if owner is None else owners.get(owner)


def _with_connection(row: SessionRow, cnxn: ServerCnxn, server: ZooKeeperServer, ahead_ms: int) -> SessionRow:
    count = int(cnxn.latency_count)
    tree = server.tree
    return evolve(
        row,
        address=cnxn.address,
        port=cnxn.port,
        is_secure=cnxn.secure,
        auth_ids=auth_ids_of(server.access, cnxn),
        established_ms=int(cnxn.established_wall_ms),
        last_seen_ms=int(cnxn.last_io_ms) + ahead_ms,
        requests=int(cnxn.packets_received),
        sent=int(cnxn.packets_sent),
        outstanding=len(cnxn.pending),
        watches=tree.data_watches.path_count_of(cnxn) + tree.child_watches.path_count_of(cnxn),
        last_operation=operation_of(cnxn.last_op).short_name,
        last_zxid=int(cnxn.last_zxid) if cnxn.last_zxid >= 0 else None,
        latency=(
            0 if cnxn.min_latency == NO_LATENCY else int(cnxn.min_latency),
            int(cnxn.total_latency) // count if count else 0,
            int(cnxn.max_latency),
        ),
    )


def auth_ids_of(access: AccessControl, cnxn: ServerCnxn) -> tuple[str, ...]:
    """Who the client is, as whoAmI shows it: without the digests of passwords."""
    return tuple(f"{id.scheme}:{access.user_name(id)}" for id in cnxn.ids)


def row_slices(server: ZooKeeperServer, ids: Sequence[int], wanted: str) -> Iterator[list[SessionRow]]:
    """The sessions that match, some at a time; a list may be empty. Those that have ended meanwhile are left out."""
    owners = {} if server.ensemble is None else server.ensemble.sids_by_owner()
    text = wanted.strip().lower()
    for at in range(0, len(ids), LOOKED_AT_ONCE):
        rows = [session_row(server, each, owners) for each in ids[at : at + LOOKED_AT_ONCE]]
        yield [row for row in rows if row is not None and (not text or row.matches(text))]


# --- what belongs to a session


def ephemeral_page(server: ZooKeeperServer, session_id: int, skip: int, most: int) -> list[str]:
    """Some of the ephemerals of a session, in the order in which it made them."""
    owned = server.tree.ownership.sessions.get(session_id)
    return [] if owned is None else list(islice(owned.paths, skip, skip + most))


def watch_page(server: ZooKeeperServer, session_id: int, skip: int, most: int) -> list[tuple[str, str]]:
    """Some of what the connection of a session watches: data or children, and the path. Empty where it is not here."""
    cnxn = server.connections.by_session.get(session_id)
    if cnxn is None:
        return []
    data, children = server.tree.data_watches.paths_of(cnxn), server.tree.child_watches.paths_of(cnxn)
    page = [("data", path) for path in data[skip : skip + most]]
    before = min(len(data), skip + most)
    of_children = children[max(skip - len(data), 0) : skip + most - before]
    return page + [("children", path) for path in of_children]


class PathSight:
    """Which paths a visitor may know of: a client has to list the parent to see a node."""

    def __init__(self, server: ZooKeeperServer, visitor: Visitor) -> None:
        self._server = server
        self._visitor = visitor
        self._may_list: dict[str, bool] = {}

    def may_know(self, path: str) -> bool:
        """Whether the visitor may list the node above; of paths that are not there, the nearest above that is."""
        tree = self._server.tree
        parent = path
        while parent not in ("", "/"):
            parent = parent.rpartition("/")[0] or "/"
            known = self._may_list.get(parent)
            if known is not None:
                return known
            node = tree.get_node(parent)
            if node is not None:
                may = self._visitor.may_read(self._server.access, tree.acl_of(node))
                self._may_list[parent] = may
                return may
        return True
