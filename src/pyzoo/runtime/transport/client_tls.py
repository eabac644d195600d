"""TLS of clients: a session that costs next to nothing before its first bytes, and is asked for one step at a time."""

import ssl
from collections.abc import Callable
from typing import Final, NoReturn, final

from mypy_extensions import i64

from pyzoo.runtime.clock import wall_ms
from pyzoo.runtime.transport.certificate_names import Certificate, PeerCheck, is_valid_at, refused
from pyzoo.runtime.transport.session import TransportSession
from pyzoo.runtime.transport.tls import TLS_HANDSHAKE
from pyzoo.runtime.transport.tls_records import Records

READ_BYTES: Final = 1 << 14
"""What a record of TLS holds at most."""
WRITE_BYTES: Final = 1 << 16
"""Encrypted at once: OpenSSL keeps the buffer that this takes for as long as the connection lasts."""
OWN_BYTES_LIMIT: Final = 1 << 16
"""What the session itself may have to say to a client that does not read."""
_TWO_RECORDS: Final = 2 * 21
"""What two records of TLS have around their text at least: a header and a tag each."""
MANY_UNUSED: Final = 64
"""After so many tickets of which none has come back, most clients get none."""
ONE_IN: Final = 16
"""One of so many connections gets one all the same."""


@final
class Tickets:
    """Which connections get a ticket, with which their client may resume the session of TLS when it comes back.

    To make one takes a fifth of the processor time of a handshake, and ZooKeeper's own clients never come back with
    theirs: they have a new context for each connection. So clients get one while that is not known to be in vain.
    """

    def __init__(self) -> None:
        self._unused: i64 = 0

    def next(self) -> bool:
        """Whether the next connection gets one."""
        self._unused += 1
        return self._unused <= MANY_UNUSED or self._unused % ONE_IN == 0

    def used(self) -> None:
        """A client has come back with one."""
        self._unused = 0


