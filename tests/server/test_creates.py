"""create, create2, createContainer, createTTL: the kinds, the numbers, and which check comes first."""

import pytest

from pyzoo.datatree.acl import CREATE, READ
from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER, MAX_TTL, ttl_owner
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import ACL, CreateRequest, CreateTTLRequest, DeleteRequest, Stat
from tests.support.dialogue import OPEN, Client, LoneServer

READ_ONLY = [ACL(READ, "world", "anyone")]


def request(path: str | None, flags: int = 0, acl: list[ACL] | None = None, ttl: int | None = None) -> Record:
    """The body of a create with an open ACL, with a ttl for createTTL."""
    acl = OPEN if acl is None else acl
    return CreateRequest(path, b"", acl, flags) if ttl is None else CreateTTLRequest(path, b"", acl, flags, ttl)


def owner_of(world: LoneServer, path: str) -> int:
    """What is stored as the owner, which tells the kind of a node."""
    node = world.server.tree.get_node(path)
    assert node is not None
    return node.ephemeral_owner


@pytest.mark.parametrize(
    ("op_type", "flags", "owner"),
    [
        (op.CREATE, 0, 0),
        (op.CREATE2, 0, 0),
        (op.CREATE, 4, 0),
        (op.CREATE2, 4, 0),
        (op.CREATE_CONTAINER, 0, CONTAINER_OWNER),
        (op.CREATE_CONTAINER, 1, CONTAINER_OWNER),
        (op.CREATE_CONTAINER, 2, CONTAINER_OWNER),
        (op.CREATE_CONTAINER, 3, CONTAINER_OWNER),
        (op.CREATE_CONTAINER, 4, CONTAINER_OWNER),
    ],
)
def test_the_opcode_decides_the_kind_of_node(
    world: LoneServer, client: Client, op_type: int, flags: int, owner: int
) -> None:
    err, archive = client.call(op_type, request("/a", flags))
    assert 0 == err
    assert owner == owner_of(world, archive.read_ustring() or "")


@pytest.mark.parametrize("op_type", [op.CREATE, op.CREATE2])
def test_ephemerals_belong_to_the_session(client: Client, op_type: int) -> None:
    assert 0 == client.error(op_type, request("/a", 1))
    assert client.session_id == client.stat("/a").ephemeral_owner


def test_the_plain_create_answers_the_path_alone(client: Client) -> None:
    err, archive = client.call(op.CREATE, request("/a"))
    assert (0, "/a") == (err, archive.read_ustring())
    assert archive.end == archive.pos


@pytest.mark.parametrize("op_type", [op.CREATE2, op.CREATE_CONTAINER])
def test_the_other_creates_answer_the_path_and_the_stat(client: Client, op_type: int) -> None:
    err, archive = client.call(op_type, request("/a"))
    assert (0, "/a") == (err, archive.read_ustring())
    assert client.stat("/a") == Stat.decode(archive)


def test_ttl_nodes_need_extended_types(client: Client) -> None:
    assert -6 == client.error(op.CREATE_TTL, request("/a", 5, ttl=1000))
    assert -6 == client.error(op.CREATE, request("/a", 6))
    assert not client.closed


def test_ttl_nodes_keep_their_ttl_in_the_owner() -> None:
    world = LoneServer(extended_types_enabled=True)
    client = world.connect()
    for flags, ttl, path in ((5, 1, "/a"), (6, MAX_TTL, "/a0000000001")):
        err, archive = client.call(op.CREATE_TTL, request("/a", flags, ttl=ttl))
        assert (0, path) == (err, archive.read_ustring())
        assert 0 == Stat.decode(archive).ephemeral_owner
        assert ttl_owner(ttl) == owner_of(world, path)


@pytest.mark.parametrize(("flags", "ttl"), [(5, 0), (5, -1), (5, MAX_TTL + 1), (0, 0), (3, 100)])
def test_a_ttl_that_does_not_fit_the_flags_is_refused(flags: int, ttl: int) -> None:
    client = LoneServer(extended_types_enabled=True).connect()
    assert -8 == client.error(op.CREATE_TTL, request("/a", flags, ttl=ttl))


@pytest.mark.parametrize("flags", [5, 6])
def test_a_ttl_flag_without_a_ttl_is_refused(flags: int) -> None:
    client = LoneServer(extended_types_enabled=True).connect()
    for op_type in (op.CREATE, op.CREATE2, op.CREATE_CONTAINER):
        assert -8 == client.error(op_type, request("/a", flags))


# --- the order of the checks: each request has this fault and all later ones that it can have


