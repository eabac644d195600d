"""The AdminServer over TLS beside Apache's: what it takes on which port, and who a client certificate stands for."""

import datetime
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from interop.conftest import PairWith
from interop.server import Config, Server

SUBJECT = "CN=zoo1,OU=Keepers \\+ Co,O=Some\\, Company,ST=Zug,C=CH"
"""As Java names it."""
PROVIDER = "org.apache.zookeeper.server.auth.X509AuthenticationProvider"


@frozen
class Stores:
    """A key with its certificate, and the certificate alone, for servers and for the client."""

    node: Path
    ca: Path

    def lines(self, **more: str) -> dict[str, str]:
        stores = {"keyStore": self.node, "trustStore": self.ca}
        places = {
            f"{prefix}.{kind}.location": str(path) for prefix in ("ssl", "ssl.quorum") for kind, path in stores.items()
        }
        return {
            **places,
            "admin.rateLimiterIntervalInMS": "-1",
            **{f"admin.{name}": value for name, value in more.items()},
        }


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    home = tmp_path_factory.mktemp("stores")
    key = rsa.generate_private_key(65537, 2048)
    attributes = [
        (NameOID.COUNTRY_NAME, "CH"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Zug"),
        (NameOID.ORGANIZATION_NAME, "Some, Company"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Keepers + Co"),
        (NameOID.COMMON_NAME, "zoo1"),
    ]
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    (home / "node.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
    (home / "ca.pem").write_bytes(pem)
    return Stores(home / "node.pem", home / "ca.pem")


def ask(
    server: Server, stores: Stores, path: str, identified: bool = True, **headers: str
) -> tuple[int, Any, str | None]:
    """Status, body and Strict-Transport-Security of an answer over TLS."""
    context = ssl.create_default_context(cafile=str(stores.ca))
    if identified:
        context.load_cert_chain(stores.node)
    connection = http.client.HTTPSConnection("127.0.0.1", server.admin_port, timeout=60, context=context)
    try:
        connection.request("GET", f"/commands/{path}", headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), response.headers["Strict-Transport-Security"]
    finally:
        connection.close()


def ask_plain(server: Server) -> int | None:
    """The status of an answer without TLS, None when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", server.admin_port, timeout=60)
    try:
        connection.request("GET", "/commands/ruok")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def test_https_is_forced(pair_with: PairWith, stores: Stores) -> None:
    pair = pair_with(Config(admin=True, lines=stores.lines(forceHttps="true")))
    pair.compare("ruok", [ask(side.server, stores, "ruok") for side in pair.sides])
    pair.compare("ruok without a certificate", [ask(side.server, stores, "ruok", False) for side in pair.sides])
    assert [None, None] == [ask_plain(side.server) for side in pair.sides]


def test_one_port_takes_both(pair_with: PairWith, stores: Stores) -> None:
    pair = pair_with(Config(admin=True, lines=stores.lines(portUnification="true")))
    pair.compare("ruok", [ask(side.server, stores, "ruok") for side in pair.sides])
    assert [200, 200] == [ask_plain(side.server) for side in pair.sides]
    counts = [ask(side.server, stores, "monitor")[1]["insecure_admin_count"] for side in pair.sides]
    pair.compare("insecure_admin_count", counts)


@pytest.mark.parametrize(("super_user", "status"), [(SUBJECT, 200), ("CN=somebody", 403)])
def test_a_certificate_stands_for_its_subject(
    pair_with: PairWith, stores: Stores, connect: Callable[..., KazooClient], super_user: str, status: int
) -> None:
    properties = {
        "zookeeper.X509AuthenticationProvider.superUser": super_user,
        "zookeeper.authProvider.x509": PROVIDER,
    }
    lines = stores.lines(forceHttps="true", needClientAuth="true")
    pair = pair_with(Config(admin=True, lines=lines, properties=properties))
    for side in pair.sides:
        connect(side.server).set_acls("/", [make_digest_acl("root", "secret", all=True)])
        answer = ask(side.server, stores, "snapshot?streaming=false", Authorization="x509")
        assert status == answer[0], (side.server, answer)
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(side.server, stores, "ruok", identified=False)


def spoken(server: Server, stores: Stores, version: ssl.TLSVersion, suites: str) -> tuple[str, str] | None:
    """Version and cipher suite of a connection that offers only these, None where there is none."""
    context = ssl.create_default_context(cafile=str(stores.ca))
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(suites)
    try:
        with socket.create_connection(("127.0.0.1", server.admin_port), timeout=60) as connection:
            with context.wrap_socket(connection, server_hostname="127.0.0.1") as tls:
                name, spoken_version, _ = tls.cipher() or ("", "", 0)
                return spoken_version, name
    except (ssl.SSLError, ConnectionResetError):
        return None


def test_versions_and_suites_are_those_of_members(pair_with: PairWith, stores: Stores) -> None:
    suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
    chosen = {"ssl.quorum.enabledProtocols": "TLSv1.2", "ssl.quorum.ciphersuites": suites}
    pair = pair_with(Config(admin=True, lines={**stores.lines(forceHttps="true"), **chosen}))
    for version, offered, is_spoken in (
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384", False),
        # Named, and excluded by Jetty.
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-SHA", False),
        (ssl.TLSVersion.TLSv1_3, "ALL", False),
    ):
        found = [spoken(side.server, stores, version, offered) for side in pair.sides]
        pair.compare(f"{version} with {offered}", found)
        assert is_spoken == (found[0] is not None)