@final
class ServerContexts:
    """Two contexts with the same keys; `greeting` trusts nobody, `trusting` whom the trust store has.

    A server says which certificates it has before it hears of those of a client. Where the authority that has signed
    its own is among the trusted, OpenSSL would look for it and verify that, in every handshake, and send it along, so
    that the client has to decode it: 3 and 10 percent of what a handshake takes them. Java sends what is in the key
    store, and so do connections that begin without a trust store.
    """

    def __init__(self, greeting: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
        self.greeting = greeting
        self.trusting = trusting


@final
class ClientTlsSession(TransportSession):
    """The server's end of a connection; with `may_be_plain` its first byte decides (NettyServerCnxnFactory).

    `is_ready` says that the handshake is over, `error` what it failed with.
    A handshake goes on by `feed`, and then `step`, which takes a millisecond and may be called by another thread while
    nothing else of the session is used.
    """

    def __init__(
        self,
        contexts: ServerContexts,
        tickets: Tickets,
        may_be_plain: bool,
        check: PeerCheck | None,
        refuse_revoked: Callable[[ssl.SSLObject], None] | None = None,
    ) -> None:
        """`check` is what the certificate of a client that has one has to be for, None for any.

        `refuse_revoked` raises SSLCertVerificationError, and may wait for the network.
        """
        self.is_ready = False
        self.error: Exception | None = None
        self._contexts = contexts
        self._trusts = False
        self._tickets = tickets
        self._may_be_plain = may_be_plain
        self._check = check
        self._refuse_revoked = refuse_revoked
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._certificate = b""
        self._has_part = False
        self._has_rest = False
        self._has_ended = False
        self._records = Records()
        # Looked up once, not for each request.
        self._receive: Callable[[bytes], int] = self._incoming.write
        self._take: Callable[[], bytes] = self._outgoing.read
        self._decrypt: Callable[[int], bytes] = _not_yet
        self._encrypt: Callable[[bytes | memoryview], int] = _not_yet

    # --- the handshake

    def feed(self, data: bytes) -> bool:
        """Keep what has arrived; False where it shows that the connection is plain."""
        if self._may_be_plain:
            self._may_be_plain = False
            if data[0] != TLS_HANDSHAKE:
                return False
        self._incoming.write(data)
        return True

    def step(self) -> None:
        """Go on with the handshake as far as what has arrived allows; raises nothing."""
        try:
            tls = self._tls
            if tls is None:
                # For TLS 1.3; in TLS 1.2 whoever asks for one gets it. No other thread makes sessions of this context.
                context = self._contexts.greeting
                context.num_tickets = 1 if self._tickets.next() else 0
                tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
                self._tls = tls
            tls.do_handshake()
            self._admit(tls)
            # SSLObject only passes on what it is asked for.
            inner = getattr(tls, "_sslobj", tls)
            self._decrypt, self._encrypt = inner.read, inner.write
            self.is_ready = True
        except ssl.SSLWantReadError:
            self._begin_to_trust()
        except Exception as error:
            # Its traceback knows this session: a circle, with all that OpenSSL has for it.
            self.error = error.with_traceback(None)

    def _begin_to_trust(self) -> None:
        """Once the client has been greeted: it shows its own certificate after that."""
        tls = self._tls
        if tls is not None and not self._trusts and self._outgoing.pending > 0:
            self._trusts = True
            tls.context = self._contexts.trusting

    def _admit(self, tls: ssl.SSLObject) -> None:
        """Look at what the client has shown, which OpenSSL does not for a session that is resumed."""
        is_resumed = bool(tls.session_reused)
        if is_resumed:
            self._tickets.used()
        self._certificate = tls.getpeercert(True) or b""
        if not self._certificate:
            return
        if is_resumed:
            _refuse_outdated(tls.getpeercert() or {})
        if self._check is not None:
            self._check.check(tls.getpeercert() or {})
        if self._refuse_revoked is not None:
            self._refuse_revoked(tls)

    def certificate(self) -> bytes:
        """What the client has shown, DER; empty for none."""
        return self._certificate

    def rest(self) -> bytes:
        """What has come behind the handshake; raises as `received`."""
        data = self._incoming.read()
        return self.received(data) if data else b""

    # --- what is said

    def received(self, data: bytes) -> bytes:
        tls = self._tls
        if tls is None or not data:
            return data
        records = self._records
        size: i64 = len(data)
        end = records.end(data, 0)
        if end == size:
            plain = self._decrypted(tls, data)
            records.refuse_idleness()
            return plain
        pieces: list[bytes] = []
        start: i64 = 0
        while start < size:
            pieces.append(self._decrypted(tls, data[start:end]))
            records.refuse_idleness()
            start, end = end, records.end(data, end)
        return b"".join(pieces)

    def _decrypted(self, tls: ssl.SSLObject, data: bytes) -> bytes:
        """All records that are whole, and no call more: one that finds nothing raises, which takes longest."""
        self._receive(data)
        incoming = self._incoming
        # As a rule nothing was left before, and to ask takes a call.
        there: i64 = incoming.pending if self._has_rest else len(data)
        self._has_rest = False
        first = b""
        pieces: list[bytes] | None = None
        while there > 0:
            wanted = min(there, READ_BYTES)
            try:
                piece = self._decrypt(int(wanted))
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                self._has_part = self._has_rest = True
                break
            size: i64 = len(piece)
            if size == 0:
                self._has_rest = True
                break
            self._records.told += 1
            if not first:
                first = piece
            elif pieces is None:
                pieces = [first, piece]
            else:
                pieces.append(piece)
            if size == wanted:
                # More of this record may be there than has come now.
                there = tls.pending() + incoming.pending
            elif there - size < _TWO_RECORDS and not self._has_part:
                break
            else:
                self._has_part = False
                there = incoming.pending
        return first if pieces is None else b"".join(pieces)

    def to_send(self, data: bytes) -> bytes:
        size: i64 = len(data)
        if size > WRITE_BYTES:
            return self._encrypted_in_pieces(data)
        if size > 0:
            self._encrypt(data)
        return self._take()

    def _encrypted_in_pieces(self, data: bytes) -> bytes:
        view = memoryview(data)
        pieces: list[bytes] = []
        for at in range(0, len(data), WRITE_BYTES):
            self._encrypt(view[at : at + WRITE_BYTES])
            pieces.append(self._take())
        return b"".join(pieces)

    @property
    def holds_back(self) -> bool:
        return False

    @property
    def is_flooded(self) -> bool:
        """Whether the client makes the session talk without listening to it."""
        return self._outgoing.pending > OWN_BYTES_LIMIT

    def farewell(self) -> bytes:
        """The last that a client hears (close_notify)."""
        tls = self._tls
        if tls is None or not self.is_ready or self._has_ended:
            return b""
        self._has_ended = True
        try:
            tls.unwrap()
        except OSError:
            pass  # the client's own has not come, and is not waited for
        return self._take()


def _not_yet(_wanted: object) -> NoReturn:
    """In place of what there is after the handshake only."""
    raise ssl.SSLError("nothing can be said before the handshake is over")


def _refuse_outdated(certificate: Certificate) -> None:
    """Raise SSLCertVerificationError for one that is over by now."""
    if not is_valid_at(certificate, wall_ms() // 1000):
        raise refused("the certificate of its session is not valid any more")


@final
class ClientTls:
    """How clients are let in: with `unifies` those of the client port may speak TLS too.

    With `checks_clients` the certificate of a client has to be that of its address, by the rules of the JDK or, without
    `by_jdk`, of ZooKeeper.
    """

    def __init__(
        self,
        contexts: ServerContexts,
        unifies: bool,
        checks_clients: bool = False,
        by_jdk: bool = True,
        refuse_revoked: Callable[[ssl.SSLObject], None] | None = None,
    ) -> None:
        self._refuse_revoked = refuse_revoked
        self._contexts = contexts
        self._tickets = Tickets()
        self.unifies = unifies
        self._checks_clients = checks_clients
        self._by_jdk = by_jdk

    def renew(self, contexts: ServerContexts) -> None:
        """Begin later connections with other stores; sessions that began with the old ones are not resumed."""
        self._contexts = contexts

    def accepted(self, may_be_plain: bool, address: str) -> ClientTlsSession:
        """For a connection that came in from there."""
        check = PeerCheck(address, "", self._by_jdk) if self._checks_clients else None
        return ClientTlsSession(self._contexts, self._tickets, may_be_plain, check, self._refuse_revoked)
