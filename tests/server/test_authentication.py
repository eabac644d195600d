"""Identities of connections and ACLs: schemes, fix-up, matching, and what is enforced."""

import pytest

from pyzoo.datatree.acl import READ
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, AuthPacket, ClientInfo, CreateRequest, GetACLRequest, GetDataRequest, SetACLRequest
from tests.support.dialogue import OPEN, Client, LoneServer

U_P = "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="
SUPER_SECRET = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="


@pytest.fixture
def world() -> LoneServer:
    return LoneServer()


@pytest.fixture
def client(world: LoneServer) -> Client:
    return world.connect()


def acl_of(client: Client, path: str) -> list[tuple[str | None, str | None]]:
    err, archive = client.call(op.GET_ACL, GetACLRequest(path))
    assert 0 == err
    entries = [ACL.decode(archive) for _ in range(archive.read_vector())]
    return [(entry.scheme, entry.id) for entry in entries]


def who(client: Client) -> set[tuple[str | None, str | None]]:
    err, archive = client.call(op.WHO_AM_I)
    assert 0 == err
    infos = [ClientInfo.decode(archive) for _ in range(archive.read_vector())]
    assert len(infos) == len({(info.auth_scheme, info.user) for info in infos})
    return {(info.auth_scheme, info.user) for info in infos}


# --- auth packets


def test_a_connection_begins_with_its_address(world: LoneServer) -> None:
    assert {("ip", "10.1.2.3")} == who(world.connect("10.1.2.3"))
    assert {("ip", "0:0:0:0:0:0:0:1")} == who(world.connect("0:0:0:0:0:0:0:1"))


def test_the_answer_echoes_the_xid_and_has_no_zxid(client: Client) -> None:
    client.create("/a")
    client.ask(op.AUTH, AuthPacket(9, "digest", b"u:p"), xid=55)
    [(header, archive)] = client.replies()
    assert (55, 0, 0, archive.end) == (header.xid, header.zxid, header.err, archive.pos)
    assert {("ip", "127.0.0.1"), ("digest", "u")} == who(client)


def test_the_same_credentials_twice_are_harmless(client: Client) -> None:
    assert [0, 0] == [client.auth("digest", b"u:p") for _ in range(2)]
    assert 2 == len(who(client))


def test_text_without_a_colon_is_a_user(client: Client) -> None:
    assert 0 == client.auth("digest", b"nocolon")
    assert ("digest", "nocolon") in who(client)


def test_ip_credentials_change_nothing(client: Client) -> None:
    assert 0 == client.auth("ip", b"1.2.3.4")
    assert {("ip", "127.0.0.1")} == who(client)


@pytest.mark.parametrize(
    ("scheme", "data"),
    [
        ("world", b"anyone"),
        ("sasl", b""),
        ("none such", b""),
        (None, b""),
        ("digest", None),
        ("auth", b""),
        ("super", b""),
    ],
)
def test_credentials_that_fail_close_the_connection(client: Client, scheme: str | None, data: bytes | None) -> None:
    assert -115 == client.auth(scheme, data)
    assert client.closed


def test_credentials_that_cannot_be_read_close_it_silently(client: Client) -> None:
    client.ask(op.AUTH, b"\0\0\0\0\0\0\0\x09dig")
    assert (True, b"") == (client.closed, client.received)


def test_a_new_connection_of_the_session_has_to_log_in_again(world: LoneServer, client: Client) -> None:
    client.auth("digest", b"u:p")
    assert {("ip", "127.0.0.1")} == who(world.connect(session_id=client.session_id, passwd=client.passwd))


def test_the_answer_overtakes_writes_on_their_way(world: LoneServer, client: Client) -> None:
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/mine", b"", [ACL(31, "auth", "")], 0))
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    client.ask(op.AUTH, AuthPacket(0, "digest", b"u:p"))
    client.ask(op.CREATE, CreateRequest("/mine", b"", [ACL(31, "auth", "")], 0))
    assert [3] == [header.xid for header, _ in client.replies()]
    world.sync()
    assert [(1, -114), (2, 0), (4, 0)] == [(header.xid, header.err) for header, _ in client.replies()]


def test_a_failed_login_loses_answers_and_not_writes(world: LoneServer, client: Client) -> None:
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    client.ask(op.AUTH, AuthPacket(0, "none such", b""))
    world.sync()
    assert [(2, -115)] == [(header.xid, header.err) for header, _ in client.replies()]
    world.disk_is_slow = False
    assert world.connect().exists("/a")


def test_other_hashes_can_be_chosen() -> None:
    client = LoneServer(digest_alg="SHA3-512").connect()
    client.auth("digest", b"u:p")
    client.create("/a", acl=[ACL(31, "auth", "")])
    [(_, name)] = acl_of(client, "/a")
    assert 2 + 88 == len(name or "")


