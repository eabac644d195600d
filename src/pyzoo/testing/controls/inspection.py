"""What a test can see of a server: sessions, watches, ephemerals and the tree, as plain values."""

from typing import Final, Literal, TypedDict

from attrs import frozen

from pyzoo.datatree.ephemeral_type import EPHEMERAL
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watches import PERSISTENT, PERSISTENT_RECURSIVE, STANDARD, WatchManager
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.testing.errors import NoSuchNode

SYSTEM_NODE: Final = "/zookeeper"

WatchKind = Literal["data", "child", "persistent", "persistent recursive"]
"""`data` is also what `exists` leaves."""


@frozen
class SessionInfo:
    """One session; `address` is where its client is connected from, None while it has no connection to this server."""

    id: int
    timeout_ms: int
    address: str | None
    ephemerals: tuple[str, ...]

    @property
    def is_connected(self) -> bool:
        """Whether its client is connected to this server."""
        return self.address is not None


@frozen
class WatchInfo:
    """One watch, and the session that has left it."""

    path: str
    session_id: int
    kind: WatchKind


class NodeDict(TypedDict):
    """One node with all below it. `ephemeral_owner` is a session's id, 0 for what is not ephemeral."""

    data: bytes | None
    version: int
    ephemeral_owner: int
    children: dict[str, "NodeDict"]


def sessions_of(server: ZooKeeperServer) -> list[SessionInfo]:
    """All sessions, the oldest first."""
    timeouts = dict(server.database.sessions)
    if server.local is not None:
        timeouts |= {one.session_id: one.timeout_ms for one in server.local.sessions.values()}
    return [
        SessionInfo(
            session_id,
            int(timeout_ms),
            address_of(server, session_id),
            tuple(server.tree.ephemerals_of(session_id)),
        )
        for session_id, timeout_ms in timeouts.items()
    ]


def address_of(server: ZooKeeperServer, session_id: int) -> str | None:
    """Where the client of a session is connected from."""
    cnxn = server.connections.by_session.get(session_id)
    return None if cnxn is None or not cnxn.established else f"{cnxn.address}:{cnxn.port}"


def watches_of(server: ZooKeeperServer) -> list[WatchInfo]:
    """All watches of clients that are connected to this server."""
    tree = server.tree
    data = _watches_in(tree.data_watches, {STANDARD: "data", PERSISTENT: "persistent",
                                           PERSISTENT_RECURSIVE: "persistent recursive"})  # fmt: skip
    # Lasting watches are in both tables.
    return data + _watches_in(tree.child_watches, {STANDARD: "child"})


def _watches_in(table: WatchManager, kinds: dict[int, WatchKind]) -> list[WatchInfo]:
    return [
        WatchInfo(path, int(watcher.session_id), kind)
        for watcher in table.watchers()
        if isinstance(watcher, ServerCnxn)
        for path in table.paths_of(watcher)
        for mode, kind in kinds.items()
        if table.contains(path, watcher, mode)
    ]


def ephemerals_of(server: ZooKeeperServer) -> dict[int, list[str]]:
    """The ephemerals of each session that has some."""
    return {session_id: sorted(owned.paths) for session_id, owned in server.tree.ownership.sessions.items()}


def node_dict(tree: DataTree, path: str) -> NodeDict:
    """A node with all below it, of the root without what the system has there. Raises NoSuchNode."""
    node = tree.get_node(path)
    if node is None:
        raise NoSuchNode(f"there is no node {path}")
    top = _one_node(node)
    waiting = [(node, top)]
    while waiting:
        node, shown = waiting.pop()
        for child in node.nodes_below():
            child_path = child.path
            if path == "/" and child_path == SYSTEM_NODE:
                continue
            entry = _one_node(child)
            shown["children"][child_path.rpartition("/")[2]] = entry
            waiting.append((child, entry))
    return top


def _one_node(node: DataNode) -> NodeDict:
    owner = int(node.ephemeral_owner) if node.kind == EPHEMERAL else 0
    return {"data": node.data, "version": int(node.version), "ephemeral_owner": owner, "children": {}}
