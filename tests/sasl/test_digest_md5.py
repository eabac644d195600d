"""DIGEST-MD5 for any service: the name is believed when its password is proved, in both directions."""

import pytest

from pyzoo.errors import ProtocolViolation, SaslFailure
from pyzoo.sasl.digest_md5 import (
    DigestMd5Client,
    DigestMd5ClientLogin,
    DigestMd5Server,
    DigestMd5ServerLogin,
    NoDigestInFipsMode,
    Service,
)

CLIENTS = Service("zookeeper", "zk-sasl-md5")
MEMBERS = Service("zookeeper-quorum", "zk-quorum-sasl-md5")
USERS = {"bob": "secret", "m\u00fcller": "geh\u00e4im", "\u20ac": "\u20ac", 'a"b\\c': "quoted"}


def by_its_name(authentication_id: str, authorization_id: str) -> str:
    return f"{authentication_id} as {authorization_id}"


def server(service: Service = CLIENTS) -> DigestMd5Server:
    return DigestMd5Server(service, USERS, by_its_name, "server-nonce")


def client(user: str = "bob", password: str = "secret") -> DigestMd5Client:
    return DigestMd5Client(CLIENTS, user, password, "client-nonce")


def answer_of(one: DigestMd5Client, other: DigestMd5Server) -> bytes:
    answer = one.evaluate(other.evaluate(one.begin()))
    assert answer is not None
    return answer


@pytest.mark.parametrize("user", USERS)
def test_who_proves_the_password_is_known_by_name_and_so_is_the_server(user: str) -> None:
    one, other = client(user, USERS[user]), server()
    assert one.evaluate(other.evaluate(answer_of(one, other))) is None
    assert (True, True) == (one.is_complete, other.is_complete)
    assert f"{user} as {user}" == other.authorization_id


@pytest.mark.parametrize(
    ("user", "password", "message"),
    [("bob", "guess", "'bob' has not proved that"), ("mallory", "secret", "'mallory' is not known")],
)
def test_nobody_is_known_without_the_password(user: str, password: str, message: str) -> None:
    one, other = client(user, password), server()
    with pytest.raises(SaslFailure, match=message):
        other.evaluate(answer_of(one, other))
    assert (False, "") == (other.is_complete, other.authorization_id)


def test_a_proof_for_another_service_is_refused() -> None:
    one, other = client(), server(MEMBERS)
    with pytest.raises(SaslFailure):
        other.evaluate(answer_of(one, other))


def test_a_proof_is_good_for_one_exchange() -> None:
    one, other = client(), server()
    answer = answer_of(one, other)
    other.evaluate(answer)
    with pytest.raises(SaslFailure, match="after the end"):
        other.evaluate(answer)
    again = DigestMd5Server(CLIENTS, USERS, by_its_name, "another nonce")
    again.evaluate(b"")
    with pytest.raises(SaslFailure, match="another nonce"):
        again.evaluate(answer)


def test_who_has_failed_cannot_try_again() -> None:
    one, other = client(), server()
    other.evaluate(b"")
    with pytest.raises(SaslFailure):
        other.evaluate(b"garbage")
    with pytest.raises(SaslFailure, match="after the end"):
        other.evaluate(answer_of(one, server()))


def test_each_exchange_has_a_nonce_of_its_own() -> None:
    nonces = iter(["one", "two"])
    login = DigestMd5ServerLogin(CLIENTS, USERS, by_its_name, lambda: next(nonces))
    assert [b'nonce="one"', b'nonce="two"'] == [
        (login.new_server().evaluate(b"") or b"").split(b",")[1] for _ in range(2)
    ]


def test_a_login_makes_clients_of_its_user() -> None:
    one = DigestMd5ClientLogin(CLIENTS, "bob", "secret", lambda: "nonce").new_client("host")
    other = server()
    other.evaluate(one.evaluate(other.evaluate(b"")) or b"")
    assert other.is_complete


@pytest.mark.parametrize("token", [b"x" * 4097, b"a", b"=", b'username="bob', b'username="a"x', b"nonce=1,nonce=1"])
def test_what_is_no_answer_is_a_failure(token: bytes) -> None:
    other = server()
    other.evaluate(b"")
    with pytest.raises(SaslFailure):
        other.evaluate(token)


@pytest.mark.parametrize("token", [b"maxbuf=x", b'username=""', b"maxbuf=99999999999"])
def test_where_javas_server_breaks_off_there_is_no_answer(token: bytes) -> None:
    other = server()
    other.evaluate(b"")
    with pytest.raises(ProtocolViolation) as caught:
        other.evaluate(token)
    assert not isinstance(caught.value, SaslFailure)


def test_in_fips_mode_every_token_fails() -> None:
    with pytest.raises(SaslFailure, match="FIPS"):
        NoDigestInFipsMode().new_server().evaluate(b"")


def test_the_example_of_the_standard_is_computed() -> None:
    """RFC 2831, section 4."""
    one = DigestMd5Client(Service("imap", "elwood.innosoft.com"), "chris", "secret", "OA6MHXh6VqTrRk")
    answer = one.evaluate(
        b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8'
    )
    assert b"response=d388dad90d4bbd760a152321f2143af7" in (answer or b"")
    one.evaluate(b"rspauth=ea40f60335c427b5527b84dbabcdfffd")
    assert one.is_complete
