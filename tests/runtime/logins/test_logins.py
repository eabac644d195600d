"""What a server logs others in with, from its JAAS file; with Kerberos in interop/test_client_kerberos.py."""

import socket
import sys
from pathlib import Path

import pytest
from attrs import evolve

from pyzoo.config.ensemble_settings import QuorumSettings
from pyzoo.config.kerberos_settings import KerberosSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.errors import ConfigError, SaslFailure
from pyzoo.runtime.logins.client_logins import client_login, client_login_warnings, with_client_login
from pyzoo.runtime.logins.jaas_file import login_sections, open_login_file
from pyzoo.runtime.logins.kerberos import Keys, canonical_name, service_principal
from pyzoo.runtime.logins.member_logins import MemberNames, quorum_sasl
from pyzoo.sasl.digest_md5 import DigestMd5Client, Service

DIGEST = "org.apache.zookeeper.server.auth.DigestLoginModule"
KERBEROS = "com.sun.security.auth.module.Krb5LoginModule"
KEYTAB = 'useKeyTab=true storeKey=true keyTab="/none"'
CLIENTS = Service("zookeeper", "zk-sasl-md5")


def configured(home: Path, text: str) -> ServerConfig:
    path = home / "jaas.conf"
    path.write_text(text)
    return ServerConfig(
        data_dir="/d",
        sasl_login_config=str(path),
        auth_providers=("ip", "digest", "sasl"),
        tls=TlsSettings(fips_mode=False),
    )


def lets_in(config: ServerConfig, user: str, password: str) -> bool:
    login = client_login(config)
    assert login is not None
    server, client = login.new_server(), DigestMd5Client(CLIENTS, user, password, "nonce")
    try:
        server.evaluate(client.evaluate(server.evaluate(b"") or b"") or b"")
    except SaslFailure:
        return False
    return server.is_complete


def test_the_file_may_be_named_by_a_url_and_its_values_by_properties(tmp_path: Path) -> None:
    config = configured(tmp_path, f'Server {{ {DIGEST} required user_bob="${{secret}} of ${{user.name}}"; }};')
    config = evolve(config, sasl_login_config=f"={(tmp_path / 'jaas.conf').as_uri()}", properties={"secret": "word"})
    [module] = login_sections(config)["Server"]
    assert module.options["user_bob"].startswith("word of ")


def test_a_file_with_passwords_is_not_for_everybody(tmp_path: Path) -> None:
    config = configured(tmp_path, f'Server {{ {DIGEST} required user_bob="b"; }};')
    path = tmp_path / "jaas.conf"
    for mode, found in ((0o644, str(path)), (0o640, None)):
        path.chmod(mode)
        assert found == open_login_file(config)
    config = configured(tmp_path, f"Server {{ {KERBEROS} required; }};")
    path.chmod(0o644)
    assert open_login_file(config) is None


def test_the_super_password_is_for_a_super_user_of_the_file(tmp_path: Path) -> None:
    config = configured(tmp_path, f'Server {{ {DIGEST} required user_super="a" user_bob="b"; }};')
    config = evolve(config, sasl_super_password="c")
    seen = [lets_in(config, *each) for each in (("super", "c"), ("super", "a"), ("bob", "b"))]
    assert [True, False, True] == seen
    assert [] == client_login_warnings(config)
    config = evolve(configured(tmp_path, f'Server {{ {DIGEST} required user_bob="b"; }};'), sasl_super_password="c")
    assert not lets_in(config, "super", "c")
    [warning] = client_login_warnings(config)
    assert "has no user_super" in warning


def test_users_of_all_modules_may_log_in(tmp_path: Path) -> None:
    config = configured(tmp_path, f'Server {{ {DIGEST} required user_a="a"; {DIGEST} optional user_b="b"; }};')
    assert lets_in(config, "a", "a")
    assert lets_in(config, "b", "b")


def test_in_fips_mode_a_start_says_that_no_login_works(tmp_path: Path) -> None:
    config = evolve(configured(tmp_path, f'Server {{ {DIGEST} required user_bob="b"; }};'), tls=TlsSettings())
    assert not lets_in(config, "bob", "b")
    [warning] = client_login_warnings(config)
    assert "fips-mode=false" in warning


