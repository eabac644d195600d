"""StandardWatches: the one-shot watches of a table, by path.

A path with a single watch, the common case, has no container.
"""

from typing import final

from mypy_extensions import i64

from pyzoo.datatree.spread_table import SpreadTable
from pyzoo.datatree.watcher import Watcher


@final
class StandardWatches:
    """Who has a one-shot watch at which path."""

    def __init__(self) -> None:
        self._entries = SpreadTable()

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    @property
    def path_count(self) -> i64:
        """Paths with such a watch."""
        return self._entries.size

    def paths(self) -> list[str]:
        """These paths."""
        return self._entries.paths()

    def pieces(self) -> list[dict[str, object]]:
        """The same as the keys of tables that are never large, and may change."""
        return self._entries.pieces()

    def has(self, path: str, watcher: Watcher) -> bool:
        """Whether this watcher has one here."""
        entry = self._entries.get(path)
        return entry is watcher or (isinstance(entry, dict) and watcher in entry)

    def enter(self, path: str, watcher: Watcher) -> bool:
        """Register a watch; False when it was there already."""
        entry = self._entries.get(path)
        if entry is None:
            self._entries.put(path, watcher)
        elif isinstance(entry, dict):
            if watcher in entry:
                return False
            entry[watcher] = None
        elif entry is watcher:
            return False
        else:
            self._entries.put(path, {entry: None, watcher: None})
        return True

    def leave(self, path: str, watcher: Watcher) -> None:
        """Take a watch away that is there."""
        entry = self._entries.get(path)
        if isinstance(entry, dict):
            del entry[watcher]
            if entry:
                return
        self._entries.pop(path)

    def use_up(self, path: str) -> dict[Watcher, None] | None:
        """Take all watches of a path away; who had them, in the order of registration."""
        entry = self._entries.pop(path)
        if entry is None:
            return None
        if isinstance(entry, dict):
            return entry
        assert isinstance(entry, Watcher)
        return {entry: None}

    def of(self, path: str) -> list[Watcher]:
        """Who has one at this path, in the order of registration."""
        entry = self._entries.get(path)
        if isinstance(entry, Watcher):
            return [entry]
        return list(entry) if isinstance(entry, dict) else []
