"""TreeWalk: the nodes in the order of a snapshot, in slices, while the tree goes on changing.

Parents come before their children, children in Java's order. A node that is gone when its turn comes is left
out. No step costs more than its slice: the children of a crowded node are put in order a piece at a time too.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64

from pyzoo.datatree.java_order import bucket_of, part_order
from pyzoo.datatree.node import Children, DataNode
from pyzoo.jute.primitives import write_ustring

_CROWDED: Final = 8192
"""Children above which a node's listing is not made in one step."""
_BIN: Final = 2048
"""Buckets of the hash table that are listed in one step then."""
_HASHES_A_NODE: Final = 8
"""Names that may be hashed in the time that a node takes to write."""


@final
class _Level:
    """Brothers that are waiting, the next one last."""

    def __init__(self, paths: list[str]) -> None:
        paths.reverse()
        self.paths = paths


@final
class _Crowd:
    """A crowded node's children, on their way into bins by the high bits of their buckets.

    Bins are in the order of the buckets; a bin that is listed by itself keeps the order within buckets.
    """

    def __init__(self, children: Children) -> None:
        self.start: i64 = children.start
        self.buckets: i64 = children.buckets
        self.names = list(children.paths)
        self.done: i64 = 0
        self.bins: list[list[str]] = [[] for _ in range((self.buckets + _BIN - 1) // _BIN)]

    def distribute(self, most: i64) -> None:
        """Put up to so many names into their bins."""
        end: i64 = self.done + most
        count: i64 = len(self.names)
        if end > count:
            end = count
        for at in range(self.done, end):
            path = self.names[at]
            self.bins[bucket_of(path, self.start, self.buckets) // _BIN].append(path)
        self.done = end
        if end == count:
            self.names = []
            self.bins.reverse()

    def next_bin(self) -> list[str]:
        """The children of the next bin in Java's order."""
        span: i64 = _BIN if self.buckets > _BIN else self.buckets
        first: i64 = self.buckets - len(self.bins) * span
        return part_order(self.bins.pop(), self.start, self.buckets, first, span)


@final
class TreeWalk:
    """A walk through the tree that began when this was made."""

    def __init__(self, nodes: dict[str, DataNode]) -> None:
        self._nodes = nodes
        self._levels: list[_Level] = [_Level([""])]
        self._crowds: list[_Crowd] = []
        self._crowd_levels: list[int] = []

    def next_slice(self, out: BytesWriter, max_nodes: int) -> bool:
        """Append up to `max_nodes` records, each path and node; False when the walk is over."""
        left: i64 = max_nodes
        while left > 0:
            if self._crowds and self._crowd_levels[-1] == len(self._levels):
                left -= self._from_crowd(left)
                continue
            if not self._levels:
                return False
            paths = self._levels[-1].paths
            if not paths:
                self._levels.pop()
                continue
            left -= self._visit(paths.pop(), out)
        return len(self._levels) > 0 or len(self._crowds) > 0

    def _from_crowd(self, left: i64) -> i64:
        """Prepare the next few children of the innermost crowded node; returns what of the slice it took."""
        crowd = self._crowds[-1]
        if len(crowd.names) > 0:
            crowd.distribute(left * _HASHES_A_NODE)
            return left
        if not crowd.bins:
            self._crowds.pop()
            self._crowd_levels.pop()
            return 0
        self._levels.append(_Level(crowd.next_bin()))
        return 1

    def _visit(self, path: str, out: BytesWriter) -> i64:
        node = self._nodes.get(path)
        if node is None:
            return 1
        write_ustring(out, path)
        node.write_persisted(out)
        children = node.children
        if children is not None and len(children.paths) > 0:
            if len(children.paths) > _CROWDED:
                self._crowds.append(_Crowd(children))
                self._crowd_levels.append(len(self._levels))
            else:
                self._levels.append(_Level(children.ordered_paths()))
        return 1
