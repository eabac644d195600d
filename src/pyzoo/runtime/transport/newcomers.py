"""Newcomers: connections that may be anybody's, because they are not in yet.

They are looked at apart from those that are in, which would be found behind thousands of them otherwise. Where very
many come to nothing, all newcomers rest in between: most of the time is for those who are in.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.runtime.transport.poller import Poller, new_poller

EVENTS_PER_PASS: Final = 8
COST_OF_NOTHING_NS: Final = 150_000
"""For so long all rest for each that has come to nothing: twice as long as it takes to let one in and to close it."""
SHORTEST_REST_NS: Final = 1_000_000
REST_MS: Final = 2
"""One to two milliseconds, for the clock counts whole ones."""
NEVER: Final = 0x7FFFFFFFFFFFFFFF
_IN: Final = 1  # EPOLLIN


@final
class Newcomers:
    """Their poller, whose `fd` is readable in that of all others, and when they have their next turn, `again_ms`.

    Where a poller cannot be watched by another, both are the same, and `fd` is -1.
    """

    def __init__(self, others: Poller) -> None:
        self.fd: int = -1
        self.poller = others
        self.again_ms: int = NEVER
        self._others = others
        self._owed_ns: i64 = 0
        if others.fileno() >= 0:
            self.poller = new_poller()
            self.fd = self.poller.fileno()
            others.register(self.fd, _IN)

    def events(self) -> list[tuple[int, int]]:
        """What has happened to some of them; the others come first the next time."""
        return self.poller.poll(0, EVENTS_PER_PASS)

    def came_to_nothing(self) -> None:
        """One is gone that never came in."""
        self._owed_ns += COST_OF_NOTHING_NS

    @property
    def is_tiring(self) -> bool:
        """Whether so many have come to nothing that it is time for a rest."""
        return self._owed_ns >= SHORTEST_REST_NS

    def rest(self, until_ms: int) -> None:
        """Look at none before then."""
        self._owed_ns = 0
        self.again_ms = until_ms
        if self.fd >= 0:
            self._others.modify(self.fd, 0)

    def go_on(self) -> None:
        """The rest is over."""
        self.again_ms = NEVER
        if self.fd >= 0:
            self._others.modify(self.fd, _IN)

    def close(self) -> None:
        """Give the poller back."""
        if self.fd >= 0:
            self.poller.close()
