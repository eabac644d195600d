"""Wakeup: how another thread makes the event loop look at it."""

import os
import socket
from collections.abc import Callable
from typing import Final, final

from pyzoo.portable import is_portable

_DRAINED_BYTES: Final = 1 << 12


class Wakeup:
    """`fd` is readable from `wake`, which any thread may call, until `drain`."""

    def __init__(self, fd: int) -> None:
        self.fd: int = fd

    def wake(self) -> None:
        """Let the loop look."""
        raise NotImplementedError

    def drain(self) -> bool:
        """It looks now; whether somebody has wanted that since the last time."""
        raise NotImplementedError

    def close(self) -> None:
        """Nobody wakes or is woken any more."""
        raise NotImplementedError


def _eventfd_is_missing(*_: int) -> int:
    raise NotImplementedError


# Not every system has them, so no checker of types may look for them.
_eventfd: Final[Callable[[int, int], int]] = getattr(os, "eventfd", _eventfd_is_missing)
_eventfd_write: Final[Callable[[int, int], object]] = getattr(os, "eventfd_write", _eventfd_is_missing)
_eventfd_read: Final[Callable[[int], int]] = getattr(os, "eventfd_read", _eventfd_is_missing)
_EVENTFD_FLAGS: Final[int] = getattr(os, "EFD_NONBLOCK", 0) | getattr(os, "EFD_CLOEXEC", 0)


@final
class EventfdWakeup(Wakeup):
    """Linux's own."""

    def __init__(self) -> None:
        super().__init__(_eventfd(0, _EVENTFD_FLAGS))

    def wake(self) -> None:
        _eventfd_write(self.fd, 1)

    def drain(self) -> bool:
        try:
            _eventfd_read(self.fd)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self.fd)


@final
class SocketWakeup(Wakeup):
    """Two sockets that are connected, as every system has them."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        super().__init__(self._reader.fileno())

    def wake(self) -> None:
        try:
            self._writer.send(b"\0")
        except BlockingIOError:
            pass  # so many bytes wait that it is readable

    def drain(self) -> bool:
        is_awake = False
        try:
            while self._reader.recv(_DRAINED_BYTES):
                is_awake = True
        except BlockingIOError:
            pass
        return is_awake

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


def new_wakeup() -> Wakeup:
    """One of the way that this process goes."""
    return SocketWakeup() if is_portable() else EventfdWakeup()
