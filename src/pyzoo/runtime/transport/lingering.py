"""Lingering: sockets on which everything is said, until the other end has hung up too.

Closing a socket while bytes are unread, or before all have come, makes the network break the connection (RFC 1122,
4.2.2.13): the other end may lose the last that it was told, such as the answer to closeSession, or a member's hello.
"""

import socket
from typing import Final, final

from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.transport.poller import Poller

LINGER_MS: Final = 5000
MOST_LINGERING: Final = 128
RECEIVE_BYTES: Final = 1 << 16
_IN: Final = 1  # EPOLLIN


@final
class Lingering:
    """What comes on these sockets is thrown away; each is closed after LINGER_MS, or when very many came after it."""

    def __init__(self) -> None:
        self._sockets: dict[int, tuple[socket.socket, int, Poller]] = {}
        """By file descriptor, in the order of their ends (ms)."""

    def begin(self, sock: socket.socket, fd: int, mask: int, poller: Poller) -> None:
        """Say that no more follows; the poller watches the socket for `mask`, and goes on with it."""
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            _close(sock, fd, poller)  # the other end is gone
            return
        if len(self._sockets) >= MOST_LINGERING:
            self._end(next(iter(self._sockets)))
        if mask != _IN:
            poller.modify(fd, _IN)
        self._sockets[fd] = (sock, elapsed_ms() + LINGER_MS, poller)

    def ready(self, fd: int) -> None:
        """Something has happened to this socket, if it is one of these."""
        found = self._sockets.get(fd)
        if found is None:
            return
        try:
            # The end is there as a rule when the last bytes are, such as the end of TLS.
            is_over = not found[0].recv(RECEIVE_BYTES) or not found[0].recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            is_over = True
        if is_over:
            self._end(fd)

    def end_until(self, now_ms: int) -> None:
        """Close those that have lingered for long enough."""
        while self.next_ms(now_ms + 1) <= now_ms:
            self._end(next(iter(self._sockets)))

    def next_ms(self, never: int) -> int:
        """When the next is to be closed, or `never`."""
        for _, end_ms, _ in self._sockets.values():
            return end_ms
        return never

    def close(self) -> None:
        """Close all."""
        for sock, _, _ in self._sockets.values():
            sock.close()
        self._sockets.clear()

    def _end(self, fd: int) -> None:
        sock, _, poller = self._sockets.pop(fd)
        _close(sock, fd, poller)


def _close(sock: socket.socket, fd: int, poller: Poller) -> None:
    try:
        poller.unregister(fd)
    except OSError:
        pass
    sock.close()
