"""The server's end of a client's TLS connection, without sockets: a client of Python's ssl is on the other side."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.runtime.tls.contexts import client_tls, make_context, make_server_contexts
from pyzoo.runtime.transport.client_tls import MANY_UNUSED, ONE_IN, WRITE_BYTES, ClientTls, ClientTlsSession
from tests.support.authority import CLIENT, Ca, der
from tests.support.collector import no_circles
from tests.support.identities import HOST, Identity, pem_settings, with_stores

VERSIONS = ("TLSv1.2", "TLSv1.3")
NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME."""


@pytest.fixture
def stores(tmp_path: Path) -> TlsSettings:
    return pem_settings(tmp_path)


class Client:
    """The other end; `talk` carries what both have to say until neither has more."""

    def __init__(
        self, context: ssl.SSLContext, session: ClientTlsSession, resumed: ssl.SSLSession | None = None
    ) -> None:
        self.session = session
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=HOST, session=resumed)

    def hello(self) -> bytes:
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def shake_hands(self, size: int = 1 << 16) -> None:
        """Go on until both are through, or the server has an error; the server gets pieces of a size."""
        is_through = False
        while not (is_through and self.session.is_ready) and self.session.error is None:
            if not is_through:
                try:
                    self.tls.do_handshake()
                    is_through = True
                except ssl.SSLWantReadError:
                    pass
            for piece in pieces(self.outgoing.read(), size):
                if not self.session.is_ready:
                    assert self.session.feed(piece)
                    self.session.step()
            self.incoming.write(self.session.to_send(b""))

    def encrypted(self, *texts: bytes) -> bytes:
        """Each text is a record of its own."""
        for text in texts:
            self.tls.write(text)
        return self.outgoing.read()

    def decrypted(self, data: bytes) -> bytes:
        self.incoming.write(data)
        found = b""
        while self.incoming.pending:
            try:
                found += self.tls.read(1 << 16)
            except ssl.SSLWantReadError:
                break
        return found


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def client_context(stores: TlsSettings, version: str = "TLSv1.3") -> ssl.SSLContext:
    return make_context(evolve(stores, enabled_protocols=(version,)), server_side=False)


def accepted(stores: TlsSettings, may_be_plain: bool = False, checks_clients: bool = False) -> ClientTlsSession:
    tls = ClientTls(make_server_contexts(stores), True, checks_clients)
    return tls.accepted(may_be_plain, HOST)


def connected(stores: TlsSettings, version: str = "TLSv1.3") -> tuple[Client, ClientTlsSession]:
    session = accepted(stores)
    client = Client(client_context(stores, version), session)
    client.shake_hands()
    assert session.error is None
    return client, session


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_client_says_is_heard_and_answered(stores: TlsSettings, version: str) -> None:
    client, session = connected(stores, version)
    assert b"hello" == session.received(client.encrypted(b"hello"))
    assert b"answer" == client.decrypted(session.to_send(b"answer"))
    assert version == client.tls.version()


def test_a_handshake_may_come_byte_by_byte(stores: TlsSettings) -> None:
    session = accepted(stores, may_be_plain=True)
    Client(client_context(stores), session).shake_hands(size=1)
    assert session.is_ready


def test_the_certificate_of_the_client_is_known_after_it(stores: TlsSettings) -> None:
    _client, session = connected(stores)
    pem = Path(stores.trust_store.location).read_text()
    assert ssl.PEM_cert_to_DER_cert(pem) == session.certificate()


def test_a_client_may_have_none_where_none_is_needed(stores: TlsSettings) -> None:
    session = accepted(evolve(stores, client_auth="want"))
    context = ssl.create_default_context(cafile=stores.trust_store.location)
    Client(context, session).shake_hands()
    assert (True, b"") == (session.is_ready, session.certificate())


def test_a_first_byte_of_something_else_is_plain(stores: TlsSettings) -> None:
    session = accepted(stores, may_be_plain=True)
    assert not session.feed(b"r")


