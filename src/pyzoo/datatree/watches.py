"""WatchManager: who wants to hear of changes at which path.

One-shot and lasting watches are listed apart by path, so that those that fire are used up as a whole; each watcher has
its paths with a bit mask of modes. So everything about one path or one watcher is found without looking at others.
Recursive watches are also listed apart, so that events need not search all watchers of ancestors.
"""

from collections.abc import Iterator
from typing import Final, cast, final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.owed_events import OwedEvents
from pyzoo.datatree.recursive_watches import RecursiveWatches, enter_table, leave_table
from pyzoo.datatree.spread_table import SpreadTable
from pyzoo.datatree.standard_watches import StandardWatches
from pyzoo.datatree.watcher import OwedEvent, Watcher, WatchTable
from pyzoo.jute.records import ACL

NODE_CREATED: Final = 1
NODE_DELETED: Final = 2
NODE_DATA_CHANGED: Final = 3
NODE_CHILDREN_CHANGED: Final = 4

STANDARD: Final = 0
PERSISTENT: Final = 1
PERSISTENT_RECURSIVE: Final = 2

_STANDARD_BIT: Final = 1
_LASTING_BITS: Final = 6
_RECURSIVE_BIT: Final = 4
_MANY: Final = 64
"""Paths of a watcher from which on they are not looked through."""


@mypyc_attr(allow_interpreted_subclasses=True)
class WatchObserver:
    """Someone who counts the watches that fire; this one does not."""

    def fired(self, event_type: i32, count: i64) -> None:
        """An event reached so many watchers of one table."""


Reached = dict[Watcher, None] | None
"""Who was told about an event, in the order of registration."""


def count_of(reached: Reached) -> i64:
    """How many watchers an event has reached."""
    return 0 if reached is None else len(reached)