@pytest.mark.parametrize(
    ("code", "path", "flags", "acl"),
    [
        (-8, None, 7, []),
        (-8, None, -1, []),
        (-6, None, 5, []),
        (-5, None, 0, []),
        (-8, "foo", 0, []),
        (-8, "/a\0b", 0, []),
        (-114, "/none/x/", 0, []),
        (-114, "/none/x/", 0, [ACL(31, "no such", "scheme")]),
        (-101, "/none/x/", 0, None),
        (-101, "foo/bar", 0, None),
        (-101, "/open//b", 0, None),
        (-101, "/open/../b", 0, None),
        (-102, "/locked/", 0, None),
        (-102, "/locked/child", 0, None),
        (-8, "/open/", 0, None),
        (-8, "//", 0, None),
        (-8, "/open/.", 0, None),
        (-8, "/open/\x01", 0, None),
        (-110, "/", 0, None),
        (-110, "/ephemeral", 0, None),
        (-108, "/ephemeral/x", 0, None),
    ],
)
def test_the_first_fault_decides_the_error(
    world: LoneServer, client: Client, code: int, path: str | None, flags: int, acl: list[ACL] | None
) -> None:
    client.create("/open")
    client.create("/locked", acl=OPEN)
    client.create("/locked/child")
    client.create("/ephemeral", flags=1)
    node = world.server.tree.get_node("/locked")
    assert node is not None
    node.acl_id = world.server.tree.acl_cache.acl_id_for(READ_ONLY)
    assert code == client.error(op.CREATE, request(path, flags, acl))
    assert not client.closed


def test_only_ordinary_ephemerals_refuse_children(client: Client) -> None:
    client.call(op.CREATE_CONTAINER, request("/container", 1))
    assert "/container/child" == client.create("/container/child")


def test_a_node_that_lacks_the_create_permission_hides_its_children(client: Client) -> None:
    client.create("/p", acl=[ACL(31 & ~CREATE, "world", "anyone")])
    assert -102 == client.error(op.CREATE, request("/p/x"))


# --- sequence numbers


def test_numbers_count_creates_and_not_children(client: Client) -> None:
    client.create("/p")
    assert "/p/n0000000000" == client.create("/p/n", flags=2)
    client.create("/p/other")
    assert "/p/n0000000002" == client.create("/p/n", flags=3)
    assert 0 == client.error(op.DELETE, DeleteRequest("/p/other", -1))
    assert "/p/n0000000003" == client.create("/p/n", flags=2)


def test_the_number_may_be_the_whole_name(client: Client) -> None:
    client.create("/a")
    assert "/a/0000000000" == client.create("/a/", flags=2)
    assert "/0000000001" == client.create("/", flags=2)


@pytest.mark.parametrize(("counter", "suffix"), [(5, "0000000005"), (-5, "-000000005"), (-0x80000000, "-2147483648")])
def test_numbers_are_padded_to_ten_characters(world: LoneServer, client: Client, counter: int, suffix: str) -> None:
    client.create("/p")
    node = world.server.tree.get_node("/p")
    assert node is not None
    node.more().cversion = counter
    assert "/p/n" + suffix == client.create("/p/n", flags=2)


def test_the_counter_sticks_at_its_maximum(world: LoneServer, client: Client) -> None:
    client.create("/p")
    node = world.server.tree.get_node("/p")
    assert node is not None
    node.more().cversion = 0x7FFFFFFE
    assert "/p/n2147483646" == client.create("/p/n", flags=2)
    pzxid = client.stat("/p").pzxid
    assert "/p/n2147483647" == client.create("/p/n", flags=2)
    assert pzxid == client.stat("/p").pzxid
    assert -110 == client.error(op.CREATE, request("/p/n", 2))
    assert "/p/m2147483647" == client.create("/p/m", flags=2)


# --- what it does to the Stats


def test_a_new_node_and_its_parent_have_the_zxid_of_the_create(client: Client) -> None:
    client.create("/p")
    client.create("/p/x", b"four")
    child, parent = client.stat("/p/x"), client.stat("/p")
    assert (3, 3, 3) == (child.czxid, child.mzxid, child.pzxid)
    assert child.ctime == child.mtime
    assert (0, 0, 0, 4, 0) == (child.version, child.cversion, child.aversion, child.data_length, child.num_children)
    assert (2, 2, 3) == (parent.czxid, parent.mzxid, parent.pzxid)
    assert (1, 1) == (parent.cversion, parent.num_children)


def test_null_data_stays_null(client: Client) -> None:
    assert 0 == client.error(op.CREATE, CreateRequest("/a", None, OPEN, 0))
    assert client.data("/a") is None
    assert 0 == client.stat("/a").data_length
