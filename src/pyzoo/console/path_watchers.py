"""Who watches one node: its data, its children, or all that is below a node above it."""

from collections.abc import Iterator
from typing import Final

from pyzoo.datatree.watches import PERSISTENT_RECURSIVE, WatchManager
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

DATA: Final = "data"
CHILDREN: Final = "children"


def path_watchers(server: ZooKeeperServer, path: str) -> dict[int, list[str]]:
    """What each session that is connected here watches of a node: data, children, or `below PATH`."""
    found = own_watchers(server, path)
    data_watches = server.tree.data_watches
    for above in data_watches.recursive_above(path):
        for session_id in _sessions(data_watches, above, PERSISTENT_RECURSIVE):
            found.setdefault(session_id, []).append(f"below {above}")
    return found


def own_watchers(server: ZooKeeperServer, path: str) -> dict[int, list[str]]:
    """The same of watches at just this node: data, children."""
    found: dict[int, list[str]] = {}
    tree = server.tree
    for kind, manager in ((DATA, tree.data_watches), (CHILDREN, tree.child_watches)):
        for session_id in _sessions(manager, path):
            found.setdefault(session_id, []).append(kind)
    return found


def _sessions(manager: WatchManager, path: str, mode: int | None = None) -> Iterator[int]:
    """The sessions with a watch at just this path, of this mode if one is given."""
    for watcher in manager.watchers_of(path):
        if isinstance(watcher, ServerCnxn) and (mode is None or manager.contains(path, watcher, mode)):
            yield int(watcher.session_id)
