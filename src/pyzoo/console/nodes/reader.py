"""Reader: the tree as somebody with these ids may see it, by the rules of getData, getChildren, exists and getACL."""

from typing import Final

from attrs import frozen

from pyzoo.datatree.acl import ADMIN, OPEN_UNSAFE_ID, READ
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import NOAUTH, NONODE, KeeperError
from pyzoo.jute.records import ACL, Id
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.requests.operations.node_reads import masked_acl
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

ROOT: Final = "/"


@frozen(eq=False)
class Reader:
    """To be made anew after everybody else has gone on: the server may have another tree then."""

    tree: DataTree
    access: AccessControl
    ids: list[Id]

    @classmethod
    def of(cls, server: ZooKeeperServer, ids: list[Id]) -> "Reader":
        """For the tree that the server has now."""
        return cls(server.tree, server.access, ids)

    def node(self, path: str) -> DataNode:
        """The node, whoever may read it. Raises KeeperError."""
        node = self.tree.get_node(path) if path else None
        if node is None:
            raise KeeperError(NONODE, path)
        return node

    def readable(self, path: str) -> DataNode:
        """The node, if these ids may read it. Raises KeeperError."""
        node = self.node(path)
        if not self.may_read(node):
            raise KeeperError(NOAUTH, path)
        return node

    def may_read(self, node: DataNode) -> bool:
        """Whether its data, its children and its Stat may be shown."""
        return node.acl_id == OPEN_UNSAFE_ID or self.may(node, READ)

    def may(self, node: DataNode, permission: int) -> bool:
        """Whether these ids have one of the permissions on the node."""
        return self.access.allows(self.tree.acl_of(node), permission, self.ids)

    def acl(self, path: str, node: DataNode) -> list[ACL]:
        """The ACL as getACL answers it: without hashes for who may not administer. Raises KeeperError."""
        acl = self.tree.acl_of(node)
        if not self.may(node, READ | ADMIN):
            raise KeeperError(NOAUTH, path)
        return acl if self.may(node, ADMIN) else masked_acl(acl)


def parent_path(path: str) -> str:
    """The path above; that of the root is the root."""
    return path.rpartition("/")[0] or ROOT


def name_of(path: str) -> str:
    """The last part of a path; the root is called by its path."""
    return path.rpartition("/")[2] or ROOT


def child_path(path: str, name: str) -> str:
    """The path of a child."""
    return f"/{name}" if path == ROOT else f"{path}/{name}"


def is_below(path: str, top: str) -> bool:
    """Whether a path is that of a node somewhere below another one."""
    return path != top and (top == ROOT or path.startswith(top + "/"))
