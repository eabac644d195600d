"""Limits and throttles as clients meet them."""

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ConnectRequest, CreateRequest, ExistsRequest, SetDataRequest, SyncRequest
from pyzoo.sim.operation import encoded, framed
from tests.support.dialogue import OPEN, Client, LoneServer

# --- numbers of connections


def test_connections_of_one_address_are_limited() -> None:
    world = LoneServer(max_client_cnxns=2)
    first, _ = world.socket("10.0.0.1"), world.socket("10.0.0.1")
    assert world.try_socket("10.0.0.1") is None
    assert world.try_socket("10.0.0.2") is not None
    first.hang_up()
    assert world.try_socket("10.0.0.1") is not None
    assert world.try_socket("10.0.0.1") is None


def test_all_connections_are_limited_together() -> None:
    world = LoneServer(max_cnxns=2)
    first, _ = world.socket("10.0.0.1"), world.socket("10.0.0.2")
    assert world.try_socket("10.0.0.3") is None
    first.hang_up()
    assert world.try_socket("10.0.0.3") is not None


def test_zero_is_no_limit() -> None:
    world = LoneServer(max_client_cnxns=0, max_cnxns=0)
    assert all(world.try_socket() is not None for _ in range(200))


# --- silence before the handshake


def test_a_connection_without_a_session_is_closed_after_ten_to_twenty_seconds() -> None:
    world = LoneServer(sessionless_cnxn_timeout_ms=10_000)
    silent, begun, client = world.socket(), world.socket(), world.connect(timeout_ms=40_000)
    begun.send(b"\0\0\0\x2d\0")
    world.pass_time(9500)
    assert [False, False] == [silent.closed, begun.closed]
    world.pass_time(10_500)
    assert [True, True, False] == [silent.closed, begun.closed, client.closed]
    assert b"" == silent.received


@pytest.mark.parametrize("begun", [framed(bytes(45)), b"ruok", b"\0"], ids=["a hello", "a word", "a length"])
def test_bytes_do_not_put_it_off(begun: bytes) -> None:
    """Apache's counts from the last byte, and a byte now and then keeps a connection for ever."""
    world = LoneServer(sessionless_cnxn_timeout_ms=10_000)
    slow = world.socket()
    for index in range(3):
        assert not slow.closed
        slow.send(begun[index : index + 1])
        world.pass_time(9000)
    assert slow.closed
    assert b"" == slow.received


def test_a_hello_in_pieces_that_is_whole_in_time_opens_a_session() -> None:
    world = LoneServer(sessionless_cnxn_timeout_ms=10_000)
    slow = world.socket()
    hello = framed(encoded(ConnectRequest(0, 0, 40_000, 0, b"\0" * 16, False)))
    for index in range(len(hello)):
        slow.send(hello[index : index + 1])
        world.pass_time(200)
    assert slow.received
    world.pass_time(30_000)
    assert not slow.closed


# --- sizes


@pytest.mark.parametrize(("excess", "closed"), [(0, False), (1, True)])
def test_a_frame_may_be_as_large_as_the_limit(excess: int, closed: bool) -> None:
    client = LoneServer(jute_max_buffer=4096).connect()
    header = bytes(7) + b"\x0b"
    client.send(framed(header + bytes(4096 - len(header) + excess)))
    assert closed is client.closed
    assert closed is (client.received == b"")


def test_a_reply_may_be_larger() -> None:
    client = LoneServer(jute_max_buffer=4096).connect()
    for number in range(100):
        client.create(f"/{'x' * 90}{number}")
    assert 101 == len(client.children("/"))


@pytest.mark.parametrize("word", [b"\xff\xff\xff\xff", b"\x80\0\0\0", b"\x7f\xff\xff\xff", b"ruok"])
def test_an_absurd_length_closes_the_connection(client: Client, word: bytes) -> None:
    client.send(word)
    assert (True, b"") == (client.closed, client.received)


@pytest.mark.parametrize("payload", [b"", b"\0\0\0\1", bytes(7)])
def test_a_frame_without_a_whole_header_closes_the_connection(client: Client, payload: bytes) -> None:
    client.send(framed(payload))
    assert (True, b"") == (client.closed, client.received)


# --- large requests


def write(client: Client, size: int) -> None:
    client.ask(op.SET_DATA, SetDataRequest("/a", b"x" * size, -1))


