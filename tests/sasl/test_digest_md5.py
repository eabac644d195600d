"""DIGEST-MD5 for any service: the name is believed when its password is proved, in both directions."""

import pytest

from pyzoo.errors import ProtocolViolation
from pyzoo.sasl.digest_md5 import DigestMd5Client, DigestMd5Server, Service

CLIENTS = Service("zookeeper", "zk-sasl-md5")
MEMBERS = Service("zookeeper-quorum", "zk-quorum-sasl-md5")


def server(service: Service = CLIENTS) -> DigestMd5Server:
    return DigestMd5Server(service, {"bob": "secret"}, lambda: "server-nonce")


def client(password: str = "secret") -> DigestMd5Client:
    return DigestMd5Client(CLIENTS, "bob", password, lambda: "client-nonce")


def test_who_proves_the_password_is_known_by_name_and_so_is_the_server() -> None:
    one, other = client(), server()
    one.check(other.evaluate(one.answer(other.challenge())))
    assert "bob" == other.user


def test_nobody_is_known_after_a_wrong_password() -> None:
    one, other = client("guess"), server()
    with pytest.raises(ProtocolViolation):
        other.evaluate(one.answer(other.challenge()))
    assert "" == other.user


def test_a_proof_for_another_service_is_refused() -> None:
    one, other = client(), server(MEMBERS)
    with pytest.raises(ProtocolViolation):
        other.evaluate(one.answer(other.challenge()))


def test_the_example_of_the_standard_is_computed() -> None:
    """RFC 2831, section 4."""
    service = Service("imap", "elwood.innosoft.com")
    one = DigestMd5Client(service, "chris", "secret", lambda: "OA6MHXh6VqTrRk")
    answer = one.answer(
        b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8'
    )
    assert b"response=d388dad90d4bbd760a152321f2143af7" in answer
    one.check(b"rspauth=ea40f60335c427b5527b84dbabcdfffd")
