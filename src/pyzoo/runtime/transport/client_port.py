"""ClientPort: the connections of clients."""

import logging
import socket
from typing import Final, final

from mypy_extensions import i64

from pyzoo.runtime.clock import monotonic_ns
from pyzoo.runtime.transport.client_tls import ClientTls
from pyzoo.runtime.transport.endpoint import Endpoint, prepare
from pyzoo.runtime.transport.endpoints import Endpoints
from pyzoo.runtime.transport.handshakes import Handshakes, TlsHandshake
from pyzoo.runtime.transport.listeners import Listener, Port
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
        self.is_in = False

    @property
    def name(self) -> str:
        return self.cnxn.address

    def has_come_in(self) -> bool:
        self.is_in = self.cnxn.established
        return self.is_in

    def received(self, data: bytes) -> None:
        port = self.port
        try:
            port.core.data_received(self.cnxn, data)
        except Exception:
            port.end_after_bug(self)
            return
        if not port.core.wants_input(self.cnxn):
            self.rests = True
            port.held_back[self] = None

    def gone(self) -> None:
        self.port.held_back.pop(self, None)
        self.port.core.client_gone(self.cnxn)

    def moved(self) -> None:
        self.cnxn.last_io_ms = self.port.core.now_ms

    def blocked(self) -> None:
        self.port.held_back[self] = None


