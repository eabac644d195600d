"""Endpoint: the socket of one connection, which moves bytes between the network, a session and an outbox.

All sockets of a server, its listeners too, sit in one poller. Nothing here waits.
"""

import logging
import socket
from typing import Final, final

from mypy_extensions import i64, mypyc_attr

from pyzoo.errors import ProtocolViolation
from pyzoo.outbox import Outbox
from pyzoo.runtime.clock import elapsed_ms, monotonic_ns
from pyzoo.runtime.transport.lingering import Lingering
from pyzoo.runtime.transport.poller import Poller, new_poller
from pyzoo.runtime.transport.session import TransportSession

logger: Final = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 1 << 16
FEW_BYTES: Final = 479
"""What CPython has memory for without asking the C library, which takes longer."""
OFTEN: Final = 8
"""Who has said little so many times in a row is likely to go on so."""
ACCEPT_REST_MS: Final = 500
NEVER: Final = 0x7FFFFFFFFFFFFFFF
_IN: Final = 1  # EPOLLIN
_OUT: Final = 4  # EPOLLOUT


class Endpoint:
    """One connection; the methods without an underscore below `# --- for its port` are what a port makes of it.

    A pass receives up to `receives` times, as long as there is more than fits into one. While it is not `is_in` it may
    be anybody's, and waits for those who are. While it `rests` nothing is received; the socket is not watched for that
    any more once something has come all the same.
    """

    def __init__(
        self,
        endpoints: "Endpoints",
        sock: socket.socket,
        outbox: Outbox,
        session: TransportSession | None,
        receives: i64,
    ) -> None:
        self.endpoints = endpoints
        self.sock = sock
        self.fd: int = sock.fileno()
        self.outbox = outbox
        self.session = session
        self.receives: i64 = receives
        self.unsent = memoryview(b"")
        self.mask = _IN
        self.rests = False
        self._little_times: i64 = 0
        self.is_open = True
        self.is_in = True

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
        for _ in range(self.receives):
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
            if plain and self.is_open:
                self.received(plain)
            if not data:
                self.end()
            if len(data) < RECEIVE_BYTES or not self.is_open or self.outbox.closing:
                return

    def _take_bytes(self) -> bytes:
        """What has come, RECEIVE_BYTES at most; raises OSError."""
        expects_little = self._little_times >= OFTEN
        data = self.sock.recv(FEW_BYTES if expects_little else RECEIVE_BYTES)
        if len(data) < FEW_BYTES:
            self._little_times += 1
            return data
        self._little_times = 0
        if expects_little:
            try:
                data += self.sock.recv(RECEIVE_BYTES - FEW_BYTES)
            except OSError:
                pass  # it was just so much, or the next event tells that the connection is broken
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
        if outbox.gone:
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
                if data:
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
            sent: int = self.sock.send(data)
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
            self.endpoints.poller.modify(self.fd, mask)

    def end(self) -> None:
        """Close the socket, and tell the core unless it has wanted that."""
        if self.is_open:
            self.is_open = False
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


@mypyc_attr(allow_interpreted_subclasses=True)
class Port:
    """What becomes of the connections to a listener."""

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


@mypyc_attr(allow_interpreted_subclasses=True)
class OutboxReader:
    """Who takes what is written to an outbox without a socket: a client within this process."""

    def written(self) -> None:
        """Something may have been written, or the connection is over; called in the middle of a turn."""
        raise NotImplementedError


@final
class Endpoints:
    """All sockets of one server; `by_outbox` has the connections that a core speaks of, `readers` those without one."""

    def __init__(self) -> None:
        self.poller: Poller = new_poller()
        self.by_fd: dict[int, Endpoint] = {}
        self.by_outbox: dict[Outbox, Endpoint] = {}
        self.readers: dict[Outbox, OutboxReader] = {}
        self.listeners: dict[int, Listener] = {}
        self.lingering = Lingering(self.poller)
        self.deadline_ms: i64 = NEVER
        self._accept_again_ms: int = NEVER

    def add(self, endpoint: Endpoint) -> None:
        """Watch a connection."""
        self.by_fd[endpoint.fd] = endpoint
        self.by_outbox[endpoint.outbox] = endpoint
        self.poller.register(endpoint.fd, _IN)

    def remove(self, endpoint: Endpoint) -> None:
        """Watch it no more."""
        del self.by_fd[endpoint.fd]
        del self.by_outbox[endpoint.outbox]
        try:
            self.poller.unregister(endpoint.fd)
        except OSError:
            pass

    def linger(self, endpoint: Endpoint) -> None:
        """Nothing more is said there, nor heard."""
        del self.by_fd[endpoint.fd]
        del self.by_outbox[endpoint.outbox]
        self.lingering.begin(endpoint.sock, endpoint.fd, endpoint.mask)
        self._set_deadline()

    # --- the time

    def advance(self, now_ms: int) -> None:
        """The deadline has come: what had to wait goes on, or ends."""
        self.lingering.end_until(now_ms)
        if now_ms >= self._accept_again_ms:
            self._accept_again()
        self._set_deadline()

    def _set_deadline(self) -> None:
        self.deadline_ms = min(self._accept_again_ms, self.lingering.next_ms(NEVER))

    def send(self, outboxes: list[Outbox]) -> None:
        """Send what these have; those that are over already are passed over."""
        for outbox in outboxes:
            endpoint = self.by_outbox.get(outbox)
            if endpoint is not None:
                endpoint.send()
            elif outbox in self.readers:
                self.readers[outbox].written()

    # --- listening

    def listen(self, listener: Listener) -> None:
        """Take connections from it."""
        self.listeners[listener.fd] = listener
        if self._accept_again_ms == NEVER:
            self.poller.register(listener.fd, _IN)

    def stop_listening(self, listener: Listener) -> None:
        """Close it; connections that came through it stay."""
        if self.listeners.pop(listener.fd, None) is not None:
            if self._accept_again_ms == NEVER:
                self.poller.unregister(listener.fd)
            listener.sock.close()

    def accept(self, fd: int, end_ns: i64) -> None:
        """Take connections that wait at the listener of this file descriptor: one, and more until then.

        The others wait for the next pass, which comes at once.
        """
        listener = self.listeners.get(fd)
        if listener is None:
            self.lingering.ready(fd)
            return
        while True:
            try:
                sock, address = listener.sock.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._rest_from_accepting(error)
                return
            # IPv6 addresses have two more fields.
            listener.port.accepted(listener.kind, sock, address[0], address[1])
            if monotonic_ns() >= end_ns:
                return

    def _rest_from_accepting(self, error: OSError) -> None:
        """Out of file descriptors or memory: trying again at once would only burn time."""
        if self._accept_again_ms == NEVER:
            logger.error("No more connections can be accepted for now, raise the limit of open files: %s", error)
            for fd in self.listeners:
                self.poller.unregister(fd)
        self._accept_again_ms = elapsed_ms() + ACCEPT_REST_MS
        self._set_deadline()

    def _accept_again(self) -> None:
        """The rest is over."""
        self._accept_again_ms = NEVER
        for fd in self.listeners:
            self.poller.register(fd, _IN)

    def close(self) -> None:
        """Close every socket, and tell nobody."""
        for endpoint in self.by_fd.values():
            endpoint.sock.close()
        for listener in self.listeners.values():
            listener.sock.close()
        self.lingering.close()
        self.poller.close()


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
