"""delete, setData, setACL, reconfig: the order of their checks and what they change."""

import pytest
from librt.strings import BytesWriter

from pyzoo.datatree.acl import ADMIN, CREATE, DELETE, READ, WRITE
from pyzoo.datatree.digest import node_digest
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record, write_ustring
from pyzoo.jute.records import (
    ACL,
    CreateRequest,
    DeleteRequest,
    ReconfigRequest,
    SetACLRequest,
    SetDataRequest,
    Stat,
)
from pyzoo.sim.operation import encoded
from tests.support.dialogue import OPEN, Client, LoneServer


def without(permission: int) -> list[ACL]:
    """An ACL that gives everybody all but one permission."""
    return [ACL(31 & ~permission, "world", "anyone")]


@pytest.fixture
def client(world: LoneServer) -> Client:
    client = world.connect()
    client.create("/a")
    client.create("/full")
    client.create("/full/child")
    client.create("/undeletable", acl=without(DELETE))
    client.create("/undeletable/child", acl=without(DELETE))
    client.create("/unwritable", acl=without(WRITE))
    client.create("/unadministrable", acl=without(ADMIN))
    client.create("/ephemeral", flags=1)
    return client


def ustring(text: str | None) -> bytes:
    out = BytesWriter()
    write_ustring(out, text)
    return out.getvalue()


# --- delete


@pytest.mark.parametrize(
    ("code", "path", "version"),
    [
        (-5, None, 9),
        (-8, "a", 9),
        (-8, "/a\0", 9),
        (-8, "/", -1),
        (-8, "/zookeeper", -1),
        (-8, "/zookeeper/quota", -1),
        (-8, "/zookeeper/config", -1),
        (-101, "/none/x", 9),
        (-102, "/undeletable/child", 9),
        (-102, "/undeletable/none", 9),
        (-101, "/none", 9),
        (-101, "/a/", -1),
        (-103, "/full", 9),
        (-103, "/full", -2),
        (-111, "/full", -1),
        (0, "/a", 0),
        (0, "/a", -1),
    ],
)
def test_the_first_fault_decides_the_error_of_a_delete(
    client: Client, code: int, path: str | None, version: int
) -> None:
    assert code == client.error(op.DELETE, DeleteRequest(path, version))


def test_the_acl_of_the_deleted_node_does_not_matter(client: Client) -> None:
    client.create("/full/guarded", acl=[ACL(0, "world", "anyone")])
    assert 0 == client.error(op.DELETE, DeleteRequest("/full/guarded", -1))


def test_a_delete_has_no_body_and_moves_the_parents_pzxid(client: Client) -> None:
    before = client.stat("/full")
    err, archive = client.call(op.DELETE, DeleteRequest("/full/child", 0))
    assert (0, archive.end) == (err, archive.pos)
    after = client.stat("/full")
    assert (before.cversion + 1, 0, before.mzxid) == (after.cversion, after.num_children, after.mzxid)
    assert before.pzxid < after.pzxid


def test_a_body_that_is_too_long_is_fine(client: Client) -> None:
    assert 0 == client.error(op.DELETE, DeleteRequest("/a", -1), b"and more")


# --- deleteContainer


@pytest.mark.parametrize("path", ["/a", "/none", None])
def test_who_sends_delete_container_loses_the_connection_and_the_node_stays(
    client: Client, world: LoneServer, path: str | None
) -> None:
    before, logged = world.server.tree.last_processed_zxid, len(world.logged)
    client.ask(op.DELETE_CONTAINER, ustring(path))
    assert [] == client.replies()
    assert client.closed
    assert "/a" in world.server.tree.nodes
    assert (before, logged) == (world.server.tree.last_processed_zxid, len(world.logged))


# --- setData


