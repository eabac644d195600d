"""Foreseen: what is known already of a node when a transaction is applied that was prepared here."""

from mypy_extensions import i64, mypyc_attr

from pyzoo.datatree.node import DataNode


@mypyc_attr(acyclic=True)
class Foreseen:
    """A node by its path in UTF-8 (`key`).

    `node` is the one that the tree had when it was looked up; what it was to the transaction it is still, unless it is
    gone. `digest` is what it adds to the digest of the tree after the transaction, 0 where nobody knows. One that is to
    be made has its `path_hash`.
    """

    __slots__ = ("digest", "key", "node", "path_hash")

    def __init__(self, key: bytes, node: DataNode | None) -> None:
        self.key = key
        self.node = node
        self.digest: i64 = 0
        self.path_hash: i64 = -1


def digest_in(foreseen: Foreseen | None) -> i64:
    """The digest to come; 0 where nobody knows."""
    return i64(0) if foreseen is None else foreseen.digest


def node_in(foreseen: Foreseen | None) -> DataNode | None:
    """The node that is there still; None where it has to be looked up."""
    if foreseen is None:
        return None
    node = foreseen.node
    return None if node is None or node.is_gone else node