# --- sasl without a login


def test_sasl_without_a_login_answers_a_null_token(client: Client) -> None:
    client.ask(op.SASL, b"\0\0\0\0", xid=7)
    assert [bytes.fromhex("00000007 0000000000000000 00000000 ffffffff")] == client.frames()


def test_who_goes_on_with_sasl_without_a_login_is_told_that_it_failed(client: Client) -> None:
    client.ask(op.SASL, b"\0\0\0\0", xid=1)
    client.ask(op.SASL, b"\0\0\0\0", xid=2)
    assert bytes.fromhex("00000002 0000000000000000 ffffff8d ffffffff") == client.frames()[1]
    assert client.closed


def test_where_sasl_is_demanded_that_is_said() -> None:
    client = LoneServer(enforce_auth_enabled=True, enforce_auth_schemes=frozenset({"sasl"})).connect()
    client.ask(op.SASL, b"\0\0\0\0", xid=1)
    client.ask(op.SASL, b"\0\0\0\0", xid=2)
    assert bytes.fromhex("00000002 0000000000000000 ffffff84 ffffffff") == client.frames()[1]
    assert client.closed


@pytest.mark.parametrize("body", [b"\xff\xff\xff\xff", b"\0\0\0\x05a", b""])
def test_a_sasl_packet_without_a_token_closes_the_connection(client: Client, body: bytes) -> None:
    client.ask(op.SASL, body)
    assert (True, b"") == (client.closed, client.received)


# --- ACL fix-up


@pytest.mark.parametrize(
    ("code", "acl"),
    [
        (-114, None),
        (-114, []),
        (-114, [ACL(31, None, "x")]),
        (-114, [ACL(31, "world", "me")]),
        (-5, [ACL(31, "world", None)]),
        (-114, [ACL(31, "auth", "")]),
        (-114, [ACL(31, "none such", "x")]),
        (-114, [ACL(31, "super", "")]),
        (-114, [ACL(31, "sasl", "me")]),
        (-5, [ACL(31, "digest", None)]),
        (-114, [ACL(31, "world", "anyone"), ACL(31, "world", "me")]),
    ],
)
def test_acls_that_make_no_sense(client: Client, code: int, acl: list[ACL] | None) -> None:
    assert code == client.error(op.CREATE, CreateRequest("/a", b"", acl, 0))