@pytest.mark.parametrize(
    ("code", "path", "version"),
    [
        (-8, None, 9),
        (-8, "", 9),
        (-8, "a", 9),
        (-8, "/a/", 9),
        (-8, "/a//b", 9),
        (-8, "/a/./b", 9),
        (-8, "/a\x7f", 9),
        (-101, "/none", 9),
        (-102, "/unwritable", 9),
        (-102, "/zookeeper/config", 9),
        (-103, "/a", 9),
        (-103, "/a", -2),
        (0, "/a", 0),
        (0, "/", -1),
    ],
)
def test_the_first_fault_decides_the_error_of_a_set_data(
    client: Client, code: int, path: str | None, version: int
) -> None:
    assert code == client.error(op.SET_DATA, SetDataRequest(path, b"x", version))


def test_set_data_answers_the_stat_after_the_change(client: Client) -> None:
    before = client.stat("/a")
    err, archive = client.call(op.SET_DATA, SetDataRequest("/a", b"12345", 0))
    after = Stat.decode(archive)
    assert (0, client.stat("/a")) == (err, after)
    assert (before.czxid, 1, 5, 0) == (after.czxid, after.version, after.data_length, after.aversion)
    assert before.mzxid < after.mzxid


def test_data_may_become_null(client: Client) -> None:
    client.call(op.SET_DATA, SetDataRequest("/a", None, -1))
    assert client.data("/a") is None


@pytest.mark.parametrize(("old", "new"), [(0x7FFFFFFF, -0x80000000), (-2, -1), (-1, 0)])
def test_versions_wrap(world: LoneServer, client: Client, old: int, new: int) -> None:
    node = world.server.tree.get_node("/a")
    assert node is not None
    node.more().version = old
    _, archive = client.call(op.SET_DATA, SetDataRequest("/a", b"", old))
    assert new == Stat.decode(archive).version


# --- setACL


@pytest.mark.parametrize(
    ("code", "path", "acl", "version"),
    [
        (-8, None, OPEN, 9),
        (-8, "a", [], 9),
        (-114, "/none", [], 9),
        (-114, "/none", None, 9),
        (-101, "/none", OPEN, 9),
        (-102, "/unadministrable", OPEN, 9),
        (-103, "/a", OPEN, 9),
        (0, "/a", OPEN, 0),
        (0, "/a", OPEN, -1),
    ],
)
def test_the_first_fault_decides_the_error_of_a_set_acl(
    client: Client, code: int, path: str | None, acl: list[ACL] | None, version: int
) -> None:
    assert code == client.error(op.SET_ACL, SetACLRequest(path, acl, version))


def test_set_acl_moves_the_aversion_alone(client: Client) -> None:
    expected = client.stat("/a")
    expected.aversion += 1
    err, archive = client.call(op.SET_ACL, SetACLRequest("/a", [ACL(READ | ADMIN, "world", "anyone")], 0))
    assert (0, expected) == (err, Stat.decode(archive))


# --- reconfig


def test_reconfig_is_disabled_unless_the_settings_say_otherwise(client: Client) -> None:
    assert -123 == client.error(op.RECONFIG, ReconfigRequest("", "", "", -1))


def test_a_standalone_server_cannot_be_reconfigured() -> None:
    client = LoneServer(reconfig_enabled=True).connect()
    assert -6 == client.error(op.RECONFIG, ReconfigRequest("", "", "", -1))
    assert not client.closed


# --- zxids


def body_of(op_type: int) -> Record:
    """A request that fails one of its checks."""
    if op_type == op.DELETE:
        return DeleteRequest("/none", -1)
    if op_type == op.SET_DATA:
        return SetDataRequest("/none", b"", -1)
    if op_type == op.SET_ACL:
        return SetACLRequest("/none", OPEN, -1)
    if op_type == op.RECONFIG:
        return ReconfigRequest(None, None, None, -1)
    return CreateRequest("/none/x", b"", OPEN, 0)


FAILING = [op.CREATE, op.CREATE2, op.CREATE_CONTAINER, op.DELETE, op.SET_DATA, op.SET_ACL, op.RECONFIG]


