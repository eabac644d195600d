"""The sockets between members, in the same epoll object as those of the clients.

Links come from the core: those that it wants dialled, and one for each connection that is accepted. Dialling and
looking up names wait, so they are tasks of their own (member.py, dialling.py); all else here is done within a pass.
"""

import logging
import select
import socket
from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from pyzoo.errors import ProtocolViolation
from pyzoo.quorum.link import ELECTION, PeerLink
from pyzoo.runtime.host_names import is_numeric
from pyzoo.runtime.listening import ElectionPortError, bind
from pyzoo.runtime.peer_sasl import PeerSasl, SaslSession
from pyzoo.runtime.peer_tls import PeerTls, TlsSession
from pyzoo.server.member.peer import QuorumPeer

logger: Final = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 1 << 18
RECEIVES_PER_PASS: Final = 4
ACCEPTS_PER_PASS: Final = 64
BIND_PAUSE_MS: Final = 1000
PORT_NAMES: Final = ("election", "quorum", "observer master")
_IN: Final = 1  # EPOLLIN
_OUT: Final = 4  # EPOLLOUT


@final
class PeerSocket:
    """A socket and the link that it feeds."""

    def __init__(self, sock: socket.socket, link: PeerLink, tls: TlsSession | None, sasl: SaslSession | None) -> None:
        self.sock = sock
        self.fd: int = sock.fileno()
        self.link = link
        self.tls = tls
        self.sasl = sasl
        self.unsent = memoryview(b"")
        self.mask = _IN

    @property
    def is_authenticating(self) -> bool:
        """Whether it must not be closed yet, though the core has said all that it has to say."""
        if self.tls is not None and self.tls.holds_back:
            return True
        return self.sasl is not None and not self.sasl.is_open and not self.sasl.failed


