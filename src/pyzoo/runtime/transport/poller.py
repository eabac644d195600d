"""Poller: who knows what has happened to which sockets. It is epoll itself, or what does the same on any system."""

import select
import sys
from typing import Protocol

from pyzoo.portable import is_portable
from pyzoo.runtime.transport.trio_poller import TrioPoller


class Poller(Protocol):
    """As select.epoll: masks are of EPOLLIN and EPOLLOUT; what is broken is told whatever the mask."""

    def register(self, fd: int, mask: int, /) -> None:
        """Watch a socket."""

    def modify(self, fd: int, mask: int, /) -> None:
        """Watch it for other events."""

    def unregister(self, fd: int, /) -> None:
        """Watch it no more: it is about to be closed, or nobody wants to know."""

    def poll(self, seconds: float, most_events: int, /) -> list[tuple[int, int]]:
        """What has happened, at most so much, or happens within so many seconds."""

    def fileno(self) -> int:
        """A descriptor that is readable while there is something; -1 where there is none."""

    def close(self) -> None:
        """Give everything back."""


def new_poller() -> Poller:
    """One of the way that this process goes."""
    if sys.platform == "linux" and not is_portable():
        return select.epoll()
    return TrioPoller()
