"""Providers that are no part of pyzoo, in a server."""

from collections.abc import Sequence
from typing import Any

import pytest

from pyzoo import auth
from pyzoo import errors as err
from pyzoo.admin.authorization import Caller, check_access
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, ClientInfo, GetDataRequest, SetACLRequest
from tests.support.dialogue import Client, LoneServer


class TokenProvider(auth.AuthenticationProvider):
    """A token is right if the node /tokens/TOKEN has the user's name."""

    scheme = "token"

    def authenticate(self, credentials: bytes, client: auth.Client) -> Sequence[auth.Identity]:
        if client.certificate and not credentials:
            return [auth.Identity("token", client.certificate.decode())]
        user = client.read_node("/tokens/" + credentials.decode())
        if user is None:
            raise auth.AuthenticationFailed("the token is unknown")
        return [auth.Identity("token", f"{user.decode()}:{credentials.decode()}")]

    def matches(self, id: str, acl_id: str) -> bool:
        return id.partition(":")[0] == acl_id

    def user_name(self, id: str) -> str:
        return id.partition(":")[0]


class BrokenProvider(auth.AuthenticationProvider):
    """Everything that it is asked raises what nobody expects."""

    scheme = "broken"

    def authenticate(self, credentials: bytes, client: auth.Client) -> Sequence[auth.Identity]:
        if credentials == b"in":
            return [auth.Identity("broken", "x")]
        raise ZeroDivisionError

    def is_valid(self, id: str) -> bool:
        raise ZeroDivisionError

    def matches(self, id: str, acl_id: str) -> bool:
        raise ZeroDivisionError

    def is_authenticated(self) -> bool:
        raise ZeroDivisionError

    def user_name(self, id: str) -> str:
        raise ZeroDivisionError


def world_with(provider: type[auth.AuthenticationProvider], **settings: Any) -> LoneServer:
    return LoneServer(custom_auth_providers=(provider({}),), **settings)


@pytest.fixture
def client() -> Client:
    client = world_with(TokenProvider).connect()
    client.create("/tokens")
    client.create("/tokens/17", b"alice")
    return client


def test_its_ids_are_those_of_acls(client: Client) -> None:
    assert 0 == client.auth("token", b"17")
    client.create("/mine", acl=[ACL(31, "token", "alice")])
    assert b"" == client.data("/mine")


def test_what_it_does_not_know_is_refused(client: Client) -> None:
    assert err.AUTHFAILED == client.auth("token", b"18")
    assert client.closed


def test_who_i_am_shows_its_user_names(client: Client) -> None:
    client.auth("token", b"17")
    _, archive = client.call(op.WHO_AM_I)
    users = [ClientInfo.decode(archive).user for _ in range(archive.read_vector())]
    assert {"127.0.0.1", "alice"} == set(users)


def test_operators_come_in_by_it() -> None:
    world = world_with(TokenProvider)
    client = world.connect()
    client.create("/tokens")
    client.create("/tokens/17", b"alice")
    assert 0 == client.error(op.SET_ACL, SetACLRequest("/", [ACL(31, "token", "alice")], -1))
    assert check_access("snapshot", world.server, Caller("token 17", "127.0.0.1")) is None
    assert check_access("snapshot", world.server, Caller("token 18", "127.0.0.1")) is not None


def test_it_can_judge_certificates() -> None:
    world = world_with(TokenProvider, ssl_auth_provider="token")
    client = world.socket()
    world.server.secured(client.cnxn, b"DER")
    assert ("token", "DER") in [(id.scheme, id.id) for id in client.cnxn.ids]
    assert not client.cnxn.closing


def test_it_takes_the_place_of_a_scheme_that_is_here() -> None:
    class Other(TokenProvider):
        scheme = "digest"

    assert err.AUTHFAILED == world_with(Other).connect().auth("digest", b"u:p")


def test_one_that_fails_refuses_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    world = world_with(BrokenProvider)
    assert err.AUTHFAILED == world.connect().auth("broken", b"out")
    client = world.connect()
    assert 0 == client.auth("broken", b"in")
    assert err.INVALIDACL == client.error(op.SET_ACL, SetACLRequest("/", [ACL(31, "broken", "x")], -1))
    assert err.INVALIDACL == client.error(op.SET_ACL, SetACLRequest("/", [ACL(31, "auth", "")], -1))
    assert 0 == client.error(op.WHO_AM_I)
    assert 0 == client.error(op.GET_DATA, GetDataRequest("/", False))
    assert "authenticate of the provider of the scheme broken failed" in caplog.text
