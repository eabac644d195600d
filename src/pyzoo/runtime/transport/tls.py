"""TLS as a session.

Which of the two a connection between members begins with depends on `sslQuorum` and `portUnification`
(UnifiedServerSocket).
"""

import ssl
from collections.abc import Callable
from typing import Final, final

from pyzoo.runtime.transport.certificate_names import PeerCheck
from pyzoo.runtime.transport.session import TransportSession
from pyzoo.runtime.transport.tls_records import Records

TLS_HANDSHAKE: Final = 0x16
"""The first byte of a TLS connection; a plain one begins with 0x00 or 0xff."""
_READ_BYTES: Final = 1 << 18


@final
class TlsSession(TransportSession):
    """One end of one connection. With `may_be_plain` the first byte that comes decides.

    What the other end has shown may have to be examined before anything is said: `to_examine` has it then, and nothing
    goes either way before `admit`.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        server_side: bool,
        host: str | None,
        may_be_plain: bool,
        check: PeerCheck | None = None,
        examines: bool = False,
    ) -> None:
        """`check` is what the certificate of the other end has to be for, None for any."""
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=host
        )
        self._undecided = may_be_plain
        self._ready = False
        self._has_ended = False
        self._waiting = b""
        self._records = Records()
        self._check = check
        self._examines = examines
        self.to_examine: ssl.SSLObject | None = None
        if not server_side:
            self._step()

    def received(self, data: bytes) -> bytes:
        if self._undecided and data:
            self._undecided = False
            if data[0] != TLS_HANDSHAKE:
                self._tls = None
        if self._tls is None or not data:
            return data
        pieces: list[bytes] = []
        start = 0
        while start < len(data):
            end = self._records.end(data, start)
            self._incoming.write(data[start:end])
            self._step()
            if self._ready:
                pieces.append(self._read())
            start = end
        return b"".join(pieces)

    def to_send(self, data: bytes) -> bytes:
        self._waiting += data
        if self._undecided:
            return b""
        if self._tls is None:
            data, self._waiting = self._waiting, b""
            return data
        if self._ready and self._waiting:
            self._tls.write(self._waiting)
            self._waiting = b""
        return self._outgoing.read()

    @property
    def holds_back(self) -> bool:
        return bool(self._waiting)

    def farewell(self) -> bytes:
        """close_notify, so that the other end knows that nothing was cut off."""
        if self._tls is None or not self._ready or self._has_ended:
            return b""
        self._has_ended = True
        try:
            self._tls.unwrap()
        except OSError:
            pass  # the other end's own has not come, and is not waited for
        return self._outgoing.read()

    def _step(self) -> None:
        tls = self._tls
        if tls is None or self._ready or self.to_examine is not None:
            return
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        self._check_peer(tls)
        if self._examines and tls.getpeercert(True) is not None:
            self.to_examine = tls
        else:
            self._ready = True

    def admit(self) -> bytes:
        """What was shown is good; gives what has come behind the handshake."""
        self.to_examine = None
        self._ready = True
        return self._read()

    def _check_peer(self, tls: ssl.SSLObject) -> None:
        certificate = tls.getpeercert()
        if self._check is not None and certificate:
            self._check.check(certificate)

    def _read(self) -> bytes:
        """All records that have come; a call that finds nothing raises, which takes longer than one that does not."""
        tls = self._tls
        assert tls is not None
        pieces: list[bytes] = []
        while self._incoming.pending > 0:
            try:
                piece = tls.read(_READ_BYTES)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                break
            if not piece:
                break
            pieces.append(piece)
            self._records.told += 1
        self._records.refuse_idleness()
        return b"".join(pieces)


@final
class PeerTls:
    """How this member begins its connections; without contexts all are plain.

    With `checks_dialled` the certificate of a member that is dialled has to be for the host that was meant. With
    `checks_diallers` that of a member that dials has to be for its address, or, with `asks_names`, for the name that
    belongs to it. `by_jdk` says whose rules decide. With `examine`, which raises SSLCertVerificationError and waits for
    the network, certificates may be revoked.
    """

    def __init__(
        self,
        client: ssl.SSLContext | None,
        server: ssl.SSLContext | None,
        dials_tls: bool,
        accepts_plain: bool,
        checks_dialled: bool = False,
        checks_diallers: bool = False,
        asks_names: bool = False,
        by_jdk: bool = True,
        examine: Callable[[ssl.SSLObject], None] | None = None,
    ) -> None:
        self.examine = examine
        self._client = client
        self._server = server
        self._dials_tls = dials_tls
        self._accepts_plain = accepts_plain
        self._checks_dialled = checks_dialled
        self._checks_diallers = checks_diallers
        self._by_jdk = by_jdk
        self.asks_names = checks_diallers and asks_names

    def renew(self, client: ssl.SSLContext, server: ssl.SSLContext) -> None:
        """Begin later connections with other stores."""
        self._client = client
        self._server = server

    def accepted(self, address: str = "", name: str = "") -> TlsSession | None:
        """For a connection that came in from an address, and a host of that name where it was asked for."""
        if self._server is None:
            return None
        check = PeerCheck(address, name, self._by_jdk) if self._checks_diallers else None
        return TlsSession(self._server, True, None, self._accepts_plain, check, self.examine is not None)

    def dialled(self, host: str, address: str = "") -> TlsSession | None:
        """For a connection that was made to `host`, at this address."""
        if self._client is None or not self._dials_tls:
            return None
        check = PeerCheck(address or host, host, self._by_jdk) if self._checks_dialled else None
        return TlsSession(self._client, False, host, False, check, self.examine is not None)


PLAIN: Final = PeerTls(None, None, False, True)