@final
class SecureEndpoint(ClientEndpoint):
    """A client's socket whose bytes are encrypted, or, on a port for both, may be.

    While the thread of the handshakes has its session it is not read from, and nothing is sent.
    """

    def __init__(self, port: "ClientPort", sock: socket.socket, cnxn: ServerCnxn, handshake: TlsHandshake) -> None:
        super().__init__(port, sock, cnxn, handshake.tls)
        self.handshake = handshake
        self.tls = handshake.tls

    def ready(self, mask: int) -> None:
        if not self.handshake.is_stepping:
            super().ready(mask)
        elif mask & ~(_IN | _OUT):
            self.end()
        else:
            self.set_mask(0)

    def send(self) -> None:
        if not self.handshake.is_stepping:
            super().send()
        elif self.outbox.gone or self.outbox.is_over:
            self.end()

    def _through(self, session: TransportSession, data: bytes) -> bytes:
        tls = self.tls
        if tls.is_ready:
            try:
                plain = tls.received(data)
            except OSError as error:
                self._refuse(error)
                return b""
            if not plain:
                # What the session has to say goes with the next answer, but where nothing is to be answered.
                self.send()
            if self.unsent and self.is_open and tls.is_flooded:
                self.end()
            return plain
        if not data:
            return data
        if not tls.feed(data):
            self.port.end_handshake(self)
            self.session = None
            return data
        self.port.step(self)
        return b""

    def stepped(self) -> None:
        """The thread has come as far with the handshake as it could."""
        tls = self.tls
        if tls.error is not None:
            self.send()
            self.port.note(self, str(tls.error))
            self.leave()
            return
        if tls.is_ready:
            self.port.end_handshake(self)
            self.port.core.secured(self.cnxn, tls.certificate())
            try:
                plain = tls.rest()
            except OSError as error:
                self._refuse(error)
                return
            if plain:
                self.received(plain)
        if not self.outbox.announced:
            self.send()  # otherwise it goes with the answer
        if self.is_open:
            self.set_mask(self.mask | _IN)

    def give_up(self, reason: str) -> None:
        """End a connection whose handshake came to nothing."""
        self.port.note(self, reason)
        self.end()

    def end(self) -> None:
        if self.is_open and self.tls.is_ready and not self.handshake.is_stepping and not self.unsent:
            self.say_farewell()
        super().end()

    def gone(self) -> None:
        # The core tells a handshake that failed from a connection that ends by what the connection says of itself.
        super().gone()
        self.port.end_handshake(self)


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
        self.by_handshake: dict[TlsHandshake, SecureEndpoint] = {}
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

    def has_room(self, kind: int) -> bool:
        # Who may be plain does not wait for handshakes of others.
        handshakes = self.handshakes
        return kind != SECURE_PORT or handshakes is None or not handshakes.is_full

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
        if handshakes.admits():
            self._begin_handshake(sock, cnxn, TlsHandshake(tls.accepted(not secure, address)), handshakes)
        else:
            self.core.client_gone(cnxn)
            sock.close()

    # --- handshakes

    def _begin_handshake(
        self, sock: socket.socket, cnxn: ServerCnxn, handshake: TlsHandshake, handshakes: Handshakes
    ) -> None:
        endpoint = SecureEndpoint(self, sock, cnxn, handshake)
        self.endpoints.add(endpoint)
        self.by_handshake[handshake] = endpoint
        oldest = handshakes.begin(handshake, not cnxn.secure, int(self.core.now_ms))
        if oldest is not None:
            self.by_handshake[oldest].give_up("others need the room")

    def step(self, endpoint: SecureEndpoint) -> None:
        """Go on with the handshake of a connection that has said something."""
        if self.handshakes is not None:
            self.handshakes.step(endpoint.handshake, int(self.core.now_ms))

    def end_handshake(self, endpoint: SecureEndpoint) -> None:
        """It is over, or there is none."""
        if self.by_handshake.pop(endpoint.handshake, None) is not None and self.handshakes is not None:
            endpoint.cnxn.in_handshake = False
            self.handshakes.end(endpoint.handshake)

    def note(self, endpoint: SecureEndpoint, reason: str) -> None:
        """Log why a handshake came to nothing."""
        if self.handshakes is not None:
            self.handshakes.note(endpoint.name, reason, int(self.core.now_ms))

    def take_steps(self, handshakes: Handshakes, end_ns: i64) -> None:
        """Go on with those that the thread is through with, one and more until then; some may be over meanwhile."""
        handshakes.acknowledge()
        while (handshake := handshakes.next_stepped(int(self.core.now_ms))) is not None:
            endpoint = self.by_handshake.get(handshake)
            if endpoint is not None:
                endpoint.stepped()
            if monotonic_ns() >= end_ns:
                handshakes.wake_again()
                return

    def expire_handshakes(self, handshakes: Handshakes) -> None:
        """End those that take too long."""
        for handshake in handshakes.expired(int(self.core.now_ms)):
            self.by_handshake[handshake].give_up("it took too long")

    # --- who must wait

    def release_held_back(self) -> bool:
        """Stop reading from connections that must wait, and go on with those that need not any more.

        Those that are over end here when their clients do not take what is left for them. Says whether requests that
        had come before have been taken, so that there is something to be carried out.
        """
        has_taken = False
        for endpoint in list(self.held_back):
            cnxn = endpoint.cnxn
            if cnxn.gone or self._is_given_up(cnxn):
                endpoint.end()
            elif not self.core.wants_input(cnxn):
                endpoint.rests = True
            elif self._resume(endpoint):
                has_taken = True
        return has_taken

    def _is_given_up(self, cnxn: ServerCnxn) -> bool:
        """Whether a connection that is to close has not taken a byte for too long."""
        return cnxn.closing and self.core.now_ms - cnxn.last_io_ms > self.patience_ms

    def _resume(self, endpoint: ClientEndpoint) -> bool:
        """Work on the frames that had to wait in the buffer, then read again; whether there were some."""
        cnxn = endpoint.cnxn
        has_waited = cnxn.frames.waiting() > 0
        if has_waited:
            try:
                self.core.frames_waiting(cnxn)
            except Exception:
                self.end_after_bug(endpoint)
                return True
        if self.core.wants_input(cnxn):
            del self.held_back[endpoint]
            endpoint.rests = False
            endpoint.set_mask(endpoint.mask | _IN)
        return has_waited

    def go_on_soon(self) -> None:
        """Have another pass at once if somebody who waits could go on: others have their turn before that."""
        for endpoint in self.held_back:
            if self.core.wants_input(endpoint.cnxn):
                endpoint.set_mask(endpoint.mask | _OUT)  # a writable socket begins it
                return

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
