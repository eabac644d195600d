"""ClientPort: the connections of clients."""

import logging
import socket
from typing import Final, final

from pyzoo.runtime.transport.client_tls import ClientTls, ClientTlsSession
from pyzoo.runtime.transport.endpoint import Endpoint, Endpoints, Listener, Port, prepare
from pyzoo.runtime.transport.handshakes import Handshakes, Handshaking
from pyzoo.runtime.transport.session import TransportSession
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.core import Core

logger: Final = logging.getLogger(__name__)

_IN: Final = 1  # EPOLLIN
_OUT: Final = 4  # EPOLLOUT


class ClientEndpoint(Endpoint):
    """A client's socket; it is read from only as long as the core has room for requests."""

    def __init__(
        self, port: "ClientPort", sock: socket.socket, cnxn: ServerCnxn, session: TransportSession | None = None
    ) -> None:
        super().__init__(port.endpoints, sock, cnxn, session, 1)
        self.port = port
        self.cnxn = cnxn

    @property
    def name(self) -> str:
        return self.cnxn.address

    def received(self, data: bytes) -> None:
        port = self.port
        try:
            port.core.data_received(self.cnxn, data)
        except Exception:
            port.end_after_bug(self)
            return
        if not port.core.wants_input(self.cnxn):
            port.held_back[self] = None

    def gone(self) -> None:
        self.port.held_back.pop(self, None)
        self.port.core.client_gone(self.cnxn)

    def moved(self) -> None:
        self.cnxn.last_io_ms = self.port.core.now_ms

    def blocked(self) -> None:
        self.port.held_back[self] = None


@final
class SecureEndpoint(ClientEndpoint, Handshaking):
    """A client's socket whose bytes are encrypted, or, on a port for both, may be.

    While the thread of the handshakes has its session it is not read from.
    """

    def __init__(
        self,
        port: "ClientPort",
        sock: socket.socket,
        cnxn: ServerCnxn,
        tls: ClientTlsSession,
        handshakes: Handshakes,
    ) -> None:
        super().__init__(port, sock, cnxn, tls)
        self.tls = tls
        self.handshakes = handshakes
        self.is_stepping = False
        self.deadline_ms = 0

    def send(self) -> None:
        if not self.is_stepping or self.outbox.gone or self.outbox.is_over:
            super().send()

    def _through(self, session: TransportSession, data: bytes) -> bytes:
        if self.tls.is_ready:
            plain = super()._through(session, data)
            if self.unsent and self.is_open and self.tls.is_flooded:
                self.end()
            return plain
        if not data:
            return data
        if not self.tls.feed(data):
            self._admitted()
            self.session = None
            return data
        self.set_mask(self.mask & ~_IN)
        self.handshakes.step(self, int(self.port.core.now_ms))
        return b""

    def stepped(self) -> None:
        if not self.is_open:
            return
        self.send()
        if self.tls.error is not None:
            self.give_up(str(self.tls.error))
        if not self.is_open:
            return
        if self.tls.is_ready:
            self._admitted()
            self.port.core.secured(self.cnxn, self.tls.certificate())
            plain = self.tls.rest()
            if plain:
                self.received(plain)
        self.set_mask(self.mask | _IN)

    def _admitted(self) -> None:
        """The handshake is over, or there is none."""
        self.cnxn.in_handshake = False
        self.handshakes.end(self)

    def give_up(self, reason: str) -> None:
        self.handshakes.note(self.cnxn.address, reason, int(self.port.core.now_ms))
        self.end()

    def end(self) -> None:
        if self.is_open and self.tls.is_ready and not self.unsent:
            try:
                self.sock.send(self.tls.farewell())
            except OSError:
                pass  # the client is gone
        super().end()

    def gone(self) -> None:
        self.handshakes.end(self)
        super().gone()


PLAIN_PORT: Final = 0
SECURE_PORT: Final = 1