def test_many_records_are_one_piece_for_the_core(stores: TlsSettings) -> None:
    client, session = connected(stores)
    assert b"abc" * 100 == session.received(client.encrypted(*[b"abc"] * 100))


def test_a_record_that_comes_in_parts_is_heard_when_it_is_whole(stores: TlsSettings) -> None:
    client, session = connected(stores)
    data = client.encrypted(b"one", b"two")
    heard = [session.received(piece) for piece in pieces(data, len(data) // 2 + 3)]
    assert [b"one", b"two"] == heard


@pytest.mark.parametrize("version", VERSIONS)
def test_records_cut_anywhere_are_heard_whole_and_at_once(stores: TlsSettings, version: str) -> None:
    client, session = connected(stores, version)
    texts = [b"a", b"b" * 40, b"c" * 16_384, b"d" * 3, b"e" * 500, b"f" * 40_000, b"g"]
    for size in (1, 7, 23, 61, 1_000, 16_384, 1 << 17):
        data = client.encrypted(*texts)
        heard = [session.received(piece) for piece in pieces(data, size)]
        assert b"".join(texts) == b"".join(heard)


def test_a_large_answer_is_encrypted_whole(stores: TlsSettings) -> None:
    client, session = connected(stores)
    answer = bytes(range(256)) * (WRITE_BYTES // 256) * 3 + b"end"
    assert answer == client.decrypted(session.to_send(answer))


def test_what_comes_with_the_end_of_the_handshake_is_not_lost(stores: TlsSettings) -> None:
    session = accepted(stores)
    client = Client(client_context(stores), session)
    session.feed(client.hello())
    session.step()
    client.incoming.write(session.to_send(b""))
    client.tls.do_handshake()
    session.feed(client.encrypted(b"early"))
    session.step()
    assert b"early" == session.rest()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_comes_back_resumes_its_session(stores: TlsSettings, version: str) -> None:
    tls, context = ClientTls(make_server_contexts(stores), False), client_context(stores, version)
    assert [False, True] == resumptions(tls, tls, context)


def test_clients_that_never_come_back_are_given_few_tickets(stores: TlsSettings) -> None:
    tls, context = ClientTls(make_server_contexts(stores), False), client_context(stores)
    for _ in range(MANY_UNUSED):
        session = tls.accepted(False, HOST)
        session.feed(Client(context, session).hello())
        session.step()
    tickets = [ticket_of(came(tls, context)) for _ in range(ONE_IN)]
    given = [ticket for ticket in tickets if ticket is not None]
    assert 1 == len(given)
    assert came(tls, context, given[0]).tls.session_reused
    assert ticket_of(came(tls, context)) is not None


def ticket_of(client: Client) -> ssl.SSLSession | None:
    session = client.tls.session
    return session if session is not None and session.has_ticket else None


def came(tls: ClientTls, context: ssl.SSLContext, ticket: ssl.SSLSession | None = None) -> Client:
    """A client that has been told something, and what came before that."""
    client = Client(context, tls.accepted(False, HOST), ticket)
    client.shake_hands()
    client.decrypted(client.session.to_send(b"x"))
    return client


@pytest.mark.parametrize("version", VERSIONS)
def test_nobody_resumes_a_session_that_began_with_other_stores(stores: TlsSettings, version: str) -> None:
    tls, context = ClientTls(make_server_contexts(stores), False), client_context(stores, version)
    renewed = ClientTls(make_server_contexts(stores), False)
    assert [False, False] == resumptions(tls, renewed, context)


def resumptions(first: ClientTls, second: ClientTls, context: ssl.SSLContext) -> list[bool]:
    """Whether two connections of one client resumed a session."""
    one = came(first, context)
    other = Client(context, second.accepted(False, HOST), one.tls.session)
    other.shake_hands()
    assert one.session.certificate() == other.session.certificate() != b""
    return [bool(one.tls.session_reused), bool(other.tls.session_reused)]


def test_a_session_is_not_resumed_when_its_certificate_is_over(stores: TlsSettings) -> None:
    expired = Identity(days=-1)
    Path(stores.key_store.location).write_bytes(expired.pem())
    Path(stores.trust_store.location).write_bytes(expired.certificate.public_bytes(Encoding.PEM))
    contexts, context = make_server_contexts(stores), client_context(stores)
    for each in (contexts.greeting, contexts.trusting, context):
        each.verify_flags |= NO_CHECK_TIME  # as if it had been valid when the session began
    tls = ClientTls(contexts, False)
    one = came(tls, context)
    other = Client(context, tls.accepted(False, HOST), one.tls.session)
    other.shake_hands()
    assert "not valid any more" in str(other.session.error)


def test_only_what_is_in_the_key_store_is_shown_to_clients(tmp_path: Path) -> None:
    authority = Ca()
    own = authority.issue()
    key = CLIENT.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "own.pem").write_bytes(key + own.public_bytes(Encoding.PEM))
    (tmp_path / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    stores = with_stores("PEM", tmp_path / "own.pem", tmp_path / "ca.pem")
    session = accepted(stores)
    session.feed(Client(client_context(stores, "TLSv1.2"), session).hello())
    session.step()
    flight = session.to_send(b"")
    assert [True, False] == [der(shown) in flight for shown in (own, authority.certificate)]


def test_a_client_that_has_to_begin_with_another_curve_gets_in(stores: TlsSettings) -> None:
    contexts = make_server_contexts(stores)
    contexts.greeting.set_ecdh_curve("secp384r1")
    session = ClientTls(contexts, True).accepted(False, HOST)
    Client(client_context(stores), session).shake_hands()
    assert session.is_ready


def test_a_stranger_is_refused_with_an_alert(stores: TlsSettings, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(Identity().pem())
    context = ssl.create_default_context(cafile=stores.trust_store.location)
    context.load_cert_chain(stranger)
    session = accepted(stores)
    client = Client(context, session)
    client.shake_hands()
    assert isinstance(session.error, ssl.SSLCertVerificationError)
    client.incoming.write(session.to_send(b""))
    with pytest.raises(ssl.SSLError, match="alert"):
        client.tls.read(1)


def test_the_address_of_a_client_is_checked_where_that_is_wanted(stores: TlsSettings) -> None:
    session = accepted(stores, checks_clients=True)
    Client(client_context(stores), session).shake_hands()
    assert session.is_ready
    elsewhere = ClientTls(make_server_contexts(stores), False, True).accepted(False, "192.0.2.1")
    Client(client_context(stores), elsewhere).shake_hands()
    assert "another host" in str(elsewhere.error)


def test_bytes_that_are_no_tls_are_an_error(stores: TlsSettings) -> None:
    session = accepted(stores)
    session.feed(b"ruok\n")
    session.step()
    assert isinstance(session.error, ssl.SSLError)


def test_a_handshake_that_failed_leaves_no_circle_for_the_collector(stores: TlsSettings) -> None:
    with no_circles():
        session = accepted(stores)
        session.feed(b"ruok\n")
        session.step()
        assert session.error is not None
        del session


def test_the_end_is_said(stores: TlsSettings) -> None:
    client, session = connected(stores)
    client.incoming.write(session.farewell())
    assert b"" == client.tls.read(1)


def test_the_end_is_said_once(stores: TlsSettings) -> None:
    _client, session = connected(stores)
    assert (True, b"") == (session.farewell() != b"", session.farewell())


def test_an_end_that_the_client_says_is_no_error(stores: TlsSettings) -> None:
    client, session = connected(stores)
    data = client.encrypted(b"bye")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert b"bye" == session.received(data + client.outgoing.read())


def test_a_client_cannot_begin_another_handshake_within_its_connection(stores: TlsSettings) -> None:
    contexts = client_tls(ServerConfig(data_dir="/d", secure_client_port=0, tls=stores))
    assert contexts is not None
    assert contexts.greeting.options & contexts.trusting.options & ssl.OP_NO_RENEGOTIATION