@pytest.mark.parametrize("op_type", FAILING)
def test_a_write_that_fails_its_checks_takes_a_zxid(client: Client, world: LoneServer, op_type: int) -> None:
    before = world.server.tree.last_processed_zxid
    client.ask(op_type, body_of(op_type))
    [(header, archive)] = client.replies()
    assert header.err < 0
    assert before + 1 == header.zxid
    assert archive.end == archive.pos


@pytest.mark.parametrize("op_type", [*FAILING, op.CREATE_TTL])
def test_a_write_whose_body_ends_early_takes_none(client: Client, world: LoneServer, op_type: int) -> None:
    before, logged = world.server.tree.last_processed_zxid, len(world.logged)
    client.ask(op_type, b"\0\0\0\x02/")
    [(header, _)] = client.replies()
    assert (before, -5) == (header.zxid, header.err)
    assert logged == len(world.logged)


@pytest.mark.parametrize(
    ("op_type", "body"),
    [
        (op.CREATE, CreateRequest(None, b"", OPEN, 0)),
        (op.CREATE, CreateRequest("/x", b"", [ACL(31, "world", None)], 0)),
        (op.DELETE, DeleteRequest(None, -1)),
        (op.SET_ACL, SetACLRequest("/a", [ACL(31, "digest", None)], -1)),
    ],
)
def test_a_null_where_there_must_be_text_takes_a_zxid(
    client: Client, world: LoneServer, op_type: int, body: Record
) -> None:
    before = world.server.tree.last_processed_zxid
    client.ask(op_type, body)
    [(header, _)] = client.replies()
    assert (before + 1, -5) == (header.zxid, header.err)


def test_a_field_that_claims_more_than_the_frame_has_is_malformed(client: Client) -> None:
    body = encoded(SetDataRequest("/a", b"x", -1)).replace(b"\0\0\0\x01x", b"\x7f\xff\xff\xffx")
    assert -5 == client.error(op.SET_DATA, body)
    body = encoded(SetDataRequest("/a", b"x", -1)).replace(b"\0\0\0\x01x", b"\xff\xff\xff\xfex")
    assert -5 == client.error(op.SET_DATA, body)


@pytest.mark.parametrize("permission", [CREATE, WRITE])
def test_a_super_user_may_do_everything(permission: int) -> None:
    world = LoneServer(super_digest="super:lK75jTNcA+U9vtVEw5vB51mj/w4=")
    client = world.connect()
    client.create("/p", acl=without(permission))
    assert 0 == client.auth("digest", b"super:secret")
    assert 0 == client.error(op.SET_DATA, SetDataRequest("/p", b"", -1))
    assert "/p/x" == client.create("/p/x")
    assert 0 == client.error(op.SET_DATA, SetDataRequest("/zookeeper/config", b"", -1))


# --- the digest of the tree


def test_the_digest_of_the_tree_is_that_of_its_nodes_after_every_kind_of_write(
    world: LoneServer, client: Client
) -> None:
    world.disk_is_slow = True
    for turn in range(3):
        client.ask(op.CREATE, CreateRequest(f"/a/child{turn}", b"x" * turn, OPEN, 0))
        client.ask(op.CREATE, CreateRequest("/a/sequential-", None, OPEN, 2))
        client.ask(op.CREATE2, CreateRequest(f"/short{turn}", b"", OPEN, 1))
        client.ask(op.SET_DATA, SetDataRequest("/a", b"y" * turn, -1))
        client.ask(op.SET_DATA, SetDataRequest(f"/a/child{turn}", None, -1))
        client.ask(op.SET_DATA, SetDataRequest("/", b"root", -1))
        client.ask(op.SET_ACL, SetACLRequest(f"/a/child{turn}", OPEN, -1))
        client.ask(op.DELETE, DeleteRequest(f"/short{turn}", -1))
    world.sync()
    assert [0] * 24 == [header.err for header, _body in client.replies()]
    tree = world.server.database.tree
    nodes = tree.nodes
    assert tree.tree_digest == sum(node_digest(path, nodes[path]) for path in nodes if path != "/")