@final
class PeerPorts:
    """All listeners and connections between this member and others."""

    def __init__(
        self,
        peer: QuorumPeer,
        epoll: select.epoll,
        dial: Callable[[PeerLink], None],
        find_own: Callable[[int, list[tuple[str, int]]], None],
        run_errands: Callable[[], None],
        tls: PeerTls,
        sasl: PeerSasl,
        keep_alive: bool,
        bind_tries: int,
        all_ips: bool,
    ) -> None:
        """`dial` begins to connect a link, `run_errands` follows `peer.errands`; `bind_tries` 0 is for ever.

        `find_own` begins to look up where a kind of port has to be opened, and calls `own_found` or `own_unknown`.
        `look_up`, where it is set, finds the name of whoever has connected, and calls `admit`.
        """
        self.peer = peer
        self.epoll = epoll
        self.dial = dial
        self.find_own = find_own
        self.run_errands = run_errands
        self._errands: i64 = 0
        self.tls = tls
        self.sasl = sasl
        self.keep_alive = keep_alive
        self.bind_tries = bind_tries
        self.all_ips = all_ips
        self.failure: OSError | None = None
        self.look_up: Callable[[int, socket.socket, str, int], None] | None = None
        self._buffer = bytearray(RECEIVE_BYTES)
        self.sockets: dict[int, PeerSocket] = {}
        self.by_link: dict[PeerLink, PeerSocket] = {}
        self.listeners: dict[int, tuple[int, socket.socket]] = {}
        self._wanted: dict[int, list[tuple[str, int]]] = {}
        self._failed_binds: dict[int, int] = {}
        self._looking_up: set[int] = set()
        self._bind_again_ms: int = 0
        self._listen_version: int = -1

    # --- listening

    def listen(self, now_ms: int) -> None:
        """Open and close ports as the core wants them now."""
        retry = self._bind_again_ms != 0 and now_ms >= self._bind_again_ms
        if self.peer.listen_version == self._listen_version and not retry:
            return
        self._listen_version = self.peer.listen_version
        wanted = self.peer.listen_addresses()
        for kind in list(self._wanted):
            if wanted.get(kind) != self._wanted[kind]:
                self._close_port(kind)
                self._failed_binds.pop(kind, None)
        old, self._wanted = self._wanted, wanted
        self._bind_again_ms = 0
        for kind, addresses in wanted.items():
            if old.get(kind) != addresses or kind in self._failed_binds:
                self._begin_to_open(kind, addresses, now_ms)

    def _begin_to_open(self, kind: int, addresses: list[tuple[str, int]], now_ms: int) -> None:
        if self.all_ips or all(is_numeric(host) for host, _ in addresses):
            self._open_port(kind, addresses, now_ms)
        elif kind not in self._looking_up:
            self._looking_up.add(kind)
            self.find_own(kind, addresses)

    def own_found(self, kind: int, addresses: list[tuple[str, int]], found: list[tuple[str, int]]) -> None:
        """The names among some addresses of this member have been looked up."""
        self._looking_up.discard(kind)
        wanted = self._wanted.get(kind)
        now_ms = int(self.peer.now_ms)
        if wanted == addresses:
            self._open_port(kind, found, now_ms)
        elif wanted is not None:
            self._begin_to_open(kind, wanted, now_ms)

    def own_unknown(self, kind: int, where: str, error: OSError) -> None:
        """A name of this member is not known: it is asked for again."""
        self._looking_up.discard(kind)
        if kind in self._wanted:
            self._bind_failed(kind, where, error, int(self.peer.now_ms))

    def _open_port(self, kind: int, addresses: list[tuple[str, int]], now_ms: int) -> None:
        for host, port in addresses:
            try:
                listener = bind("" if self.all_ips else host, port)
            except OSError as error:
                self._close_port(kind)
                self._bind_failed(kind, f"{host}:{port}", error, now_ms)
                return
            listener.setblocking(False)
            self.listeners[listener.fileno()] = (kind, listener)
            self.epoll.register(listener.fileno(), _IN)
        self._failed_binds.pop(kind, None)

    def _bind_failed(self, kind: int, where: str, error: OSError, now_ms: int) -> None:
        # A name that nobody knows yet is often only late; a port that is taken rarely becomes free.
        tries = self._failed_binds.get(kind, 0) + (0 if isinstance(error, socket.gaierror) else 1)
        self._failed_binds[kind] = tries
        reason = (error.strerror or str(error)).partition(" (while")[0]
        logger.error("Cannot listen on the %s port %s: %s; it is tried again", PORT_NAMES[kind], where, reason)
        if kind == ELECTION and 0 < self.bind_tries <= tries:
            self.failure = ElectionPortError(error.errno, f"cannot listen on the election port {where}: {reason}")
        self._bind_again_ms = now_ms + BIND_PAUSE_MS

    def _close_port(self, kind: int) -> None:
        for fd, (other, listener) in list(self.listeners.items()):
            if other == kind:
                del self.listeners[fd]
                self.epoll.unregister(fd)
                listener.close()

    def next_deadline_ms(self, default: int) -> int:
        """When `listen` has to be called again, if that is before `default`."""
        return min(default, self._bind_again_ms) if self._bind_again_ms else default

    # --- events

    def ready(self, fd: int, mask: int) -> bool:
        """Something has happened on a file descriptor; False when it is none of ours."""
        connection = self.sockets.get(fd)
        if connection is not None:
            self._ready(connection, mask)
            return True
        listener = self.listeners.get(fd)
        if listener is not None:
            self._accept(listener[0], listener[1])
            return True
        return False

    def _accept(self, kind: int, listener: socket.socket) -> None:
        for _ in range(ACCEPTS_PER_PASS):
            try:
                sock, address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                logger.warning("A connection to the %s port was lost: %s", PORT_NAMES[kind], error)
                return
            if self.look_up is not None and self.tls.asks_names:
                self.look_up(kind, sock, address[0], address[1])
            else:
                self.admit(kind, sock, address[0], address[1], "")

    def admit(self, kind: int, sock: socket.socket, host: str, port: int, name: str) -> None:
        """Begin with an accepted connection; `name` is that of `host`, where it was looked up."""
        link = self.peer.peer_accepted(kind, host, port)
        self._send(self._adopt(sock, link, self.tls.accepted(host, name), self.sasl.accepted(kind)))

    def connected(self, sock: socket.socket, link: PeerLink, host: str) -> None:
        """A dial has succeeded."""
        if link.gone:
            sock.close()
            return
        connection = self._adopt(sock, link, self.tls.dialled(host), self.sasl.dialled(link.port))
        self.peer.peer_connected(link)
        self._send(connection)

    def dial_failed(self, link: PeerLink) -> None:
        """No address of a link could be reached."""
        if not link.gone:
            self.peer.peer_gone(link)

    def _adopt(
        self, sock: socket.socket, link: PeerLink, tls: TlsSession | None, sasl: SaslSession | None
    ) -> PeerSocket:
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.keep_alive:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError:
            pass  # the next use of it tells
        connection = PeerSocket(sock, link, tls, sasl)
        self.sockets[connection.fd] = connection
        self.by_link[link] = connection
        self.epoll.register(connection.fd, _IN)
        return connection

    def _ready(self, connection: PeerSocket, mask: int) -> None:
        if mask & _OUT:
            self._send(connection)
            if connection.fd not in self.sockets:
                return
        if mask & ~_OUT:
            self._receive(connection)

    def _receive(self, connection: PeerSocket) -> None:
        link = connection.link
        for _ in range(RECEIVES_PER_PASS):
            try:
                received: int = connection.sock.recv_into(self._buffer)
                data = bytes(memoryview(self._buffer)[:received])
                if data and connection.tls is not None:
                    plain = connection.tls.received(data)
                    self._send(connection)
                else:
                    plain = data
            except BlockingIOError:
                return
            except OSError as error:
                if connection.tls is not None:
                    logger.warning("The connection with %s is over: %s", link.remote, error)
                self._broken(connection)
                return
            if not data:
                if connection.sasl is not None:
                    self.peer.peer_bytes(link, connection.sasl.ended())
                self._broken(connection)
                return
            if plain and connection.sasl is not None:
                plain = self._authenticated(connection, connection.sasl, plain)
            if plain:
                self.peer.peer_bytes(link, plain)
            if len(data) < RECEIVE_BYTES or connection.fd not in self.sockets or link.closing:
                return

    def _authenticated(self, connection: PeerSocket, sasl: SaslSession, data: bytes) -> bytes:
        """What is for the core; nothing while the other side has not proved who it is."""
        try:
            plain = sasl.received(data)
        except ProtocolViolation as violation:
            logger.warning("Closing the connection with %s: %s", connection.link.remote, violation)
            self._send(connection)
            self._broken(connection)
            return b""
        self._send(connection)
        return plain

    def _broken(self, connection: PeerSocket) -> None:
        link = connection.link
        self._end(connection)
        if not link.closing:
            self.peer.peer_gone(link)

    # --- effects

    def carry_out(self, now_ms: int) -> None:
        """Dial, listen and send as the core wants."""
        self.listen(now_ms)
        for link in self.peer.take_dials():
            self.dial(link)
        for link in self.peer.take_links():
            connection = self.by_link.get(link)
            if connection is not None:
                self._send(connection)
        if self.peer.errands != self._errands:
            self._errands = self.peer.errands
            self.run_errands()

    def _send(self, connection: PeerSocket) -> None:
        link = connection.link
        if link.gone:
            self._end(connection)
            return
        try:
            self._send_all(connection)
        except OSError:
            self._broken(connection)
            return
        link.unsent = len(connection.unsent)
        waiting = link.unsent > 0
        if not waiting:
            if link.closing and not connection.is_authenticating:
                self._end(connection)
                return
            if link.wants_drain:
                self.peer.peer_drained(link)
                # The writable socket begins the next pass: others have their turn between two pieces of a snapshot.
                waiting = link.waiting_bytes() > 0
        self._set_mask(connection, _IN | _OUT if waiting else _IN)

    def _send_all(self, connection: PeerSocket) -> None:
        """Send until the network takes no more, or there is nothing left."""
        link = connection.link
        while True:
            if not connection.unsent:
                data = link.data_to_send()
                if connection.sasl is not None:
                    data = connection.sasl.to_send(data)
                if connection.tls is not None:
                    data = connection.tls.to_send(data)
                if not data:
                    return
                connection.unsent = memoryview(data)
            try:
                sent: int = connection.sock.send(connection.unsent)
            except BlockingIOError:
                return
            connection.unsent = connection.unsent[sent:]

    def _set_mask(self, connection: PeerSocket, mask: int) -> None:
        if connection.mask != mask:
            connection.mask = mask
            self.epoll.modify(connection.fd, mask)

    def _end(self, connection: PeerSocket) -> None:
        if self.sockets.pop(connection.fd, None) is None:
            return
        self.by_link.pop(connection.link, None)
        try:
            self.epoll.unregister(connection.fd)
        except OSError:
            pass
        connection.sock.close()

    def close(self) -> None:
        """Close every socket."""
        for connection in list(self.sockets.values()):
            self._end(connection)
        for _, listener in self.listeners.values():
            listener.close()
        self.listeners.clear()
