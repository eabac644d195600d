"""Two snapshots side by side, layer by layer (SnapshotComparer).

The root is called by the empty string here, sizes are bytes of data of a node and all below it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from attrs import field, frozen

from pyzoo.config.java_numbers import parse_decimal
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import ToolError
from pyzoo.filetools.snapshot_tree import data_length, node_at

ROOT: Final = ""
_HELP: Final = (
    "- Press enter to move to print current depth layer;\n"
    "- Type a number to jump to and print all nodes at a given depth;\n"
    "- Enter an ABSOLUTE path to print the immediate subtree of a node. Path must start with '/'.\n"
)


@frozen
class Thresholds:
    """Nodes that differ by no more than this are left out; `debug` and `interactive` say which."""

    bytes: int
    nodes: int
    debug: bool = False
    interactive: bool = False

    @property
    def shows_filtered(self) -> bool:
        """Whether left out nodes are named."""
        return self.debug or self.interactive


@frozen
class Totals:
    """Bytes of a node and of all below it, and how many nodes are below it."""

    size: int
    descendants: int


@frozen
class TreeInfo:
    """One tree: its totals by path, and its paths by depth and parent, sorted as Java sorts strings."""

    totals: dict[str, Totals]
    layers: list[list[str]]
    children: dict[str, list[str]] = field(factory=dict)

    def __str__(self) -> str:
        lines = [
            f"Node count: {len(self.totals)}",
            f"Total size: {self.totals[ROOT].size}",
            f"Max depth: {len(self.layers)}",
        ]
        lines += [f"Count of nodes at depth {depth}: {len(layer)}" for depth, layer in enumerate(self.layers)]
        return "\n".join(lines) + "\n\n"

    def layer(self, depth: int) -> list[str]:
        """The paths of a depth, none where the tree is not so deep."""
        return self.layers[depth] if depth < len(self.layers) else []


def tree_info(tree: DataTree) -> TreeInfo:
    """Sum up a tree from its leaves."""
    layers: list[list[str]] = []
    children: dict[str, list[str]] = {}
    layer = [ROOT]
    while layer:
        layers.append(layer)
        below: list[str] = []
        for path in layer:
            listed = node_at(tree, path).children
            if listed is not None and listed.count:
                children[path] = sorted(listed.paths, key=_java_order)
                below += children[path]
        layer = sorted(below, key=_java_order)
    totals: dict[str, Totals] = {}
    for layer in reversed(layers):
        for path in layer:
            size, descendants = data_length(node_at(tree, path)), 0
            for child in children.get(path, ()):
                size += totals[child].size
                descendants += totals[child].descendants + 1
            totals[path] = Totals(size, descendants)
    return TreeInfo(totals, layers, children)


def _java_order(text: str) -> bytes:
    """String.compareTo goes by UTF-16 units."""
    return text.encode("utf-16-be", "surrogatepass")


def compare(left: TreeInfo, right: TreeInfo, thresholds: Thresholds) -> Iterator[str]:
    """All layers from the root down."""
    comparer = _Comparer(left, right, thresholds)
    yield comparer.threshold_line()
    for depth in range(comparer.depth):
        yield from comparer.layer(depth)
    yield "All layers compared.\n"


def compare_interactively(
    left: TreeInfo, right: TreeInfo, thresholds: Thresholds, read_line: Callable[[], str]
) -> Iterator[str]:
    """What is asked for, until the last layer was shown; `read_line` raises EOFError at the end of the input."""
    comparer = _Comparer(left, right, thresholds)
    current = 0
    while current < comparer.depth:
        yield f"Current depth is {current}\n{_HELP}"
        try:
            line = read_line()
        except EOFError:
            raise ToolError("The input ended before all layers were compared") from None
        yield comparer.threshold_line()
        if not line:
            yield from comparer.layer(current)
            current += 1
        elif line.startswith("/"):
            yield from comparer.subtree(line)
        else:
            depth = parse_decimal(line, 32)
            if depth is None:
                yield (
                    f"Input {line} is not valid. Depth must be in range [0, {comparer.depth - 1}]. "
                    "Path must be an absolute path which starts with '/'.\n"
                )
            elif not 0 <= depth < comparer.depth:
                yield f"Depth must be in range [0, {comparer.depth - 1}]\n"
                continue
            else:
                current = depth
                yield from comparer.layer(current)
        yield "\n"
    yield "All layers compared.\n"


class _Comparer:
    def __init__(self, left: TreeInfo, right: TreeInfo, thresholds: Thresholds) -> None:
        self._left = left
        self._right = right
        self._limits = thresholds
        self.depth = max(len(left.layers), len(right.layers))

    def threshold_line(self) -> str:
        return (
            f"Printing analysis for nodes difference larger than {self._limits.bytes} bytes "
            f"or node count difference larger than {self._limits.nodes}.\n"
        )

    def layer(self, depth: int) -> Iterator[str]:
        yield f"Analysis for depth {depth}\n"
        yield from self._nodes(self._left.layer(depth), self._right.layer(depth))

    def subtree(self, path: str) -> Iterator[str]:
        yield f"Analysis for node {path}\n"
        if path not in self._left.totals and path not in self._right.totals:
            yield f"Path {path} is neither found in left tree nor right tree.\n"
        else:
            yield from self._nodes(self._left.children.get(path, []), self._right.children.get(path, []))

    def _nodes(self, left: Sequence[str], right: Sequence[str]) -> Iterator[str]:
        """Merge two sorted lists of paths."""
        left_at = right_at = 0
        while left_at < len(left) or right_at < len(right):
            left_path = left[left_at] if left_at < len(left) else None
            right_path = right[right_at] if right_at < len(right) else None
            order = _order(left_path, right_path)
            if self._limits.debug and left_path is not None and right_path is not None:
                which = "same" if order == 0 else "left is less" if order < 0 else "right is less"
                yield f"Comparing {left_path} to {right_path}\n{which}\n"
            if order <= 0:
                left_at += 1
            if order >= 0:
                right_at += 1
            if order == 0:
                yield self._in_both(left_path or ROOT)
            elif order < 0:
                yield self._in_one("left", left_path or ROOT, self._left)
            else:
                yield self._in_one("right", right_path or ROOT, self._right)

    def _in_one(self, side: str, path: str, tree: TreeInfo) -> str:
        totals = tree.totals[path]
        if totals.size > self._limits.bytes or totals.descendants > self._limits.nodes:
            return (
                f"Node {path} found only in {side} tree. "
                f"Descendant size: {totals.size}. Descendant count: {totals.descendants}\n"
            )
        return f"Filtered {side} node {path} of size {totals.size}\n" if self._limits.shows_filtered else ""

    def _in_both(self, path: str) -> str:
        left, right = self._left.totals[path], self._right.totals[path]
        size, descendants = right.size - left.size, right.descendants - left.descendants
        if abs(size) > self._limits.bytes or abs(descendants) > self._limits.nodes:
            return f"Node {path} found in both trees. Delta: {size} bytes, {descendants} descendants\n"
        if self._limits.shows_filtered:
            return f"Filtered node {path} of left size {left.size}, right size {right.size}\n"
        return ""


def _order(left: str | None, right: str | None) -> int:
    """Below, at or above 0 as the left path comes first, both are the same, or the right one comes first."""
    if left is None or right is None:
        return 1 if left is None else -1
    left_key, right_key = _java_order(left), _java_order(right)
    return 0 if left_key == right_key else -1 if left_key < right_key else 1
