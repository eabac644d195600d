"""The secure client port of a running server, as clients find it."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError
from kazoo.security import make_acl, make_digest_acl

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.runtime.four_letters import ask
from pyzoo.testing import EmbeddedServer
from tests.support.identities import HOST, pem_settings

SECONDS = 20
Start = Callable[..., EmbeddedServer]


@pytest.fixture
def stores(tmp_path: Path) -> TlsSettings:
    return pem_settings(tmp_path)


@pytest.fixture
def start(stores: TlsSettings) -> Iterator[Start]:
    """Starts servers with these stores and some properties."""
    running: list[EmbeddedServer] = []

    def start_one(secure: bool = True, **properties: str) -> EmbeddedServer:
        given: dict[str, Any] = {
            "ssl.keyStore.location": stores.key_store.location,
            "ssl.trustStore.location": stores.trust_store.location,
            **({"secureClientPort": 0} if secure else {}),
            **{name.replace("_", "."): value for name, value in properties.items()},
        }
        server = EmbeddedServer(properties=given)
        running.append(server)
        server.start()
        return server

    yield start_one
    for server in running:
        server.stop()


def identified(stores: TlsSettings) -> ssl.SSLContext:
    """A client with a certificate that the server trusts."""
    context = ssl.create_default_context(cafile=stores.trust_store.location)
    context.load_cert_chain(stores.key_store.location)
    return context


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


def test_both_ports_serve_the_same_tree(start: Start, stores: TlsSettings) -> None:
    server = start()
    secure, plain = kazoo(server.secure_port, stores), KazooClient(server.connect_string)
    plain.start(SECONDS)
    secure.create("/a", b"1")
    assert b"1" == plain.get("/a")[0]
    secure.stop()
    plain.stop()


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
