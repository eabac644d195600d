"""The shell as somebody: logins by SASL, and servers whose certificates are revoked. With Kerberos in interop."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pyzoo.runtime.tls import url_fetch
from pyzoo.testing import EmbeddedServer
from tests.support.authority import CLIENT, LIST, NAMES_LIST, Ca

from .conftest import Cli, Ended

MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
SERVER_JAAS = f'Server {{ {MODULE} required user_bob="a password"; }};'
LOGIN_CONFIG = "java.security.auth.login.config"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """One that bob can log in to."""
    (tmp_path / "server.conf").write_text(SERVER_JAAS)
    properties = {
        LOGIN_CONFIG: str(tmp_path / "server.conf"),
        "authProvider.sasl": "org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
        "fips-mode": "false",
    }
    with EmbeddedServer(properties=properties) as server:
        yield server


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the properties of the shell: a JAAS file with this section, and more."""

    def set_flags(section: str, **more: str) -> None:
        (tmp_path / "client.conf").write_text(section)
        given = {LOGIN_CONFIG: str(tmp_path / "client.conf"), "zookeeper.fips-mode": "false"}
        given |= {name.replace("_", "."): value for name, value in more.items()}
        monkeypatch.setenv("CLIENT_JVMFLAGS", " ".join(f"-D{name}={value}" for name, value in given.items()))

    return set_flags


def section(user: str = "bob", password: str = "a password", name: str = "Client") -> str:
    return f'{name} {{ {MODULE} required username="{user}" password="{password}"; }};'


def test_a_shell_logs_in_and_says_so(cli: Cli, flags: Callable[..., None]) -> None:
    flags(section())
    ended = cli(lines="create /bobs x sasl:bob:cdrwa\nset /bobs y\nget /bobs\nwhoami\n")
    assert (0, ["y", "Auth scheme: User", "sasl: bob", "ip: 127.0.0.1"]) == (ended.code, ended.lines)
    assert ["SyncConnected", "SaslAuthenticated"] == [event.split()[0] for event in ended.events]


def test_another_section_can_be_named(cli: Cli, flags: Callable[..., None]) -> None:
    flags(section(name="Other"), zookeeper_sasl_clientconfig="Other")
    assert "sasl: bob" in cli("whoami").lines


@pytest.mark.parametrize(("user", "password"), [("bob", "a guess"), ("nobody", "a password")])
def test_a_login_that_is_refused_ends_the_session_with_a_reason(
    cli: Cli, flags: Callable[..., None], user: str, password: str
) -> None:
    flags(section(user, password))
    ended = cli("ls", "/")
    assert 1 == ended.code
    assert "Not connected: the login failed: the server refuses it; `connect` begins a session\n" == ended.err
    assert ["SyncConnected", "AuthFailed"] == [event.split()[0] for event in ended.events]


def test_a_refused_login_is_told_alike_before_a_request_and_after_it(cli: Cli, flags: Callable[..., None]) -> None:
    flags(section("nobody"))
    told = "Not connected: the login failed: the server refuses it; `connect` begins a session"
    assert [told] * 3 == cli(lines="ls /\nget /\nls /\n").err.splitlines()


def test_a_server_that_knows_no_logins_refuses_too(run: Cli, flags: Callable[..., None]) -> None:
    flags(section())
    with EmbeddedServer() as server:
        ended = run("-server", server.connect_string, "ls", "/")
    assert (1, True) == (ended.code, ended.err.startswith("Not connected: the login failed: "))


def test_a_shell_that_wants_no_login_makes_none(cli: Cli, flags: Callable[..., None]) -> None:
    flags("no section at all", zookeeper_sasl_client="false")
    assert ["Auth scheme: User", "ip: 127.0.0.1"] == cli("whoami").lines


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (section(name="Other"), "it has no section Client"),
        (f"Client {{ {MODULE} required; }};", "Client needs username and password"),
        ("Client { com.example.Module required; };", "there is no login module com.example.Module here"),
        ("Client {", "client.conf"),
    ],
)
def test_a_login_that_could_never_work_is_refused_at_the_start(
    run: Cli, flags: Callable[..., None], text: str, reason: str
) -> None:
    flags(text)
    ended = run("ls", "/")
    assert (1, "", 1) == (ended.code, ended.out, ended.err.count("\n"))
    assert reason in ended.err


def test_digest_md5_is_refused_in_fips_mode_as_by_zkcli(run: Cli, flags: Callable[..., None]) -> None:
    flags(section())
    assert "history" not in run("history").err
    flags(section(), **{"zookeeper_fips-mode": "true"})
    ended = run("ls", "/")
    assert (1, True) == (ended.code, "set zookeeper.fips-mode=false" in ended.err)


# --- revoked servers


@pytest.fixture
def listed(tmp_path: Path, run: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool, str], Ended]]:
    """What `ls /` ends with over TLS: the server's certificate is on its authority's list or not, and a key is set."""
    ca = Ca()
    certificate = ca.issue(NAMES_LIST)
    key = CLIENT.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "server.pem").write_bytes(key + certificate.public_bytes(Encoding.PEM))
    (tmp_path / "ca.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    monkeypatch.setattr(url_fetch, "fetch_url", lambda url, body: {LIST: ca.list()}[url])
    properties = {
        "ssl.keyStore.location": str(tmp_path / "server.pem"),
        "ssl.trustStore.location": str(tmp_path / "ca.pem"),
        "ssl.clientAuth": "none",
        "secureClientPort": "0",
    }
    with EmbeddedServer(properties=properties) as server:

        def ask(is_revoked: bool, key: str) -> Ended:
            ca.revoked = [certificate.serial_number] if is_revoked else []
            (tmp_path / "client.cfg").write_text(
                f"zookeeper.client.secure=true\nzookeeper.ssl.trustStore.location={tmp_path}/ca.pem\n"
                f"zookeeper.ssl.hostnameVerification=false\nzookeeper.ssl.{key}=true\n"
            )
            words = ("-client-configuration", str(tmp_path / "client.cfg"), "ls", "/")
            return run("-server", f"127.0.0.1:{server.secure_port}", *words)

        yield ask


@pytest.mark.parametrize("key", ["crl", "ocsp"])
def test_a_shell_that_is_to_know_who_is_revoked_looks_at_the_server(
    listed: Callable[[bool, str], Ended], key: str
) -> None:
    assert ["[zookeeper]"] == listed(False, key).lines
    ended = listed(True, key)
    assert (1, True) == (ended.code, "the certificate of CN=client is revoked" in ended.err)
