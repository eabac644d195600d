"""Clients with certificates: what their ids are, what ACLs of x509 let them do, and who is sent away."""

import re
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from pyzoo import errors as err
from pyzoo.certificates.client_ids import AlternativeNameRule
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, GetDataRequest, SetACLRequest, SetDataRequest
from tests.support.dialogue import Client, LoneServer
from tests.support.identities import certificate


def named(name: str, **fields: Any) -> bytes:
    return certificate(x509.NameAttribute(NameOID.COMMON_NAME, name), **fields)


ALICE, BOB = named("alice"), named("bob")


def world_with(**settings: Any) -> LoneServer:
    return LoneServer(auth_providers=("ip", "digest", "x509"), **settings)


@pytest.fixture
def world() -> LoneServer:
    return world_with()


def secured(world: LoneServer, shown: bytes) -> Client:
    """A client whose TLS handshake is over."""
    client = world.socket()
    world.server.secured(client.cnxn, shown)
    return client


def connect(world: LoneServer, shown: bytes) -> Client:
    client = secured(world, shown)
    client.handshake()
    return client


def ids(client: Client) -> list[tuple[str | None, str | None]]:
    return [(id.scheme, id.id) for id in client.cnxn.ids]


def test_a_certificate_gives_the_id_of_its_subject(world: LoneServer) -> None:
    assert {("ip", "127.0.0.1"), ("x509", "CN=alice")} == set(ids(connect(world, ALICE)))


def test_who_need_not_show_one_and_does_not_is_an_address(world: LoneServer) -> None:
    assert [("ip", "127.0.0.1")] == ids(connect(world, b""))


def test_an_acl_for_the_creator_is_for_the_certificate(world: LoneServer) -> None:
    alice, bob = connect(world, ALICE), connect(world, BOB)
    alice.create("/mine", acl=[ACL(31, "auth", "")])
    assert b"" == alice.data("/mine")
    assert err.NOAUTH == bob.error(op.GET_DATA, GetDataRequest("/mine", False))
    assert err.NOAUTH == bob.error(op.SET_DATA, SetDataRequest("/mine", b"", -1))


def test_an_acl_names_a_subject(world: LoneServer) -> None:
    alice, bob = connect(world, ALICE), connect(world, BOB)
    alice.create("/for bob", acl=[ACL(1, "x509", "CN=bob")])
    assert b"" == bob.data("/for bob")
    assert err.NOAUTH == alice.error(op.GET_DATA, GetDataRequest("/for bob", False))


@pytest.mark.parametrize("text", ["alice", "CN=a,", "spiffe://a", "CN=a<b"])
def test_an_acl_of_x509_has_to_name_a_distinguished_name(world: LoneServer, text: str) -> None:
    client = connect(world, ALICE)
    assert err.INVALIDACL == client.error(op.SET_ACL, SetACLRequest("/", [ACL(31, "x509", text)], -1))


def test_the_super_user_passes_every_acl() -> None:
    world = world_with(x509_super_user="CN=alice")
    alice, bob = connect(world, ALICE), connect(world, BOB)
    bob.create("/mine", acl=[ACL(31, "auth", "")])
    assert b"" == alice.data("/mine")
    assert {("ip", "127.0.0.1"), ("super", "CN=alice"), ("x509", "CN=alice")} == set(ids(alice))


def test_an_acl_for_the_super_user_alone_is_one_of_its_certificate() -> None:
    world = world_with(x509_super_user="CN=alice")
    connect(world, ALICE).create("/mine", acl=[ACL(31, "auth", "")])
    assert err.NOAUTH == connect(world, BOB).error(op.GET_DATA, GetDataRequest("/mine", False))


@pytest.mark.parametrize("shown", [b"no certificate", ALICE[:-200], b"\x30\x00"], ids=["text", "cut off", "empty"])
def test_a_certificate_that_cannot_be_read_is_refused(world: LoneServer, shown: bytes) -> None:
    client = secured(world, shown)
    assert (True, 1, b"") == (client.cnxn.closing, world.server.stats.auth_failed, client.received)


def test_without_the_provider_of_the_scheme_every_certificate_is_refused() -> None:
    world = LoneServer(auth_providers=("ip", "digest"))
    assert secured(world, ALICE).cnxn.closing


def test_credentials_of_x509_are_the_certificate_that_was_shown(world: LoneServer) -> None:
    alice, nobody = connect(world, ALICE), connect(world, b"")
    assert 0 == alice.auth("x509", b"CN=bob")
    assert {("ip", "127.0.0.1"), ("x509", "CN=alice")} == set(ids(alice))
    assert err.AUTHFAILED == nobody.auth("x509", b"CN=bob")
    assert nobody.closed


def test_the_id_can_be_an_alternative_name() -> None:
    rule = AlternativeNameRule(6, re.compile("^spiffe:"), re.compile("sa/(.*)"), 1)
    world = world_with(x509_client_ids=rule)
    uri = x509.UniformResourceIdentifier("spiffe://example/sa/web")
    web = connect(world, named("alice", alternatives=[uri, x509.UniformResourceIdentifier("https://a")]))
    assert {("ip", "127.0.0.1"), ("x509", "web")} == set(ids(web))
    web.create("/for web", acl=[ACL(31, "x509", "web")])
    assert secured(world, ALICE).cnxn.closing
    assert secured(world, named("alice", alternatives=[uri, uri])).cnxn.closing


def test_a_certificate_meets_what_every_client_needs() -> None:
    world = world_with(enforce_auth_enabled=True, enforce_auth_schemes=frozenset({"x509"}))
    assert 0 == connect(world, ALICE).error(op.GET_DATA, GetDataRequest("/", False))
    assert err.SESSIONCLOSEDREQUIRESASLAUTH == connect(world, b"").error(op.GET_DATA, GetDataRequest("/", False))
