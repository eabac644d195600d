"""Children: the nodes below one node, in the order in which they came, and in Java's."""

from typing import Final, cast, final

from librt.strings import BytesWriter, write_i32_be
from librt.vecs import vec
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.java_order import CHILDREN_BUCKETS, by_bucket, grown
from pyzoo.datatree.path_node import PathNode

NO_CHILDREN: Final = b"\x00\x00\x00\x00"

_SWEPT_AT_ONCE: Final = 16
_FEW_GONE: Final = 64


@mypyc_attr(acyclic=True)
class Crowd:
    """Who keeps something about all children of a crowded node, and hears who comes and goes."""

    __slots__ = ()

    def add(self, node: PathNode) -> None:
        """A child came."""
        raise NotImplementedError

    def discard(self, node: PathNode) -> None:
        """A child is gone that was there."""
        raise NotImplementedError


@final
@mypyc_attr(acyclic=True)
class Children:
    """The children of one node; names begin at the byte `start` of their keys.

    `buckets` is the size of Java's table, which never shrinks. `cached`, dropped by every change, and `crowd`,
    dropped when the table grows, belong to the tree's Listings, which bounds the number of nodes that have them.
    Deleted children stay in the list for a while: from time to time those that are left move up, a few with each
    deletion. Behind `_written` and before `_read` there is nobody meanwhile.
    """

    __slots__ = ("_nodes", "_read", "_written", "buckets", "cached", "count", "crowd", "start")

    def __init__(self, start: i64) -> None:
        self.start: i64 = start
        self.buckets: i64 = CHILDREN_BUCKETS
        self.count: i64 = 0
        self.cached: bytes | None = None
        self.crowd: Crowd | None = None
        self._nodes: list[PathNode | None] = []
        self._read: i64 = 0
        self._written: i64 = 0

    def __len__(self) -> int:
        return self.count

    def add(self, node: PathNode) -> None:
        """Add a child that is not there yet."""
        self._nodes.append(node)
        self.count += 1
        buckets = grown(self.buckets, self.count)
        self.cached = None
        if self.crowd is not None:
            if buckets == self.buckets:
                self.crowd.add(node)
            else:
                self.crowd = None
        self.buckets = buckets

    def discard(self, node: PathNode) -> None:
        """A child that is there is gone (`leave`)."""
        self.count -= 1
        self.cached = None
        if self.crowd is not None:
            self.crowd.discard(node)
        if self.count == 0:
            self._nodes = []
            self._read = 0
            self._written = 0
        elif self._read > 0 or (len(self._nodes) - self.count) * 4 > len(self._nodes) + _FEW_GONE:
            self._sweep()

    def _sweep(self) -> None:
        """Move the next few that are left up."""
        nodes = self._nodes
        size: i64 = len(nodes)
        at: i64 = self._read
        written: i64 = self._written
        end: i64 = min(at + _SWEPT_AT_ONCE, size)
        while at < end:
            node = nodes[at]
            nodes[at] = None
            if node is not None and not node.is_gone:
                nodes[written] = node
                written += 1
            at += 1
        if at == size:
            del nodes[written:]
            at = 0
            written = 0
        self._read = at
        self._written = written

    def nodes(self) -> list[PathNode]:
        """All children, in the order in which they came."""
        if len(self._nodes) == self.count:
            return cast(list[PathNode], self._nodes.copy())
        return [node for node in self._nodes if node is not None and not node.is_gone]

    @property
    def paths(self) -> list[str]:
        """Their paths, in the order in which they came."""
        return [node.path for node in self.nodes()]

    def first(self, most: i64) -> list[PathNode]:
        """Some of the children."""
        found: list[PathNode] = []
        for node in self._nodes:
            if len(found) >= most:
                break
            if node is not None and not node.is_gone:
                found.append(node)
        return found

    def ordered(self) -> list[PathNode]:
        """The children in Java's order."""
        return part_order(self.nodes(), self.start, self.buckets, 0, self.buckets)

    def listing(self) -> list[str]:
        """The children's names in Java's order."""
        start = self.start
        return [node.name(start) for node in self.ordered()]

    def encoded(self) -> bytes:
        """The names in Java's order as a jute vector of ustring."""
        out = BytesWriter()
        start = self.start
        write_i32_be(out, i32(self.count))
        for node in self.ordered():
            node.write_path(out, start)
        return out.getvalue()


def part_order(nodes: list[PathNode], start: i64, buckets: i64, first: i64, span: i64) -> list[PathNode]:
    """Nodes in the order of a HashMap of their names, put in the order given.

    All of them are in the `span` buckets from `first` on.
    """
    count: i64 = len(nodes)
    if count < 2:
        return nodes.copy()
    places = vec[i64]([0] * count)
    for at in range(count):
        places[at] = nodes[at].bucket(start, buckets) - first
    order = by_bucket(places, count, span)
    return [nodes[order[at]] for at in range(count)]
