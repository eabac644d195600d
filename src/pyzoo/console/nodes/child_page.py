"""A page of the children of a node, in the order of their names, out of a million as well as out of three.

Nothing is put in order but the names of the page: one look at each name finds those that belong to it, a few thousand
names at a time. Where the page begins is told by a name, not by a number: children that come and go do not move it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from attrs import frozen

from pyzoo.console.nodes.names import NameTest
from pyzoo.datatree.children import Children
from pyzoo.datatree.node import DataNode

Pause = Callable[[], Awaitable[None]]
"""Lets everybody else go on."""

NAMES_AT_ONCE: Final = 4096
"""Names that are looked at, or put in order, between two pauses: about a millisecond."""
_SLOWER: Final = 4
"""How much longer it takes to look whether a name matches."""


@frozen
class PageWanted:
    """Which children: those after a name, or those before it, or from the first or the last one on.

    `matching` is for a NameTest.
    """

    limit: int
    after: str = ""
    before: str = ""
    last: bool = False
    matching: str = ""


@frozen
class ChildPage:
    """`paths` of the page in their order; `first` of the `matching` ones come before it, of `total` children in all."""

    paths: Sequence[str]
    total: int
    matching: int
    first: int

    @property
    def has_earlier(self) -> bool:
        """Whether there is a page before."""
        return self.first > 0

    @property
    def has_later(self) -> bool:
        """Whether there is a page behind."""
        return self.first + len(self.paths) < self.matching


async def child_page(node: DataNode, wanted: PageWanted, pause: Pause) -> ChildPage:
    """The page, of the children that there are now."""
    children = node.children
    if children is None or not children.count:
        return ChildPage([], 0, 0, 0)
    nodes, selection = children.nodes(), _Selection(wanted, children)
    at_once = selection.at_once
    for at in range(0, len(nodes), at_once):
        selection.look_at([child.path for child in nodes[at : at + at_once]])
        await pause()
    return selection.page()


class _Selection:
    """The best paths of those that were looked at so far."""

    def __init__(self, wanted: PageWanted, children: Children) -> None:
        self._limit = wanted.limit
        self._above = "".join([child.key[: children.start].decode() for child in children.first(1)])
        self._test = NameTest(wanted.matching) if wanted.matching else None
        self.at_once = NAMES_AT_ONCE if self._test is None else max(NAMES_AT_ONCE // _SLOWER, 1)
        """Names between two pauses."""
        self._backwards = wanted.last or bool(wanted.before)
        name = wanted.before if self._backwards else wanted.after
        self._from = self._above + name if name else ""
        self._best: list[str] = []
        self._total = self._matching = 0
        self._passed = 0
        """How many are on the other side of the name where the page begins."""

    def look_at(self, paths: list[str]) -> None:
        self._total += len(paths)
        if self._test is not None:
            paths = self._test.chosen(paths, self._above)
        self._matching += len(paths)
        best, full = self._best, len(self._best) >= self._limit
        if self._backwards:
            candidates = [path for path in paths if path < self._from] if self._from else paths
            self._passed += len(paths) - len(candidates)
            if full:
                least = best[0]
                candidates = [path for path in candidates if path > least]
            if candidates:
                self._best = sorted(best + candidates)[-self._limit :]
            return
        candidates = [path for path in paths if path > self._from] if self._from else paths
        self._passed += len(paths) - len(candidates)
        if full:
            most = best[-1]
            candidates = [path for path in candidates if path < most]
        if candidates:
            self._best = sorted(best + candidates)[: self._limit]

    def page(self) -> ChildPage:
        first = self._matching - self._passed - len(self._best) if self._backwards else self._passed
        return ChildPage(self._best, self._total, self._matching, first)
