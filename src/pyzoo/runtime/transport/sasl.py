"""The SASL exchange at the start of a connection between members, as a session.

On the election port the hello of whoever dials goes ahead of it, and is handed on only when the exchange is over.
"""

import logging
from typing import Final, final

from pyzoo.errors import ProtocolViolation
from pyzoo.quorum.auth_packet import ERROR, MAGIC, AuthLearner, AuthServer, auth_size, decode_auth, encode_auth
from pyzoo.quorum.hello import hello_size
from pyzoo.quorum.link import ELECTION
from pyzoo.runtime.transport.session import TransportSession
from pyzoo.sasl.mechanism import ClientLogin, ServerLogin

logger: Final = logging.getLogger(__name__)


@final
class SaslSession(TransportSession):
    """One end of one connection."""

    def __init__(
        self, client: AuthLearner | None, server: AuthServer | None, hello_first: bool, optional: bool
    ) -> None:
        """With `optional` a dialling member that does not authenticate itself is let in."""
        self._client = client
        self._server = server
        self._hello_first = hello_first
        self._optional = optional
        self._hello = b""
        self._buffer = b""
        self._outgoing = b"" if client is None or hello_first else client.begin()
        self._waiting = b""
        self.is_open = False
        self.failed = False

    def received(self, data: bytes) -> bytes:
        if self.is_open:
            return data
        if not data:
            return self._hello if self._optional else b""
        self._buffer += data
        if self._server is not None and self._hello_first and not self._take_hello():
            return b""
        while not self.is_open and self._take_packet():
            pass
        if not self.is_open:
            return b""
        rest, self._buffer = self._hello + self._buffer, b""
        return rest

    def _take_hello(self) -> bool:
        if self._hello:
            return True
        size = hello_size(self._buffer)
        if size is None or len(self._buffer) < size:
            return False
        self._hello, self._buffer = self._buffer[:size], self._buffer[size:]
        return True

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
        try:
            if self._client is not None:
                self._outgoing += self._client.received(packet)
                self.is_open = self._client.is_done
            elif self._server is not None:
                self._outgoing += self._server.received(packet)
                self.is_open = self._server.is_done
        except ProtocolViolation:
            if self._server is not None:
                self._outgoing += encode_auth(ERROR, b"")
            self.failed = True
            raise
        return True

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


@final
class PeerSasl:
    """How this member authenticates; without logins not at all."""

    def __init__(self, server: ServerLogin | None, client: ClientLogin | None, required: bool) -> None:
        self._server = server
        self._client = client
        self._required = required

    def accepted(self, port: int) -> SaslSession | None:
        """For a connection that came in."""
        if self._server is None:
            return None
        return SaslSession(None, AuthServer(self._server.new_server()), port == ELECTION, not self._required)

    def dialled(self, port: int, host: str) -> SaslSession | None:
        """For a connection that was made to `host`."""
        if self._client is None:
            return None
        return SaslSession(AuthLearner(self._client.new_client(host)), None, port == ELECTION, False)


NO_SASL: Final = PeerSasl(None, None, False)