def test_a_server_goes_by_the_principal_that_it_logs_in_with(tmp_path: Path) -> None:
    config = configured(tmp_path, f'Server {{ {DIGEST} required user_bob="b" principal="zookeeper/host"; }};')
    assert "zookeeper/host" == with_client_login(config).server_user
    config = configured(tmp_path, f'Server {{ {DIGEST} required user_bob="b"; }};')
    assert "zk" == with_client_login(evolve(config, server_user="zk")).server_user


def test_without_the_library_kerberos_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    text = f'Server {{ {KERBEROS} required {KEYTAB} principal="zookeeper/host@R"; }};'
    with pytest.raises(ConfigError, match=r'pip install "pyzoo-server\[kerberos\]"'):
        client_login(configured(tmp_path, text))


def test_where_a_realm_is_required_there_has_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    config = configured(tmp_path, f'Server {{ {DIGEST} required "user_bob@R"="b"; }};')
    assert lets_in(config, "bob@R", "b")
    config = evolve(config, kerberos=KerberosSettings(requires_config=True))
    with pytest.raises(ConfigError, match="no default realm"):
        client_login(config)
    assert client_login(evolve(config, kerberos=KerberosSettings(realm="R", requires_config=True))) is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (KEYTAB, "principal is needed"),
        (f'{KEYTAB} principal="*"', "principal is needed"),
        (f'{KEYTAB} principal="zookeeper@R"', "has to be service/host"),
        ('storeKey=true principal="zookeeper/host"', "needs useKeyTab=true"),
        ('useKeyTab=true principal="zookeeper/host"', "needs storeKey=true"),
    ],
)
def test_a_section_that_could_give_no_key_is_refused(tmp_path: Path, options: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        client_login(configured(tmp_path, f"Server {{ {KERBEROS} required {options}; }};"))


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (f'{DIGEST} required username="a"', "needs username and password"),
        (f'{KERBEROS} required principal="zkquorum/host"', "useKeyTab=true or useTicketCache=true is needed"),
        ("com.example.Module required", "no login module com.example.Module"),
    ],
)
def test_a_member_that_could_not_log_in_is_refused(tmp_path: Path, learner: str, message: str) -> None:
    text = f'QuorumServer {{ {DIGEST} required user_a="b"; }};\nQuorumLearner {{ {learner}; }};'
    settings = QuorumSettings(sasl_enabled=True, learner_require_sasl=True)
    with pytest.raises(ConfigError, match=message):
        quorum_sasl(evolve(configured(tmp_path, text), quorum=settings))


def test_only_the_hosts_of_members_are_let_in() -> None:
    members = MemberNames(frozenset({"h1", "h2"}))
    assert "zk/h1@R" == members.authorize("zk/h1@R", "zk/h1@R")
    for name in ("zk/h3@R", "zk@R", "h1@R", "zk/h1", "zk/H1@R", "zk/h1/x@R", "/h1@"):
        with pytest.raises(SaslFailure, match="the host of no member"):
            members.authorize(name, name)
    with pytest.raises(SaslFailure, match="wants to be"):
        members.authorize("zk/h1@R", "zk/h2@R")


@pytest.mark.parametrize(
    ("service", "principal"),
    [
        ("zkquorum/_HOST", "zkquorum/host@R"),
        ("zkquorum/localhost", "zkquorum/localhost@R"),
        ("zkquorum/localhost@S", "zkquorum/localhost@S"),
        ("zkquorum/_HOST@S", "zkquorum/_HOST@S"),
    ],
)
def test_the_principal_of_a_member_has_its_host(service: str, principal: str) -> None:
    assert principal == service_principal(service, "HOST", "R")


def test_tickets_are_found_in_a_cache_or_kept_in_memory() -> None:
    assert {"client_keytab": "/k", "ccache": "MEMORY:p"} == Keys("p", keytab="/k").store()
    assert {"ccache": "/c"} == Keys("p", ticket_cache="/c").store()
    assert {} == Keys("p", ticket_cache="").store()


@pytest.mark.parametrize(
    ("found", "expected"),
    [("zk1.example.com", "zk1.example.com"), ("192.0.2.1", "alias"), (None, "alias")],
)
def test_a_canonical_name_is_the_one_that_the_dns_has_for_the_address(
    monkeypatch: pytest.MonkeyPatch, found: str | None, expected: str
) -> None:
    def names(address: str) -> tuple[str, list[str], list[str]]:
        if found is None:
            raise socket.herror(1, "unknown")
        return found, [], [address]

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("192.0.2.1", 0))])
    monkeypatch.setattr(socket, "gethostbyaddr", names)
    assert expected == canonical_name("alias")
