"""SpreadTable: a table of paths that never grows all at once.

A dict that is full copies itself into a larger one: with a million paths that takes as long as some hundred requests.
This one becomes many small dicts before.
"""

from typing import Final, final

from mypy_extensions import i64

FEW: Final = 8192
"""So many paths stay in one dict."""
PARTS: Final = 256
_NO_PARTS: Final[list[dict[str, object]]] = []


@final
class SpreadTable:
    """Values other than None by path; `size` counts them."""

    def __init__(self) -> None:
        self.size: i64 = 0
        self._first: dict[str, object] = {}
        self._parts: list[dict[str, object]] = _NO_PARTS
        self._taken_from: i64 = 0

    def _part(self, path: str) -> dict[str, object]:
        parts = self._parts
        return parts[hash(path) & (PARTS - 1)] if parts else self._first

    def get(self, path: str) -> object:
        """The value, or None."""
        return self._part(path).get(path)

    def __contains__(self, path: str) -> bool:
        return path in self._part(path)

    def put(self, path: str, value: object) -> None:
        """Set a value."""
        part = self._part(path)
        before = len(part)
        part[path] = value
        if len(part) != before:
            self.size += 1
            if not self._parts and self.size > FEW:
                self._spread()

    def _spread(self) -> None:
        parts: list[dict[str, object]] = [{} for _ in range(PARTS)]
        for path, value in self._first.items():
            parts[hash(path) & (PARTS - 1)][path] = value
        self._parts = parts
        self._first = {}

    def pop(self, path: str) -> object:
        """Take a path out; its value, or None where it was not there."""
        value = self._part(path).pop(path, None)
        if value is not None:
            self.size -= 1
        return value

    def take(self) -> tuple[str, object]:
        """Take any path out, of at least one that there is."""
        parts = self._parts
        while parts and not parts[self._taken_from]:
            self._taken_from = (self._taken_from + 1) & (PARTS - 1)
        self.size -= 1
        return (parts[self._taken_from] if parts else self._first).popitem()

    def pairs(self) -> list[tuple[str, object]]:
        """All paths with their values."""
        found: list[tuple[str, object]] = []
        for part in self._parts or [self._first]:
            found.extend(part.items())
        return found

    def pieces(self) -> list[dict[str, object]]:
        """All of it as tables that are never large, and may change."""
        return list(self._parts) or [self._first]

    def paths(self) -> list[str]:
        """All paths."""
        if not self._parts:
            return list(self._first)
        found: list[str] = []
        for part in self._parts:
            found.extend(part)
        return found
