"""Logging in to the console as clients do: by SASL passwords and by certificates."""

from pathlib import Path

import pytest

from pyzoo.runtime.tls.contexts import make_context
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import ask, cookie_of, log_in
from tests.support.identities import pem_settings

JAAS = """Server {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_bob="a password:" user_super="root";
};"""
SUBJECT = "CN=member"


@pytest.fixture
def with_users(start: Start, tmp_path: Path) -> EmbeddedServer:
    (tmp_path / "jaas.conf").write_text(JAAS)
    settings = {"java.security.auth.login.config": str(tmp_path / "jaas.conf"), "fips-mode": "false"}
    return start(
        settings=settings,
        admin_console_writers="sasl:bob",
        authProvider_sasl="org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
    )


def test_users_of_the_jaas_file_log_in_with_their_passwords(with_users: EmbeddedServer) -> None:
    port = with_users.admin_port
    page = ask(port, "/", Cookie=cookie_of(log_in(port, "bob:a password:", "sasl")))
    assert "sasl bob" in page.text
    assert "may write" in page.text
    for wrong in ("bob:a password", "bob:", "alice:a password:", ":"):
        assert 401 == log_in(port, wrong, "sasl").status


def test_a_certificate_is_a_login_over_tls(start: Start, tmp_path: Path) -> None:
    stores = pem_settings(tmp_path)
    server = start(
        admin_forceHttps="true",
        admin_needClientAuth="true",
        admin_console_writers=f"x509:{SUBJECT}",
        authProvider_x509="org.apache.zookeeper.server.auth.X509AuthenticationProvider",
        ssl_quorum_keyStore_location=stores.key_store.location,
        ssl_quorum_trustStore_location=stores.trust_store.location,
        ssl_trustStore_location=stores.trust_store.location,
    )
    port, tls = server.admin_port, make_context(stores, server_side=False)
    nobody = ask(port, "/console/login", tls=tls)
    assert "<option>x509</option>" in nobody.text
    assert "may write" not in nobody.text
    answer = log_in(port, ":", "x509", tls=tls, Origin="https://localhost")
    assert "secure" in {flag.strip().lower() for flag in answer.headers["Set-Cookie"].split(";")}
    page = ask(port, "/", tls=tls, Cookie=cookie_of(answer))
    assert f"x509 {SUBJECT}" in page.text
    assert "may write" in page.text
    assert page.headers["Strict-Transport-Security"]
