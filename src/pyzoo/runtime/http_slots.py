"""The connections of an HTTP port, counted by address.

Where a limit is reached, the connection ends that has been without a request for longest: who only holds connections
never keeps out who has something to ask. Connections whose request is being answered stay; only they can fill a port.
"""

from typing import Final

import trio
from attrs import define, field


@define(eq=False)
class Slot:
    """One connection, waiting for its first request; cancelling `scope` has to end it."""

    address: str
    slots: "Slots"
    scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)

    def begin_request(self) -> None:
        """The connection has a whole request."""
        self.slots.waiting.pop(self, None)

    def end_request(self) -> None:
        """The connection waits for its next one."""
        if self in self.slots.taken:
            self.slots.waiting[self] = None

    def free(self) -> None:
        """The connection is over; harmless when that is known."""
        self.slots.free(self)


class Slots:
    """At most `limit` connections, and at most `limit_of_one` of them from one address; 0 is no limit."""

    def __init__(self, limit: int, limit_of_one: int) -> None:
        self._limit: Final = limit
        self._limit_of_one: Final = limit_of_one
        self._count: dict[str, int] = {}
        self.taken: set[Slot] = set()
        self.waiting: dict[Slot, None] = {}
        """Those without a request, the longest first."""

    def take(self, address: str) -> Slot | None:
        """A slot for a new connection; None when those that it would have to replace all have requests."""
        if 0 < self._limit_of_one <= self._count.get(address, 0) and not self._make_room(address):
            return None
        if 0 < self._limit <= len(self.taken) and not self._make_room(None):
            return None
        slot = Slot(address, self)
        self.taken.add(slot)
        self.waiting[slot] = None
        self._count[address] = self._count.get(address, 0) + 1
        return slot

    def free(self, slot: Slot) -> None:
        """A connection is over."""
        if slot not in self.taken:
            return
        self.taken.remove(slot)
        self.waiting.pop(slot, None)
        left = self._count.pop(slot.address) - 1
        if left:
            self._count[slot.address] = left

    def _make_room(self, address: str | None) -> bool:
        """End the connection that has waited longest, of this address or of any."""
        slot = next((slot for slot in self.waiting if address is None or slot.address == address), None)
        if slot is None:
            return False
        slot.scope.cancel()
        self.free(slot)
        return True
