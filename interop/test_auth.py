"""auth, digests, masked ACLs, ip matching, super, and the order of a connection's ids."""

import random

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.server import Config

#: super:secret
CONFIG = Config(properties={"zookeeper.DigestAuthenticationProvider.superDigest": "super:lK75jTNcA+U9vtVEw5vB51mj/w4="})
U_P = "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="


def auth(session: PairSession, scheme: rq.Text, credential: rq.Text) -> None:
    session.call(rq.AUTH, rq.auth(scheme, credential))


def test_credentials(pair: Pair) -> None:
    for credential in (
        "u:p",
        "nocolon",
        ":p",
        "u:",
        "",
        ":",
        "a:b:c",
        b"\xff:\xfe",
        "ü:ö",
        "u\x00:p",
        "\U0001f600:x",
        "x" * 5000,
    ):
        session = pair.connect()
        auth(session, "digest", credential)
        auth(session, "digest", credential)
        session.call(rq.WHO_AM_I)
        session.call(rq.CREATE, rq.create("/cred", entries=rq.CREATOR))
        session.call(rq.GET_ACL, rq.text("/cred"))
        session.call(rq.DELETE, rq.path_version("/cred"))


def test_what_fails_is_answered_and_closes(pair: Pair) -> None:
    unknown = [(scheme, "x") for scheme in (None, "", "nosuch", "sasl", "super", "x509", "auth", "DIGEST")]
    for scheme, credential in [*unknown, ("world", "anyone"), ("digest", None)]:
        session = pair.connect()
        auth(session, scheme, credential)
        session.expect_end(f"auth {scheme!r}")


def test_ip_auth_changes_nothing(session: PairSession) -> None:
    for credential in (None, "", "10.0.0.1"):
        auth(session, "ip", credential)
    session.call(rq.WHO_AM_I)


def test_truncated_auth_closes(pair: Pair) -> None:
    whole = rq.auth("digest", "u:p")
    for length in range(0, len(whole), 3):
        session = pair.connect()
        session.send(rq.AUTH, whole[:length])
        session.expect_end("truncated auth")
    session = pair.connect()
    session.call(rq.AUTH, whole + b"trailing")


def test_sasl_without_a_login(pair: Pair) -> None:
    for token in (b"", b"token"):
        session = pair.connect()
        session.call(rq.SASL, rq.text(token))
        session.call(rq.WHO_AM_I)
    session = pair.connect()
    session.send(rq.SASL, rq.text(None))
    session.expect_end("sasl null")
    session = pair.connect()
    session.send(rq.SASL, b"\x00\x00")
    session.expect_end("sasl truncated")


def test_who_sees_and_changes_a_protected_node(pair: Pair, session: PairSession, place: str) -> None:
    owner, stranger, superuser = pair.connect(), pair.connect(), pair.connect()
    auth(owner, "digest", "u:p")
    auth(stranger, "digest", "someone:else")
    auth(superuser, "digest", "super:secret")
    superuser.call(rq.WHO_AM_I)
    acls = [
        [(31, "digest", U_P)],
        [(31, "digest", U_P), (1, "world", "anyone")],
        [(17, "digest", U_P), (1, "ip", "127.0.0.0/8")],
        [(31, "ip", "127.0.0.1"), (1, "digest", "a:b:")],
        [(31, "ip", "10.0.0.0/8")],
        [(16, "world", "anyone"), (1, "digest", "x:y\nz:w")],
        [(1, "world", "anyone"), (31, "digest", "x:y\nz:w"), (2, "digest", ":b")],
        [(0, "world", "anyone")],
        [(31, "auth", "")],
    ]
    for number, entries in enumerate(acls):
        path = f"{place}/{number}"
        owner.call(rq.CREATE, rq.create(path, b"secret", entries))
        for who in (owner, stranger, superuser, session):
            for opcode in (rq.EXISTS, rq.GET_DATA, rq.GET_CHILDREN2):
                who.call(opcode, rq.path_watch(path))
            who.call(rq.GET_ACL, rq.text(path))
            who.call(rq.SET_DATA, rq.set_data(path, b"x"))
            who.call(rq.CREATE, rq.create(f"{path}/c"))
            who.call(rq.DELETE, rq.path_version(f"{path}/c"))
            who.call(rq.SET_ACL, rq.set_acl(path, entries))


def test_super_may_write_what_nobody_may(pair: Pair) -> None:
    superuser = pair.connect()
    superuser.call(rq.SET_DATA, rq.set_data("/zookeeper/config", b"", 55))
    auth(superuser, "digest", "super:secret")
    superuser.call(rq.SET_DATA, rq.set_data("/zookeeper/config", b"", 55))
    superuser.call(rq.GET_ACL, rq.text("/zookeeper/config"))
    superuser.call(rq.CREATE, rq.create("/by-super", entries=rq.CREATOR))
    superuser.call(rq.GET_ACL, rq.text("/by-super"))
    auth(superuser, "digest", "u:p")
    superuser.call(rq.CREATE, rq.create("/by-super2", entries=rq.CREATOR))
    superuser.call(rq.GET_ACL, rq.text("/by-super2"))
    superuser.call(rq.WHO_AM_I)


def test_the_order_of_many_ids(pair: Pair, place: str) -> None:
    chance = random.Random(3)
    session = pair.connect()
    for number in range(60):
        auth(session, "digest", f"user{chance.randrange(10**6)}:{number}")
        session.call(rq.WHO_AM_I)
        path = f"{place}/{number}"
        session.call(rq.CREATE, rq.create(path, entries=[(31, "auth", ""), (1, "world", "anyone")]))
        session.call(rq.GET_ACL, rq.text(path))


def test_ids_end_with_the_connection(pair: Pair, place: str) -> None:
    session = pair.connect()
    auth(session, "digest", "u:p")
    again = pair.reconnect(session)
    again.call(rq.WHO_AM_I)
    again.call(rq.CREATE, rq.create(f"{place}/x", entries=rq.CREATOR))
