"""PeerPort: the connections between this member and others, on all of their kinds of ports.

Dialling and looking up names wait, so they are tasks of their own (member.py, dialling.py); all else is done in a pass.
"""

import logging
import socket
from collections.abc import Callable
from typing import Final, final

from pyzoo.errors import ProtocolViolation
from pyzoo.quorum.auth_packet import AuthLearner
from pyzoo.quorum.link import PeerLink
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.transport.endpoint import Endpoint, prepare
from pyzoo.runtime.transport.endpoints import Endpoints
from pyzoo.runtime.transport.link_faults import LinkFaults
from pyzoo.runtime.transport.listeners import Port
from pyzoo.runtime.transport.sasl import PeerSasl, dialled_session
from pyzoo.runtime.transport.session import TransportSession, chain
from pyzoo.runtime.transport.tls import PeerTls, TlsSession
from pyzoo.server.member.peer import QuorumPeer

logger: Final = logging.getLogger(__name__)

RECEIVES_PER_PASS: Final = 16
_IN: Final = 1  # EPOLLIN


@final
class PeerEndpoint(Endpoint):
    """The socket of a link.

    While the certificate of the other end is examined it is not read from.
    """

    def __init__(
        self,
        port: "PeerPort",
        sock: socket.socket,
        link: PeerLink,
        tls: TlsSession | None,
        sasl: TransportSession | None,
    ) -> None:
        super().__init__(port.endpoints, sock, link, chain(tls, sasl), RECEIVES_PER_PASS)
        self.port = port
        self.peer = port.peer
        self.link = link
        self.tls = tls
        self.sasl = sasl
        self.is_examined = False

    def _through(self, session: TransportSession, data: bytes) -> bytes:
        plain = super()._through(session, data)
        tls, examine = self.tls, self.port.examine
        if tls is not None and tls.to_examine is not None and self.is_open and not self.is_examined:
            self.is_examined = True
            self.set_mask(self.mask & ~_IN)
            if examine is None:
                self.end()
            else:
                examine(self)
        return plain

    def admit(self) -> None:
        """The certificate is good: go on with what has come meanwhile."""
        tls, sasl = self.tls, self.sasl
        if tls is None or not self.is_open:
            return
        self.set_mask(self.mask | _IN)
        try:
            plain = tls.admit()
            if plain and sasl is not None:
                plain = sasl.received(plain)
        except (ProtocolViolation, OSError) as error:
            self.refuse(str(error))
            return
        self.send()
        if plain and self.is_open:
            self.received(plain)

    def refuse(self, reason: str) -> None:
        """It is not, or something else is wrong."""
        if self.is_open:
            logger.warning("Closing the connection with %s: %s", self.name, reason)
            self.end()

    @property
    def name(self) -> str:
        return self.link.remote

    def received(self, data: bytes) -> None:
        faults = self.port.faults
        if faults is None or not faults.holds(self.link, data, elapsed_ms()):
            self.peer.peer_bytes(self.link, data)

    def go_on(self) -> None:
        """Something is there that the session has waited for."""
        if self.session is None:
            return
        plain = b""
        try:
            plain = self.session.go_on()
        except ProtocolViolation as violation:
            self._refuse(violation)
            return
        self.send()
        if plain and self.is_open:
            self.received(plain)

    def gone(self) -> None:
        faults = self.port.faults
        if not self.link.closing and (faults is None or not faults.holds(self.link, None, elapsed_ms())):
            self.peer.peer_gone(self.link)

    def drained(self) -> None:
        self.peer.peer_drained(self.link)


@final
class PeerPort(Port):
    """All connections between this member and others.

    `look_up`, where it is set, finds the name of whoever has connected, and calls `admit`. `examine` looks at what
    the other end of an endpoint has shown, and calls its `admit` or `refuse`. With `faults` some links are cut or slow.
    """

    def __init__(
        self,
        peer: QuorumPeer,
        endpoints: Endpoints,
        tls: PeerTls,
        sasl: PeerSasl,
        keep_alive: bool,
        faults: LinkFaults | None = None,
    ) -> None:
        self.peer = peer
        self.endpoints = endpoints
        self.tls = tls
        self.sasl = sasl
        self.keep_alive = keep_alive
        self.faults = faults
        self.look_up: Callable[[int, socket.socket, str, int], None] | None = None
        self.examine: Callable[[PeerEndpoint], None] | None = None

    def accepted(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        if self.look_up is not None and self.tls.asks_names:
            self.look_up(kind, sock, host, port)
        else:
            self.admit(kind, sock, host, port, "")

    def admit(self, kind: int, sock: socket.socket, host: str, port: int, name: str) -> None:
        """Begin with an accepted connection; `name` is that of `host`, where it was looked up."""
        link = self.peer.peer_accepted(kind, host, port)
        self._adopt(sock, link, self.tls.accepted(host, name), self.sasl.accepted(link)).send()

    def connected(self, sock: socket.socket, link: PeerLink, host: str, learner: AuthLearner | None) -> None:
        """A dial has succeeded; `learner` proves there who this member is, where that is wanted."""
        if link.gone:
            sock.close()
            return
        if not self.may_dial(link):
            sock.close()
            self.dial_failed(link)
            return
        tls = self.tls.dialled(host, address_of(sock))
        endpoint = self._adopt(sock, link, tls, dialled_session(link, learner))
        self.peer.peer_connected(link)
        endpoint.send()

    def may_dial(self, link: PeerLink) -> bool:
        """Whether the other end can be reached, for all that is known here."""
        return self.faults is None or not self.faults.cuts(link)

    def leave(self) -> None:
        """This member ends: nobody comes in any more, then all connections end; the core hears of nothing.

        In this order, for who is hung up on dials at once, to see whether there is still somebody.
        """
        for listener in list(self.endpoints.listeners.by_fd.values()):
            if listener.port is self:
                self.endpoints.stop_listening(listener)
        for endpoint in self.endpoints.all():
            if isinstance(endpoint, PeerEndpoint):
                endpoint.link.abort()
                endpoint.end()

    def apply_faults(self) -> None:
        """End the links that are cut, and let members that can talk again find each other."""
        faults = self.faults
        if faults is None:
            return
        for endpoint in self.endpoints.all():
            if isinstance(endpoint, PeerEndpoint) and faults.cuts(endpoint.link):
                faults.forget(endpoint.link)
                endpoint.end()
        self.peer.cnx.connect_all(elapsed_ms())

    def hear_late(self) -> None:
        """Hear what is late, as far as its time has come."""
        faults = self.faults
        late = None if faults is None else faults.take_due(elapsed_ms())
        while faults is not None and late is not None:
            link, data = late.link, late.data
            if data is not None:
                self.peer.peer_bytes(link, data)
            elif not link.closing:
                self.peer.peer_gone(link)
            late = faults.take_due(elapsed_ms())

    def dial_failed(self, link: PeerLink) -> None:
        """No address of a link could be reached."""
        if not link.gone:
            self.peer.peer_gone(link)

    def _adopt(
        self, sock: socket.socket, link: PeerLink, tls: TlsSession | None, sasl: TransportSession | None
    ) -> Endpoint:
        prepare(sock, self.keep_alive)  # of one that is broken already the next use tells
        endpoint = PeerEndpoint(self, sock, link, tls, sasl)
        self.endpoints.add(endpoint)
        return endpoint


def address_of(sock: socket.socket) -> str:
    """The number at the other end, empty when it has hung up already."""
    try:
        return str(sock.getpeername()[0])
    except OSError:
        return ""
