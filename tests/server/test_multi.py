"""multi and multiRead: framing, what spoils the whole, what a part sees of the parts before it."""

from collections.abc import Sequence

import pytest

from pyzoo.datatree.acl import READ
from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER, ttl_owner
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import (
    ACL,
    CheckVersionRequest,
    CreateRequest,
    CreateTTLRequest,
    DeleteRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiHeader,
    MultiTxn,
    SetACLRequest,
    SetDataRequest,
    Stat,
)
from pyzoo.persistence.log_format import decode_txn
from pyzoo.sim.operation import encoded, framed
from tests.support.dialogue import OPEN, Client, LoneServer

Part = tuple[int, Record]
END = MultiHeader(-1, True, -1)


@pytest.fixture
def client(world: LoneServer) -> Client:
    client = world.connect()
    client.create("/a")
    return client


def body(parts: Sequence[Part]) -> bytes:
    """Parts with their headers and the end."""
    return b"".join([encoded(MultiHeader(kind, False, -1), record) for kind, record in parts]) + encoded(END)


def create(path: str | None, flags: int = 0) -> CreateRequest:
    return CreateRequest(path, b"", OPEN, flags)


def results(archive: InputArchive) -> list[tuple[int, int, object]]:
    """(type, error, body) of every part: a path, (path, Stat), Stat, data, names, or None."""
    found: list[tuple[int, int, object]] = []
    while not (header := MultiHeader.decode(archive)).done:
        content: object = None
        if header.type == -1:
            assert header.err == archive.read_int()
        elif header.type == op.CREATE:
            content = archive.read_ustring()
        elif header.type == op.CREATE2:
            content = (archive.read_ustring(), Stat.decode(archive))
        elif header.type == op.SET_DATA:
            content = Stat.decode(archive)
        elif header.type == op.GET_DATA:
            content = archive.read_buffer()
            Stat.decode(archive)
        elif header.type == op.GET_CHILDREN:
            content = [archive.read_ustring() for _ in range(archive.read_vector())]
        found.append((header.type, header.err, content))
    assert header == END
    assert archive.end == archive.pos
    return found


def multi(client: Client, *parts: Part, op_type: int = op.MULTI) -> list[tuple[int, int, object]]:
    err, archive = client.call(op_type, body(parts))
    assert 0 == err
    return results(archive)


def errors(client: Client, *parts: Part) -> list[int]:
    return [code for _, code, _ in multi(client, *parts)]


# --- results


def test_every_kind_of_part_has_its_own_result(client: Client) -> None:
    found = multi(
        client,
        (op.CREATE, create("/m")),
        (op.CREATE2, create("/m/2")),
        (op.CREATE_CONTAINER, create("/m/c", 4)),
        (op.SET_DATA, SetDataRequest("/m", b"x", 0)),
        (op.CHECK, CheckVersionRequest("/m", 1)),
        (op.DELETE, DeleteRequest("/m/2", -1)),
    )
    assert [1, 15, 15, 5, 13, 2] == [kind for kind, _, _ in found]
    assert "/m" == found[0][2]


def test_a_stat_is_that_of_its_own_part(client: Client) -> None:
    found = multi(
        client,
        (op.CREATE2, create("/m")),
        (op.SET_DATA, SetDataRequest("/m", b"1", -1)),
        (op.SET_DATA, SetDataRequest("/m", b"22", -1)),
        (op.CREATE, create("/m/x")),
    )
    first, second = found[1][2], found[2][2]
    assert isinstance(first, Stat)
    assert isinstance(second, Stat)
    assert (1, 1, 0) == (first.version, first.data_length, first.num_children)
    assert (2, 2, 0) == (second.version, second.data_length, second.num_children)


def test_all_parts_share_one_zxid(client: Client) -> None:
    multi(client, (op.CREATE, create("/m")), (op.CREATE, create("/m/x")), (op.SET_DATA, SetDataRequest("/a", b"", -1)))
    assert {3} == {client.stat("/m").czxid, client.stat("/m/x").czxid, client.stat("/m").pzxid, client.stat("/a").mzxid}


