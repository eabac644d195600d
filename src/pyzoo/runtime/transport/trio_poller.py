"""TrioPoller: what epoll does for a server, on any system that trio runs on.

What has happened is looked up with poll, or with select where there is no poll (Windows). While nothing happens, trio
waits for each of the sockets, in a task for each of them, because neither can be waited for itself.
"""

from collections.abc import Callable
from typing import Final, final

import trio

from pyzoo.runtime.transport.lookers import Events, Looker, new_looker

_IN: Final = 1  # POLLIN, and EPOLLIN
_OUT: Final = 4  # POLLOUT, and EPOLLOUT


class _Watch:
    """A socket: what is wanted of it (`mask`), and what tasks wait for (`waits`)."""

    def __init__(self, fd: int, mask: int) -> None:
        self.fd = fd
        self.mask = mask
        self.waits = 0


@final
class TrioPoller:
    """A Poller; `serve` is to run in trio as long as anybody is to be told."""

    def __init__(self, looker: Looker | None = None) -> None:
        self._looker: Looker = looker or new_looker()
        self._watches: dict[int, _Watch] = {}
        self._nursery: trio.Nursery | None = None
        self._on_events: Callable[[], None] = lambda: None
        self._polls = 0
        self._first = 0

    async def serve(self, on_events: Callable[[], None]) -> None:
        """Call `on_events`, which has to `poll`, whenever there is something; returns only by an exception."""
        self._on_events = on_events
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            try:
                for watch in self._watches.values():
                    self._wait_for(watch)
                await trio.sleep_forever()
            finally:
                self._nursery = None

    def register(self, fd: int, mask: int) -> None:
        watch = _Watch(fd, mask)
        self._looker.watch(fd, mask)
        self._watches[fd] = watch
        self._wait_for(watch)

    def modify(self, fd: int, mask: int) -> None:
        watch = self._watches[fd]
        watch.mask = mask
        self._looker.watch(fd, mask)
        self._wait_for(watch)

    def unregister(self, fd: int) -> None:
        watch = self._watches.pop(fd)
        watch.mask = 0
        self._looker.forget(fd)
        if watch.waits:
            trio.lowlevel.notify_closing(fd)

    def poll(self, seconds: float, most_events: int) -> Events:
        self._polls += 1
        events = self._looker.look(seconds)
        if len(events) <= most_events:
            return events
        # All take turns, whatever the order in which they are looked at.
        first = self._first % len(events)
        self._first = first + most_events
        return (events[first:] + events[:first])[:most_events]

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self._watches.clear()

    # --- the tasks

    def _wait_for(self, watch: _Watch) -> None:
        """Have tasks for what is wanted of a socket; one that waits for what is not wanted any more finds out later."""
        nursery = self._nursery
        if nursery is None:
            return
        for event in (_IN, _OUT):
            if watch.mask & event and not watch.waits & event:
                watch.waits |= event
                nursery.start_soon(self._wait, watch, event)

    async def _wait(self, watch: _Watch, event: int) -> None:
        wait = trio.lowlevel.wait_readable if event == _IN else trio.lowlevel.wait_writable
        try:
            while watch.mask & event:
                polls = self._polls
                await wait(watch.fd)
                # One look finds what all sockets have; should it have come too early, trio tells again at once.
                if polls == self._polls and watch.mask & event:
                    self._on_events()
        except trio.ClosedResourceError:
            pass  # watched no more
        finally:
            watch.waits &= ~event