@final
class ClientPort(Port):
    """The listeners for clients, PLAIN_PORT and SECURE_PORT, and what comes through them."""

    def __init__(
        self,
        core: Core,
        endpoints: Endpoints,
        keep_alive: bool,
        patience_ms: int,
        tls: ClientTls | None = None,
        handshakes: Handshakes | None = None,
    ) -> None:
        """`patience_ms` is for the last bytes of a connection: so long they wait for a client that takes none.

        Without `tls` and `handshakes` all clients are plain.
        """
        self.core = core
        self.endpoints = endpoints
        self.keep_alive = keep_alive
        self.patience_ms = patience_ms
        self.tls = tls
        self.handshakes = handshakes
        self.held_back: dict[ClientEndpoint, None] = {}
        self.listeners: list[Listener] = []

    def listen_on(self, sockets: list[socket.socket], kind: int = PLAIN_PORT) -> None:
        """Take new connections from these sockets in place of the present ones of their kind."""
        for listener in list(self.listeners):
            if listener.kind == kind:
                self.listeners.remove(listener)
                self.endpoints.stop_listening(listener)
        for sock in sockets:
            listener = Listener(sock, self, kind)
            self.listeners.append(listener)
            self.endpoints.listen(listener)

    def accepted(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        secure = kind == SECURE_PORT
        address = java_address(host)
        cnxn = self.core.accept(address, port, secure) if prepare(sock, self.keep_alive) else None
        if cnxn is None:
            sock.close()
            return
        tls, handshakes = self.tls, self.handshakes
        if tls is None or handshakes is None or not (secure or tls.unifies):
            self.endpoints.add(ClientEndpoint(self, sock, cnxn))
            return
        cnxn.in_handshake = True
        if not handshakes.admits():
            self.core.client_gone(cnxn)
            sock.close()
            return
        endpoint = SecureEndpoint(self, sock, cnxn, tls.accepted(not secure, address), handshakes)
        self.endpoints.add(endpoint)
        handshakes.begin(endpoint, not secure, int(self.core.now_ms))

    def release_held_back(self) -> None:
        """Stop reading from connections that must wait, and go on with those that need not any more.

        Those that are over end here when their clients do not take what is left for them.
        """
        for endpoint in list(self.held_back):
            cnxn = endpoint.cnxn
            if cnxn.gone or self._is_given_up(cnxn):
                endpoint.end()
            elif self.core.wants_input(cnxn):
                self._resume(endpoint)
            else:
                endpoint.set_mask(endpoint.mask & ~_IN)

    def _is_given_up(self, cnxn: ServerCnxn) -> bool:
        """Whether a connection that is to close has not taken a byte for too long."""
        return cnxn.closing and self.core.now_ms - cnxn.last_io_ms > self.patience_ms

    def _resume(self, endpoint: ClientEndpoint) -> None:
        """Work on the frames that had to wait in the buffer, then read again."""
        waiting = endpoint.cnxn.frames.waiting() > 0
        if waiting:
            try:
                self.core.frames_waiting(endpoint.cnxn)
            except Exception:
                self.end_after_bug(endpoint)
                return
        mask = endpoint.mask | _IN
        if self.core.wants_input(endpoint.cnxn):
            del self.held_back[endpoint]
        else:
            mask &= ~_IN
        # What came of it is carried out by the next pass, which a writable socket begins at once.
        endpoint.set_mask(mask | _OUT if waiting else mask)

    def end_after_bug(self, endpoint: ClientEndpoint) -> None:
        """Called for an exception that is a bug of ours: only the connection that ran into it has to go."""
        self.core.metrics.unrecoverable_error_count += 1
        cnxn = endpoint.cnxn
        logger.exception("Closing the connection of %s after an internal error", cnxn.address, extra=of_client(cnxn))
        endpoint.end()


def java_address(address: str) -> str:
    """An address in Java's text form: IPv6 as eight groups without leading zeros."""
    if ":" not in address:
        return address
    text, percent, scope = address.partition("%")
    packed = socket.inet_pton(socket.AF_INET6, text)
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        return socket.inet_ntop(socket.AF_INET, packed[12:])
    groups = [f"{packed[at] << 8 | packed[at + 1]:x}" for at in range(0, 16, 2)]
    return ":".join(groups) + percent + scope
