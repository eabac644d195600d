"""TreeWalk: the nodes in the order of a snapshot, in slices, while the tree goes on changing.

Parents come before their children, children in Java's order. A node that is gone when its turn comes is left
out. No step costs more than its slice: the children of a crowded node are put in order a piece at a time too.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64

from pyzoo.datatree.node import DataNode
from pyzoo.datatree.sliced_order import SlicedOrder
from pyzoo.jute.primitives import write_ustring

_CROWDED: Final = 8192
"""Children above which a node's listing is not made in one step."""
_HASHES_A_NODE: Final = 8
"""Names that may be hashed in the time that a node takes to write."""


@final
class _Level:
    """Brothers that are waiting, the next one last."""

    def __init__(self, paths: list[str]) -> None:
        paths.reverse()
        self.paths = paths


@final
class TreeWalk:
    """A walk through the tree that began when this was made."""

    def __init__(self, nodes: dict[str, DataNode]) -> None:
        self._nodes = nodes
        self._levels: list[_Level] = [_Level([""])]
        self._crowds: list[SlicedOrder] = []
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
        if not crowd.is_distributed:
            crowd.distribute(left * _HASHES_A_NODE)
            return left
        if not crowd.has_more:
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
                self._crowds.append(SlicedOrder(list(children.paths), children.start, children.buckets))
                self._crowd_levels.append(len(self._levels))
            else:
                self._levels.append(_Level(children.ordered_paths()))
        return 1
