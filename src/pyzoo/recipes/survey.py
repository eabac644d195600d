"""Survey: all that is recognised in a part of the tree, found in slices."""

from collections.abc import Generator, Iterator
from typing import Final

from pyzoo.recipes.children import Breaths
from pyzoo.recipes.forms import recognised
from pyzoo.recipes.nodes import Node, NodeView
from pyzoo.recipes.table import NAMES_TO_SEE, PatternTable
from pyzoo.recipes.thing import Thing
from pyzoo.subtrees.paths import child_of, name_of

MOST_NODES: Final = 1_000_000
MOST_THINGS: Final = 5_000
NODES_A_BREATH: Final = 100
MANY_NAMES: Final = 200
"""Children that take as long to look at as the nodes of a breath."""


def thing_at(table: PatternTable, view: NodeView, path: str) -> Breaths[Thing | None]:
    """What one node is; a generator of breaths, see `children`."""
    node = view.node(path)
    if node is None:
        return None
    return (yield from _first_fit(table, view, node))


def _first_fit(table: PatternTable, view: NodeView, node: Node) -> Breaths[Thing | None]:
    seen = view.first_names(node.path, NAMES_TO_SEE) if node.num_children else []
    if len(seen) > MANY_NAMES:
        yield None
    for pattern in table.candidates(name_of(node.path), seen):
        thing = yield from recognised(pattern, view, node)
        if thing is not None:
            return thing
    return None


class Survey:
    """A walk through a node and all below it; `things` is what was found so far.

    `stopped` says why it ended before all was seen, and is empty otherwise.
    """

    def __init__(self, table: PatternTable, view: NodeView, top: str, most_nodes: int = MOST_NODES) -> None:
        self._table = table
        self._view = view
        self._top = top
        self._most_nodes = most_nodes
        self._claimed: set[str] = set()
        self._found: list[Thing] = []
        self.nodes = 0
        self.stopped = ""

    @property
    def things(self) -> list[Thing]:
        """In the order of their paths, without the parts of others."""
        return sorted(
            (thing for thing in self._found if thing.path not in self._claimed),
            key=lambda thing: (thing.path, thing.kind),
        )

    def breaths(self) -> Generator[None, None, None]:
        """Go through all; between two steps others may go on, and the tree may change."""
        waiting: list[Iterator[str]] = [iter([self._top])]
        while waiting:
            path = next(waiting[-1], None)
            if path is None:
                waiting.pop()
                continue
            if self.nodes >= self._most_nodes:
                self.stopped = f"after {self.nodes} nodes"
                return
            if len(self._found) >= MOST_THINGS:
                self.stopped = f"after {MOST_THINGS} recipes"
                return
            if self.nodes % NODES_A_BREATH == 0:
                yield None
            if self._view.has_children(path):
                yield from self._look_at(path)
                waiting.append(self._below(path))
            elif self._table.knows_leaf(name_of(path)):
                yield from self._look_at(path)
            else:
                # Most nodes are of this sort.
                self.nodes += 1

    def _look_at(self, path: str) -> Breaths[None]:
        node = self._view.node(path)
        if node is None:
            return
        self.nodes += 1
        thing = yield from _first_fit(self._table, self._view, node)
        if thing is not None:
            self._found.append(thing)
            self._claimed.update(thing.claims)

    def _below(self, path: str) -> Iterator[str]:
        return (child_of(path, name) for name in self._view.names(path))
