"""Nodes with very many children, made directly: no request, no log."""

from collections.abc import Iterable

from pyzoo.datatree.node import DataNode
from pyzoo.datatree.node_store import add_child, is_wide
from pyzoo.datatree.path_hash import hash_of_key, key_of
from pyzoo.datatree.tree import DataTree

PARENT = "/parent"


def plain_node(path: str, data: bytes | None = b"", time: int = 1_700_000_000_000) -> DataNode:
    """A persistent node with an open ACL that nobody has changed."""
    key = key_of(path)
    return DataNode(key, hash_of_key(key), is_wide(path, key), data, 1, time)


def grow(tree: DataTree, names: Iterable[str], parent: str = PARENT, data: bytes | None = b"") -> DataNode:
    """Give a node, which is made if it is not there, children; nothing counts them but the node itself.

    The digest of the tree is right only where digests are off.
    """
    node = tree.get_node(parent)
    if node is None:
        node = plain_node(parent)
        tree.nodes.add(node)
        add_child(tree.nodes[parent.rpartition("/")[0]], node)
    for name in names:
        child = plain_node(f"{parent.rstrip('/')}/{name}", data)
        tree.nodes.add(child)
        add_child(node, child)
    return node


def parent_of_many(names: Iterable[str]) -> DataNode:
    """A node that has these children, which are in no tree."""
    node = plain_node(PARENT)
    for name in names:
        add_child(node, plain_node(f"{PARENT}/{name}"))
    return node


def grow_very_many(tree: DataTree, count: int, parent: str) -> None:
    """Make a node with so many children, named by seven digits."""
    grow(tree, (f"{at:07}" for at in range(count)), parent)
