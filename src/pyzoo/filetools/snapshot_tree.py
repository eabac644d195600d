"""A snapshot file as a tree, for tools."""

from collections.abc import Callable

from attrs import define

from pyzoo.datatree.java_order import SESSION_BUCKETS, grown
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, StorageError, ToolError
from pyzoo.persistence.compression import source_for
from pyzoo.persistence.names import method_of_name, snapshot_zxid
from pyzoo.persistence.snapshot.file import SnapshotReader


@define
class SnapshotTree:
    """What a snapshot holds; `damage` says what is wrong with its seals, "" where they hold.

    `zxid` is that of the file's name, -1 for another name; sessions are timeouts in ms by id.
    """

    tree: DataTree
    sessions: dict[int, int]
    zxid: int
    damage: str


def read_snapshot(read: Callable[[int], bytes], name: str) -> SnapshotTree:
    """The tree of a snapshot, gz and snappy by its name, also where only the seals are wrong.

    Raises ToolError when the nodes cannot be read.
    """
    tree = DataTree(digest_enabled=False)
    reader = SnapshotReader(source_for(method_of_name(name), read, name), name)
    try:
        reader.load_nodes(tree)
    except StorageError as error:
        raise ToolError(f"Cannot read the snapshot: {error}") from error
    damage = ""
    try:
        reader.check_end()
    except CorruptStorage as error:
        damage = str(error)
    return SnapshotTree(tree, reader.sessions, snapshot_zxid(name), damage)


def node_at(tree: DataTree, path: str) -> DataNode:
    """The node of a path that the tree has listed."""
    node = tree.get_node(path)
    assert node is not None
    return node


def data_length(node: DataNode) -> int:
    """Bytes of data, 0 for null."""
    return 0 if node.data is None else len(node.data)


def children_of(node: DataNode) -> list[str]:
    """The paths of the children in Java's order."""
    return [] if node.children is None else [child.path for child in node.children.ordered()]


def session_order(ids: list[int]) -> list[int]:
    """Session ids in the order of a HashMap<Long, Integer> that got them in this order."""
    buckets = SESSION_BUCKETS
    for size in range(1, len(ids) + 1):
        buckets = grown(buckets, size)
    table: dict[int, list[int]] = {}
    for session_id in ids:
        # Long.hashCode, spread as HashMap does.
        value = (session_id ^ (session_id >> 32)) & 0xFFFFFFFF
        table.setdefault((value ^ (value >> 16)) & (buckets - 1), []).append(session_id)
    return [session_id for bucket in sorted(table) for session_id in table[bucket]]
