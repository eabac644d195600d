"""What a client may send at all: kinds and ranges are checked first, and nothing ends the server.

That a real process stands it too is for tests/runtime/test_robustness.py.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    CreateRequest,
    CreateTTLRequest,
    DeleteRequest,
    ReconfigRequest,
    SetACLRequest,
    SetDataRequest,
)
from pyzoo.sim.operation import encoded
from tests.support.dialogue import OPEN, Client, LoneServer

QUOTA = "/zookeeper/quota"
BADARGUMENTS, UNIMPLEMENTED = -8, -6
CREATES = [op.CREATE, op.CREATE2, op.CREATE_CONTAINER, op.CREATE_TTL]
SEGMENTS = ["a", "q", "zookeeper", "quota", "config", "zookeeper_limits", "zookeeper_stats"]
TTL_MAX = (1 << 40) - 1

paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))
ttls = st.one_of(st.sampled_from([-1, 0, 1, 1000, TTL_MAX, TTL_MAX + 1]), st.integers(-(1 << 63), (1 << 63) - 1))


def with_quota() -> Client:
    """A client, and a node /q with a soft quota."""
    client = LoneServer(enforce_quota=True).connect()
    for path in ("/q", QUOTA + "/q"):
        client.create(path)
    client.create(QUOTA + "/q/zookeeper_limits", b"count=100,bytes=100")
    client.create(QUOTA + "/q/zookeeper_stats", b"count=-1,bytes=-1")
    return client


def create(op_type: int, path: str, flags: int, ttl: int) -> CreateRequest | CreateTTLRequest:
    if op_type == op.CREATE_TTL:
        return CreateTTLRequest(path, b"xyz", OPEN, flags, ttl)
    return CreateRequest(path, b"xyz", OPEN, flags)


def assert_goes_on(world: LoneServer) -> None:
    """Nothing is left half done, the tree is that of the log, and the next client is served."""
    assert 0 == world.server.throttler.in_process
    assert world.server.tree.tree_digest == world.server.outstanding.tree_digest
    assert world.connect().create("/still-", flags=2).startswith("/still-")
    world.restart()
    assert "zookeeper" in world.connect().children("/")


# --- kinds and ranges come first


@given(st.booleans(), st.integers(-9, 15), ttls)
def test_a_ttl_is_for_ttl_modes_and_within_its_range(extended_types: bool, flags: int, ttl: int) -> None:
    world = LoneServer(extended_types_enabled=extended_types)
    client = world.connect()
    before = world.server.tree.last_processed_zxid
    is_ttl_mode = flags in (5, 6)
    expected = BADARGUMENTS
    if is_ttl_mode and not extended_types:
        expected = UNIMPLEMENTED
    elif is_ttl_mode and 0 < ttl <= TTL_MAX:
        expected = 0
    assert expected == client.error(op.CREATE_TTL, CreateTTLRequest("/a", b"", OPEN, flags, ttl))
    assert before + 1 == world.server.tree.last_processed_zxid
    assert_goes_on(world)


@given(st.sampled_from(CREATES), st.one_of(st.integers(-(1 << 31), -1), st.integers(7, (1 << 31) - 1)))
def test_flags_that_are_no_kind_of_node_are_refused(op_type: int, flags: int) -> None:
    world = LoneServer(extended_types_enabled=True)
    assert BADARGUMENTS == world.connect().error(op_type, create(op_type, "/a", flags, 1))
    assert "/a" not in world.server.tree.nodes
    assert_goes_on(world)


# --- quotas are bookkeeping


@given(st.binary(max_size=40))
def test_statistics_that_cannot_be_read_count_from_nothing(data: bytes) -> None:
    client = with_quota()
    assert 0 == client.error(op.SET_DATA, SetDataRequest(QUOTA + "/q/zookeeper_stats", data, -1))
    assert "/q/a" == client.create("/q/a", b"12")
    assert 0 == client.error(op.SET_DATA, SetDataRequest("/q/a", b"3", -1))
    assert 0 == client.error(op.DELETE, DeleteRequest("/q/a", -1))
    assert (client.data(QUOTA + "/q/zookeeper_stats") or b"").startswith(b"count=")
    assert_goes_on(client.world)


@given(st.lists(st.tuples(st.sampled_from([op.CREATE, op.SET_DATA, op.DELETE]), paths, st.binary(max_size=9))))
def test_names_that_quotas_use_may_stand_anywhere(steps: list[tuple[int, str, bytes]]) -> None:
    client = LoneServer(enforce_quota=True).connect()
    for op_type, path, data in steps:
        request: Record = DeleteRequest(path, -1)
        if op_type == op.CREATE:
            request = CreateRequest(path, data, OPEN, 0)
        elif op_type == op.SET_DATA:
            request = SetDataRequest(path, data, -1)
        client.error(op_type, request)
    assert_goes_on(client.world)


# --- a write that is cut off


@pytest.mark.parametrize(
    ("op_type", "body"),
    [
        (op.CREATE, CreateRequest("/a", b"data", OPEN, 0)),
        (op.CREATE2, CreateRequest("/a", b"data", OPEN, 0)),
        (op.CREATE_CONTAINER, CreateRequest("/a", b"data", OPEN, 4)),
        (op.CREATE_TTL, CreateTTLRequest("/a", b"data", OPEN, 5, 1000)),
        (op.DELETE, DeleteRequest("/a", -1)),
        (op.SET_DATA, SetDataRequest("/a", b"data", -1)),
        (op.SET_ACL, SetACLRequest("/a", OPEN, -1)),
        (op.RECONFIG, ReconfigRequest(None, None, None, -1)),
    ],
)
def test_a_write_that_is_cut_off_is_answered_and_never_logged(
    world: LoneServer, client: Client, op_type: int, body: Record
) -> None:
    logged, zxid = len(world.logged), world.server.tree.last_processed_zxid
    whole = encoded(body)
    for length in range(len(whole)):
        assert -5 == client.error(op_type, whole[:length])
    assert (logged, zxid) == (len(world.logged), world.server.tree.last_processed_zxid)
    assert_goes_on(world)


# --- any bytes at all

OPCODES = [
    number
    for number in range(-12, 110)
    if number not in (op.CLOSE_SESSION, op.SASL, op.AUTH) and number not in (0, 10, 13)
]
PATHS = ["/", "", "/a", "/a/", "/q", "/q/x", "/q/x/y", "/zookeeper/config", "//", "a", "/\0", "/\U0001f600"]


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Bytes that look a little like a body: fields of all kinds, one after the other, with a torn end."""
    pieces = []
    for kind in draw(st.lists(st.integers(0, 6), max_size=12)):
        if kind == 0:
            text = draw(st.one_of(st.sampled_from(PATHS), paths)).encode()
            pieces.append(len(text).to_bytes(4, "big") + text)
        elif kind == 1:
            data = draw(st.binary(max_size=12))
            pieces.append(len(data).to_bytes(4, "big") + data)
        elif kind == 2:
            pieces.append(bytes.fromhex("00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65"))
        elif kind == 3:
            pieces.append(draw(st.sampled_from([b"\0", b"\1"])))
        elif kind == 4:
            pieces.append(draw(st.integers(-(1 << 31), (1 << 31) - 1)).to_bytes(4, "big", signed=True))
        elif kind == 5:
            pieces.append(draw(st.integers(-2, 24)).to_bytes(4, "big", signed=True))
        else:
            pieces.append(draw(st.integers(-(1 << 63), (1 << 63) - 1)).to_bytes(8, "big", signed=True))
    body = b"".join(pieces)
    return body[: len(body) - draw(st.sampled_from([0, 0, 0, 1, 4]))]