@pytest.mark.parametrize(
    ("valid", "scheme", "ids"),
    [
        (True, "digest", ["a:b", ":b", "a:b:", "a:b::"]),
        (False, "digest", ["a:", "a", ":", "", "a:b:c", "::b"]),
        (True, "ip", ["1.2.3.4", "01.2.3.4", "+1.2.3.4", "1.2.3.4/0", "1.2.3.4/32", "1.2.3.4/+8"]),
        (True, "ip", ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "fe80::1/64", "::/128", "::1:2:3:4:5:6:7", "-1::"]),
        (False, "ip", ["", "1.2.3", "1.2.3.256", "1.2.3.-1", "1.2.3.4.5", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/8/8"]),
        (
            False,
            "ip",
            ["1:2:3:4:5:6:7:8::", "1::2::3", "::12345", "::g", "::1.2.3.4", "::1%lo", "::/129", "1:2", ":::"],
        ),
    ],
)
def test_which_ids_an_acl_may_name(client: Client, valid: bool, scheme: str, ids: list[str]) -> None:
    client.create("/a")
    codes = [
        client.error(op.SET_ACL, SetACLRequest("/a", [ACL(31, "world", "anyone"), ACL(1, scheme, id)], -1))
        for id in ids
    ]
    assert [0 if valid else -114] * len(ids) == codes


def test_sasl_ids_are_kerberos_names() -> None:
    client = LoneServer(auth_providers=("ip", "digest", "sasl")).connect()
    client.create("/a")
    good = ["", "any text", "a/b/c", "name@realm", "name/host@realm", "@realm", "name@"]
    bad = ["a/b/c@R", "a@b@c", "a@b/c"]
    for code, ids in ((0, good), (-114, bad)):
        for id in ids:
            acl = [ACL(31, "world", "anyone"), ACL(1, "sasl", id)]
            assert code == client.error(op.SET_ACL, SetACLRequest("/a", acl, -1)), id


def test_copies_are_dropped_before_auth_is_replaced(client: Client) -> None:
    client.auth("digest", b"u:p")
    own, anyone = ACL(31, "digest", U_P), ACL(31, "world", "anyone")
    client.create("/a", acl=[anyone, own, anyone, ACL(31, "auth", "x"), own])
    assert [("world", "anyone"), ("digest", U_P), ("digest", U_P)] == acl_of(client, "/a")


# --- matching


@pytest.mark.parametrize(
    ("allowed", "address", "id"),
    [
        (True, "10.1.2.3", "10.1.2.3"),
        (False, "10.1.2.3", "10.1.2.4"),
        (True, "10.1.2.3", "10.1.0.0/16"),
        (False, "10.1.2.3", "10.2.0.0/16"),
        (True, "10.1.2.3", "99.99.99.99/0"),
        (True, "10.1.2.3", "10.1.2.2/31"),
        (True, "0:0:0:0:0:0:0:1", "::1"),
        (True, "fe80:0:0:0:1:2:3:4", "fe80::/10"),
        (False, "fe80:0:0:0:1:2:3:4", "fd00::/10"),
        (False, "0:0:0:0:0:0:0:1", "0.0.0.1/0"),
    ],
)
def test_addresses_match_by_their_leading_bits(world: LoneServer, allowed: bool, address: str, id: str) -> None:
    world.connect(address).create("/a", acl=[ACL(31, "ip", id)])
    assert (0 if allowed else -102) == world.connect(address).error(op.GET_DATA, GetDataRequest("/a", False))


def test_a_digest_opens_what_it_closed(world: LoneServer, client: Client) -> None:
    client.create("/a", acl=[ACL(31, "digest", U_P)])
    assert -102 == client.error(op.GET_DATA, GetDataRequest("/a", False))
    client.auth("digest", b"u:p")
    assert 0 == client.error(op.GET_DATA, GetDataRequest("/a", False))
    assert -102 == world.connect().error(op.GET_DATA, GetDataRequest("/a", False))


def test_each_permission_is_for_itself(client: Client) -> None:
    client.create("/a", b"x", acl=[ACL(READ, "world", "anyone"), ACL(31 & ~READ, "digest", U_P)])
    assert b"x" == client.data("/a")
    assert -102 == client.error(op.SET_ACL, SetACLRequest("/a", OPEN, -1))
    client.auth("digest", b"u:p")
    assert 0 == client.error(op.SET_ACL, SetACLRequest("/a", OPEN, -1))


# --- super, skipACL, enforced schemes, ensemble


def test_super_passes_every_check() -> None:
    client = LoneServer(super_digest=SUPER_SECRET).connect()
    client.create("/locked", acl=[ACL(0, "world", "anyone")])
    assert 0 == client.auth("digest", b"super:secret")
    assert b"" == client.data("/locked")
    assert {("ip", "127.0.0.1"), ("super", ""), ("digest", "super")} == who(client)
    client.create("/a", acl=[ACL(31, "auth", "")])
    assert [("digest", SUPER_SECRET)] == acl_of(client, "/a")


def test_skip_acl_checks_nothing_and_still_wants_sense() -> None:
    client = LoneServer(skip_acl=True).connect()
    client.create("/locked", acl=[ACL(0, "digest", "a:b")])
    assert b"" == client.data("/locked")
    assert [("digest", "a:b")] == acl_of(client, "/locked")
    assert -114 == client.error(op.CREATE, CreateRequest("/a", b"", [ACL(31, "digest", "a")], 0))


@pytest.mark.parametrize(("op_type", "xid", "echoed"), [(op.PING, -2, -2), (op.CLOSE_SESSION, 5, 5), (op.EXISTS, 6, 6)])
def test_enforced_schemes_are_asked_of_every_request(op_type: int, xid: int, echoed: int) -> None:
    world = LoneServer(enforce_auth_enabled=True, enforce_auth_schemes=frozenset({"digest"}))
    client = world.connect()
    client.ask(op_type, xid=xid)
    [(header, archive)] = client.replies()
    assert (echoed, 0, -124, archive.end) == (header.xid, header.zxid, header.err, archive.pos)
    assert client.closed


def test_one_enforced_scheme_is_enough() -> None:
    world = LoneServer(enforce_auth_enabled=True, enforce_auth_schemes=frozenset({"sasl", "digest"}))
    client = world.connect()
    assert 0 == client.auth("digest", b"u:p")
    assert "/a" == client.create("/a")


@pytest.mark.parametrize(
    ("stays", "data"), [(True, b"one"), (True, b"two"), (True, b""), (True, None), (False, b"three")]
)
def test_a_wrong_ensemble_name_closes_the_connection_silently(stays: bool, data: bytes | None) -> None:
    world = LoneServer(auth_providers=("ip", "ensemble"), ensemble_auth_names=frozenset({"one", "two"}))
    client = world.connect()
    client.ask(op.AUTH, AuthPacket(0, "ensemble", data))
    assert [0] * stays == [header.err for header, _ in client.replies()]
    assert stays is not client.closed
    if stays:
        assert {("ip", "127.0.0.1")} == who(client)
