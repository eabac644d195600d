"""WatchManager: who wants to hear of changes at which path.

For each path the watchers, for each watcher its paths with a bit mask of modes; so everything about one path
or one watcher is found without looking at others. A path with a single watcher, the common case, has no
container. Recursive watches are also listed apart, so that events need not search all watchers of ancestors.
"""

from typing import Final, final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.jute.records import ACL

NODE_CREATED: Final = 1
NODE_DELETED: Final = 2
NODE_DATA_CHANGED: Final = 3
NODE_CHILDREN_CHANGED: Final = 4

STANDARD: Final = 0
PERSISTENT: Final = 1
PERSISTENT_RECURSIVE: Final = 2

_STANDARD_BIT: Final = 1
_RECURSIVE_BIT: Final = 4


@mypyc_attr(allow_interpreted_subclasses=True)
class Watcher:
    """Someone who is told about events, such as a connection."""

    def process(self, event_type: i32, path: str, zxid: i64, acl: list[ACL] | None) -> None:
        """Something happened to `path`.

        `acl` is what the watcher must be able to read to be told; None means that it need not be checked.
        """
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class WatchObserver:
    """Someone who counts the watches that fire; this one does not."""

    def fired(self, event_type: i32, count: i64) -> None:
        """An event reached so many watchers of one table."""


Reached = dict[Watcher, None] | None
"""Who was told about an event, in the order of registration."""


def count_of(reached: Reached) -> i64:
    """How many were told."""
    return 0 if reached is None else len(reached)


