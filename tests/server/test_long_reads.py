"""Reads that take more than a turn: the same answers, a part at a time, and nobody else waits."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import (
    ACL,
    CreateRequest,
    GetChildren2Request,
    GetChildrenRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiHeader,
    ReplyHeader,
    RequestHeader,
    SetDataRequest,
    SetWatches,
    SetWatches2,
)
from pyzoo.server.clients.cnxn import OUT_HIGH_WATER
from pyzoo.server.slices import NEVER, REST_MS
from pyzoo.sim.operation import encoded, framed
from tests.support.dialogue import OPEN, Client, LoneServer
from tests.support.examples import examples

END = MultiHeader(-1, True, -1)
EPHEMERAL = 1
UNREADABLE = [ACL(30, "world", "anyone")]
CROWD = 900
"""Children enough for a listing that is kept in pieces."""


def ask(client: Client, op_type: int, *body: Any) -> list[bytes]:
    """Ask, wait for the end, and take all frames."""
    client.ask(op_type, *body)
    client.world.finish_work()
    return client.frames()


def reads(parts: Sequence[tuple[int, str]]) -> bytes:
    """A multiRead."""
    body = b""
    for kind, path in parts:
        body += encoded(MultiHeader(kind, False, -1))
        body += encoded((GetDataRequest if kind == op.GET_DATA else GetChildrenRequest)(path, False))
    return body + encoded(END)


def number_body(path: str) -> bytes:
    return len(path).to_bytes(4, "big") + path.encode()


def planted(**settings: Any) -> Client:
    """A client of a server with some nodes."""
    client = LoneServer(**settings).connect()
    for path, data in (("/a", b"data"), ("/a/b", b""), ("/large", b"x" * 70_000), ("/many", b"")):
        client.create(path, data)
    for at in range(CROWD):
        client.create(f"/many/child-{at}", flags=EPHEMERAL if at % 3 == 0 else 0)
    client.create("/secret", acl=UNREADABLE)
    client.frames()
    return client


@pytest.fixture(scope="module")
def clients() -> tuple[Client, Client]:
    """The same on two servers, of which one answers everything bit by bit."""
    return planted(), planted(slice_units=1)


PATHS = st.sampled_from(["/", "/a", "/a/b", "/large", "/many", "/many/child-3", "/none", "/secret", "", "/none/x"])
PARTS = st.lists(st.tuples(st.sampled_from([op.GET_DATA, op.GET_CHILDREN]), PATHS), max_size=12)
PATH_LISTS = st.lists(PATHS, max_size=5)
REQUESTS = st.one_of(
    st.builds(lambda path: (op.GET_CHILDREN, encoded(GetChildrenRequest(path, False))), PATHS),
    st.builds(lambda path: (op.GET_CHILDREN2, encoded(GetChildren2Request(path, False))), PATHS),
    st.builds(lambda path: (op.GET_ALL_CHILDREN_NUMBER, number_body(path)), PATHS),
    st.builds(lambda path: (op.GET_EPHEMERALS, encoded(GetEphemeralsRequest(path))), PATHS),
    st.builds(lambda parts: (op.MULTI_READ, reads(parts)), PARTS),
    st.builds(
        lambda zxid, *lists: (op.SET_WATCHES2, encoded(SetWatches2(zxid, *lists))),
        st.sampled_from([0, 500, 1 << 40]),
        *[PATH_LISTS] * 5,
    ),
    st.builds(
        lambda zxid, *lists: (op.SET_WATCHES, encoded(SetWatches(zxid, *lists))),
        st.integers(0, 2000),
        *[PATH_LISTS] * 3,
    ),
)


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(REQUESTS, st.integers(0, 3))
def test_what_takes_many_turns_is_answered_as_what_takes_one(
    clients: tuple[Client, Client], request: tuple[int, bytes], cut: int
) -> None:
    op_type, body = request
    whole, sliced = [ask(client, op_type, body[: len(body) - cut] if cut else body) for client in clients]
    assert whole == sliced


@pytest.mark.parametrize(
    "parts",
    [
        [(op.GET_DATA, "/a"), (op.GET_CHILDREN, "/a")],
        [(op.SET_DATA, "/a")],
        [(op.SET_DATA, "/a"), (op.GET_DATA, "/a")],
    ],
)
def test_a_long_multi_read_that_holds_a_write_fails_as_a_short_one(
    clients: tuple[Client, Client], parts: list[tuple[int, str]]
) -> None:
    body = b""
    for kind, path in parts:
        record: Any = SetDataRequest(path, b"", -1) if kind == op.SET_DATA else GetDataRequest(path, False)
        body += encoded(MultiHeader(kind, False, -1), record)
    whole, sliced = [ask(client, op.MULTI_READ, body + encoded(END)) for client in clients]
    assert whole == sliced


def test_a_null_path_ends_a_long_multi_read_as_a_short_one(clients: tuple[Client, Client]) -> None:
    body = reads([(op.GET_DATA, "/a")])[: -len(encoded(END))]
    body += encoded(MultiHeader(op.GET_DATA, False, -1), GetDataRequest(None, False), END)
    whole, sliced = [ask(client, op.MULTI_READ, body) for client in clients]
    assert whole == sliced


# --- one moment, one order


def names(frame: bytes) -> tuple[int, list[str]]:
    """The zxid and the names of a reply to getChildren."""
    archive = InputArchive(frame)
    header = ReplyHeader.decode(archive)
    assert 0 == header.err
    return header.zxid, [archive.read_ustring() or "" for _ in range(archive.read_vector())]


def test_a_long_listing_shows_the_state_of_its_zxid() -> None:
    client = planted(slice_units=200)
    other = client.world.connect()
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/many", False))
    made = {}
    for at in range(30):
        client.world.now_ms += 10
        other.create(f"/many/later-{at}")
        made[f"later-{at}"] = int(client.world.server.tree.last_processed_zxid)
    client.world.finish_work()
    [frame] = client.frames()
    zxid, found = names(frame)
    assert CROWD + sum(1 for later in made.values() if later <= zxid) == len(found) == len(set(found))
    assert all((later <= zxid) == (name in found) for name, later in made.items())


def test_events_of_a_watch_come_behind_the_long_reply_that_set_it() -> None:
    client = planted(slice_units=5)
    other = client.world.connect()
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/many", True))
    at = 0
    while client.cnxn.events is None:
        client.world.now_ms += 10
        client.world.turn()
    while client.cnxn.work is not None:
        other.create(f"/many/later-{at}")
        at += 1
        client.world.now_ms += 10
        client.world.turn()
    assert at > 1
    kinds = [ReplyHeader.decode(InputArchive(frame)).xid for frame in client.frames()]
    assert [client.xid, -1] == kinds


def test_requests_behind_a_long_one_are_answered_in_their_order() -> None:
    client = planted(slice_units=50)
    wanted = [
        (op.GET_CHILDREN, encoded(GetChildrenRequest("/many", False))),
        (op.CREATE, encoded(CreateRequest("/x", b"", OPEN, 0))),
        (op.GET_EPHEMERALS, encoded(GetEphemeralsRequest("/"))),
        (op.SET_DATA, encoded(SetDataRequest("/x", b"1", -1))),
        (op.GET_DATA, encoded(GetDataRequest("/x", False))),
    ]
    data = b"".join(framed(encoded(RequestHeader(100 + at, kind), body)) for at, (kind, body) in enumerate(wanted))
    client.send(data)
    for _ in range(20):
        client.world.finish_work()
        client.world.server.frames_waiting(client.cnxn)
        client.world.turn()
    headers = [ReplyHeader.decode(InputArchive(frame)) for frame in client.frames()]
    assert [(100, 0), (101, 0), (102, 0), (103, 0), (104, 0)] == [(header.xid, header.err) for header in headers]


def test_nothing_overtakes_a_long_read_that_waits_for_a_write() -> None:
    client = planted(slice_units=50)
    world = client.world
    world.disk_is_slow = True
    client.ask(op.SET_DATA, SetDataRequest("/a", b"1", -1))
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/many", False))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"2", -1))
    assert [] == client.frames()
    assert not world.server.wants_input(client.cnxn)
    world.sync()
    world.disk_is_slow = False
    world.finish_work()
    world.server.frames_waiting(client.cnxn)
    world.turn()
    xids = [ReplyHeader.decode(InputArchive(frame)).xid for frame in client.frames()]
    assert [client.xid - 2, client.xid - 1, client.xid] == xids


def test_what_waits_behind_a_read_that_has_grown_long_meanwhile_stays_behind_it() -> None:
    client = planted(slice_units=5)
    world, other = client.world, client.world.connect()
    client.create("/few")
    world.disk_is_slow = True
    for at in range(300):
        other.ask(op.CREATE, CreateRequest(f"/few/{at:050}", b"", OPEN, 0))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"1", -1))
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/few", False))
    client.ask(op.GET_DATA, GetDataRequest("/a", False))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"2", -1))
    assert [] == client.frames()
    world.sync()
    while client.cnxn.pending or client.cnxn.work is not None:
        world.pass_time(REST_MS)
    frames = client.frames()
    assert [client.xid - 3 + at for at in range(4)] == [ReplyHeader.decode(InputArchive(frame)).xid for frame in frames]
    assert 300 == len(names(frames[1])[1])


def test_throttled_requests_wait_behind_a_long_one_of_their_connection() -> None:
    client = planted(slice_units=50, request_throttle_max_requests=1)
    other = client.world.connect()
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/many", False))
    assert client.cnxn.is_busy
    client.world.server.frames_waiting(client.cnxn)
    other.ask(op.GET_DATA, GetDataRequest("/a", False))
    client.world.finish_work()
    client.world.turn()
    assert 1 == len(client.frames())
    assert 1 == len(other.frames())
    assert 0 == client.world.server.throttler.in_process


# --- others, and the end


def test_others_are_answered_in_every_turn_of_a_long_read() -> None:
    client = planted(slice_units=20)
    other = client.world.connect()
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/many", False))
    answered = 0
    while client.cnxn.work is not None:
        client.world.now_ms += 10
        assert b"data" == other.data("/a")
        answered += 1
    assert answered > 20


def test_a_connection_that_goes_away_takes_its_long_read_with_it() -> None:
    client = planted(slice_units=50)
    server = client.world.server
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/many", False))
    assert 1 == server.throttler.in_process
    client.hang_up()
    assert (0, NEVER) == (server.throttler.in_process, server.slices.next_ms)


def test_a_server_that_sends_its_clients_away_ends_a_half_written_reply() -> None:
    client = planted(slice_units=50)
    server = client.world.server
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/many", False))
    while client.cnxn.events is None:
        client.world.now_ms += 10
        client.world.turn()
    server.shutdown()
    assert (0, True) == (server.throttler.in_process, client.cnxn.gone)


def test_a_node_that_goes_while_its_children_are_encoded_is_no_node() -> None:
    client = planted(slice_units=50)
    client.create("/crowd")
    for at in range(1600):
        client.create(f"/crowd/{at}")
    client.frames()
    client.ask(op.GET_CHILDREN, GetChildrenRequest("/crowd", False))
    tree = client.world.server.tree
    for at in range(1600):
        tree.delete_node(f"/crowd/{at}", 5000)
    tree.delete_node("/crowd", 5000)
    client.world.finish_work()
    [frame] = client.frames()
    assert -101 == ReplyHeader.decode(InputArchive(frame)).err


def test_a_long_multi_read_lets_go_of_a_listing_whose_node_has_gone() -> None:
    client = planted(slice_units=50)
    tree = client.world.server.tree
    client.create("/crowd")
    for at in range(1600):
        client.create(f"/crowd/{at}")
    client.frames()
    client.ask(op.MULTI_READ, reads([(op.GET_CHILDREN, "/crowd")]))
    crowd = tree.listings.crowd_of(tree.nodes["/crowd"])
    assert crowd is not None
    while crowd.readers == 0:
        client.world.now_ms += 10
        client.world.turn()
    for at in range(1600):
        tree.delete_node(f"/crowd/{at}", 5000)
    tree.delete_node("/crowd", 5000)
    client.world.finish_work()
    [frame] = client.frames()
    assert encoded(MultiHeader(-1, False, -101)) + (-101).to_bytes(4, "big", signed=True) + encoded(END) == frame[16:]
    assert crowd.readers == 0


# --- how much


class Deaf:
    """Takes nothing of what a connection has to send but when told to, as a network that is full."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.taken = 0
        self.most_waiting = 0
        client.take = self.look  # type: ignore[method-assign]

    def look(self) -> None:
        self.most_waiting = max(self.most_waiting, self.client.cnxn.waiting_bytes())

    def read(self) -> None:
        self.taken += len(self.client.cnxn.data_to_send())


