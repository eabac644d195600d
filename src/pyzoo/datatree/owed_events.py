"""OwedEvents: the events of a transaction that fires very many watches, told bit by bit after it is applied.

The watches are used up when the transaction is applied. Whoever is to be told knows from then on that it is owed an
event, and holds back whatever comes later until it has been told all that it is owed.
"""

from collections import deque
from typing import TYPE_CHECKING, Final, final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.acl import READ
from pyzoo.jute.records import ACL

if TYPE_CHECKING:
    from pyzoo.datatree.watches import Watcher, WatchManager

NEVER: Final = 0x7FFFFFFFFFFFFFFF
_UNITS: Final = 5
"""Units of work (of about 200 ns) to tell one watcher, whose tables the processor has not at hand."""


@final
@mypyc_attr(acyclic=True)
class OwedEvent:
    """One event, owed to `watchers`; `acl` is None where everybody may read the node.

    `frame` belongs to those who send it: the bytes that are the same for all of them.
    """

    __slots__ = ("acl", "event_type", "frame", "manager", "path", "used_up", "watchers", "zxid")

    def __init__(
        self,
        manager: "WatchManager",
        event_type: i32,
        path: str,
        zxid: i64,
        acl: list[ACL] | None,
        watchers: "list[Watcher]",
        used_up: "list[Watcher]",
    ) -> None:
        self.manager = manager
        self.event_type: i32 = event_type
        self.path = path
        self.zxid: i64 = zxid
        self.acl = None if acl is None or is_public(acl) else acl
        self.watchers = watchers
        self.used_up = used_up
        self.frame = b""


def is_public(acl: list[ACL]) -> bool:
    """Whether everybody may read a node with this ACL."""
    for entry in acl:
        if entry.scheme == "world" and entry.id == "anyone" and entry.perms & READ:
            return True
    return False


@final
class OwedEvents:
    """What is owed, oldest first. While `collects` events of watches that fire are put here.

    With `is_promised` whoever is to be told was told before that something is to come.
    """

    def __init__(self) -> None:
        self.collects = False
        self.is_promised = False
        # Parts of a multi from which on its events are owed; NEVER where nobody would tell them.
        self.many_parts: i64 = NEVER
        self._events: deque[OwedEvent] = deque()

    @property
    def is_pending(self) -> bool:
        """Whether somebody is owed something."""
        return len(self._events) > 0

    def add(self, event: OwedEvent) -> None:
        """Somebody is to be told of this."""
        self._events.append(event)

    def tell(self, units: i64) -> i64:
        """Do about so much work; returns how much it was."""
        events = self._events
        used: i64 = 0
        while events and used < units:
            event = events.popleft()
            for watcher in event.watchers:
                watcher.tell(event)
            event.manager.forget_used_up(event.path, event.used_up)
            used += 1 + _UNITS * len(event.watchers)
        return used

    def tell_all(self) -> None:
        """Tell everybody now."""
        while self._events:
            self.tell(NEVER)

    def clear(self) -> None:
        """Nobody is told any more."""
        self._events.clear()
