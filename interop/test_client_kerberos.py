"""SASL logins of clients by GSSAPI: the same tickets have the same outcome on both servers."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from interop import requests as rq
from interop.audit_lines import audit_lines_until, without_sessions
from interop.conftest import PairWith
from interop.java import JavaZooKeeper
from interop.kdc import REALM, SKEW_SECONDS, Kdc, running_kdc
from interop.pair import Pair
from interop.sasl import Login, by_kazoo, by_pyzoo_cli, by_zkcli
from interop.server import Config
from interop.test_client_sasl import PROVIDER
from interop.tickets import NO_LAYER, Tickets
from interop.tls_stores import GOOD, TlsStores, client_settings

MODULE = "com.sun.security.auth.module.Krb5LoginModule"
SERVER = "zookeeper/localhost"
CLIENTS = ("bob", "boss/admin", "zk/host1")


@pytest.fixture(scope="module")
def kdc() -> Iterator[Kdc]:
    """A realm with the service, clients with keytabs, and another service whose key the servers have, too."""
    with running_kdc() as kdc:
        kdc.add(SERVER, "zookeeper/elsewhere", *CLIENTS)
        kdc.keytab(SERVER, "zookeeper/elsewhere", name="server.keytab")
        kdc.keytab("boss/admin", "zk/host1", name="clients.keytab")
        (kdc.home / "jaas.conf").write_text(section("Server", SERVER, kdc.home / "server.keytab"))
        yield kdc


def section(name: str, principal: str, keytab: Path, more: str = "storeKey=true") -> str:
    """A login by a keytab."""
    return f'{name} {{ {MODULE} required useKeyTab=true keyTab="{keytab}" principal="{principal}@{REALM}" {more}; }};\n'


def properties(kdc: Kdc, more: dict[str, str] | None = None) -> dict[str, str]:
    return {
        "java.security.auth.login.config": str(kdc.home / "jaas.conf"),
        "zookeeper.superUser": f"boss/admin@{REALM}",
        **kdc.properties(),
        **(more or {}),
    }


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsStores:
    return TlsStores.create(tmp_path_factory.mktemp("stores"))


@pytest.fixture
def pair(pair_with: PairWith, kdc: Kdc, stores: TlsStores) -> Pair:
    lines = {**PROVIDER, "audit.enable": "true", **stores.lines()}
    return pair_with(Config(lines, properties(kdc), secure=True))


def tickets(kdc: Kdc, name: str, service: str = SERVER) -> Tickets:
    return Tickets(name, None if name == "bob" else kdc.home / "clients.keytab", service)


@pytest.mark.parametrize("name", CLIENTS)
def test_who_has_a_ticket_is_known_by_name(pair: Pair, kdc: Kdc, name: str) -> None:
    session = pair.connect()
    tickets(kdc, name).log_in(session)
    session.call(rq.WHO_AM_I)
    session.call(rq.CREATE, rq.create(f"/by-{name.replace('/', '-')}", entries=rq.CREATOR))


@pytest.mark.parametrize(
    "choice",
    [
        NO_LAYER + b"bob",
        NO_LAYER + b"boss/admin@" + REALM.encode(),
        NO_LAYER + b"super",
        b"\x01\x00\x00\x00",
        b"\x03\x01\x00\x00",
        b"\x02\x01\x00\x00",
        b"\x00\x01\x00\x00",
    ],
    ids=bytes.hex,
)
def test_what_a_choice_leads_to(pair: Pair, kdc: Kdc, choice: bytes) -> None:
    session = pair.connect()
    tickets(kdc, "bob").log_in(session, choice)
    session.call(rq.WHO_AM_I)


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"\x60\x82\xff\xff", b"x" * 70000], ids=len)
def test_garbage(pair: Pair, kdc: Kdc, garbage: bytes) -> None:
    session = pair.connect()
    Login(session).send("garbage", lambda _: garbage)
    session.call(rq.WHO_AM_I)
    session = pair.connect()
    tickets(kdc, "bob").begin(session).send("garbage", lambda _: garbage)
    session.call(rq.WHO_AM_I)


def test_something_where_nothing_is_due(pair: Pair, kdc: Kdc) -> None:
    session = pair.connect()
    bobs = tickets(kdc, "bob")
    login = Login(session).send("a ticket", bobs.each(lambda context, _: context.step()))
    login.send("something", lambda _: b"something")
    session.call(rq.WHO_AM_I)


def test_a_ticket_is_shown_once(pair: Pair, kdc: Kdc) -> None:
    bobs = tickets(kdc, "bob")
    shown = [context.step() for context in bobs.contexts]
    for _ in range(2):
        session, again = pair.connect(), iter(shown)
        Login(session).send("the same ticket", lambda _, again=again: next(again))  # type: ignore[misc]
        session.call(rq.WHO_AM_I)


def test_a_ticket_for_another_service_is_refused(pair: Pair, kdc: Kdc) -> None:
    session = pair.connect()
    strangers = tickets(kdc, "bob", "zookeeper/elsewhere")
    Login(session).send("a ticket for somebody else", strangers.each(lambda context, _: context.step()))
    session.call(rq.WHO_AM_I)


def test_a_ticket_of_another_realm_is_refused(pair: Pair) -> None:
    with running_kdc("ELSEWHERE.ORG") as other:
        other.add(SERVER, "bob")
        session = pair.connect()
        bobs = Tickets("bob", realm="ELSEWHERE.ORG")
        Login(session).send("a ticket of another realm", bobs.each(lambda context, _: context.step()))
        session.call(rq.WHO_AM_I)


def test_a_keytab_with_new_keys_counts_at_once(pair: Pair, kdc: Kdc) -> None:
    old = tickets(kdc, "bob")
    shown = old.each(lambda context, _: context.step())
    # The first token asks the KDC for a ticket, with the key that there was then.
    held = [shown(b""), shown(b"")]
    kdc.keytab(SERVER, name="server.keytab")
    for name in CLIENTS:
        session = pair.connect()
        tickets(kdc, name).log_in(session)
        session.call(rq.WHO_AM_I)
    session, again = pair.connect(), iter(held)
    Login(session).send("a ticket for the old key", lambda _: next(again))
    session.call(rq.WHO_AM_I)


def test_the_audit_log_names_the_server_by_its_principal(pair: Pair, kdc: Kdc) -> None:
    session = pair.connect()
    tickets(kdc, "zk/host1").log_in(session)
    session.call(rq.CREATE, rq.create("/audited-ticket", flags=1))
    session.call(rq.CLOSE_SESSION)
    marks = ("operation=serverStart", "operation=create\tznode=/audited-ticket", "ephemeralZNodeDeletion")
    for mark in marks:
        lines = [without_sessions(audit_lines_until(side.server, mark))[-1:] for side in pair.sides]
        pair.compare(f"the audit line of {mark}", lines)


def test_a_connection_logs_in_once(pair: Pair, kdc: Kdc) -> None:
    session = pair.connect()
    bobs, more = tickets(kdc, "bob"), tickets(kdc, "bob")
    bobs.log_in(session).send("another ticket", more.each(lambda context, _: context.step()))
    session.call(rq.WHO_AM_I)


def test_requests_behind_a_token(pair: Pair, kdc: Kdc) -> None:
    session = pair.connect()
    tickets(kdc, "bob").log_in(session)
    session.pipeline([(rq.CREATE, rq.create("/behind")), (rq.WHO_AM_I, b""), (rq.DELETE, rq.path_version("/behind"))])


# --- clients of others


def test_clients_of_kazoo(pair: Pair, kdc: Kdc) -> None:
    kdc.log_in("bob")
    for service in ("zookeeper", "nosuch"):
        ports = [side.server.address[1] for side in pair.sides]
        seen = [by_kazoo(f"localhost:{port}", {"mechanism": "GSSAPI", "service": service}) for port in ports]
        pair.compare(f"kazoo, for {service}", seen)
        assert ("[('sasl', 'bob@EXAMPLE.COM')]" in seen) is (service == "zookeeper")


def test_clients_of_java(pair: Pair, kdc: Kdc, zookeeper: JavaZooKeeper, tmp_path: Path) -> None:
    login = tmp_path / "jaas.conf"
    login.write_text(section("Client", "zk/host1", kdc.home / "clients.keytab"))
    own = {"java.security.auth.login.config": str(login), **kdc.properties()}
    seen = [by_zkcli(zookeeper, side.server, tmp_path, own) for side in pair.sides]
    pair.compare("zkCli", seen)
    assert seen == [by_pyzoo_cli(side.server, tmp_path, own) for side in pair.sides]
    assert f"sasl: zk/host1@{REALM}" in seen[0]


def test_pyzoos_shell_takes_the_tickets_of_a_cache(pair: Pair, kdc: Kdc, tmp_path: Path) -> None:
    kdc.log_in("bob")
    (tmp_path / "jaas.conf").write_text(f"Client {{ {MODULE} required useTicketCache=true; }};")
    own = {"java.security.auth.login.config": str(tmp_path / "jaas.conf"), **kdc.properties()}
    assert f"sasl: bob@{REALM}" in by_pyzoo_cli(pair.sides[0].server, tmp_path, own)
    own["zookeeper.sasl.client.username"] = "nosuch"
    refused = by_pyzoo_cli(pair.sides[0].server, tmp_path, own)
    assert "the login failed: " in refused
    assert "not found in Kerberos database" in refused


# --- within TLS


def test_clients_of_kazoo_within_tls(pair: Pair, kdc: Kdc, stores: TlsStores) -> None:
    kdc.log_in("bob")
    own = str(stores.pem(GOOD))
    tls = {"use_ssl": True, "ca": str(stores.pem("ca")), "certfile": own, "keyfile": own}
    for service in ("zookeeper", "nosuch"):
        ports = [side.server.secure_address[1] for side in pair.sides]
        options = {"mechanism": "GSSAPI", "service": service}
        seen = [by_kazoo(f"localhost:{port}", options, **tls) for port in ports]
        pair.compare(f"kazoo, for {service}", seen)
        assert ("('sasl', 'bob@EXAMPLE.COM')" in seen[0]) is (service == "zookeeper")


def test_clients_of_java_within_tls(
    pair: Pair, kdc: Kdc, stores: TlsStores, zookeeper: JavaZooKeeper, tmp_path: Path
) -> None:
    (tmp_path / "jaas.conf").write_text(section("Client", "zk/host1", kdc.home / "clients.keytab"))
    own = {
        "java.security.auth.login.config": str(tmp_path / "jaas.conf"),
        **kdc.properties(),
        **client_settings(stores),
    }
    # The certificate is for the address, the ticket for the name.
    own["zookeeper.ssl.hostnameVerification"] = "false"
    secure = [evolve(side.server, address=side.server.secure_address) for side in pair.sides]
    seen = [by_zkcli(zookeeper, server, tmp_path, own) for server in secure]
    pair.compare("zkCli", seen)
    assert f"sasl: zk/host1@{REALM}" in seen[0]
    assert "x509: CN=client" in seen[0]
    assert seen == [by_pyzoo_cli(server, tmp_path, own) for server in secure]


# --- other settings


def test_rules_make_short_names(pair_with: PairWith, kdc: Kdc) -> None:
    more = {
        "zookeeper.kerberos.removeHostFromPrincipal": "true",
        "zookeeper.kerberos.removeRealmFromPrincipal": "true",
        "zookeeper.security.auth_to_local": r"RULE:[2:$1;$2](^.*;admin$)s/;admin$/-of-all/ DEFAULT",
    }
    pair = pair_with(Config({**PROVIDER, "allowSaslFailedClients": "true"}, properties(kdc, more)))
    for name in CLIENTS:
        session = pair.connect()
        tickets(kdc, name).log_in(session)
        session.call(rq.WHO_AM_I)
    session = pair.connect()
    Login(session).send("garbage", lambda _: b"garbage")
    session.call(rq.WHO_AM_I)


def test_a_ticket_that_is_over_is_refused(pair_with: PairWith, kdc: Kdc) -> None:
    strict = {"java.security.krb5.conf": str(kdc.strict_krb5_conf()), "zookeeper.sessionRequireClientSASLAuth": "true"}
    pair = pair_with(Config(PROVIDER, properties(kdc, strict)))
    short = Tickets("bob", lifetime=1)
    session = pair.connect()
    shown = iter([context.step() for context in short.contexts])
    time.sleep(1 + SKEW_SECONDS + 1)
    Login(session).send("a ticket that is over", lambda _: next(shown))
    session.expect_end("refused")
