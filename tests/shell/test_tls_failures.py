"""Why TLS with a server does not come about is said in a line."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pyzoo.cli.status import NO_ANSWER, WANTS_TLS, ServerStatus, status_of
from pyzoo.testing import EmbeddedServer
from tests.support.authority import CLIENT, Ca

from .conftest import Cli

Reason = Callable[..., str]
KEY = CLIENT.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_authority(ca: Ca, path: Path) -> Path:
    path.write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    return path


def write_identity(ca: Ca, host: str, path: Path) -> Path:
    certificate = ca.issue(x509.SubjectAlternativeName([x509.DNSName(host)]), name=host)
    path.write_bytes(KEY + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and one that nobody trusts, an identity of each, and one for another host."""
    home, ours, other = tmp_path_factory.mktemp("stores"), Ca(), Ca("other")
    for name, ca in (("ours", ours), ("other", other)):
        write_authority(ca, home / f"{name}.pem")
        write_identity(ca, "localhost", home / f"{name}-key.pem")
    return home


@pytest.fixture(scope="module")
def server(stores: Path) -> Iterator[EmbeddedServer]:
    """One for localhost that wants certificates of its clients."""
    properties = {
        "ssl.keyStore.location": str(stores / "ours-key.pem"),
        "ssl.trustStore.location": str(stores / "ours.pem"),
        "secureClientPort": "0",
    }
    with EmbeddedServer(properties=properties) as server:
        yield server


@pytest.fixture
def reason(run: Cli, stores: Path, tmp_path: Path, server: EmbeddedServer) -> Reason:
    """What is said of a server at a port, of a shell with these stores; none is a shell without TLS."""

    def ask(port: int | None, trust: str | None, key: str | None = None, host: str = "localhost") -> str:
        lines = [] if trust is None else ["secure=true", f"ssl.trustStore.location={stores}/{trust}.pem"]
        lines += [] if key is None else [f"ssl.keyStore.location={stores}/{key}.pem"]
        properties = "".join(f"zookeeper.{'client.' if line.startswith('secure') else ''}{line}\n" for line in lines)
        (tmp_path / "client.cfg").write_text(properties)
        words = ("-client-configuration", str(tmp_path / "client.cfg"), "-timeout", "3000", "ls", "/")
        ended = run("-server", f"{host}:{port}", *words)
        return "" if ended.code == 0 else ended.err.splitlines()[1].partition(f"{port}: ")[2]

    return ask


def test_with_what_both_want_there_is_nothing_to_say(reason: Reason, server: EmbeddedServer) -> None:
    assert "" == reason(server.secure_port, "ours", "ours-key")


def test_a_server_that_is_not_trusted(reason: Reason, server: EmbeddedServer) -> None:
    said = reason(server.secure_port, "other", "ours-key")
    assert said.startswith("no TLS: its certificate is refused: ")


def test_a_server_with_another_name(reason: Reason, server: EmbeddedServer) -> None:
    said = reason(server.secure_port, "ours", "ours-key", "127.0.0.1")
    assert said.startswith("no TLS: its certificate is refused: IP address mismatch")


def test_a_server_that_wants_a_certificate(reason: Reason, server: EmbeddedServer) -> None:
    assert "zookeeper.ssl.keyStore.location" in reason(server.secure_port, "ours")


def test_a_server_that_does_not_trust_ours(reason: Reason, server: EmbeddedServer) -> None:
    said = reason(server.secure_port, "ours", "other-key")
    assert "no TLS: it does not trust who has issued our certificate" == said


def test_a_port_without_tls(reason: Reason, server: EmbeddedServer) -> None:
    assert "no TLS: it does not speak TLS there: is that its port without TLS?" == reason(server.port, "ours")


def test_a_port_with_tls_for_a_shell_without(reason: Reason, server: EmbeddedServer) -> None:
    assert reason(server.secure_port, None).startswith("it speaks TLS there: ")


def test_a_port_with_tls_for_a_question_without(server: EmbeddedServer) -> None:
    port = server.secure_port
    assert port is not None
    assert ServerStatus(f"localhost:{port}", NO_ANSWER, WANTS_TLS) == status_of(("localhost", port), 0.5)
