"""RecursiveWatches: who wants to hear of all that happens below a path.

They are listed apart from the other watches that stay, with the lengths of their paths, so that an event finds those
above its path however deep that is and whatever else is watched.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.path_lengths import PathLengths
from pyzoo.datatree.watcher import Watcher

_ROOT: Final = "/"


@final
class RecursiveWatches:
    """The recursive watches of a table; `by_path` is not to be changed by others."""

    def __init__(self) -> None:
        self.by_path: dict[str, dict[Watcher, None]] = {}
        self._lengths = PathLengths()

    def enter(self, path: str, watcher: Watcher) -> None:
        """Register a watch."""
        if enter_table(self.by_path, path, watcher) and path != _ROOT:
            self._lengths.add(path)

    def leave(self, path: str, watcher: Watcher) -> None:
        """Take a watch away that is there."""
        if leave_table(self.by_path, path, watcher) and path != _ROOT:
            self._lengths.discard(path)

    def above(self, path: str) -> list[str]:
        """The watched paths above this one, the deepest first (PathParentIterator)."""
        found: list[str] = []
        end: i64 = len(path)
        if end <= 1:
            return found
        by_path = self.by_path
        while True:
            end = self._lengths.next_above(path, end)
            if end == 0:
                break
            at = path[:end]
            if at in by_path:
                found.append(at)
        if _ROOT in by_path:
            found.append(_ROOT)
        return found


def enter_table(table: dict[str, dict[Watcher, None]], path: str, watcher: Watcher) -> bool:
    """Enter a watcher for this path; True for the first one there."""
    watchers = table.get(path)
    if watchers is None:
        table[path] = {watcher: None}
        return True
    watchers[watcher] = None
    return False


def leave_table(table: dict[str, dict[Watcher, None]], path: str, watcher: Watcher) -> bool:
    """Take away a watcher that is there; True for the last one there."""
    watchers = table[path]
    del watchers[watcher]
    if watchers:
        return False
    del table[path]
    return True