@given(st.lists(st.tuples(st.sampled_from(OPCODES), bodies()), max_size=40))
def test_no_bytes_end_the_server(requests: list[tuple[int, bytes]]) -> None:
    client = with_quota()
    world, tree = client.world, client.world.server.tree
    for op_type, body in requests:
        if client.closed:
            client = world.connect(timeout_ms=40_000)
        zxid = tree.last_processed_zxid
        client.ask(op_type, body)
        client.received = b""
        assert zxid <= tree.last_processed_zxid <= zxid + 1
    world.pass_time(60_000)
    assert_goes_on(world)


@given(
    st.lists(st.tuples(st.sampled_from(CREATES), paths, st.integers(-1, 7), ttls), max_size=30),
    st.lists(paths, max_size=10),
)
def test_no_order_of_creates_and_deletes_ends_the_server(
    creates: list[tuple[int, str, int, int]], deletes: list[str]
) -> None:
    world = LoneServer(extended_types_enabled=True, enforce_quota=True)
    client = world.connect(timeout_ms=40_000)
    for op_type, path, flags, ttl in creates:
        client.error(op_type, create(op_type, path, flags, ttl))
    for path in deletes:
        client.error(op.DELETE, DeleteRequest(path, -1))
        client.error(op.SET_DATA, SetDataRequest(path, b"text", -1))
    assert not client.closed
    assert_goes_on(world)