def test_large_requests_on_their_way_are_limited_together() -> None:
    world = LoneServer(large_request_threshold=1000, large_request_max_bytes=5000)
    one, two, three = world.connect(), world.connect(), world.connect()
    one.create("/a")
    world.disk_is_slow = True
    write(one, 3000)
    write(two, 900)
    write(three, 3000)
    assert [False, False, True] == [one.closed, two.closed, three.closed]
    assert b"" == three.received
    world.sync()
    write(two, 3000)
    assert not two.closed


def test_one_connection_cannot_have_more_than_all_together() -> None:
    world = LoneServer(large_request_threshold=1000, large_request_max_bytes=5000)
    client = world.connect()
    client.create("/a")
    world.disk_is_slow = True
    write(client, 3000)
    assert not client.closed
    write(client, 3000)
    assert client.closed
    world.sync()
    assert 0 == world.server.throttler.large_bytes


def test_a_large_request_counts_no_longer_when_it_is_done() -> None:
    world = LoneServer(large_request_threshold=1000, large_request_max_bytes=5000)
    client = world.connect()
    client.create("/a")
    for _ in range(5):
        write(client, 3000)
        client.ask(op.SYNC, SyncRequest("/" + "x" * 3000))
    assert not client.closed
    assert 0 == world.server.throttler.large_bytes
    world.disk_is_slow = True
    write(client, 3000)
    client.hang_up()
    world.sync()
    assert 0 == world.server.throttler.large_bytes


# --- back-pressure


def test_connections_with_requests_on_their_way_are_not_read_above_the_limit() -> None:
    world = LoneServer(global_outstanding_limit=10)
    busy, idle = world.connect(), world.connect()
    busy.create("/a")
    world.disk_is_slow = True
    for _ in range(11):
        busy.ask(op.SET_DATA, SetDataRequest("/a", b"", -1))
    assert not world.server.wants_input(busy.cnxn)
    assert world.server.wants_input(idle.cnxn)
    world.sync()
    assert world.server.wants_input(busy.cnxn)


# --- the request throttler


def test_the_request_throttler_delays() -> None:
    world = LoneServer(request_throttle_max_requests=2)
    client, other = world.connect(), world.connect()
    client.create("/a")
    world.disk_is_slow = True
    for _ in range(4):
        client.ask(op.SET_DATA, SetDataRequest("/a", b"", -1))
    other.ask(op.EXISTS, ExistsRequest("/a", False))
    assert [] == other.replies()
    world.sync()
    world.turn()
    world.sync()
    world.turn()
    assert [0] * 4 == [header.err for header, _ in client.replies()]
    assert [0] == [header.err for header, _ in other.replies()]
    assert 0 == world.server.throttler.in_process


def test_a_request_that_waited_too_long_is_not_done() -> None:
    world = LoneServer(request_throttle_max_requests=1, throttled_op_wait_time_ms=1000)
    client = world.connect(timeout_ms=40_000)
    client.create("/a")
    world.disk_is_slow = True
    client.ask(op.SET_DATA, SetDataRequest("/a", b"1", -1))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"2", -1))
    client.ask(op.PING)
    client.ask(op.SYNC, SyncRequest("/"))
    world.pass_time(2000)
    world.disk_is_slow = False
    world.sync()
    for _ in range(4):
        world.turn()
    replies = client.replies()
    assert [(2, 3, 0), (3, 3, -127), (-2, 3, 0), (5, 3, -127)] == [
        (header.xid, header.zxid, header.err) for header, _ in replies
    ]
    assert [True] * 4 == [archive.end - archive.pos in (0, 68) for _, archive in replies]
    assert b"1" == client.data("/a")
    assert 3 == world.server.tree.last_processed_zxid


def test_requests_of_closed_connections_are_dropped_from_the_throttler() -> None:
    world = LoneServer(request_throttle_max_requests=1)
    client, other = world.connect(), world.connect()
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    other.ask(op.CREATE, CreateRequest("/b", b"", OPEN, 0))
    other.hang_up()
    world.disk_is_slow = False
    world.sync()
    world.turn()
    assert [0] == [header.err for header, _ in client.replies()]
    assert (True, False) == (client.exists("/a"), client.exists("/b"))
    assert 0 == world.server.throttler.in_process


# --- the connection throttle


def test_connect_requests_over_the_rate_are_closed_silently() -> None:
    world = LoneServer(connection_throttle_tokens=2, connection_throttle_fill_time_ms=1000)
    clients = [world.connect() for _ in range(3)]
    assert [False, False, True] == [client.closed for client in clients]
    assert b"" == clients[2].received
    assert 2 == world.server.tree.last_processed_zxid
    world.pass_time(1500)
    assert not world.connect().closed
