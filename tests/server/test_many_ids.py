"""Connections with very many identities and nodes with very long ACLs: little work, and no record that grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo import errors as err
from pyzoo.datatree.acl import ALL, READ
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, AuthPacket, CreateRequest, Id, MultiHeader
from pyzoo.server.auth.access_control import MANY, MOST_IDS, AccessControl
from pyzoo.server.auth.digest import DigestAuthenticationProvider
from pyzoo.server.auth.ip import IPAuthenticationProvider
from pyzoo.server.auth.key import KeyAuthenticationProvider
from pyzoo.server.auth.provider import AuthenticationProvider
from pyzoo.server.auth.sasl import SASLAuthenticationProvider
from pyzoo.server.auth.x509 import X509AuthenticationProvider
from tests.support.dialogue import Client, LoneServer

SCHEMES = st.sampled_from(["digest", "ip", "sasl", "x509", "key", "world", "other", None])
NAMES = st.sampled_from(
    ["", "a:b", "anyone", "bob", "super", "CN=x", "CN=y", "1.2.3.4", "1.2.0.0/16", "::1", "::/0", None]
)


def providers() -> list[AuthenticationProvider]:
    return [
        DigestAuthenticationProvider("SHA1", None),
        IPAuthenticationProvider(),
        SASLAuthenticationProvider("bob"),
        X509AuthenticationProvider("CN=y"),
        KeyAuthenticationProvider(),
    ]


@given(
    st.lists(st.builds(ACL, st.sampled_from([0, READ, ALL]), SCHEMES, NAMES), min_size=1, max_size=9),
    st.lists(st.builds(Id, SCHEMES, NAMES), max_size=9),
)
def test_a_long_acl_lets_in_whom_its_entries_let_in(acl: list[ACL], ids: list[Id]) -> None:
    access = AccessControl(providers(), False)
    one_by_one = any(access.allows([entry], READ, ids) for entry in acl)
    nobody = [ACL(READ, "other", "x")] * (MANY + 1)
    assert one_by_one == access.allows([*acl, *nobody], READ, ids)


@pytest.mark.parametrize("provider", providers(), ids=lambda provider: provider.scheme)
def test_a_table_has_what_matches(provider: AuthenticationProvider) -> None:
    table = provider.table(["a:b", "CN=x"])
    for name in ("a:b", "CN=x", "bob", "CN=y"):
        known = provider.matches("a:b", name) or provider.matches("CN=x", name)
        assert table is None or known == (name in table)


def test_a_connection_has_only_so_many_ids_and_may_give_each_again() -> None:
    client = LoneServer().connect()
    for number in range(MOST_IDS - 1):
        assert client.auth("digest", f"u{number}:p".encode()) == 0
    assert client.auth("digest", b"u0:p") == 0
    client.ask(op.AUTH, AuthPacket(0, "digest", b"one:more"))
    assert [header.err for header, _ in client.replies()] == [err.AUTHFAILED]
    assert client.closed


def test_a_name_may_not_be_as_long_as_a_request() -> None:
    client = LoneServer().connect()
    client.ask(op.AUTH, AuthPacket(0, "digest", b"u" * 600_000 + b":p"))
    assert client.closed


@pytest.fixture
def client() -> Client:
    """With ids of 200,000 bytes together."""
    client = LoneServer().connect()
    for number in range(2):
        assert client.auth("digest", b"%d" % number + b"u" * 100_000 + b":p") == 0
    return client


def auths(count: int) -> list[ACL]:
    return [ACL(number + 1, "auth", "") for number in range(count)]


def test_auth_in_an_acl_makes_no_record_that_could_not_be_read_again(client: Client) -> None:
    assert client.error(op.CREATE, CreateRequest("/a", b"", auths(2), 0)) == 0
    assert client.error(op.CREATE, CreateRequest("/b", b"", auths(30_000), 0)) == err.INVALIDACL
    assert client.error(op.CREATE, CreateRequest("/c", b"", auths(2), 0)) == 0


def test_the_parts_of_a_multi_may_not_grow_more_together(client: Client) -> None:
    parts: list[object] = []
    for number in range(20):
        parts += [MultiHeader(op.CREATE, False, -1), CreateRequest(f"/m{number}", b"", auths(1), 0)]
    assert client.error(op.MULTI, *parts, MultiHeader(-1, True, -1)) == 0
    assert not client.exists("/m0")
    assert max(map(len, client.world.logged)) < 1 << 20
