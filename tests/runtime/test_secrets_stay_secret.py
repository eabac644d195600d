"""A server with one word for every secret, and all that it, its log and its tools say: the word is in none of it."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import jks
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from pyzoo.admin.commands import COMMANDS
from pyzoo.cli.main import main
from pyzoo.config.key_table import KEYS
from pyzoo.config.redaction import is_secret
from pyzoo.errors import AUTHFAILED
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import AuthPacket
from pyzoo.runtime.free_ports import free_port
from pyzoo.server.operators.words import WORDS
from tests.support.identities import HOST, Identity
from tests.support.server_process import RawClient, ServerProcess, four_letters

MARKER = "markeroftests"
OTHER = "othermarker"
STORES = (("keyStore", "node.p12"), ("trustStore", "ca.jks"))
SECONDS = 60
ADMIN_PORT = free_port()


def secret_keys() -> list[str]:
    """The keys whose values are secrets themselves."""
    return [key.name for _, rows in KEYS.sections for key in rows if is_secret(key.name)]


def test_the_table_has_secrets_of_every_kind() -> None:
    assert {"ssl.keyStore.password", "SASLAuthenticationProvider.superPassword"} < set(secret_keys())
    assert "DigestAuthenticationProvider.superDigest" in secret_keys()


@pytest.fixture(scope="module")
def zoo_cfg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that works, and in which the marker stands wherever a secret may."""
    tmp_path = tmp_path_factory.mktemp("secrets")
    identity = Identity()
    encryption = BestAvailableEncryption(MARKER.encode())
    store = pkcs12.serialize_key_and_certificates(b"node", identity.key, identity.certificate, None, encryption)
    (tmp_path / "node.p12").write_bytes(store)
    trusted = jks.TrustedCertEntry.new("ca", identity.der()[1])
    jks.KeyStore.new("jks", [trusted]).save(str(tmp_path / "ca.jks"), MARKER)
    lines = [
        f"dataDir={tmp_path / 'data'}",
        "clientPort=0",
        f"clientPortAddress={HOST}",
        "secureClientPort=0",
        f"secureClientPortAddress={HOST}",
        "4lw.commands.whitelist=*",
        f"admin.serverAddress={HOST}",
        f"admin.serverPort={ADMIN_PORT}",
        "admin.rateLimiterIntervalInMS=-1",
        "audit.enable=true",
        "log.level=debug",
        f"auth.token.secret={MARKER}",
        f"somebody.elses.password={MARKER}",
        *(f"{name}={'super:' if 'Digest' in name else ''}{MARKER}" for name in secret_keys()),
    ]
    for prefix in ("ssl.", "ssl.quorum."):
        lines += [
            f"{prefix}keyStore.location={tmp_path / 'node.p12'}",
            f"{prefix}trustStore.location={tmp_path / 'ca.jks'}",
        ]
    path = tmp_path / "zoo.cfg"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def server(zoo_cfg: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(zoo_cfg, f"-Djavax.net.ssl.keyStorePassword={MARKER}", f"-Dmine.password={MARKER}")
    yield server
    server.clean_up()


def said_by_admin(port: int) -> str:
    answers = []
    for name in ("/commands", *(f"/commands/{each.name}" for each in COMMANDS)):
        connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
        connection.request("GET", name, headers={"Authorization": f"digest root:{OTHER}"})
        answers.append(connection.getresponse().read().decode("latin-1"))
        connection.close()
    return "\n".join(answers)


def test_nothing_shows_a_secret(server: ServerProcess, zoo_cfg: Path) -> None:
    client = RawClient(server.port)
    for credentials in (f"super:{OTHER}", f"user:{OTHER}"):
        assert 0 == client.ask(op.AUTH, AuthPacket(0, "digest", credentials.encode()))[0]
    client.create("/a", b"")
    assert AUTHFAILED == client.ask(op.AUTH, AuthPacket(0, "sasl", OTHER.encode()))[0]
    words = [four_letters(server.port, word.encode()).decode() for word in WORDS.values()]
    server.wait_for(str(ADMIN_PORT))
    answers = said_by_admin(ADMIN_PORT)
    server.stop()
    for said in (*words, answers, server.output):
        assert MARKER not in said
    # Of credentials only what they are kept as.
    assert OTHER not in server.output


@pytest.mark.parametrize("tool", ["check", "show"])
def test_no_tool_shows_a_secret(zoo_cfg: Path, tool: str) -> None:
    shown = CliRunner().invoke(main, ["config", tool, str(zoo_cfg)])
    assert shown.output
    assert MARKER not in shown.output


def test_a_wrong_password_is_not_told(zoo_cfg: Path) -> None:
    store = "ssl.keyStore"
    wrong = zoo_cfg.with_name("wrong.cfg")
    wrong.write_text(zoo_cfg.read_text().replace(f"{store}.password={MARKER}", f"{store}.password={MARKER}x"))
    server = ServerProcess(wrong)
    try:
        assert 0 != server.wait()
        assert store in server.output
        assert MARKER not in server.output
    finally:
        server.clean_up()
