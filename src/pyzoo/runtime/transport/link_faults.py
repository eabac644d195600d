"""LinkFaults: which members a member cannot talk to, and how late it hears the others; for tests of what uses it.

A link that is cut is closed, and its dials come to nothing, as if a firewall reset it: both sides know at once. What
is late arrives in its order. Without faults a PeerPort has no such object at all.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, final

from pyzoo.quorum.link import PeerLink

NO_ONE: Final[frozenset[int]] = frozenset()


@final
class LateBytes:
    """What has arrived on a link, for the member to hear at `due_ms`; the end of the link where `data` is None."""

    def __init__(self, due_ms: int, link: PeerLink, data: bytes | None) -> None:
        self.due_ms = due_ms
        self.link = link
        self.data = data


def _nothing() -> None:
    return


@final
class LinkFaults:
    """The faults of one member's links, in its event loop; `changed` and `came_late` call whoever acts on them.

    Members in `cut` are not talked to, and `delay_ms` is how late all others are heard.
    """

    def __init__(self) -> None:
        self.cut: frozenset[int] = NO_ONE
        self.delay_ms: int = 0
        self.changed: Callable[[], None] = _nothing
        self.came_late: Callable[[], None] = _nothing
        self._late: deque[LateBytes] = deque()

    def set(self, cut: frozenset[int], delay_ms: int) -> None:
        """These, and no others, are the faults from now on; what is on its way arrives at once where none are left."""
        self.cut = cut
        self.delay_ms = delay_ms
        if delay_ms == 0:
            for late in self._late:
                late.due_ms = 0
        self.changed()

    def cuts(self, link: PeerLink) -> bool:
        """Whether nothing may pass a link; who is at the other end of an accepted one turns out later."""
        return link.sid in self.cut

    def holds(self, link: PeerLink, data: bytes | None, now_ms: int) -> bool:
        """Keep what has arrived until it is time; False where it may be heard at once."""
        if self.delay_ms == 0 and not self._late:
            return False
        due_ms = now_ms + self.delay_ms
        if self._late:
            due_ms = max(due_ms, self._late[-1].due_ms)
        self._late.append(LateBytes(due_ms, link, data))
        self.came_late()
        return True

    def take_due(self, now_ms: int) -> LateBytes | None:
        """The next that is to be heard by now."""
        return self._late.popleft() if self._late and self._late[0].due_ms <= now_ms else None

    @property
    def due_ms(self) -> int | None:
        """When the next is to be heard."""
        return self._late[0].due_ms if self._late else None

    def forget(self, link: PeerLink) -> None:
        """What is on its way on a link never arrives."""
        self._late = deque(late for late in self._late if late.link is not link)