@final
class WatchManager(WatchTable):
    """One table of watches. `size` counts pairs of path and watcher, however many modes they have.

    Whether there is a one-shot watch is what `_standard` says: in the masks of `_paths` its bit stays a while after it
    was used up.
    """

    def __init__(self, owed: OwedEvents | None = None) -> None:
        self.size: i64 = 0
        self.told: i64 = 0
        self.observer = WatchObserver()
        self._owed = OwedEvents() if owed is None else owed
        self._standard = StandardWatches()
        self._lasting: dict[str, dict[Watcher, None]] = {}
        self._recursive = RecursiveWatches()
        self._paths: dict[Watcher, SpreadTable] = {}

    def add(self, path: str, watcher: Watcher, mode: i32 = STANDARD) -> bool:
        """Register; False when it was there already."""
        paths = self._paths.get(watcher)
        if paths is None:
            paths = SpreadTable()
            self._paths[watcher] = paths
        mask = mask_of(paths, path)
        bit = 1 << mode
        if mode == STANDARD:
            if not self._standard.enter(path, watcher):
                return False
            if not mask & _LASTING_BITS:
                self.size += 1
        else:
            if mask & bit:
                return False
            if not mask & _LASTING_BITS:
                enter_table(self._lasting, path, watcher)
                if not self._standard.has(path, watcher):
                    self.size += 1
            if mode == PERSISTENT_RECURSIVE:
                self._recursive.enter(path, watcher)
        paths.put(path, mask | bit)
        return True

    def _modes(self, path: str, watcher: Watcher, mask: int) -> int:
        """The mask, without the bit of a one-shot watch that is used up."""
        if mask & _STANDARD_BIT and not self._standard.has(path, watcher):
            return mask - _STANDARD_BIT
        return mask

    def list_watcher(self, watcher: Watcher) -> None:
        """List one without a watch, such as one that had some."""
        if watcher not in self._paths:
            self._paths[watcher] = SpreadTable()

    def contains(self, path: str, watcher: Watcher, mode: int | None = None) -> bool:
        """Whether this watch exists; without a mode, whether any does."""
        paths = self._paths.get(watcher)
        if paths is None:
            return False
        mask = self._modes(path, watcher, mask_of(paths, path))
        return mask != 0 if mode is None else (mask >> mode) & 1 == 1

    def remove(self, path: str, watcher: Watcher, mode: int | None = None) -> bool:
        """Take a watch away, or without a mode all of this path and watcher; False when there was none."""
        paths = self._paths.get(watcher)
        if paths is None:
            return False
        mask = self._modes(path, watcher, mask_of(paths, path))
        gone = mask if mode is None else mask & (1 << mode)
        if gone == 0:
            return False
        self._take_away(path, watcher, mask, gone)
        if mask != gone:
            paths.put(path, mask - gone)
            return True
        paths.pop(path)
        if paths.size == 0:
            del self._paths[watcher]
        return True

    def remove_some(self, watcher: Watcher, most: i64) -> i64:
        """Take up to so many paths of a watcher away; returns how many those were."""
        paths = self._paths.get(watcher)
        if paths is None:
            return 0
        removed: i64 = 0
        while removed < most and paths.size > 0:
            path, mask = paths.take()
            modes = self._modes(path, watcher, cast(int, mask))
            if modes != 0:
                self._take_away(path, watcher, modes, modes)
            removed += 1
        if paths.size == 0:
            del self._paths[watcher]
        return removed

    def _take_away(self, path: str, watcher: Watcher, mask: int, gone: int) -> None:
        """Remove these modes of those that there are."""
        if gone & _STANDARD_BIT:
            self._standard.leave(path, watcher)
        if gone & _RECURSIVE_BIT:
            self._recursive.leave(path, watcher)
        if gone & _LASTING_BITS and not (mask - gone) & _LASTING_BITS:
            leave_table(self._lasting, path, watcher)
        if mask == gone:
            self.size -= 1

    def watches(self, path: str) -> bool:
        """Whether an event at this path may reach somebody."""
        return path in self._standard or path in self._lasting or len(self._recursive.by_path) > 0

    def may_concern(self, watcher: Watcher, some: dict[str, None], others: dict[str, None]) -> bool:
        """Whether this watcher may watch one of these paths; True as well where it would take long to tell."""
        paths = self._paths.get(watcher)
        if paths is None:
            return False
        if paths.size > _MANY:
            return True
        for path, mask in paths.pairs():
            if cast(int, mask) & _RECURSIVE_BIT or path in some or path in others:
                return True
        return False

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
        Returns who was reached, in the order of registration, or None. While events are collected all are told later.
        """
        if self.size == 0:
            return None
        used_up = self._use_up(path)
        reached: Reached = used_up
        lasting = self._lasting.get(path)
        if lasting is not None:
            reached = dict(lasting) if used_up is None else lasting | used_up
        if self._recursive.by_path:
            reached = self._ancestors(path, reached if reached is not used_up or used_up is None else dict(used_up))
        if reached is None:
            return None
        self.told += len(reached)
        self.observer.fired(event_type, len(reached))
        if self._owed.collects:
            self._owe(path, event_type, zxid, acl, reached, used_up, suppress)
            return reached
        for watcher in reached:
            if suppress is None or watcher not in suppress:
                watcher.process(event_type, path, zxid, acl)
        if used_up is not None:
            self.forget_used_up(path, list(used_up))
        return reached

    def _use_up(self, path: str) -> Reached:
        """Who had a one-shot watch at just this path."""
        found = self._standard.use_up(path)
        if found is None:
            return None
        lasting = self._lasting.get(path)
        if lasting is None:
            self.size -= len(found)
        else:
            self.size -= len([watcher for watcher in found if watcher not in lasting])
        return found

    def _owe(
        self,
        path: str,
        event_type: i32,
        zxid: i64,
        acl: list[ACL] | None,
        reached: dict[Watcher, None],
        used_up: Reached,
        suppress: Reached,
    ) -> None:
        later: list[Watcher] = []
        is_promised = self._owed.is_promised
        for watcher in reached:
            if suppress is not None and watcher in suppress:
                continue
            if watcher.owe(is_promised):
                later.append(watcher)
            else:
                watcher.process(event_type, path, zxid, acl)
        gone: list[Watcher] = []
        if used_up is not None:
            gone.extend(used_up)
        self._owed.add(OwedEvent(self, event_type, path, zxid, acl, later, gone))

    def forget_used_up(self, path: str, watchers: list[Watcher]) -> None:
        for watcher in watchers:
            paths = self._paths.get(watcher)
            if paths is None:
                continue
            mask = self._modes(path, watcher, mask_of(paths, path))
            if mask != 0:
                paths.put(path, mask)
            else:
                paths.pop(path)

    def _ancestors(self, path: str, reached: Reached) -> Reached:
        for above in self._recursive.above(path):
            if reached is None:
                reached = {}
            reached.update(self._recursive.by_path[above])
        return reached

    # --- what the commands show

    @property
    def watcher_count(self) -> int:
        """Watchers that have, or had since they last removed one, a watch here."""
        return len(self._paths)

    @property
    def path_count(self) -> int:
        """Paths that are watched."""
        return int(self._standard.path_count) + len([path for path in self._lasting if path not in self._standard])

    def watchers(self) -> list[Watcher]:
        """All watchers."""
        return list(self._paths)

    def path_count_of(self, watcher: Watcher) -> int:
        """How many paths this watcher watches; those that an event is just using up may be among them."""
        paths = self._paths.get(watcher)
        return 0 if paths is None else int(paths.size)

    def paths_of(self, watcher: Watcher) -> list[str]:
        """What this watcher watches."""
        paths = self._paths.get(watcher)
        if paths is None:
            return []
        if not self._owed.is_pending:
            # Nothing is used up that is still in a mask: a million paths are copied in a few milliseconds.
            return paths.paths()
        return [path for path, mask in paths.pairs() if self._modes(path, watcher, cast(int, mask)) != 0]

    def pieces_of(self, watcher: Watcher) -> Iterator[list[str]]:
        """What this watcher watches, as `paths_of`, but each piece as it is when its turn has come."""
        table = self._paths.get(watcher)
        if table is None:
            return
        for piece in table.pieces():
            yield [path for path, mask in piece.items() if self._modes(path, watcher, cast(int, mask)) != 0]

    def pieces(self) -> Iterator[list[str]]:
        """All watched paths, as `paths`, but each piece as it is when its turn has come."""
        for piece in self._standard.pieces():
            yield list(piece)
        yield [path for path in self._lasting if path not in self._standard]

    def paths(self) -> list[str]:
        """All watched paths."""
        found = self._standard.paths()
        if not found:
            return list(self._lasting)
        found.extend([path for path in self._lasting if path not in self._standard])
        return found

    def watchers_of(self, path: str) -> list[Watcher]:
        """Who watches exactly this path."""
        found: dict[Watcher, None] = dict(self._lasting.get(path, {}))
        found.update(dict.fromkeys(self._standard.of(path)))
        return list(found)

    def recursive_above(self, path: str) -> list[str]:
        """The recursively watched paths above this one, the deepest first."""
        return self._recursive.above(path)


def mask_of(paths: SpreadTable, path: str) -> int:
    """The modes of a path, 0 where it is not listed."""
    mask = paths.get(path)
    return 0 if mask is None else cast(int, mask)
