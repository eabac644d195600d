"""Which watches the session has: what an event fires, and what has to be set again on a new connection.

The rules of ZKWatchManager, for a client with one watcher: a path is watched in a way or it is not.
"""

from enum import IntEnum
from typing import Final

from attrs import define, field

from pyzoo.subtrees.paths import parent_of


class EventType(IntEnum):
    """Types of events on the wire, with the names that zkCli prints."""

    NONE = -1
    NODE_CREATED = 1
    NODE_DELETED = 2
    NODE_DATA_CHANGED = 3
    NODE_CHILDREN_CHANGED = 4
    DATA_WATCH_REMOVED = 5
    CHILD_WATCH_REMOVED = 6
    PERSISTENT_WATCH_REMOVED = 7

    @property
    def title(self) -> str:
        """For example NodeDataChanged."""
        return "".join(part.capitalize() for part in self.name.split("_"))


EVENT_TYPES: Final = {int(type): type for type in EventType}
"""Types by their number on the wire."""


class Watching(IntEnum):
    """A way to watch a path."""

    DATA = 0
    EXISTS = 1
    CHILD = 2
    PERSISTENT = 3
    RECURSIVE = 4


class WatcherType(IntEnum):
    """What removeWatches takes away (Watcher.WatcherType)."""

    CHILDREN = 1
    DATA = 2
    ANY = 3
    PERSISTENT = 4
    PERSISTENT_RECURSIVE = 5


_REMOVED_BY: Final = {
    WatcherType.CHILDREN: (Watching.CHILD,),
    WatcherType.DATA: (Watching.DATA, Watching.EXISTS),
    WatcherType.PERSISTENT: (Watching.PERSISTENT,),
    WatcherType.PERSISTENT_RECURSIVE: (Watching.RECURSIVE,),
    WatcherType.ANY: tuple(Watching),
}
_REMOVAL_EVENTS: Final = {
    Watching.DATA: EventType.DATA_WATCH_REMOVED,
    Watching.EXISTS: EventType.DATA_WATCH_REMOVED,
    Watching.CHILD: EventType.CHILD_WATCH_REMOVED,
    Watching.PERSISTENT: EventType.PERSISTENT_WATCH_REMOVED,
    Watching.RECURSIVE: EventType.PERSISTENT_WATCH_REMOVED,
}
_USED_UP_BY: Final = {
    EventType.NODE_CREATED: (Watching.DATA, Watching.EXISTS),
    EventType.NODE_DATA_CHANGED: (Watching.DATA, Watching.EXISTS),
    EventType.NODE_CHILDREN_CHANGED: (Watching.CHILD,),
    EventType.NODE_DELETED: (Watching.DATA, Watching.EXISTS, Watching.CHILD),
}


@define
class Watches:
    """All watches of a session, by the paths that the user knows (without the chroot)."""

    paths: dict[Watching, set[str]] = field(factory=lambda: {way: set() for way in Watching})

    def add(self, way: Watching, path: str) -> None:
        """Remember a watch that the server has taken."""
        self.paths[way].add(path)

    def fire(self, type: EventType, path: str) -> bool:
        """Whether anybody waits for this event; one-time watches are used up by it."""
        wanted = False
        for way in _USED_UP_BY.get(type, ()):
            wanted |= path in self.paths[way]
            self.paths[way].discard(path)
        return wanted or path in self.paths[Watching.PERSISTENT] or self._is_below_recursive(type, path)

    def _is_below_recursive(self, type: EventType, path: str) -> bool:
        """Recursive watches promise no events of children: those are for other watches."""
        if type == EventType.NODE_CHILDREN_CHANGED:
            return False
        roots = self.paths[Watching.RECURSIVE]
        while path not in roots:
            if path == "/":
                return False
            path = parent_of(path)
        return True

    def remove(self, type: WatcherType, path: str) -> list[EventType]:
        """Forget watches; returns the events that say so, each once."""
        events = []
        for way in _REMOVED_BY[type]:
            if path in self.paths[way]:
                self.paths[way].discard(path)
                events.append(_REMOVAL_EVENTS[way])
        return list(dict.fromkeys(events))

    def clear(self) -> None:
        """Forget all, at the end of the session."""
        for paths in self.paths.values():
            paths.clear()
