"""Listeners: the open ports, and when none of their connections are taken for a while."""

import logging
import socket
from typing import Final, final

from mypy_extensions import i64, mypyc_attr

from pyzoo.runtime.clock import elapsed_ms, monotonic_ns
from pyzoo.runtime.transport.poller import Poller

logger: Final = logging.getLogger(__name__)

SHORT_OF_FILES_MS: Final = 500
FULL_MS: Final = 2
"""So soon a port that takes no more is looked at again."""
NEVER: Final = 0x7FFFFFFFFFFFFFFF
_IN: Final = 1  # EPOLLIN


@mypyc_attr(allow_interpreted_subclasses=True)
class Port:
    """What becomes of the connections to a listener."""

    def has_room(self, kind: int) -> bool:
        """Whether another connection to the listener of this kind may be taken now; it waits in the system if not."""
        return True

    def accepted(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        """Somebody has connected to the listener of this kind."""
        raise NotImplementedError


@final
class Listener:
    """An open port: its socket, and which kind of `port`'s it is."""

    def __init__(self, sock: socket.socket, port: Port, kind: int) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.fd: int = sock.fileno()
        self.port = port
        self.kind = kind


@final
class Listeners:
    """Those of one server, by file descriptor; those that rest go on at `again_ms`."""

    def __init__(self, poller: Poller) -> None:
        self.by_fd: dict[int, Listener] = {}
        self.again_ms: int = NEVER
        self._poller = poller
        self._resting: dict[int, None] = {}
        self._is_short_of_files = False

    def listen(self, listener: Listener) -> None:
        """Take connections from it."""
        self.by_fd[listener.fd] = listener
        self._poller.register(listener.fd, _IN)
        if self._is_short_of_files:
            self._rest(listener.fd)

    def stop(self, listener: Listener) -> None:
        """Close it; connections that came through it stay."""
        if self.by_fd.pop(listener.fd, None) is not None:
            self._resting.pop(listener.fd, None)
            self._poller.unregister(listener.fd)
            listener.sock.close()

    def accept(self, listener: Listener, end_ns: i64) -> None:
        """Take connections that wait there: one, and more until then.

        The others wait for the next pass, which comes at once.
        """
        while True:
            if not listener.port.has_room(listener.kind):
                self._rest(listener.fd)
                self._wake_at(elapsed_ms() + FULL_MS)
                return
            try:
                sock, address = listener.sock.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._be_short_of_files(error)
                return
            # IPv6 addresses have two more fields.
            listener.port.accepted(listener.kind, sock, address[0], address[1])
            if monotonic_ns() >= end_ns:
                return

    def rest(self, until_ms: int) -> None:
        """Take none before then."""
        for fd in self.by_fd:
            self._rest(fd)
        self._wake_at(until_ms)

    def go_on(self) -> None:
        """The rest is over."""
        self.again_ms = NEVER
        self._is_short_of_files = False
        for fd in self._resting:
            self._poller.modify(fd, _IN)
        self._resting.clear()

    def close(self) -> None:
        """Close all."""
        for listener in self.by_fd.values():
            listener.sock.close()

    def _rest(self, fd: int) -> None:
        if fd not in self._resting:
            self._resting[fd] = None
            self._poller.modify(fd, 0)

    def _wake_at(self, ms: int) -> None:
        # While there are no files for anybody, nobody is let in before that is to be tried again.
        if not self._is_short_of_files and ms < self.again_ms:
            self.again_ms = ms

    def _be_short_of_files(self, error: OSError) -> None:
        """Out of file descriptors or memory: trying again at once would only burn time."""
        if not self._is_short_of_files:
            logger.error("No more connections can be accepted for now, raise the limit of open files: %s", error)
        self._is_short_of_files = True
        self.again_ms = NEVER
        self.rest(0)
        self.again_ms = elapsed_ms() + SHORT_OF_FILES_MS
