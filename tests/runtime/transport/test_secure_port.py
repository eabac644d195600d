"""The secure client port of a running server, as clients find it."""

import resource
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError
from kazoo.security import make_acl, make_digest_acl

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import GetDataRequest
from pyzoo.runtime.four_letters import ask, mntr_fields
from pyzoo.testing import EmbeddedServer
from tests.support.identities import HOST, Identity
from tests.support.server_process import EPHEMERAL, RawClient, sockets
from tests.support.tls_clients import identified

SECONDS = 60
Start = Callable[..., EmbeddedServer]


@pytest.fixture
def start(stores: TlsSettings, embedded: Start) -> Iterator[Start]:
    """Starts servers with these stores and some properties."""

    def start_one(secure: bool = True, **properties: str) -> EmbeddedServer:
        given: dict[str, Any] = {
            "ssl.keyStore.location": stores.key_store.location,
            "ssl.trustStore.location": stores.trust_store.location,
            **({"secureClientPort": 0} if secure else {}),
            **{name.replace("_", "."): value for name, value in properties.items()},
        }
        return embedded(properties=given)

    yield start_one
    while sockets:
        sockets.pop().close()


def kazoo(port: int, stores: TlsSettings) -> KazooClient:
    client = KazooClient(
        f"{HOST}:{port}",
        use_ssl=True,
        keyfile=stores.key_store.location,
        certfile=stores.key_store.location,
        ca=stores.trust_store.location,
    )
    client.start(SECONDS)
    return client


def test_a_client_writes_and_reads_over_tls(start: Start, stores: TlsSettings) -> None:
    client = kazoo(start().secure_port, stores)
    client.create("/a", b"x" * 200_000)
    assert b"x" * 200_000 == client.get("/a")[0]
    client.stop()
    client.close()


def test_both_ports_serve_the_same_tree(start: Start, stores: TlsSettings) -> None:
    server = start()
    secure, plain = kazoo(server.secure_port, stores), KazooClient(server.connect_string)
    plain.start(SECONDS)
    secure.create("/a", b"1")
    assert b"1" == plain.get("/a")[0]
    for each in (secure, plain):
        each.stop()
        each.close()


def test_a_client_without_a_certificate_is_sent_away(start: Start, stores: TlsSettings) -> None:
    context = ssl.create_default_context(cafile=stores.trust_store.location)
    port = start().secure_port
    with pytest.raises(ssl.SSLError):
        ask(HOST, port, "ruok", SECONDS, context)


def test_words_are_answered_over_tls(start: Start, stores: TlsSettings) -> None:
    server = start()
    answer = ask(HOST, server.secure_port, "conf", SECONDS, identified(stores))
    assert f"clientPort={server.port}\nsecureClientPort={server.secure_port}\n" in answer


def test_a_port_for_both_takes_plain_and_encrypted_connections(start: Start, stores: TlsSettings) -> None:
    server = start(secure=False, client_portUnification="true")
    assert "imok" == ask(HOST, server.port, "ruok", SECONDS)
    assert "imok" == ask(HOST, server.port, "ruok", SECONDS, identified(stores))
    client = kazoo(server.port, stores)
    client.create("/a")
    client.stop()
    client.close()


def test_a_client_is_who_its_certificate_says(start: Start, stores: TlsSettings) -> None:
    server = start(X509AuthenticationProvider_superUser="CN=member")
    client, plain = kazoo(server.secure_port, stores), KazooClient(server.connect_string)
    plain.start(SECONDS)
    client.create("/mine", acl=[make_acl("auth", "", all=True)])
    assert [make_acl("x509", "CN=member", all=True)] == client.get_acls("/mine")[0]
    with pytest.raises(NoAuthError):
        plain.get("/mine")
    plain.create("/other", acl=[make_digest_acl("u", "p", all=True)])
    assert b"" == client.get("/other")[0]
    for each in (client, plain):
        each.stop()
        each.close()


def test_a_certificate_without_the_name_that_gives_ids_is_sent_away(
    start: Start, stores: TlsSettings, caplog: pytest.LogCaptureFixture
) -> None:
    rule = {"Type": "SAN", "SanMatchType": "6"}
    port = start(**{f"X509AuthenticationProvider_clientCertId{key}": value for key, value in rule.items()}).secure_port
    with suppress(OSError):
        assert "" == ask(HOST, port, "ruok", SECONDS, identified(stores))
    assert "the scheme x509 does not accept its certificate" in caplog.text


def mntr(server: EmbeddedServer) -> dict[str, str]:
    return mntr_fields(ask(HOST, server.port, "mntr", SECONDS))


def test_handshakes_that_fail_are_counted_and_are_no_connections(start: Start, stores: TlsSettings) -> None:
    server = start()
    with pytest.raises(ssl.SSLError):
        ask(HOST, server.secure_port, "ruok", SECONDS, ssl.create_default_context(cafile=stores.trust_store.location))
    assert "" == ask(HOST, server.secure_port, "ruok and more", SECONDS)
    counts = mntr(server)
    assert ["2", "2", "0", "0"] == [
        counts[f"zk_{name}"]
        for name in (
            "unsuccessful_handshake",
            "auth_failed_count",
            "connection_drop_count",
            "outstanding_tls_handshake",
        )
    ]


