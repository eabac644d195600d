"""Endpoint: the socket of one connection, which moves bytes between the network, a session and an outbox.

Nothing here waits.
"""

import logging
import os
import socket
import sys
from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from pyzoo.errors import ProtocolViolation
from pyzoo.outbox import Outbox, OutboxReader
from pyzoo.runtime.transport.poller import Poller
from pyzoo.runtime.transport.session import TransportSession

logger: Final = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 1 << 16
FEW_BYTES: Final = 479
"""What CPython has memory for without asking the C library, which takes longer."""
OFTEN: Final = 8
"""Who has said little so many times in a row is likely to go on so."""
_IN: Final = 1  # EPOLLIN
_OUT: Final = 4  # EPOLLOUT

# A descriptor takes a third less of the interpreter than the methods of its socket do. Windows has none for sockets.
_takes_descriptors: Final = sys.platform != "win32"
_read: Final[Callable[..., bytes]] = os.read
_write: Final[Callable[..., int]] = os.write


class EndpointOwner:
    """Who has all endpoints of a server; the `poller` is for those who are in."""

    poller: Poller

    def remove(self, endpoint: "Endpoint") -> None:
        """Watch it no more."""
        raise NotImplementedError

    def linger(self, endpoint: "Endpoint") -> None:
        """Nothing more is said there, nor heard."""
        raise NotImplementedError

    def let_in(self, endpoint: "Endpoint") -> None:
        """From now on this one is watched with those who are in."""
        raise NotImplementedError

    def came_to_nothing(self) -> None:
        """One that was not in has ended."""
        raise NotImplementedError


