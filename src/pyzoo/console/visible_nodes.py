"""VisibleNodes: the tree as what recognises recipes sees it, with the rights of a visitor."""

from collections.abc import Iterator

from pyzoo.console.visitor import Visitor
from pyzoo.datatree.children import Children
from pyzoo.datatree.ephemeral_type import EPHEMERAL
from pyzoo.datatree.node import DataNode
from pyzoo.recipes.labels import LARGEST_DATA
from pyzoo.recipes.nodes import Node
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


class VisibleNodes:
    """A NodeView of the tree that the server has now. `unreadable` counts looks that an ACL has refused."""

    def __init__(self, server: ZooKeeperServer, visitor: Visitor) -> None:
        self._tree = server.tree
        self._access = server.access
        self._visitor = visitor
        self._may_read: dict[int, bool] = {}
        self._refused: set[str] = set()

    @property
    def unreadable(self) -> int:
        """How many nodes were wanted that the visitor may not read."""
        return len(self._refused)

    def node(self, path: str) -> Node | None:
        """A node, whose data is left out where it may not be read or is too large to say anything."""
        node = self._tree.get_node(path)
        if node is None:
            return None
        stat = node.stat()
        data = node.data
        if data and (len(data) > LARGEST_DATA or not self._is_readable(path, node)):
            data = None
        return Node(path, stat.czxid, stat.ctime, stat.mtime, stat.ephemeral_owner, stat.num_children, data)

    def has_children(self, path: str) -> bool:
        """Whether there are any."""
        node = self._tree.get_node(path)
        return node is not None and node.num_children > 0

    def session(self, path: str) -> int:
        """Whose ephemeral it is."""
        node = self._tree.get_node(path)
        return int(node.ephemeral_owner) if node is not None and node.kind == EPHEMERAL else 0

    def first_names(self, path: str, most: int) -> list[str]:
        """The names of the first children, if they may be listed."""
        children = self._children(path)
        if children is None:
            return []
        return [child.name(children.start) for child in children.first(most)]

    def names(self, path: str) -> Iterator[str]:
        """The names of its children, if they may be listed."""
        children = self._children(path)
        if children is None:
            return iter(())
        start = children.start
        return (child.name(start) for child in children.nodes())

    def _children(self, path: str) -> Children | None:
        """None also where they may not be listed."""
        node = self._tree.get_node(path)
        return None if node is None or not self._is_readable(path, node) else node.children

    def _is_readable(self, path: str, node: DataNode) -> bool:
        acl_id = int(node.acl_id)
        readable = self._may_read.get(acl_id)
        if readable is None:
            readable = self._may_read[acl_id] = self._visitor.may_read(self._access, self._tree.acl_of(node))
        if not readable:
            self._refused.add(path)
        return readable
