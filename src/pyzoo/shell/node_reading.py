"""NodeReader: a subtree read ahead by a client, for what recognises recipes in it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from kazoo.protocol.states import ZnodeStat

from pyzoo import errors as codes
from pyzoo.errors import KeeperError
from pyzoo.recipes.labels import LARGEST_DATA
from pyzoo.recipes.nodes import Node
from pyzoo.shell import requests as rq
from pyzoo.shell.client import IN_FLIGHT, ZooKeeper
from pyzoo.subtrees.paths import check_path, child_of

MOST_NODES: Final = 100_000
MOST_BESIDE: Final = 1000


class NodeReader:
    """A NodeView of what was read. `unreadable` are nodes whose data or children this client may not read."""

    def __init__(self, zk: ZooKeeper, most_nodes: int = MOST_NODES) -> None:
        self._zk = zk
        self._most_nodes = most_nodes
        self._nodes: dict[str, Node] = {}
        self._names: dict[str, list[str]] = {}
        self.unreadable: set[str] = set()
        self.is_complete = True

    def node(self, path: str) -> Node | None:
        """A node that was read."""
        return self._nodes.get(path)

    def has_children(self, path: str) -> bool:
        """Whether its children were read."""
        return bool(self._names.get(path))

    def session(self, path: str) -> int:
        """Whose ephemeral it is."""
        node = self._nodes.get(path)
        return 0 if node is None else node.session

    def first_names(self, path: str, most: int) -> list[str]:
        """The names of the first children that were read."""
        return list(islice(self.names(path), most))

    def names(self, path: str) -> Iterator[str]:
        """The names of its children that were read."""
        return (name for name in self._names.get(path, ()) if child_of(path, name) in self._nodes)

    def read(self, top: str) -> None:
        """Read a node and all below it, level by level; raises KeeperError when it is not there."""
        check_path(top)
        level = [top]
        while level:
            room = self._most_nodes - len(self._nodes)
            if len(level) > room:
                self.is_complete = False
                del level[room:]
            self._read_nodes(level)
            if top not in self._nodes:
                raise KeeperError(codes.NONODE, top)
            parents = [path for path in level if path in self._nodes and self._nodes[path].num_children]
            self._read_names(parents)
            level = [child_of(path, name) for path in parents for name in self._names.get(path, ())]

    def read_beside(self, paths: Sequence[str]) -> None:
        """Read some more nodes with the names of their children and these; those that are not there are left out."""
        self._read_nodes(paths)
        self._read_names(parents := [path for path in paths if path in self._nodes])
        self._read_nodes([child_of(path, name) for path in parents for name in self._names.get(path, [])[:MOST_BESIDE]])

    def _read_nodes(self, paths: Sequence[str]) -> None:
        refused = []
        for path, answer in _ask_many(self._zk, rq.GetData, paths):
            if isinstance(answer, KeeperError):
                if answer.code == codes.NOAUTH:
                    refused.append(path)
                continue
            self._keep(path, *answer)
        self.unreadable.update(refused)
        for path, answer in _ask_many(self._zk, rq.Exists, refused):
            if not isinstance(answer, KeeperError):
                self._keep(path, None, answer)

    def _keep(self, path: str, data: bytes | None, stat: ZnodeStat) -> None:
        kept = data if data is not None and len(data) <= LARGEST_DATA else None
        self._nodes[path] = Node(path, stat.czxid, stat.ctime, stat.mtime, stat.ephemeralOwner, stat.numChildren, kept)

    def _read_names(self, paths: Sequence[str]) -> None:
        for path, answer in _ask_many(self._zk, rq.GetChildren, paths):
            if not isinstance(answer, KeeperError):
                self._names[path] = list(answer[0])
            elif answer.code == codes.NOAUTH:
                self.unreadable.add(path)


def _ask_many(zk: ZooKeeper, request: Callable[[str], Any], paths: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Ask the same of many nodes at once; each path with its answer, or the KeeperError that came in its place.

    Raises KeeperError where that is about the connection and not about a node.
    """
    for at in range(0, len(paths), IN_FLIGHT):
        piece = paths[at : at + IN_FLIGHT]
        sent = [(path, zk.session.submit(request(zk.session.server_path(path)))) for path in piece]
        for path, answer in sent:
            try:
                yield path, zk.session.result_of(answer, path)
            except KeeperError as error:
                if error.code not in (codes.NONODE, codes.NOAUTH):
                    raise
                yield path, error
