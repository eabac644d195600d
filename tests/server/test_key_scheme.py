"""The scheme `key`: a multiple of the number in /key opens the door; without /key it is open (KeyAuthClientTest)."""

import pytest

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, GetDataRequest
from tests.support.dialogue import Client, LoneServer


@pytest.fixture
def world() -> LoneServer:
    return LoneServer(auth_providers=("ip", "digest", "key"))


def key_of(world: LoneServer, key: bytes | None) -> Client:
    client = world.connect()
    if key is not None:
        client.create("/key", key)
    return client


@pytest.mark.parametrize(
    ("key", "credentials"),
    [
        (None, b"anything"),
        (None, b""),
        (b"5", b"25"),
        (b"5", b"-5"),
        (b"-5", b"10"),
        (b"5", b"0"),
        (b"5", b"+5"),
        (b"0", b"7"),
        (b"1", b"2147483647"),
    ],
)
def test_who_knows_the_key_gets_in(world: LoneServer, key: bytes | None, credentials: bytes) -> None:
    client = key_of(world, key)
    assert 0 == client.auth("key", credentials)
    assert ("key", "") in [(id.scheme, id.id) for id in client.cnxn.ids]


@pytest.mark.parametrize(
    ("key", "credentials"),
    [(b"5", b"7"), (b"5", b"x"), (b"5", b""), (b"x", b"5"), (b"", b"5"), (b"5", b"2147483650"), (None, None)],
)
def test_who_does_not_know_it_is_sent_away(world: LoneServer, key: bytes | None, credentials: bytes | None) -> None:
    client = key_of(world, key)
    assert err.AUTHFAILED == client.auth("key", credentials)
    assert client.closed


def test_nodes_of_one_who_got_in_are_for_all_who_did(world: LoneServer) -> None:
    one, other, nobody = key_of(world, b"5"), world.connect(), world.connect()
    one.auth("key", b"5")
    one.create("/a", acl=[ACL(31, "auth", "")])
    other.auth("key", b"10")
    assert b"" == other.data("/a")
    assert err.NOAUTH == nobody.error(op.GET_DATA, GetDataRequest("/a", False))


@pytest.mark.parametrize("text", ["", "1", "any text"])
def test_an_acl_may_name_any_id_of_it(world: LoneServer, text: str) -> None:
    world.connect().create("/a", acl=[ACL(31, "key", text)])
