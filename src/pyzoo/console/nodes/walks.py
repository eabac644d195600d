"""Walks below a node, a slice at a time, while the tree goes on changing.

`SortedWalk` gives parents before their children and brothers by name, and can go on after any path; `LeavesFirst` gives
children before their parents, as they have to be deleted. Nodes that are gone when their turn comes are left out.
"""

from collections.abc import Iterator
from heapq import merge
from typing import Final

from attrs import frozen

from pyzoo.console.nodes.child_page import NAMES_AT_ONCE
from pyzoo.console.nodes.reader import Reader, is_below
from pyzoo.datatree.node import DataNode

NODES_AT_ONCE: Final = 500
"""Nodes that are visited between two pauses: about half a millisecond."""
_NAMES_A_NODE: Final = 8
"""Names that are put in order in the time that a node takes."""


@frozen(eq=False)
class Visit:
    """A node of a walk; what is below one that is not readable is not visited."""

    path: str
    node: DataNode
    readable: bool


class _Crowd:
    """Very many brothers: put in order a piece at a time, and merged while they are visited."""

    def __init__(self, nodes: list[DataNode], begin: str) -> None:
        self._nodes = nodes
        self._begin = begin
        self._done = 0
        self._pieces: list[list[str]] = []
        self.brothers: Iterator[str] | None = None

    def prepare(self) -> int:
        """Put the next piece in order; returns how many names that were."""
        piece = [node.path for node in self._nodes[self._done : self._done + NAMES_AT_ONCE]]
        self._done += len(piece)
        if self._begin:
            piece = [path for path in piece if path >= self._begin]
        piece.sort()
        self._pieces.append(piece)
        if self._done >= len(self._nodes):
            self._nodes = []
            self.brothers = merge(*self._pieces)
        return NAMES_AT_ONCE


class SortedWalk:
    """From `top` downwards; with `after`, behind that path, be it there or not."""

    def __init__(self, reader: Reader, top: str, after: str = "") -> None:
        self._reader = reader
        self._nodes = reader.tree.nodes
        self._after = after
        self._levels: list[Iterator[str] | _Crowd] = [iter([top])]
        self.refused = 0
        """Nodes so far that these ids may not read."""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left."""
        return not self._levels

    def step(self, most: int = NODES_AT_ONCE) -> list[Visit]:
        """The next nodes, about so many, or none of them while many names are put in order."""
        found: list[Visit] = []
        left = most
        while left > 0 and self._levels:
            level = self._levels[-1]
            if isinstance(level, _Crowd):
                if level.brothers is None:
                    left -= level.prepare() // _NAMES_A_NODE
                    continue
                level = level.brothers
            path = next(level, None)
            if path is None:
                self._levels.pop()
                continue
            left -= 1
            self._visit(path, found)
        return found

    def _visit(self, path: str, found: list[Visit]) -> None:
        node = self._nodes.get(path)
        if node is None:
            return
        readable = self._reader.may_read(node)
        after = self._after
        passed = bool(after) and (path == after or is_below(after, path))
        if not passed:
            found.append(Visit(path, node, readable))
            self.refused += not readable
        if readable and node.num_children:
            self._enter(path, node.nodes_below())

    def _enter(self, path: str, children: list[DataNode]) -> None:
        begin = ""
        if self._after and is_below(self._after, path):
            above = "" if path == "/" else path
            begin = f"{above}/{self._after[len(above) + 1 :].partition('/')[0]}"
        if len(children) > NAMES_AT_ONCE:
            self._levels.append(_Crowd(children, begin))
        else:
            self._levels.append(iter(sorted(child for child in [node.path for node in children] if child >= begin)))


class LeavesFirst:
    """All below `top`, and at the end `top` itself. `refused` is the first node that these ids may not read."""

    def __init__(self, reader: Reader, top: str) -> None:
        self._reader = reader
        self._nodes = reader.tree.nodes
        self._levels: list[tuple[str, Iterator[str]]] = [("", iter([top]))]
        self.refused = ""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left."""
        return not self._levels

    def step(self, most: int = NODES_AT_ONCE) -> list[str]:
        """The next paths, children before their parents, not more than so many."""
        found: list[str] = []
        while self._levels and len(found) < most:
            above, brothers = self._levels[-1]
            path = next(brothers, None)
            if path is None:
                self._levels.pop()
                if above:
                    found.append(above)
                continue
            node = self._nodes.get(path)
            if node is None:
                continue
            if not node.num_children:
                found.append(path)
            elif self._reader.may_read(node):
                self._levels.append((path, (child.path for child in node.nodes_below())))
            else:
                self.refused = self.refused or path
                # Its parents cannot go either, and the server says so.
                found.append(path)
        return found