def test_operators_see_a_handshake_apart_from_connections(start: Start, stores: TlsSettings) -> None:
    server = start()
    with socket.create_connection((HOST, server.secure_port), SECONDS):
        while "1" != mntr(server)["zk_outstanding_tls_handshake"]:
            pass
        assert "1" == mntr(server)["zk_num_alive_connections"]
        assert 1 == ask(HOST, server.secure_port, "cons", SECONDS, identified(stores)).count("queued=")


def test_each_port_lists_its_own_connections(start: Start, stores: TlsSettings) -> None:
    server = start()
    secure = kazoo(server.secure_port, stores)
    session = f"sid=0x{secure.client_id[0]:x}"
    assert session in ask(HOST, server.secure_port, "cons", SECONDS, identified(stores))
    assert session not in ask(HOST, server.port, "cons", SECONDS)
    secure.stop()
    secure.close()


def test_each_port_has_its_own_limit_of_connections(start: Start, stores: TlsSettings) -> None:
    server = start(maxClientCnxns="1")
    with (
        socket.create_connection((HOST, server.port), SECONDS),
        socket.create_connection((HOST, server.secure_port), SECONDS) as secure,
        identified(stores).wrap_socket(secure, server_hostname=HOST),
        socket.create_connection((HOST, server.secure_port), SECONDS) as third,
    ):
        assert b"" == third.recv(1)


def test_no_more_handshakes_begin_than_are_allowed(start: Start, stores: TlsSettings) -> None:
    server = start(netty_server_outstandingHandshake_limit="1")
    with socket.create_connection((HOST, server.secure_port), SECONDS):
        with socket.create_connection((HOST, server.secure_port), SECONDS) as other:
            assert b"" == other.recv(1)
        assert "1" == mntr(server)["zk_tls_handshake_exceeded"]


def test_a_session_moves_between_the_ports(start: Start, stores: TlsSettings) -> None:
    server, context = start(), identified(stores)
    plain = RawClient(server.port)
    plain.create("/mine", flags=EPHEMERAL)
    secure = plain.again(server.secure_port, context)
    assert plain.session_id == secure.session_id
    assert secure.exists("/mine")
    again = secure.again(server.port)
    assert plain.session_id == again.session_id
    again.close_session()


def test_a_connection_that_takes_a_session_over_ends_the_one_of_the_other_port(
    start: Start, stores: TlsSettings
) -> None:
    server = start()
    plain = RawClient(server.port)
    with socket.create_connection((HOST, server.port)):
        secure = RawClient(server.secure_port, session_id=plain.session_id, passwd=plain.passwd, tls=identified(stores))
    assert plain.session_id == secure.session_id
    assert b"" == plain.sock.recv(1)
    secure.close_session()


def test_answers_to_a_client_that_does_not_read_wait_in_bounded_memory(start: Start, stores: TlsSettings) -> None:
    server = start()
    client = RawClient(server.secure_port, tls=identified(stores))
    client.create("/large", b"x" * 900_000)
    before = resident_bytes()
    for _ in range(200):
        client.send(op.GET_DATA, GetDataRequest("/large", False))
    time.sleep(0.5)
    assert resident_bytes() - before < 60 << 20
    for _ in range(200):
        assert 0 == client.reply()[0].err
    client.close_session()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_a_certificate_in_the_trust_store_itself_is_refused_once_it_has_expired(
    start: Start, stores: TlsSettings, tmp_path: Path
) -> None:
    contexts = []
    for days in (1, -1):
        identity = Identity(days)
        (tmp_path / "own.pem").write_bytes(identity.pem())
        with Path(stores.trust_store.location).open("ab") as store:
            store.write(identity.certificate.public_bytes(Encoding.PEM))
        contexts.append(ssl.create_default_context(cafile=stores.trust_store.location))
        contexts[-1].load_cert_chain(tmp_path / "own.pem")
    port = start().secure_port
    good, expired = contexts
    assert "imok" == ask(HOST, port, "ruok", SECONDS, good)
    with pytest.raises(ssl.SSLError):
        ask(HOST, port, "ruok", SECONDS, expired)


def test_faults_of_an_embedded_server_reach_clients_with_tls(start: Start, stores: TlsSettings) -> None:
    server = start()
    client = kazoo(server.secure_port, stores)
    server.delay(30)
    begun = time.monotonic()
    client.create("/a", b"x" * 200_000)
    assert time.monotonic() - begun >= 0.03
    later = kazoo(server.secure_port, stores)
    assert b"x" * 200_000 == later.get("/a")[0]
    server.heal()
    port = server.secure_port
    server.restart()
    assert port == server.secure_port
    for each in (client, later):
        assert b"x" * 200_000 == each.retry(each.get, "/a")[0]
        each.stop()
        each.close()
