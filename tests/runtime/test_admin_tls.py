"""The AdminServer over TLS: forced or beside plain, client certificates, and who they stand for."""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.runtime.tls.contexts import make_context
from pyzoo.testing import EmbeddedServer
from tests.support.identities import HOST, Identity
from tests.support.key_updates import telling_context, writer_of

SECONDS = 60
SUBJECT = "CN=member"
"""Of the certificates that tests make."""

Start = Callable[..., EmbeddedServer]


@pytest.fixture
def start(stores: TlsSettings, start: Start) -> Start:
    """Starts servers with these stores and some properties."""
    given = {
        "ssl_quorum_keyStore_location": stores.key_store.location,
        "ssl_quorum_trustStore_location": stores.trust_store.location,
    }
    return lambda **properties: start(**given, **properties)


def ask(connection: http.client.HTTPConnection, command: str, **headers: str) -> tuple[Any, http.client.HTTPMessage]:
    try:
        connection.request("GET", f"/commands/{command}", headers=headers)
        response = connection.getresponse()
        return json.loads(response.read()), response.headers
    finally:
        connection.close()


def plain(server: EmbeddedServer) -> http.client.HTTPConnection:
    assert server.admin_port is not None
    return http.client.HTTPConnection(HOST, server.admin_port, timeout=SECONDS)


def secure(server: EmbeddedServer, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    assert server.admin_port is not None
    return http.client.HTTPSConnection(HOST, server.admin_port, timeout=SECONDS, context=context)


def anonymous(stores: TlsSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=stores.trust_store.location)


def identified(stores: TlsSettings) -> ssl.SSLContext:
    return make_context(stores, server_side=False)


def test_https_can_be_forced(start: Start, stores: TlsSettings) -> None:
    server = start(admin_forceHttps="true")
    answer, headers = ask(secure(server, anonymous(stores)), "ruok")
    assert (None, "max-age=86400; includeSubDomains") == (answer["error"], headers["Strict-Transport-Security"])
    with pytest.raises(ConnectionError):
        ask(plain(server), "ruok")


def test_one_port_takes_both_and_counts_plain_connections(start: Start, stores: TlsSettings) -> None:
    server = start(admin_portUnification="true")
    ask(plain(server), "ruok")
    answer, _ = ask(secure(server, anonymous(stores)), "monitor")
    assert 1 == answer["insecure_admin_count"]


def test_a_certificate_can_be_demanded(start: Start, stores: TlsSettings) -> None:
    server = start(admin_forceHttps="true", admin_needClientAuth="true")
    ask(secure(server, identified(stores)), "ruok")
    with pytest.raises((OSError, http.client.RemoteDisconnected)):
        ask(secure(server, anonymous(stores)), "ruok")


SUPER_USER = {
    "admin_forceHttps": "true",
    "admin_needClientAuth": "true",
    "X509AuthenticationProvider_superUser": SUBJECT,
    "authProvider_x509": "org.apache.zookeeper.server.auth.X509AuthenticationProvider",
}


def test_versions_and_suites_are_those_of_members(start: Start, stores: TlsSettings) -> None:
    suite = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    server = start(admin_forceHttps="true", ssl_quorum_enabledProtocols="TLSv1.2", ssl_quorum_ciphersuites=suite)
    connection = secure(server, anonymous(stores))
    connection.connect()
    assert ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2", 128) == connection.sock.cipher()
    connection.close()
    newer = anonymous(stores)
    newer.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(ssl.SSLError):
        ask(secure(server, newer), "ruok")


def test_suites_that_jetty_excludes_are_not_offered(start: Start, stores: TlsSettings) -> None:
    server = start(admin_forceHttps="true")
    weaker = anonymous(stores)
    weaker.maximum_version = ssl.TLSVersion.TLSv1_2
    weaker.set_ciphers("ECDHE-ECDSA-AES128-SHA")
    with pytest.raises(ssl.SSLError):
        ask(secure(server, weaker), "ruok")


def test_a_certificate_opens_what_its_subject_may(start: Start, stores: TlsSettings) -> None:
    server = start(**SUPER_USER, ssl_trustStore_location=stores.trust_store.location)
    answer, headers = ask(secure(server, identified(stores)), "snapshot?streaming=false", Authorization="x509")
    assert (None, "0x0") == (answer["error"], headers["last_zxid"])


def test_a_certificate_that_clients_could_not_use_is_nobody(start: Start, stores: TlsSettings, tmp_path: Path) -> None:
    """As in Apache's server: between members it is good, and for clients there is another authority, or none."""
    other = tmp_path / "other.pem"
    other.write_bytes(Identity().certificate.public_bytes(Encoding.PEM))
    for settings in ({}, {"ssl_trustStore_location": str(other)}):
        answer, _ = ask(secure(start(**SUPER_USER, **settings), identified(stores)), "snapshot", Authorization="x509")
        assert "Not authenticated" == answer["error"]


@pytest.mark.parametrize("key", ["admin.forceHttps", "admin.portUnification"])
def test_without_a_key_store_there_is_no_admin_server(key: str, caplog: pytest.LogCaptureFixture) -> None:
    properties = {"zookeeper.admin.serverPort": "0", f"zookeeper.{key}": "true"}
    with EmbeddedServer(properties=properties) as server:
        assert server.admin_port is None
    assert "need ssl.quorum.keyStore.location" in caplog.text


def test_a_flood_of_updates_of_keys_ends_its_connection(start: Start, stores: TlsSettings, tmp_path: Path) -> None:
    server = start(admin_forceHttps="true")
    connection = secure(server, telling_context(stores, tmp_path / "secrets"))
    connection.connect()
    assert isinstance(connection.sock, ssl.SSLSocket)
    writer = writer_of(connection.sock, tmp_path / "secrets")
    with closing(connection), socket.socket(fileno=os.dup(connection.sock.fileno())) as raw:
        raw.settimeout(SECONDS)
        with suppress(ConnectionError):
            raw.sendall(b"".join(writer.key_update(False) for _ in range(3000)))
            while raw.recv(1 << 16):
                pass
    ask(secure(server, anonymous(stores)), "ruok")
