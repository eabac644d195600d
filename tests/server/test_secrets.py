"""Secrets are compared in constant time: how long a wrong one takes does not tell how much of it was right."""

import hmac

import pytest

from pyzoo import errors as err
from pyzoo.admin.authorization import Caller, check_access
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, GetDataRequest, SetACLRequest
from pyzoo.server.auth.digest import DigestAuthenticationProvider
from pyzoo.server.sessions import generate_password, is_password
from tests.support.dialogue import Client, LoneServer

SUPER_SECRET = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
U_P = "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Everything that goes through compare_digest."""
    pairs: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        pairs.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    return pairs


@pytest.mark.parametrize("credentials", [b"super:secret", b"super:wrong"])
def test_the_digest_of_the_superuser(compared: list[tuple[bytes, bytes]], credentials: bytes) -> None:
    client = LoneServer(super_digest=SUPER_SECRET).connect()
    client.auth("digest", credentials)
    assert SUPER_SECRET.encode() in [pair[1] for pair in compared]


def test_what_operators_send_to_the_admin_server(compared: list[tuple[bytes, bytes]]) -> None:
    world = LoneServer(super_digest=SUPER_SECRET)
    owner = world.connect()
    owner.auth("digest", b"u:p")
    assert 0 == owner.error(op.SET_ACL, SetACLRequest("/", [ACL(31, "digest", U_P)], -1))
    compared.clear()
    assert check_access("snapshot", world.server, Caller("digest u:guess", "127.0.0.1")) is not None
    assert {SUPER_SECRET.encode(), U_P.encode()} == {pair[1] for pair in compared}


def test_digests_in_acls(world: LoneServer, compared: list[tuple[bytes, bytes]]) -> None:
    owner = world.connect()
    owner.auth("digest", b"u:p")
    owner.create("/closed", acl=[ACL(31, "digest", U_P)])
    compared.clear()
    other: Client = world.connect()
    other.auth("digest", b"u:guess")
    assert err.NOAUTH == other.error(op.GET_DATA, GetDataRequest("/closed", False))
    assert [U_P.encode()] == [pair[1] for pair in compared]


@pytest.mark.parametrize("passwd", [bytes(16), b"", b"longer than sixteen bytes", generate_password(7)])
def test_passwords_of_sessions(compared: list[tuple[bytes, bytes]], passwd: bytes) -> None:
    assert (passwd == generate_password(7)) is is_password(7, passwd)
    assert [(passwd, generate_password(7))] == compared


def test_no_password_is_a_wrong_one() -> None:
    assert not is_password(7, None)


def test_ids_may_be_of_any_characters() -> None:
    provider = DigestAuthenticationProvider("SHA1", "\u00e9:x")
    assert provider.matches("\u00e9\ud800:x", "\u00e9\ud800:x")
    assert not provider.matches("\u00e9:x", "e:x")
    assert 1 == len(provider.authenticate("\u00e9:p".encode(), "127.0.0.1", b"").ids)
