"""What is answered from the tree: errors, bodies, masks and orders."""

import pytest
from librt.strings import BytesWriter

from pyzoo.datatree.acl import ADMIN, READ, WRITE
from pyzoo.datatree.java_order import ephemerals_copy_order
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import write_ustring
from pyzoo.jute.records import (
    ACL,
    ExistsRequest,
    GetACLRequest,
    GetChildren2Request,
    GetChildrenRequest,
    GetDataRequest,
    SetACLRequest,
    Stat,
    SyncRequest,
)
from tests.support.dialogue import OPEN, Client, LoneServer

READS = [op.GET_DATA, op.GET_CHILDREN, op.GET_CHILDREN2, op.EXISTS, op.GET_ACL, op.GET_ALL_CHILDREN_NUMBER]
UNREADABLE = [ACL(31 & ~READ, "world", "anyone")]


@pytest.fixture
def client() -> Client:
    client = LoneServer().connect()
    client.create("/a", b"data")
    client.create("/a/b")
    client.create("/a/b/c")
    client.create("/secret", acl=UNREADABLE)
    return client


def body_of(op_type: int, path: str | None) -> bytes:
    """The body of a read of one path; those that can set a watch do not."""
    out = BytesWriter()
    write_ustring(out, path)
    return out.getvalue() + (b"" if op_type in (op.GET_ACL, op.GET_ALL_CHILDREN_NUMBER) else b"\0")


@pytest.mark.parametrize("op_type", READS)
@pytest.mark.parametrize(("code", "path"), [(-5, None), (-101, "/none"), (-101, "a"), (-101, "/a/"), (0, "")])
def test_reads_look_paths_up_and_do_not_validate_them(
    client: Client, op_type: int, code: int, path: str | None
) -> None:
    assert code == client.error(op_type, body_of(op_type, path))


@pytest.mark.parametrize("op_type", READS)
def test_reads_that_end_early_are_malformed(client: Client, op_type: int) -> None:
    assert -5 == client.error(op_type, body_of(op_type, "/a")[:-2])


@pytest.mark.parametrize("op_type", [one for one in READS if one != op.GET_ACL])
def test_reads_need_the_read_permission(client: Client, op_type: int) -> None:
    assert -102 == client.error(op_type, body_of(op_type, "/secret"))


def test_a_nul_is_a_bad_argument_for_exists_alone(client: Client) -> None:
    assert -8 == client.error(op.EXISTS, ExistsRequest("/a\0", False))
    assert -101 == client.error(op.GET_DATA, GetDataRequest("/a\0", False))


def test_any_byte_but_zero_is_true(client: Client) -> None:
    assert 0 == client.error(op.GET_DATA, b"\0\0\0\x02/a\x07")
    client.call(op.SET_ACL, SetACLRequest("/a", OPEN, -1))
    assert 1 == client.world.server.tree.data_watches.size


def test_get_data_answers_data_and_stat(client: Client) -> None:
    err, archive = client.call(op.GET_DATA, GetDataRequest("/a", False))
    assert (0, b"data", client.stat("/a")) == (err, archive.read_buffer(), Stat.decode(archive))
    assert archive.end == archive.pos


def test_get_children2_has_the_stat_as_well(client: Client) -> None:
    _, plain = client.call(op.GET_CHILDREN, GetChildrenRequest("/a", False))
    assert (1, "b", plain.end) == (plain.read_vector(), plain.read_ustring(), plain.pos)
    _, archive = client.call(op.GET_CHILDREN2, GetChildren2Request("/a", False))
    assert (1, "b", client.stat("/a")) == (archive.read_vector(), archive.read_ustring(), Stat.decode(archive))


def test_a_fresh_tree_is_apaches() -> None:
    client = LoneServer().connect()
    assert ["zookeeper"] == client.children("/")
    assert ["config", "quota"] == client.children("/zookeeper")
    assert [-1, -2, 0, 0] == [
        client.stat(path).cversion for path in ("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config")
    ]
    assert -1 == client.stat("/zookeeper/config").aversion
    assert b"" == client.data("/zookeeper/config")


# --- getACL


def acl_of(client: Client, path: str) -> list[ACL]:
    err, archive = client.call(op.GET_ACL, GetACLRequest(path))
    assert 0 == err
    return [ACL.decode(archive) for _ in range(archive.read_vector())]


