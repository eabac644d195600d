"""Lookers: what has happened to many sockets, asked with poll, or with select where there is no poll (Windows)."""

import select
import sys
from collections.abc import Callable
from typing import Final, Protocol

_IN: Final = 1  # POLLIN, and EPOLLIN
_OUT: Final = 4  # POLLOUT, and EPOLLOUT
_BROKEN: Final = 8  # POLLERR, and EPOLLERR
MOST_SELECTED: Final = 500
"""select() of Windows takes no more than 512 sockets."""

Events = list[tuple[int, int]]


class Looker(Protocol):
    def watch(self, fd: int, mask: int) -> None:
        """Look at it from now on, or for other events than before."""

    def forget(self, fd: int) -> None:
        """Look at it no more."""

    def look(self, seconds: float) -> Events:
        """What has happened; may wait for that, but need not."""


if sys.platform != "win32":

    class PollLooker:
        """With poll, whose events have the numbers of epoll's."""

        def __init__(self) -> None:
            self._poll = select.poll()
            self.watch: Callable[[int, int], None] = self._poll.register
            self.forget: Callable[[int], None] = self._poll.unregister

        def look(self, seconds: float) -> Events:
            """Wait in whole milliseconds, none for less than one."""
            return self._poll.poll(int(seconds * 1000))


class SelectLooker:
    """With select, a few hundred sockets at a time."""

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}

    def watch(self, fd: int, mask: int) -> None:
        self._masks[fd] = mask

    def forget(self, fd: int) -> None:
        del self._masks[fd]

    def look(self, seconds: float) -> Events:
        fds = list(self._masks)
        if len(fds) <= MOST_SELECTED:
            return self._select(fds, seconds)
        events: Events = []
        for at in range(0, len(fds), MOST_SELECTED):
            events += self._select(fds[at : at + MOST_SELECTED], 0)
        return events

    def _select(self, fds: list[int], seconds: float) -> Events:
        readers = [fd for fd in fds if self._masks[fd] & _IN]
        writers = [fd for fd in fds if self._masks[fd] & _OUT]
        if not readers and not writers:
            return []  # which Windows calls an error
        # A connection that could not be made is told there by the third list alone.
        found = select.select(readers, writers, writers, seconds)
        masks: dict[int, int] = {}
        for ready, bit in zip(found, (_IN, _OUT, _BROKEN), strict=True):
            for fd in ready:
                masks[fd] = masks.get(fd, 0) | bit
        return list(masks.items())


def new_looker() -> Looker:
    """With what the system has."""
    if sys.platform != "win32":
        return PollLooker()
    return SelectLooker()
