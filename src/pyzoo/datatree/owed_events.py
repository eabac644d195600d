"""OwedEvents: the events of a transaction that fires very many watches, told bit by bit after it is applied.

The watches are used up when the transaction is applied. Whoever is to be told knows from then on that it is owed an
event, and holds back whatever comes later until it has been told all that it is owed.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.watcher import OwedEvent

NEVER: Final = 0x7FFFFFFFFFFFFFFF
_UNITS: Final = 5
"""Units of work (of about 200 ns) to tell one watcher, whose tables the processor has not at hand."""


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
        """Tell everybody all that is owed, however long it takes."""
        while self._events:
            self.tell(NEVER)

    def clear(self) -> None:
        """Drop what is owed: the tree that it was about is gone."""
        self._events.clear()
