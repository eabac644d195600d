"""Nodes with very many children, made directly: no request, no log."""

from collections.abc import Iterable

from pyzoo.datatree.acl import OPEN_UNSAFE_ID
from pyzoo.datatree.node import Children, DataNode
from pyzoo.datatree.tree import DataTree

PARENT = "/parent"


def plain_node(data: bytes | None = b"") -> DataNode:
    """A persistent node with an open ACL that nobody has changed."""
    return DataNode(data, OPEN_UNSAFE_ID, 1, 1, 1_700_000_000_000, 1_700_000_000_000, 0, 0, 0, 0, 1, 0)


def grow(tree: DataTree, names: Iterable[str], parent: str = PARENT, data: bytes | None = b"") -> DataNode:
    """Give a node, which is made if it is not there, children; nothing counts them but the node itself.

    The digest of the tree is right only where digests are off.
    """
    node = tree.get_node(parent)
    if node is None:
        above = parent.rpartition("/")[0]
        node = tree.nodes[parent] = plain_node()
        tree.add_child(tree.nodes[above], parent, len(above) + 1)
    start = len(parent) + 1 if parent != "/" else 1
    for name in names:
        path = f"{parent.rstrip('/')}/{name}"
        tree.nodes[path] = plain_node(data)
        tree.add_child(node, path, start)
    return node


def parent_of_many(names: Iterable[str]) -> DataNode:
    """A node that has these children, which are no nodes themselves."""
    node = plain_node()
    tree = DataTree(digest_enabled=False)
    start = len(PARENT) + 1
    for name in names:
        tree.add_child(node, f"{PARENT}/{name}", start)
    return node


def grow_very_many(tree: DataTree, count: int, parent: str) -> None:
    """Make a node with so many children, named by seven digits: all of them are one and the same node object.

    So a million take a second, not a minute.
    """
    node = grow(tree, [], parent)
    children = Children(len(parent) + 1)
    children.paths = dict.fromkeys([f"{parent}/{at:07}" for at in range(count)])
    while children.buckets * 3 < count * 4:
        children.buckets *= 2
    node.children = children
    tree.nodes.update(dict.fromkeys(children.paths, plain_node()))