def test_parts_see_the_parts_before_them(client: Client) -> None:
    assert [0] * 6 == errors(
        client,
        (op.CREATE, create("/m")),
        (op.CREATE, create("/m/x")),
        (op.SET_DATA, SetDataRequest("/m/x", b"", 0)),
        (op.CHECK, CheckVersionRequest("/m/x", 1)),
        (op.DELETE, DeleteRequest("/m/x", 1)),
        (op.DELETE, DeleteRequest("/m", 0)),
    )
    assert not client.exists("/m")


def test_counters_move_once_for_each_part(client: Client) -> None:
    client.create("/q")
    client.create("/q/0")
    client.call(op.DELETE, DeleteRequest("/q/0", -1))
    multi(
        client,
        (op.CREATE, create("/q/1")),
        (op.CREATE, create("/q/2")),
        (op.DELETE, DeleteRequest("/q/1", -1)),
        (op.SET_DATA, SetDataRequest("/q", b"", -1)),
    )
    stat = client.stat("/q")
    assert (5, 1, 1) == (stat.cversion, stat.num_children, stat.version)
    assert stat.pzxid == stat.mzxid


def test_an_empty_multi_takes_a_zxid(client: Client) -> None:
    assert [] == multi(client)
    assert 3 == client.world.server.tree.last_processed_zxid


# --- failures of a part


def test_a_failed_multi_changes_nothing_and_takes_a_zxid(client: Client) -> None:
    assert [0, -101, -2] == errors(
        client, (op.CREATE, create("/a/n", 2)), (op.DELETE, DeleteRequest("/none", -1)), (op.CREATE, create("/y"))
    )
    assert 3 == client.world.server.tree.last_processed_zxid
    assert "/a/n0000000000" == client.create("/a/n", flags=2)


@pytest.mark.parametrize(
    ("code", "kind", "record"),
    [
        (-6, op.CREATE_TTL, CreateTTLRequest("/m", b"", OPEN, 5, 1000)),
        (-8, op.CREATE_TTL, CreateTTLRequest("/m", b"", OPEN, 9, 1000)),
        (-8, op.CREATE, create("m")),
        (-8, op.CREATE, create("/a/")),
        (-8, op.DELETE, DeleteRequest("/", -1)),
        (-8, op.CHECK, CheckVersionRequest("m", 0)),
        (-114, op.CREATE, CreateRequest("/m", b"", [], 0)),
        (-110, op.CREATE, create("/a")),
        (-101, op.CHECK, CheckVersionRequest("/none", 0)),
        (-102, op.SET_DATA, SetDataRequest("/zookeeper/config", b"", -1)),
        (-103, op.CHECK, CheckVersionRequest("/a", 5)),
    ],
)
def test_a_part_fails_as_it_would_alone(client: Client, code: int, kind: int, record: Record) -> None:
    client.create("/ok")
    assert [0, code, -2] == errors(
        client, (op.CHECK, CheckVersionRequest("/ok", 0)), (kind, record), (op.CREATE, create("/z"))
    )


def test_check_needs_the_read_permission(client: Client) -> None:
    client.create("/secret", acl=[ACL(31 & ~READ, "world", "anyone")])
    assert [-102] == errors(client, (op.CHECK, CheckVersionRequest("/secret", 9)))


# --- failures of the whole


@pytest.mark.parametrize(
    ("request_body", "zxids"),
    [
        (b"\0", 1),
        (body([(op.CREATE, create("/m"))])[:-9], 1),
        (body([(op.SET_ACL, SetACLRequest("/a", OPEN, -1))]), 1),
        (body([(op.DELETE_CONTAINER, GetChildrenRequest("/a", False))]), 1),
        (body([(op.CREATE, create("/m")), (op.GET_DATA, GetDataRequest("/a", False))]), 1),
        (body([(op.CREATE, create("/m", 7))]), 1),
        (body([(op.CREATE2, create("/m", 5))]), 1),
        (body([(op.CREATE_CONTAINER, create("/m", -1))]), 1),
        (body([(op.GET_DATA, GetDataRequest("/a", False))]), 1),
        (body([(op.CREATE, create("/m")), (op.CREATE, create(None))]), 1),
        (body([(op.DELETE, DeleteRequest(None, -1))]), 1),
        (body([(op.CREATE, CreateRequest("/m", b"", None, 0))]), 0),
    ],
)
def test_what_spoils_the_whole_multi(client: Client, request_body: bytes, zxids: int) -> None:
    client.ask(op.MULTI, request_body)
    [(header, archive)] = client.replies()
    assert (2 + zxids, -5, archive.end) == (header.zxid, header.err, archive.pos)
    assert not client.exists("/m")
    assert "/n" == client.create("/n")


