"""WatchRemoval: the watches of a connection that is gone and had very many."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watcher import Watcher
from pyzoo.server.slices import SlicedWork

UNITS_A_WATCH: Final = 8
"""The processor has hardly anything of large tables at hand."""
_ALL: Final = 1 << 60


@final
class WatchRemoval(SlicedWork):
    """Takes them away bit by bit; what fires meanwhile reaches nobody."""

    def __init__(self, tree: DataTree, watcher: Watcher) -> None:
        super().__init__()
        self._tree = tree
        self._watcher = watcher

    def step(self, units: i64) -> i64:
        most = units // UNITS_A_WATCH + 1
        removed = self._tree.remove_watches(self._watcher, most)
        self.is_done = removed < most
        return removed * UNITS_A_WATCH + 1

    def abandon(self) -> None:
        """The tree outlives the role of its server."""
        self._tree.remove_watches(self._watcher, _ALL)
