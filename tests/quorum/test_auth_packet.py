"""SASL between servers: a name is believed when its password is proved, in both directions."""

import pytest

from pyzoo.errors import MalformedRecord, ProtocolViolation
from pyzoo.quorum.auth_packet import (
    ERROR,
    IN_PROGRESS,
    SERVICE,
    SUCCESS,
    AuthLearner,
    AuthServer,
    auth_size,
    decode_auth,
    encode_auth,
)
from pyzoo.runtime.logins.member_logins import only_itself
from pyzoo.sasl.digest_md5 import DigestMd5Client, DigestMd5Server
from pyzoo.sasl.mechanism import SaslServer

USERS = {"zk1": "secret"}


def exchange(client: AuthLearner, server: AuthServer) -> None:
    to_server = client.begin()
    while to_server:
        to_client = server.received(decode_auth(to_server))
        to_server = client.received(decode_auth(to_client))


def client(user: str = "zk1", password: str = "secret") -> AuthLearner:
    return AuthLearner(DigestMd5Client(SERVICE, user, password, "client-nonce"))


def server(users: dict[str, str] = USERS, nonce: str = "server-nonce") -> AuthServer:
    return AuthServer(DigestMd5Server(SERVICE, users, only_itself, nonce))


def test_both_sides_are_done_after_the_right_password() -> None:
    one, other = client(), server()
    exchange(one, other)
    assert one.is_done
    assert other.is_done


def test_a_wrong_password_is_refused() -> None:
    other = server()
    with pytest.raises(ProtocolViolation, match="'zk1' has not proved that"):
        exchange(client(password="guess"), other)
    assert not other.is_done


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ProtocolViolation, match="'mallory' is not known"):
        exchange(client("mallory"), server())


def test_a_server_that_does_not_know_the_password_is_not_believed() -> None:
    one = client()
    one.received(decode_auth(encode_auth(IN_PROGRESS, b'realm="zk-quorum-sasl-md5",nonce="n"')))
    with pytest.raises(ProtocolViolation, match="does not know our password"):
        one.received(decode_auth(encode_auth(SUCCESS, b"rspauth=0123456789abcdef")))
    assert not one.is_done


@pytest.mark.parametrize("proof", ["\u00e9", "\u20ac" * 32])
def test_a_proof_that_is_no_hash_is_refused(proof: str) -> None:
    other = server()
    other.received(decode_auth(encode_auth(IN_PROGRESS, b"")))
    answer = (
        'username="zk1",realm="zk-quorum-sasl-md5",nonce="server-nonce",nc=00000001,cnonce="c",'
        f'digest-uri="zookeeper-quorum/zk-quorum-sasl-md5",response="{proof}",qop=auth'
    )
    with pytest.raises(ProtocolViolation, match="'zk1' has not proved that"):
        other.received(decode_auth(encode_auth(IN_PROGRESS, answer.encode())))
    one = client()
    one.received(decode_auth(encode_auth(IN_PROGRESS, b'realm="zk-quorum-sasl-md5",nonce="n"')))
    with pytest.raises(ProtocolViolation, match="does not know our password"):
        one.received(decode_auth(encode_auth(SUCCESS, f'rspauth="{proof}"'.encode())))


def test_success_without_a_challenge_is_not_believed() -> None:
    with pytest.raises(ProtocolViolation):
        client().received(decode_auth(encode_auth(SUCCESS, b"")))


def test_a_refusal_says_so() -> None:
    with pytest.raises(ProtocolViolation, match="refuses who we say we are"):
        client().received(decode_auth(encode_auth(ERROR, b"")))


def test_an_answer_to_another_challenge_is_refused() -> None:
    one, other = client(), server()
    other.received(decode_auth(one.begin()))
    answer = one.received(decode_auth(encode_auth(IN_PROGRESS, b'realm="zk-quorum-sasl-md5",nonce="another"')))
    with pytest.raises(ProtocolViolation):
        other.received(decode_auth(answer))


def test_the_answer_of_java_is_accepted() -> None:
    """As a 3.9.5 server sent it: with an authzid, which belongs to what is proved."""
    other = server({"zq": "pw"}, "Ajkd3HEv5n-nBsziAJ03Q5pTY6pYdI9P")
    other.received(decode_auth(encode_auth(IN_PROGRESS, b"")))
    other.received(
        decode_auth(
            encode_auth(
                IN_PROGRESS,
                b'charset=utf-8,username="zq",realm="zk-quorum-sasl-md5",nonce="Ajkd3HEv5n-nBsziAJ03Q5pTY6pYdI9P",'
                b'nc=00000001,cnonce="c1eYBYjTIipTk0jpFp8oV+DSTL0GFfcxYvOnfsqr",'
                b'digest-uri="zookeeper-quorum/zk-quorum-sasl-md5",maxbuf=65536,'
                b'response=a6940c6405ca3ca6122bcabfc688741c,qop=auth,authzid="zq"',
            )
        )
    )
    assert other.is_done


def test_a_member_is_not_somebody_else() -> None:
    with pytest.raises(ProtocolViolation, match="wants to be"):
        only_itself("zk1", "zk2")


def test_an_exchange_that_has_no_end_is_ended() -> None:
    class Endless(SaslServer):
        def evaluate(self, response: bytes) -> bytes:
            return b"go on"

    other = AuthServer(Endless())
    for _ in range(6):
        assert IN_PROGRESS == decode_auth(other.received(decode_auth(encode_auth(IN_PROGRESS, b"")))).status
    with pytest.raises(ProtocolViolation, match="does not come to the end"):
        other.received(decode_auth(encode_auth(IN_PROGRESS, b"")))


def test_a_packet_is_framed_by_its_token() -> None:
    packet = encode_auth(IN_PROGRESS, b"token")
    assert bytes.fromhex("5f2435013501edcc 00000000 00000005") == packet[:16]
    assert [None] * 16 == [auth_size(packet[:length]) for length in range(16)]
    assert len(packet) == auth_size(packet)


@pytest.mark.parametrize("data", [b"\xff" * 16, bytes.fromhex("5f2435013501edcc 00000000 00100000")])
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRecord):
        auth_size(data)