# --- kinds of creates


@pytest.mark.parametrize(
    ("kind", "record", "result", "owner"),
    [
        (op.CREATE, create("/m", 4), 15, CONTAINER_OWNER),
        (op.CREATE2, create("/m", 4), 15, CONTAINER_OWNER),
        (op.CREATE_CONTAINER, create("/m", 0), 15, CONTAINER_OWNER),
        (op.CREATE_CONTAINER, create("/m", 1), 15, CONTAINER_OWNER),
        (op.CREATE_TTL, CreateTTLRequest("/m", b"", OPEN, 5, 77), 15, ttl_owner(77)),
        (op.CREATE_TTL, CreateTTLRequest("/m", b"", OPEN, 4, 77), 15, CONTAINER_OWNER),
        (op.CREATE_TTL, CreateTTLRequest("/m", b"", OPEN, 0, 77), 1, 0),
        (op.CREATE_TTL, CreateTTLRequest("/m", b"", OPEN, 0, -1), 1, 0),
    ],
)
def test_creates_are_normalised(kind: int, record: Record, result: int, owner: int) -> None:
    world = LoneServer(extended_types_enabled=True)
    [(found, code, _)] = multi(world.connect(), (kind, record))
    assert (result, 0) == (found, code)
    node = world.server.tree.get_node("/m")
    assert node is not None
    assert owner == node.ephemeral_owner


@pytest.mark.parametrize("as_create", [False, True])
def test_create2_is_logged_as_such_unless_older_members_have_to_read_it(as_create: bool) -> None:
    world = LoneServer(multi_create2_as_create=as_create)
    reply = multi(world.connect(), (op.CREATE2, create("/m")), (op.DELETE, DeleteRequest("/m", -1)))
    length = int.from_bytes(world.logged[-1][8:12], "big")
    _, txn, _ = decode_txn(world.logged[-1][12 : 12 + length])
    assert isinstance(txn, MultiTxn)
    assert [op.CREATE if as_create else op.CREATE2, op.DELETE] == [part.type for part in txn.txns or []]
    assert op.CREATE2 == reply[0][0]


# --- multiRead


def test_a_multi_read_sets_no_watches(client: Client) -> None:
    client.call(op.MULTI_READ, body([(op.GET_CHILDREN, GetChildrenRequest("/a", True))]))
    assert 0 == client.world.server.tree.child_watches.size


def test_errors_of_single_reads_do_not_stop_the_rest(client: Client) -> None:
    client.create("/secret", acl=[ACL(31 & ~READ, "world", "anyone")])
    reads = [(op.GET_DATA, GetDataRequest(path, False)) for path in ("/secret", "/none", "/a")]
    assert [(-1, -102, None), (-1, -101, None), (4, 0, b"")] == multi(client, *reads, op_type=op.MULTI_READ)


def test_an_empty_multi_read_is_fine(client: Client) -> None:
    assert [] == multi(client, op_type=op.MULTI_READ)


@pytest.mark.parametrize("parts", [[(op.CREATE, create("/m"))], [(op.GET_DATA, GetDataRequest(None, False))]])
def test_a_multi_read_that_must_not_be_has_an_error_and_a_body(client: Client, parts: list[Part]) -> None:
    reads: list[Part] = [(op.GET_DATA, GetDataRequest("/a", False))] if parts[0][0] == op.GET_DATA else []
    client.ask(op.MULTI_READ, body(reads + parts))
    [(header, archive)] = client.replies()
    assert (2, -5) == (header.zxid, header.err)
    assert [(4, 0, b"")] * len(reads) == results(archive)


def test_a_multi_read_that_cannot_be_read_has_no_body(client: Client) -> None:
    mixed: list[Part] = [(op.CREATE, create("/m")), (op.GET_DATA, GetDataRequest("/a", False))]
    for request in (b"\0", body(mixed), body([(op.EXISTS, GetDataRequest("/a", False))])):
        client.send(framed(bytes(7) + bytes([op.MULTI_READ]) + request))
        [(header, archive)] = client.replies()
        assert (-5, archive.end) == (header.err, archive.pos)