@pytest.mark.parametrize(("code", "perms"), [(0, READ), (0, ADMIN), (-102, WRITE)])
def test_get_acl_needs_read_or_admin(client: Client, code: int, perms: int) -> None:
    client.create("/x", acl=[ACL(perms, "world", "anyone")])
    assert code == client.error(op.GET_ACL, GetACLRequest("/x"))


def test_hashes_are_masked_from_those_who_are_not_admin(client: Client) -> None:
    entries = [ACL(31, "digest", "u:hash"), ACL(31, "digest", "a:b:"), ACL(31, "ip", "10.0.0.1")]
    client.create("/masked", acl=[*entries, ACL(READ, "world", "anyone")])
    client.create("/shown", acl=[*entries, ACL(READ | ADMIN, "world", "anyone")])
    assert ["u:x", "a:x", "10.0.0.1", "anyone"] == [entry.id for entry in acl_of(client, "/masked")]
    assert ["u:hash", "a:b:", "10.0.0.1", "anyone"] == [entry.id for entry in acl_of(client, "/shown")]


def test_permissions_are_stored_as_sent(client: Client) -> None:
    client.create("/x", acl=[ACL(-1, "world", "anyone"), ACL(0, "world", "anyone")])
    assert [-1, 0] == [entry.perms for entry in acl_of(client, "/x")]


# --- the rest


def names(client: Client, prefix: str | None) -> list[str]:
    err, archive = client.call(op.GET_EPHEMERALS, body_of(op.GET_ACL, prefix))
    assert 0 == err
    return [archive.read_ustring() or "" for _ in range(archive.read_vector())]


def test_get_ephemerals_lists_those_of_the_calling_session(client: Client) -> None:
    paths = [client.create(f"/pre{name}", flags=1) for name in ("fix", "", "-2")]
    other = client.world.connect()
    other.create("/other", flags=1)
    for everything in (None, "", " ", "/", " / "):
        assert ephemerals_copy_order(paths) == names(client, everything)
    assert ["/other"] == names(other, "/")
    assert ["/prefix"] == names(client, "/pref")
    assert [] == names(client, " /pre")


@pytest.mark.parametrize(("path", "count"), [("/a", 2), ("/a/b", 1), ("/a/b/c", 0), ("/", 7), ("", 8)])
def test_get_all_children_number_counts_descendants(client: Client, path: str, count: int) -> None:
    err, archive = client.call(op.GET_ALL_CHILDREN_NUMBER, body_of(op.GET_ACL, path))
    assert (0, count) == (err, archive.read_int())


@pytest.mark.parametrize("path", ["/a", "no path at all", "", None])
def test_sync_echoes_its_path(client: Client, path: str | None) -> None:
    err, archive = client.call(op.SYNC, SyncRequest(path))
    assert (0, path) == (err, archive.read_ustring())


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"/a\xff\xfe", b"/a\xef\xbf\xbd\xef\xbf\xbd"),
        (b"/a\xf0\x9f\x98\x80", b"/a\xed\xa0\xbd\xed\xb8\x80"),
        (b"/a\0", b"/a\0"),
    ],
)
def test_text_is_read_and_written_as_java_does(client: Client, sent: bytes, answered: bytes) -> None:
    err, archive = client.call(op.SYNC, len(sent).to_bytes(4, "big") + sent)
    assert (0, answered) == (err, archive.read_buffer())


def test_a_ping_is_always_answered_with_its_own_xid(client: Client) -> None:
    client.ask(op.PING, b"and a body", xid=77)
    [(header, archive)] = client.replies()
    assert (-2, 5, 0) == (header.xid, header.zxid, header.err)
    assert archive.end == archive.pos


@pytest.mark.parametrize("xid", [0, -1000, 0x7FFFFFFF])
def test_other_xids_are_echoed(client: Client, xid: int) -> None:
    client.ask(op.SYNC, SyncRequest("/"), xid=xid)
    assert [xid] == [header.xid for header, _ in client.replies()]


@pytest.mark.parametrize("op_type", [10, 13, 23, 99, 108, -1, 0, 9999])
def test_an_unknown_opcode_is_answered_and_the_connection_closed(client: Client, op_type: int) -> None:
    client.ask(op_type, b"anything")
    [(header, archive)] = client.replies()
    assert (1 + 4, -1, -6, archive.end) == (header.xid, header.zxid, header.err, archive.pos)
    assert client.closed
    assert 5 == client.world.server.tree.last_processed_zxid
