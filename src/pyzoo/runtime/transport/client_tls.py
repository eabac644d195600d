"""TLS of clients: a session that costs nothing until its first bytes have come, and one step a turn after that."""

import ssl
from typing import Final, final

from pyzoo.runtime.transport.session import TransportSession
from pyzoo.runtime.transport.tls import TLS_HANDSHAKE

READ_BYTES: Final = 1 << 16
"""Asked for at once; a record of TLS has at most 16 KB."""


@final
class ClientTlsSession(TransportSession):
    """The server's end of a connection; with `may_be_plain` its first byte decides (NettyServerCnxnFactory).

    `is_ready` says that the handshake is over, `is_plain` that there is no TLS.
    """

    def __init__(self, context: ssl.SSLContext, may_be_plain: bool) -> None:
        self.is_ready = False
        self.is_plain = False
        self._context = context
        self._may_be_plain = may_be_plain
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None

    def received(self, data: bytes) -> bytes:
        if not data or self.is_plain:
            return data
        tls = self._tls
        if tls is None:
            if self._may_be_plain and data[0] != TLS_HANDSHAKE:
                self.is_plain = True
                return data
            tls = self._context.wrap_bio(self._incoming, self._outgoing, server_side=True)
            self._tls = tls
        self._incoming.write(data)
        if not self.is_ready:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                return b""
            self.is_ready = True
        return self._read(tls)

    def _read(self, tls: ssl.SSLObject) -> bytes:
        incoming = self._incoming
        pieces: list[bytes] = []
        while incoming.pending > 0:
            try:
                piece = tls.read(READ_BYTES)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                break
            if not piece:
                break
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def to_send(self, data: bytes) -> bytes:
        tls = self._tls
        if tls is None:
            return data if self.is_plain else b""
        if data and self.is_ready:
            tls.write(data)
        return self._outgoing.read()

    @property
    def holds_back(self) -> bool:
        return False

    def certificate(self) -> bytes:
        """What the client has shown, DER; empty for none."""
        tls = self._tls
        found = None if tls is None else tls.getpeercert(True)
        return b"" if found is None else found


@final
class ClientTls:
    """How clients are let in: with `unifies` those of the client port may speak TLS too."""

    def __init__(self, context: ssl.SSLContext, unifies: bool) -> None:
        self._context = context
        self.unifies = unifies

    def renew(self, context: ssl.SSLContext) -> None:
        """Begin later connections with other stores."""
        self._context = context

    def accepted(self, may_be_plain: bool) -> ClientTlsSession:
        """For a connection that came in."""
        return ClientTlsSession(self._context, may_be_plain)
