"""TreeWalk: the nodes in the order of a snapshot, in slices, while the tree goes on changing.

Parents come before their children, children in Java's order. A node that is gone when its turn comes is left
out. No step costs more than its slice: the children of a crowded node are put in order a piece at a time too.
"""

from typing import Final, cast, final

from librt.strings import BytesWriter
from mypy_extensions import i64

from pyzoo.datatree.children import Children, part_order
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.path_node import PathNode

_CROWDED: Final = 8192
"""Children above which a node's listing is not made in one step."""
_BIN: Final = 2048
"""Buckets that are put in order at once."""
_SLICE_BYTES: Final = 1 << 18
"""With so much written a slice is over, however few nodes that were."""
_HASHES_A_NODE: Final = 8
"""Names that may be hashed in the time that a node takes to write."""


@final
class _Level:
    """Brothers that are waiting, the next one last."""

    def __init__(self, nodes: list[PathNode]) -> None:
        nodes.reverse()
        self.nodes = nodes


@final
class _CrowdOrder:
    """The children of a crowded node, as they are now, in Java's order: a piece at a time."""

    def __init__(self, children: Children) -> None:
        self._nodes = children.nodes()
        self._start: i64 = children.start
        self._buckets: i64 = children.buckets
        self._done: i64 = 0
        self._bins: list[list[PathNode]] = [[] for _ in range((children.buckets + _BIN - 1) // _BIN)]
        self.is_distributed = False

    def distribute(self, most: i64) -> None:
        """Put up to so many nodes into their bins."""
        end: i64 = min(self._done + most, len(self._nodes))
        for at in range(self._done, end):
            node = self._nodes[at]
            self._bins[node.bucket(self._start, self._buckets) // _BIN].append(node)
        self._done = end
        if end == len(self._nodes):
            self.is_distributed = True
            self._nodes = []
            self._bins.reverse()

    @property
    def has_more(self) -> bool:
        """Whether there are bins left."""
        return len(self._bins) > 0

    def next_bin(self) -> list[PathNode]:
        """The nodes of the next bin, in order; once all are distributed."""
        span: i64 = _BIN if self._buckets > _BIN else self._buckets
        first: i64 = self._buckets - len(self._bins) * span
        return part_order(self._bins.pop(), self._start, self._buckets, first, span)


@final
class TreeWalk:
    """A walk through the tree that began when this was made."""

    def __init__(self, root: DataNode) -> None:
        self._levels: list[_Level] = [_Level([root])]
        self._crowds: list[_CrowdOrder] = []
        self._crowd_levels: list[int] = []

    def next_slice(self, out: BytesWriter, max_nodes: int) -> bool:
        """Append up to `max_nodes` records, each path and node, fewer of large ones; False when the walk is over."""
        left: i64 = max_nodes
        full: i64 = len(out) + _SLICE_BYTES
        while left > 0 and len(out) < full:
            if self._crowds and self._crowd_levels[-1] == len(self._levels):
                left -= self._from_crowd(left)
                continue
            if not self._levels:
                return False
            nodes = self._levels[-1].nodes
            if not nodes:
                self._levels.pop()
                continue
            left -= self._visit(cast(DataNode, nodes.pop()), out)
        return len(self._levels) > 0 or len(self._crowds) > 0

    def _from_crowd(self, left: i64) -> i64:
        """Prepare the next few children of the innermost crowded node; returns what of the slice it took."""
        crowd = self._crowds[-1]
        if not crowd.is_distributed:
            crowd.distribute(left * _HASHES_A_NODE)
            return left
        if not crowd.has_more:
            self._crowds.pop()
            self._crowd_levels.pop()
            return 0
        self._levels.append(_Level(crowd.next_bin()))
        return 1

    def _visit(self, node: DataNode, out: BytesWriter) -> i64:
        if node.is_gone:
            return 1
        node.write_path(out, 0)
        node.write_persisted(out)
        children = node.children
        if children is not None and children.count > 0:
            if children.count > _CROWDED:
                self._crowds.append(_CrowdOrder(children))
                self._crowd_levels.append(len(self._levels))
            else:
                self._levels.append(_Level(children.ordered()))
        return 1
