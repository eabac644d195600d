"""Updates of the keys of TLS 1.3: a few are a client's right, very many end the connection before they cost much."""

import ssl
from pathlib import Path

import pytest

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.runtime.tls.contexts import make_context, make_server_contexts
from pyzoo.runtime.transport.client_tls import ClientTls, ClientTlsSession
from pyzoo.runtime.transport.tls import TlsSession
from pyzoo.runtime.transport.tls_records import IDLE_RECORDS, RECORDS_AT_ONCE
from tests.support.key_updates import APPLICATION_DATA, Writer, telling_context, writer_of

UPDATES = 3000


def shaken(stores: TlsSettings, home: Path) -> tuple[ClientTlsSession, ssl.SSLObject, ssl.MemoryBIO, bytes, Writer]:
    """A server's session that lacks the client's last flight, the client, that flight, and who writes behind it."""
    context = telling_context(stores, home / "secrets")
    session = ClientTls(make_server_contexts(stores), False).accepted(False, "127.0.0.1")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    session.feed(outgoing.read())
    session.step()
    incoming.write(session.to_send(b""))
    client.do_handshake()
    return session, client, incoming, outgoing.read(), writer_of(client, home / "secrets")


@pytest.fixture
def connection(stores: TlsSettings, tmp_path: Path) -> "Connection":
    """A server's session after the handshake, its client with what that receives, and who writes in its place."""
    session, client, incoming, last, writer = shaken(stores, tmp_path)
    assert session.feed(last)
    session.step()
    assert session.is_ready
    incoming.write(session.to_send(b""))
    return session, client, incoming, writer


def receive_all(session: ClientTlsSession | TlsSession, parts: list[bytes]) -> bytes:
    return b"".join(session.received(part) for part in parts)


def pieces_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


Connection = tuple[ClientTlsSession, ssl.SSLObject, ssl.MemoryBIO, Writer]


def test_a_client_may_update_its_keys_now_and_then(connection: Connection) -> None:
    session, client, incoming, writer = connection
    for number in range(IDLE_RECORDS // 2):
        said = writer.key_update(asks=number % 2 == 0) + writer.record(APPLICATION_DATA, b"request %d" % number)
        assert b"request %d" % number == session.received(said)
    incoming.write(session.to_send(b"a reply"))
    assert b"a reply" == client.read(100)


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 16])
@pytest.mark.parametrize("asks", [False, True])
def test_a_flood_of_updates_ends_the_connection_soon(connection: Connection, asks: bool, piece: int) -> None:
    session, _, _, writer = connection
    updates = [writer.key_update(asks) for _ in range(UPDATES)]
    with pytest.raises(ssl.SSLError, match="say nothing"):
        receive_all(session, pieces_of(b"".join(updates), piece))
    # What OpenSSL had to answer tells how many it has made.
    assert len(session.to_send(b"")) <= (IDLE_RECORDS + RECORDS_AT_ONCE) * len(updates[0])


def test_updates_between_requests_end_it_too(connection: Connection) -> None:
    session, _, _, writer = connection
    said = [
        writer.key_update(False) + writer.key_update(True) + writer.record(APPLICATION_DATA, b"x")
        for _ in range(IDLE_RECORDS)
    ]
    assert b"x" * (IDLE_RECORDS // 2) == receive_all(session, said[: IDLE_RECORDS // 2])
    with pytest.raises(ssl.SSLError):
        receive_all(session, said[IDLE_RECORDS // 2 :])


@pytest.mark.parametrize("piece", [1, 7, 100, 1000, 1 << 16])
def test_very_many_small_requests_are_no_flood(connection: Connection, piece: int) -> None:
    session, _, _, writer = connection
    texts = [b"%d " % number for number in range(UPDATES)]
    said = b"".join(writer.record(APPLICATION_DATA, text) for text in texts)
    assert b"".join(texts) == receive_all(session, pieces_of(said, piece))


def test_what_comes_with_the_end_of_the_handshake_is_counted_too(stores: TlsSettings, tmp_path: Path) -> None:
    session, _, _, outgoing, writer = shaken(stores, tmp_path)
    assert session.feed(outgoing + b"".join(writer.key_update(False) for _ in range(UPDATES)))
    session.step()
    assert session.is_ready
    with pytest.raises(ssl.SSLError):
        session.rest()


@pytest.mark.parametrize("piece", [1000, 1 << 18])
def test_another_member_is_cut_off_in_the_same_way(stores: TlsSettings, tmp_path: Path, piece: int) -> None:
    session = TlsSession(make_context(stores, server_side=True), True, None, False)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = telling_context(stores, tmp_path / "secrets").wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    session.received(outgoing.read())
    incoming.write(session.to_send(b""))
    client.do_handshake()
    writer = writer_of(client, tmp_path / "secrets")
    assert b"a packet" == session.received(outgoing.read() + writer.record(APPLICATION_DATA, b"a packet"))
    incoming.write(session.to_send(b""))
    updates = [writer.key_update(True) for _ in range(UPDATES)]
    with pytest.raises(ssl.SSLError, match="say nothing"):
        receive_all(session, pieces_of(b"".join(updates), piece))
    assert len(session.to_send(b"")) <= (IDLE_RECORDS + RECORDS_AT_ONCE) * len(updates[0])
