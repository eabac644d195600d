"""The SASL exchange at the start of a connection between members, as a session.

On the election port the hello of whoever dials goes ahead of it, and is handed on only when the exchange is over.
"""

from collections.abc import Callable
from typing import final

from pyzoo.errors import ProtocolViolation, SaslFailure, without_frames
from pyzoo.jute.records import QuorumAuthPacket
from pyzoo.quorum.auth_packet import ERROR, MAGIC, AuthLearner, AuthServer, auth_size, decode_auth, encode_auth
from pyzoo.quorum.hello import hello_size
from pyzoo.quorum.link import ELECTION, PeerLink
from pyzoo.runtime.transport.session import TransportSession
from pyzoo.sasl.mechanism import ClientLogin, ServerLogin

Beside = Callable[["SaslSession"], None]
"""Has `step` run beside the turns, and then lets the endpoint of the session's link go on."""


@final
class SaslSession(TransportSession):
    """One end of one connection."""

    def __init__(
        self, link: PeerLink, client: AuthLearner | None, server: AuthServer | None, optional: bool, beside: Beside
    ) -> None:
        """With `optional` a dialling member that does not authenticate itself is let in."""
        self.link = link
        self._client = client
        self._server = server
        self._hello_first = link.port == ELECTION
        self._optional = optional
        self._beside = beside
        self._hello = b""
        self._buffer = b""
        self._outgoing = b"" if client is None or self._hello_first else client.begin()
        self._waiting = b""
        self._packet: QuorumAuthPacket | None = None
        self._answer: bytes | ProtocolViolation | None = None
        self.is_open = False
        self.failed = False

    # --- in

    def received(self, data: bytes) -> bytes:
        if self.is_open:
            return data
        if not data:
            return self._hello if self._optional else b""
        self._buffer += data
        if self._server is not None and self._hello_first and not self._take_hello():
            return b""
        return self._take_packets()

    def go_on(self) -> bytes:
        answer, self._answer, self._packet = self._answer, None, None
        if answer is None:
            answer = SaslFailure("nobody has looked at a token")
        if isinstance(answer, ProtocolViolation):
            self._refuse()
            raise answer
        self._answered(answer)
        return self._take_packets()

    def _take_hello(self) -> bool:
        if self._hello:
            return True
        size = hello_size(self._buffer)
        if size is None or len(self._buffer) < size:
            return False
        self._hello, self._buffer = self._buffer[:size], self._buffer[size:]
        return True

    def _take_packets(self) -> bytes:
        while not self.is_open and self._packet is None and self._take_packet():
            pass
        if not self.is_open:
            return b""
        rest, self._buffer = self._hello + self._buffer, b""
        return rest

    def _take_packet(self) -> bool:
        buffer = self._buffer
        if self._optional and len(buffer) >= 8 and int.from_bytes(buffer[:8], "big") != MAGIC:
            self.is_open = True
            return False
        size = auth_size(buffer)
        if size is None or len(buffer) < size:
            return False
        self._buffer = buffer[size:]
        packet = decode_auth(buffer[:size])
        if self._server is not None and self._server.waits:
            self._packet = packet
            self._beside(self)
            return False
        try:
            self._answered(self._answer_to(packet))
        except ProtocolViolation:
            self._refuse()
            raise
        return True

    def _answer_to(self, packet: QuorumAuthPacket) -> bytes:
        if self._client is not None:
            return self._client.received(packet)
        assert self._server is not None
        return self._server.received(packet)

    def step(self) -> None:
        """Find the answer to the packet that waits; only this touches the exchange meanwhile, in whichever thread."""
        packet = self._packet
        assert packet is not None
        try:
            self._answer = self._answer_to(packet)
        except ProtocolViolation as violation:
            self._answer = without_frames(violation)

    def _answered(self, answer: bytes) -> None:
        self._outgoing += answer
        side = self._client or self._server
        self.is_open = side is not None and side.is_done

    def _refuse(self) -> None:
        if self._server is not None:
            self._outgoing += encode_auth(ERROR, b"")
        self.failed = True

    # --- out

    def to_send(self, data: bytes) -> bytes:
        self._waiting += data
        outgoing, self._outgoing = self._outgoing, b""
        if self._client is not None and self._hello_first and self._waiting:
            size = hello_size(self._waiting)
            assert size is not None
            outgoing += self._waiting[:size] + self._client.begin()
            self._waiting = self._waiting[size:]
            self._hello_first = False
        if self.is_open:
            outgoing += self._waiting
            self._waiting = b""
        return outgoing

    @property
    def holds_back(self) -> bool:
        return not self.is_open and not self.failed


def nobody_beside(session: SaslSession) -> None:
    """For mechanisms that do not wait."""
    raise NotImplementedError


def dialled_session(link: PeerLink, learner: AuthLearner | None) -> SaslSession | None:
    """For a connection that was made."""
    return None if learner is None else SaslSession(link, learner, None, False, nobody_beside)


@final
class PeerSasl:
    """How this member authenticates; without logins not at all. `beside` runs what may wait."""

    def __init__(self, server: ServerLogin | None, client: ClientLogin | None, required: bool) -> None:
        self.client = client
        self.beside: Beside = nobody_beside
        self._server = server
        self._required = required

    def accepted(self, link: PeerLink) -> SaslSession | None:
        """For a connection that came in."""
        if self._server is None:
            return None
        return SaslSession(link, None, AuthServer(self._server.new_server()), not self._required, self.beside)
