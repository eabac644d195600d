"""What kills or hangs Apache ZooKeeper, or lets a client do so: here the server goes on."""

import pytest
from dialogue import OPEN, Client, LoneServer
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateRequest, CreateTTLRequest, DeleteRequest, SetDataRequest

QUOTA = "/zookeeper/quota"


def with_quota() -> Client:
    """A client, and a node /q with a soft quota."""
    client = LoneServer(enforce_quota=True).connect()
    for path in ("/q", QUOTA + "/q"):
        client.create(path)
    client.create(QUOTA + "/q/zookeeper_limits", b"count=100,bytes=100")
    client.create(QUOTA + "/q/zookeeper_stats", b"count=-1,bytes=-1")
    return client


@pytest.mark.parametrize("extended_types", [False, True])
@pytest.mark.parametrize("flags", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("ttl", [-1, -(1 << 63)])
def test_create_ttl_with_flags_of_another_kind_is_refused(extended_types: bool, flags: int, ttl: int) -> None:
    world = LoneServer(extended_types_enabled=extended_types)
    client = world.connect()
    assert -8 == client.error(op.CREATE_TTL, CreateTTLRequest("/a", b"", OPEN, flags, ttl))
    assert 2 == world.server.tree.last_processed_zxid
    assert "/a" == client.create("/a")


@pytest.mark.parametrize("name", ["zookeeper_limits", "zookeeper_stats"])
def test_the_names_of_quotas_directly_below_their_parent_are_ordinary(name: str) -> None:
    client = LoneServer(enforce_quota=True).connect()
    assert f"{QUOTA}/{name}" == client.create(f"{QUOTA}/{name}", b"count=0,bytes=0=;countHardLimit=0")
    assert "/a" == client.create("/a")
    assert 0 == client.error(op.DELETE, DeleteRequest(f"{QUOTA}/{name}", -1))


@pytest.mark.parametrize(
    "parent", ["/zookeeper", "/zookeeper/quota", "/zookeeperx", "/zookeeper/a", "/zookeeper/quotas"]
)
def test_a_node_called_limits_elsewhere_can_be_deleted(parent: str) -> None:
    client = LoneServer(enforce_quota=True).connect()
    if not client.exists(parent):
        client.create(parent)
    client.create(parent + "/zookeeper_limits")
    assert 0 == client.error(op.DELETE, DeleteRequest(parent + "/zookeeper_limits", -1))
    assert "/a" == client.create("/a")


@pytest.mark.parametrize("garbage", [b"garbage", b"", b"count=x", b"\xff\xfe", None])
def test_statistics_that_cannot_be_read_count_from_nothing(garbage: bytes | None) -> None:
    client = with_quota()
    assert 0 == client.error(op.SET_DATA, SetDataRequest(QUOTA + "/q/zookeeper_stats", garbage, -1))
    assert "/q/a" == client.create("/q/a", b"12")
    assert 0 == client.error(op.SET_DATA, SetDataRequest("/q/a", b"3", -1))
    assert 0 == client.error(op.DELETE, DeleteRequest("/q/a", -1))
    assert (client.data(QUOTA + "/q/zookeeper_stats") or b"").startswith(b"count=")


@pytest.mark.parametrize(
    "op_type",
    [
        op.CREATE,
        op.CREATE2,
        op.CREATE_CONTAINER,
        op.CREATE_TTL,
        op.DELETE,
        op.SET_DATA,
        op.SET_ACL,
        op.RECONFIG,
    ],
)
def test_a_truncated_write_is_answered_and_later_writes_go_on(op_type: int) -> None:
    world = LoneServer()
    client = world.connect()
    logged = len(world.logged)
    assert -5 == client.error(op_type, b"\0\0\0\x05/a")
    assert logged == len(world.logged)
    assert "/a" == client.create("/a")
    assert 2 == client.stat("/a").czxid


# --- any bytes at all

OPCODES = [
    number
    for number in range(-12, 110)
    if number not in (op.CLOSE_SESSION, op.SASL, op.AUTH) and number not in (0, 10, 13)
]
PATHS = ["/", "", "/a", "/a/", "/q", "/q/x", "/q/x/y", "/zookeeper", QUOTA, QUOTA + "/q", QUOTA + "/q/zookeeper_limits"]
PATHS += [
    QUOTA + "/q/zookeeper_stats",
    QUOTA + "/zookeeper_limits",
    "/zookeeper/config",
    "//",
    "a",
    "/\0",
    "/\U0001f600",
]


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Bytes that look a little like a body: fields of all kinds, one after the other, with a torn end."""
    pieces = []
    for kind in draw(st.lists(st.integers(0, 6), max_size=12)):
        if kind == 0:
            text = draw(st.sampled_from(PATHS)).encode()
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
def test_no_bytes_stop_the_server(requests: list[tuple[int, bytes]]) -> None:
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
    assert 0 == world.server.in_process
    assert tree.tree_digest == world.server.outstanding.tree_digest
    last = world.connect()
    assert last.create("/still", flags=2).startswith("/still")
    world.restart()
    assert "zookeeper" in world.connect().children("/")


def flagged(op_type: int, path: str, flags: int, ttl: int) -> CreateRequest | CreateTTLRequest:
    if op_type == op.CREATE_TTL:
        return CreateTTLRequest(path, b"xyz", OPEN, flags, ttl)
    return CreateRequest(path, b"xyz", OPEN, flags)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([op.CREATE, op.CREATE2, op.CREATE_CONTAINER, op.CREATE_TTL]),
            st.sampled_from(PATHS),
            st.integers(-1, 7),
            st.sampled_from([-1, 0, 1, 1000, 1 << 40, -(1 << 63)]),
        ),
        max_size=30,
    ),
    st.lists(st.sampled_from(PATHS), max_size=10),
)
def test_no_order_of_creates_and_deletes_stops_the_server(
    creates: list[tuple[int, str, int, int]], deletes: list[str]
) -> None:
    world = LoneServer(extended_types_enabled=True, enforce_quota=True)
    client = world.connect(timeout_ms=40_000)
    for op_type, path, flags, ttl in creates:
        client.error(op_type, flagged(op_type, path, flags, ttl))
    for path in deletes:
        client.error(op.DELETE, DeleteRequest(path, -1))
        client.error(op.SET_DATA, SetDataRequest(path, b"text", -1))
    assert not client.closed
    assert client.exists("/zookeeper")
    assert world.server.tree.tree_digest == world.server.outstanding.tree_digest