def test_a_multi_read_is_bounded_and_says_what_does_not_fit() -> None:
    client = LoneServer(multi_read_max_bytes=5_000_000).connect()
    client.create("/blob", b"x" * 1_000_000)
    frames = ask(client, op.MULTI_READ, reads([(op.GET_DATA, "/blob")] * 3000))
    archive = InputArchive(frames[0])
    assert 0 == ReplyHeader.decode(archive).err
    codes = []
    while not (header := MultiHeader.decode(archive)).done:
        codes.append(header.err)
        if header.err == 0:
            assert 1_000_000 == len(archive.read_buffer() or b"")
            archive.pos += 68
        else:
            assert header.err == archive.read_int()
    assert [0] * 4 + [-5] * 2996 == codes


def test_the_first_result_always_fits() -> None:
    client = LoneServer(multi_read_max_bytes=1000).connect()
    client.create("/blob", b"x" * 1_000_000)
    client.create("/small", b"y")
    [frame] = ask(client, op.MULTI_READ, reads([(op.GET_DATA, "/blob"), (op.GET_DATA, "/small")]))
    assert len(frame) > 1_000_000
    assert encoded(MultiHeader(-1, False, -5)) + b"\xff\xff\xff\xfb" + encoded(END) == frame[-22:]


def test_many_listings_in_one_multi_read_are_bounded() -> None:
    client = planted(multi_read_max_bytes=100_000)
    [one] = ask(client, op.GET_CHILDREN, GetChildrenRequest("/many", False))
    [frame] = ask(client, op.MULTI_READ, reads([(op.GET_CHILDREN, "/many")] * 10_000))
    assert 100_000 // (len(one) - 16) == frame.count(b"child-899")


def test_a_client_that_does_not_read_has_little_waiting_however_much_it_asks_for(client: Client) -> None:
    client.create("/blob", b"x" * 1_000_000)
    deaf = Deaf(client)
    for _ in range(5):
        client.ask(op.MULTI_READ, reads([(op.GET_DATA, "/blob")] * 3000))
    for _ in range(50):
        client.world.now_ms += 10
        client.world.turn()
    assert deaf.most_waiting <= OUT_HIGH_WATER + 100
    assert NEVER == client.world.server.slices.next_ms
    while client.cnxn.waiting_bytes():
        deaf.read()
        client.world.finish_work()
        client.world.server.frames_waiting(client.cnxn)
        client.world.finish_work()
    assert deaf.most_waiting <= 2 * OUT_HIGH_WATER
    assert deaf.taken > 5 * 15_000_000