@final
class WatchManager:
    """One table of watches. `size` counts pairs of path and watcher, however many modes they have."""

    def __init__(self) -> None:
        self.size: i64 = 0
        self.told: i64 = 0
        self.observer = WatchObserver()
        self._table: dict[str, object] = {}
        self._recursive: dict[str, dict[Watcher, None]] = {}
        self._paths: dict[Watcher, dict[str, int]] = {}

    def add(self, path: str, watcher: Watcher, mode: i32 = STANDARD) -> bool:
        """Register; False when it was there already."""
        paths = self._paths.get(watcher)
        if paths is None:
            paths = {}
            self._paths[watcher] = paths
        mask = paths.get(path, 0)
        bit = 1 << mode
        if mask & bit:
            return False
        if mask == 0:
            self._enter(path, watcher)
        paths[path] = mask | bit
        if mode == PERSISTENT_RECURSIVE:
            watchers = self._recursive.get(path)
            if watchers is None:
                self._recursive[path] = {watcher: None}
            else:
                watchers[watcher] = None
        return True

    def _enter(self, path: str, watcher: Watcher) -> None:
        entry = self._table.get(path)
        if entry is None:
            self._table[path] = watcher
        elif isinstance(entry, dict):
            entry[watcher] = None
        else:
            self._table[path] = {entry: None, watcher: None}
        self.size += 1

    def _leave(self, path: str, watcher: Watcher) -> None:
        entry = self._table.get(path)
        if isinstance(entry, dict):
            entry.pop(watcher, None)
            if not entry:
                del self._table[path]
        else:
            del self._table[path]
        self.size -= 1

    def _leave_recursive(self, path: str, watcher: Watcher) -> None:
        watchers = self._recursive[path]
        del watchers[watcher]
        if not watchers:
            del self._recursive[path]

    def contains(self, path: str, watcher: Watcher, mode: int | None = None) -> bool:
        """Whether this watch exists; without a mode, whether any does."""
        paths = self._paths.get(watcher)
        if paths is None:
            return False
        mask = paths.get(path, 0)
        return mask != 0 if mode is None else (mask >> mode) & 1 == 1

    def remove(self, path: str, watcher: Watcher, mode: int | None = None) -> bool:
        """Take a watch away, or without a mode all of this path and watcher; False when there was none."""
        paths = self._paths.get(watcher)
        if paths is None:
            return False
        mask = paths.get(path, 0)
        gone = mask if mode is None else mask & (1 << mode)
        if gone == 0:
            return False
        if gone & _RECURSIVE_BIT:
            self._leave_recursive(path, watcher)
        if mask != gone:
            paths[path] = mask - gone
            return True
        del paths[path]
        if not paths:
            del self._paths[watcher]
        self._leave(path, watcher)
        return True

    def remove_some(self, watcher: Watcher, most: i64) -> i64:
        """Take up to so many paths of a watcher away; returns how many those were."""
        paths = self._paths.get(watcher)
        if paths is None:
            return 0
        removed: i64 = 0
        while removed < most and paths:
            path, mask = paths.popitem()
            self._leave(path, watcher)
            if mask & _RECURSIVE_BIT:
                self._leave_recursive(path, watcher)
            removed += 1
        if not paths:
            del self._paths[watcher]
        return removed

    def watches(self, path: str) -> bool:
        """Whether an event at this path may reach somebody."""
        return path in self._table or len(self._recursive) > 0

    def trigger(
        self,
        path: str,
        event_type: i32,
        zxid: i64,
        acl: list[ACL] | None,
        suppress: Reached = None,
    ) -> Reached:
        """Tell everybody once who watches `path`, or recursively an ancestor (WatchManager.triggerWatch).

        One-shot watches at `path` are used up, also those of watchers in `suppress`, which are not told.
        Returns who was reached, in the order of registration, or None.
        """
        if self.size == 0:
            return None
        reached: Reached = None
        entry = self._table.get(path)
        if entry is not None:
            reached = self._take(path, entry)
        if self._recursive:
            reached = self._ancestors(path, reached)
        if reached is None:
            return None
        self.told += len(reached)
        self.observer.fired(event_type, len(reached))
        for watcher in reached:
            if suppress is None or watcher not in suppress:
                watcher.process(event_type, path, zxid, acl)
        return reached

    def _take(self, path: str, entry: object) -> dict[Watcher, None]:
        """The watchers of exactly this path; their one-shot watches are removed."""
        if isinstance(entry, Watcher):
            if self._use_up(path, entry):
                del self._table[path]
            return {entry: None}
        assert isinstance(entry, dict)
        reached: dict[Watcher, None] = {}
        for watcher in entry:
            reached[watcher] = None
        for watcher in reached:
            if self._use_up(path, watcher):
                del entry[watcher]
        if not entry:
            del self._table[path]
        return reached

    def _use_up(self, path: str, watcher: Watcher) -> bool:
        """Remove the one-shot mode; True when nothing is left of this watcher at this path."""
        paths = self._paths[watcher]
        mask = paths[path]
        if not mask & _STANDARD_BIT:
            return False
        if mask != _STANDARD_BIT:
            paths[path] = mask - _STANDARD_BIT
            return False
        del paths[path]
        self.size -= 1
        return True

    def _ancestors(self, path: str, reached: Reached) -> Reached:
        at = path
        while len(at) > 1:
            slash = at.rfind("/")
            if slash < 0:
                break
            at = at[:slash] if slash > 0 else "/"
            watchers = self._recursive.get(at)
            if watchers is not None:
                if reached is None:
                    reached = {}
                reached.update(watchers)
        return reached

    # --- what the commands show

    @property
    def watcher_count(self) -> int:
        """Watchers that have, or had since they last removed one, a watch here."""
        return len(self._paths)

    @property
    def path_count(self) -> int:
        """Paths that are watched."""
        return len(self._table)

    def watchers(self) -> list[Watcher]:
        """All watchers."""
        return list(self._paths)

    def paths_of(self, watcher: Watcher) -> list[str]:
        """What this watcher watches."""
        paths = self._paths.get(watcher)
        return [] if paths is None else list(paths)

    def paths(self) -> list[str]:
        """All watched paths."""
        return list(self._table)

    def watchers_of(self, path: str) -> list[Watcher]:
        """Who watches exactly this path."""
        entry = self._table.get(path)
        if entry is None:
            return []
        if isinstance(entry, Watcher):
            return [entry]
        assert isinstance(entry, dict)
        return list(entry)
