"""SASL logins of clients by DIGEST-MD5: the same tokens have the same outcome, on both servers."""

from pathlib import Path

import pytest

from interop import requests as rq
from interop.audit_lines import audit_lines_until, without_sessions
from interop.conftest import PairWith
from interop.digest_md5 import Proof, token
from interop.java import JavaZooKeeper
from interop.pair import Pair, PairSession
from interop.sasl import Login, by_kazoo, by_pyzoo_cli, by_zkcli, log_in
from interop.server import Config

MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
PROVIDER = {"authProvider.1": "org.apache.zookeeper.server.auth.SASLAuthenticationProvider"}
USERS = {
    "user_bob": "a password",
    "user_super": "of the file",
    "user_boss": "boss",
    "user_m\u00fcller": "geh\u00e4im",
    "user_\u20ac": "\u20ac",
    "user_bob@REALM": "of a realm",
    "user_a@b@c": "of no name",
    "user_bob/host": "of a host",
    "user_empty": "",
}
JAAS = (
    f"Server {{ {MODULE} required\n"
    + "".join(f'"{name}"="{password}"\n' for name, password in USERS.items())
    + f'; }};\nOther {{ {MODULE} required user_other="other"; {MODULE} optional user_second="second"; }};\n'
)


@pytest.fixture(scope="module")
def login_properties(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path: Path = tmp_path_factory.mktemp("login") / "jaas.conf"
    path.write_text(JAAS, encoding="utf-8")
    return {"java.security.auth.login.config": str(path), "zookeeper.fips-mode": "false"}


@pytest.fixture
def pair(pair_with: PairWith, login_properties: dict[str, str]) -> Pair:
    """Users, their ids in ACLs, two super users, and an id that all of them match."""
    more = {
        "zookeeper.superUser": "boss",
        "zookeeper.superUser.2": "second",
        "zookeeper.letAnySaslUserDoX": "anyone-of-sasl",
        "zookeeper.SASLAuthenticationProvider.superPassword": "of the property",
    }
    return pair_with(Config({**PROVIDER, "audit.enable": "true"}, {**login_properties, **more}))


# --- who is let in


def test_who_proves_the_password_is_known_by_name(session: PairSession) -> None:
    log_in(session)
    session.call(rq.WHO_AM_I)


@pytest.mark.parametrize(
    "proof",
    [
        Proof(password="a guess"),
        Proof("nobody"),
        Proof(""),
        Proof("empty", ""),
        Proof("m\u00fcller", "geh\u00e4im"),
        Proof("super", "of the property"),
        Proof("super", "of the file"),
        Proof("boss", "boss"),
        Proof("bob@REALM", "of a realm"),
        Proof("bob/host", "of a host"),
        Proof("a@b@c", "of no name"),
        Proof(realm="another"),
        Proof(realm=""),
        Proof(uri="zookeeper/another"),
        Proof(uri="ZooKeeper/ZK-sasl-MD5"),
        Proof(uri="zookeeper-quorum/zk-quorum-sasl-md5"),
        Proof(authzid="bob"),
        Proof(authzid="super"),
        Proof(authzid=""),
    ],
    ids=repr,
)
def test_what_a_proof_leads_to(pair: Pair, proof: Proof) -> None:
    session = pair.connect()
    log_in(session, proof)
    session.call(rq.WHO_AM_I)


WRONG: dict[str, dict[str, str | None]] = {
    "no username": {"username": None},
    "no realm": {"realm": None},
    "no nonce": {"nonce": None},
    "no cnonce": {"cnonce": None},
    "no digest-uri": {"digest-uri": None},
    "no response": {"response": None},
    "no count": {"nc": None},
    "another count": {"nc": "00000002"},
    "a count by its long name": {"nonce-count": "1"},
    "another count by its long name": {"nonce-count": "2"},
    "a count that is none": {"nonce-count": "x"},
    "no charset": {"charset": None},
    "another charset": {"charset": "latin-1"},
    "a charset in capitals": {"charset": "UTF-8"},
    "no qop": {"qop": None},
    "a qop that is not offered": {"qop": "auth-int"},
    "a qop that is none": {"qop": "best"},
    "no maxbuf": {"maxbuf": None},
    "a maxbuf that is none": {"maxbuf": "many"},
    "a maxbuf below 0": {"maxbuf": "-5"},
    "another nonce": {"nonce": '"another"'},
    "a response in capitals": {"response": "ABCDEF0123456789ABCDEF0123456789"},
    "an empty response": {"response": '""'},
    "two of what is known": {"more": 'x,username="bob"'},
    "two of what is not known": {"more": "x,more=y"},
    "two realms": {"more": 'x,realm="zk-sasl-md5"'},
    "a name without a value": {"more": None, "last": ""},
    "something behind a quoted value": {"cnonce": '"c"x'},
    "a quoted value without an end": {"last": '"x'},
    "an escape at the end": {"last": '"x\\'},
    "commas and blanks": {"more": "  x , ,\t\r\n"},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_token_leads_to(pair: Pair, name: str) -> None:
    session = pair.connect()

    def wrong(challenge: bytes) -> bytes:
        fields: dict[str, str | None] = {**Proof().to(challenge).fields(), **WRONG[name]}
        return token({each: value for each, value in fields.items() if value is not None})

    Login(session).begin().send(name, wrong)
    session.call(rq.WHO_AM_I)


@pytest.mark.parametrize(
    "garbage",
    [b"", b"garbage", b"=", b",", b"a", b"\xff\xfe", b"x" * 4096, b"x" * 5000],
    ids=lambda text: text[:8],
)
def test_garbage(pair: Pair, garbage: bytes) -> None:
    session = pair.connect()
    Login(session).begin().send("garbage", lambda _: garbage)
    session.call(rq.WHO_AM_I)


# --- when


def test_what_comes_with_the_wish_to_begin(pair: Pair) -> None:
    session = pair.connect()
    Login(session).begin(b"initial").prove()
    session.call(rq.WHO_AM_I)
    session = pair.connect()
    Login(session).begin(b"x" * 5000)
    session.expect_end("too much")


def test_a_connection_logs_in_once(pair: Pair) -> None:
    for again in (b"", b"token"):
        session = pair.connect()
        login = Login(session).begin().prove()
        login.send("another beginning", lambda _, sent=again: sent)  # type: ignore[misc]
        session.call(rq.WHO_AM_I)


def test_a_proof_of_another_connection_is_refused(pair: Pair) -> None:
    seen: list[bytes] = []
    one, other = pair.connect(), pair.connect()
    login = Login(one).begin()
    seen = [token(Proof().to(challenge).fields()) for challenge in login.challenges]
    login.send("a proof", lambda challenge: token(Proof().to(challenge).fields()))
    replayed = Login(other).begin()
    tokens = iter(seen)
    replayed.send("a proof that was seen", lambda _: next(tokens))


def test_a_session_logs_in_anew_on_each_connection(pair: Pair, session: PairSession) -> None:
    log_in(session)
    session.disconnect()
    again = pair.reconnect(session)
    again.call(rq.WHO_AM_I)
    log_in(again)
    again.call(rq.WHO_AM_I)


def test_a_login_between_other_requests(session: PairSession, place: str) -> None:
    login = Login(session).begin()
    session.call(rq.CREATE, rq.create(f"{place}/a"))
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    login.prove()
    session.call(rq.WHO_AM_I)
    session.pipeline([(rq.GET_DATA, rq.path_watch(place)), (rq.WHO_AM_I, b"")])


@pytest.mark.parametrize("body", [rq.text(None), b"\x00\x00", b"\x00\x00\x00\x09a", b""])
def test_what_is_no_token_closes(pair: Pair, body: bytes) -> None:
    session = pair.connect()
    session.send(rq.SASL, body)
    session.expect_end("no token")


# --- what the ids are good for


def test_the_order_of_ids(pair: Pair) -> None:
    for names in (["digest", "sasl"], ["sasl", "digest"], ["digest", "digest2", "sasl", "digest3"]):
        session = pair.connect()
        for name in names:
            if name == "sasl":
                log_in(session)
            else:
                session.call(rq.AUTH, rq.auth("digest", f"{name}:p"))
            session.call(rq.WHO_AM_I)


def test_the_audit_log_names_who_has_logged_in(pair: Pair) -> None:
    for number, proof in enumerate((Proof(), Proof("boss", "boss"), Proof("bob@REALM", "of a realm"))):
        session = log_in(pair.connect(), proof)
        session.call(rq.AUTH, rq.auth("digest", "u:p"))
        session.call(rq.CREATE, rq.create(f"/audited-{number}"))
        mark = f"znode=/audited-{number}"
        lines = [without_sessions(audit_lines_until(side.server, mark))[-1:] for side in pair.sides]
        pair.compare(f"the audit line of {proof.user}", lines)


def test_acls_of_sasl_ids(pair: Pair, session: PairSession, place: str) -> None:
    users = [
        log_in(pair.connect(), proof) for proof in (Proof(), Proof("boss", "boss"), Proof("super", "of the property"))
    ]
    acls = [
        [(31, "sasl", "bob")],
        [(31, "sasl", "boss"), (1, "sasl", "bob")],
        [(31, "auth", "")],
        [(31, "auth", "ignored"), (1, "world", "anyone")],
        [(1, "sasl", "anyone-of-sasl"), (31, "sasl", "nobody")],
        [(31, "sasl", "")],
        [(31, "sasl", "@realm")],
        [(31, "sasl", "name@")],
        [(31, "sasl", "/host@realm")],
        [(31, "sasl", "a/b@c")],
        [(31, "sasl", "a/b/c@d")],
        [(31, "sasl", "a@b@c")],
        [(31, "sasl", "@")],
        [(31, "sasl", "/@")],
    ]
    for number, entries in enumerate(acls):
        path = f"{place}/{number}"
        users[0].call(rq.CREATE, rq.create(path, b"secret", entries))
        for who in (*users, session):
            who.call(rq.GET_DATA, rq.path_watch(path))
            who.call(rq.GET_ACL, rq.text(path))
            who.call(rq.SET_DATA, rq.set_data(path, b"x"))
            who.call(rq.SET_ACL, rq.set_acl(path, entries))


# --- clients of others


def test_clients_of_kazoo(pair: Pair) -> None:
    for name, password in (("bob", "a password"), ("bob", "a guess"), ("nobody", "at all")):
        options = {"mechanism": "DIGEST-MD5", "username": name, "password": password}
        seen = [by_kazoo(side.server.host_port, options) for side in pair.sides]
        pair.compare(f"kazoo as {name} with {password}", seen)
        assert seen == ["[('sasl', 'bob')]" if password == "a password" else "AuthFailedError"] * 2


def test_clients_of_java(pair: Pair, zookeeper: JavaZooKeeper, tmp_path: Path) -> None:
    login = tmp_path / "jaas.conf"
    login.write_text(f'Client {{ {MODULE} required username="bob" password="a password"; }};')
    properties = {"java.security.auth.login.config": str(login), "zookeeper.fips-mode": "false"}
    seen = [by_zkcli(zookeeper, side.server, tmp_path, properties) for side in pair.sides]
    pair.compare("zkCli", seen)
    assert seen == [by_pyzoo_cli(side.server, tmp_path, properties) for side in pair.sides]
    assert "sasl: bob" in seen[0]


# --- other settings


def test_ids_without_a_provider_and_failures_that_are_let_pass(
    pair_with: PairWith, login_properties: dict[str, str]
) -> None:
    pair = pair_with(
        Config({"allowSaslFailedClients": "true"}, {**login_properties, "zookeeper.sasl.serverconfig": "Other"})
    )
    for proof in (Proof("other", "other"), Proof("second", "second"), Proof("other", "guess"), Proof()):
        session = pair.connect()
        login = Login(session).begin().prove(proof)
        session.call(rq.WHO_AM_I)
        session.call(rq.CREATE, rq.create("/mine", entries=rq.CREATOR))
        session.call(rq.CREATE, rq.create("/bobs", entries=[(31, "sasl", "bob")]))
        login.send("another beginning", lambda _: b"")
        session.call(rq.WHO_AM_I)


def test_logins_that_are_required(pair_with: PairWith, login_properties: dict[str, str]) -> None:
    lines = {
        "sessionRequireClientSASLAuth": "true",
        "allowSaslFailedClients": "true",
        "enforce.auth.enabled": "true",
        "enforce.auth.schemes": "digest",
        **PROVIDER,
    }
    pair = pair_with(Config(lines, login_properties))
    session = pair.connect()
    log_in(session)
    session.call(rq.CREATE, rq.create("/a"))
    session = pair.connect()
    log_in(session, Proof(password="a guess"))
    session.expect_end("a guess")
    for opcode, body in ((rq.CREATE, rq.create("/b")), (rq.PING, b""), (rq.CLOSE_SESSION, b""), (rq.WHO_AM_I, b"")):
        session = pair.connect()
        session.call(rq.AUTH, rq.auth("digest", "u:p"))
        Login(session).begin()
        session.call(opcode, body)
        session.expect_end("no login")


def test_digest_md5_is_refused_in_fips_mode(pair_with: PairWith, login_properties: dict[str, str]) -> None:
    pair = pair_with(Config(PROVIDER, {**login_properties, "zookeeper.fips-mode": "true"}))
    session = pair.connect()
    Login(session).begin()
    session.expect_end("refused")
    session = pair.connect()
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    session.call(rq.CREATE, rq.create("/a", entries=rq.CREATOR))