class Endpoint(OutboxReader):
    """One connection; the methods without an underscore below `# --- for its port` are what a port makes of it.

    A pass receives up to `receives` times, as long as there is more than fits into one. While it is not `is_in` it may
    be anybody's, and waits for those who are. While it `rests` nothing is received; the socket is not watched for that
    any more once something has come all the same.
    """

    def __init__(
        self,
        endpoints: EndpointOwner,
        sock: socket.socket,
        outbox: Outbox,
        session: TransportSession | None,
        receives: i64,
    ) -> None:
        self.endpoints = endpoints
        self.poller = endpoints.poller
        self.fd: int = sock.fileno()
        # As an object, which need not be made anew for each call.
        self._descriptor: object = self.fd
        self.use(sock)
        self.outbox = outbox
        self.session = session
        self.receives: i64 = receives
        self.unsent = memoryview(b"")
        self.mask = _IN
        self.rests = False
        self._little_times: i64 = 0
        self.is_open = True
        self.is_in = True

    def use(self, sock: socket.socket) -> None:
        """Read and write by this object of the same descriptor."""
        self.sock = sock
        self._is_plain = _takes_descriptors and type(sock) is socket.socket

    def ready(self, mask: int) -> None:
        """Something has happened to the socket."""
        if mask & _OUT:
            self.send()
            if not self.is_open:
                return
        if mask & ~_OUT and self.mask & _IN:
            if self.rests:
                self.set_mask(self.mask & ~_IN)
            else:
                self._receive()
        elif mask & ~(_OUT | _IN):
            self.end()

    def _receive(self) -> None:
        left = self.receives
        while left > 0:
            left -= 1
            try:
                data = self._take_bytes()
            except BlockingIOError:
                return
            except OSError:
                self.end()
                return
            plain = data
            if self.session is not None:
                plain = self._through(self.session, data)
            if len(plain) > 0 and self.is_open:
                self.received(plain)
            if len(data) < RECEIVE_BYTES:
                if len(data) == 0:
                    self.end()
                return
            if not self.is_open or self.outbox.closing:
                return

    def _take_bytes(self) -> bytes:
        """What has come, RECEIVE_BYTES at most; raises OSError."""
        if self._little_times >= OFTEN:
            data = _read(self._descriptor, FEW_BYTES) if self._is_plain else self.sock.recv(FEW_BYTES)
            if len(data) < FEW_BYTES:
                return data
            self._little_times = 0
            try:
                data += self.sock.recv(RECEIVE_BYTES - FEW_BYTES)
            except OSError:
                pass  # it was just so much, or the next event tells that the connection is broken
            return data
        data = self.sock.recv(RECEIVE_BYTES)
        self._little_times = self._little_times + 1 if len(data) < FEW_BYTES else 0
        return data

    def _through(self, session: TransportSession, data: bytes) -> bytes:
        """What the session makes of what was received; it may have something to answer."""
        try:
            plain = session.received(data)
        except (ProtocolViolation, OSError) as error:
            self._refuse(error)
            return b""
        self.send()
        return plain

    def _refuse(self, error: Exception) -> None:
        """End a connection for what it has sent; the session may have something to say to that."""
        logger.warning("Closing the connection with %s: %s", self.name, error)
        self.send()
        self.leave()

    def send(self) -> None:
        """Send what the outbox has, as far as the network takes it, and close if that is wanted."""
        outbox = self.outbox
        if outbox.gone or not self.is_open:
            self.end()
            return
        try:
            if outbox.unsent > 0:
                self._send_rest()
            if outbox.unsent == 0:
                data = outbox.data_to_send()
                session = self.session
                if session is not None:
                    data = session.to_send(data)
                    if outbox.is_over and not session.holds_back:
                        data += session.farewell()
                if len(data) > 0:
                    self._send_new(data)
        except OSError:
            self.end()
            return
        if outbox.unsent > 0:
            self.set_mask(self.mask | _OUT)
            self.blocked()
        elif outbox.is_over and (self.session is None or not self.session.holds_back):
            self.leave()
        elif outbox.wants_drain:
            self.drained()
            # The writable socket begins the next pass: others have their turn between two pieces of a snapshot.
            self.set_mask(_IN | _OUT if outbox.waiting_bytes() > 0 else _IN)
        elif self.mask & _OUT:
            self.set_mask(self.mask & ~_OUT)

    def _send_new(self, data: bytes) -> None:
        try:
            sent: i64 = _write(self._descriptor, data) if self._is_plain else self.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._keep(memoryview(data)[sent:])

    def _send_rest(self) -> None:
        try:
            sent: int = self.sock.send(self.unsent)
        except BlockingIOError:
            return
        self._keep(self.unsent[sent:])

    def _keep(self, rest: memoryview) -> None:
        self.unsent = rest
        self.outbox.unsent = len(rest)
        self.moved()

    def set_mask(self, mask: int) -> None:
        """Wait for other events than before."""
        if self.mask != mask:
            self.mask = mask
            self.poller.modify(self.fd, mask)

    def end(self) -> None:
        """Close the socket, and tell the core unless it has wanted that."""
        if self.is_open:
            self.is_open = False
            if not self.is_in and not self.has_come_in():
                self.endpoints.came_to_nothing()
            self.endpoints.remove(self)
            self.gone()
            self.sock.close()

    def leave(self) -> None:
        """Everything is said: close the socket once the other end has read that, and hung up too."""
        if self.unsent:
            self.end()
        elif self.is_open:
            self.say_farewell()
            self.is_open = False
            self.endpoints.linger(self)
            self.gone()

    def say_farewell(self) -> None:
        """Send the last that the session has to say, if it has not gone out with the end of an answer."""
        if self.session is None:
            return
        farewell = self.session.farewell()
        if not farewell:
            return
        try:
            self.sock.send(farewell)
        except OSError:
            pass  # the other end is gone

    def written(self) -> None:
        if not self.is_in and self.has_come_in():
            self.endpoints.let_in(self)
        self.send()

    # --- for its port

    @property
    def name(self) -> str:
        """The other side, for people."""
        raise NotImplementedError

    def has_come_in(self) -> bool:
        """Whether it is in by now; asked while it is not."""
        return True

    def received(self, data: bytes) -> None:
        """Bytes for the core."""
        raise NotImplementedError

    def gone(self) -> None:
        """The connection is over."""
        raise NotImplementedError

    def moved(self) -> None:
        """The network has taken only a part, or some of what was left."""

    def blocked(self) -> None:
        """There is something left that the network does not take now."""

    def drained(self) -> None:
        """The network has taken everything, and the core wants to know."""


def prepare(sock: socket.socket, keep_alive: bool) -> bool:
    """Set what every connection has; False when it is broken already."""
    sock.setblocking(False)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if keep_alive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    except OSError:
        return False
    return True
