"""Clients that send nonsense, too much, too slowly, or never read: only they suffer for it."""

import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import (
    AddWatchRequest,
    ConnectRequest,
    ConnectResponse,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetDataRequest,
    MultiHeader,
    ReplyHeader,
    SetDataRequest,
)
from pyzoo.sim.operation import encoded, framed
from pyzoo.testing import EmbeddedServer
from tests.support.dialogue import OPEN
from tests.support.examples import examples
from tests.support.server_process import node_count, request

PATIENCE_SECONDS = 60
PAGE_BYTES = resource.getpagesize()
HELLO = framed(encoded(ConnectRequest(0, 0, 10_000, 0, b"\0" * 16, False)))
LASTING_MS = 600_000
LASTING_HELLO = framed(encoded(ConnectRequest(0, 0, LASTING_MS, 0, b"\0" * 16, False)))
"""For a session that says nothing while others come, or that waits for a long answer, however busy the machine is."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One server for all tests: what one breaks, the next ones notice. At the end its files must still load."""
    directory = tmp_path_factory.mktemp("data")
    properties = {"zookeeper.preAllocSize": "64", "zookeeper.forceSync": "no", "maxSessionTimeout": str(LASTING_MS)}
    with EmbeddedServer(data_dir=str(directory), properties=properties) as server:
        yield server
        nodes = node_count(server.port)
    with EmbeddedServer(data_dir=str(directory), properties=properties) as again:
        assert nodes == node_count(again.port)


@pytest.fixture(autouse=True)
def _others_are_served(server: EmbeddedServer) -> Iterator[None]:
    """After every test the server still works for everybody else."""
    yield
    assert_it_answers(server)


def dial(server: EmbeddedServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS)


def log_in(server: EmbeddedServer) -> socket.socket:
    """A connection with a session."""
    sock = dial(server)
    sock.sendall(LASTING_HELLO)
    response = ConnectResponse.decode(InputArchive(next_frame(sock)))
    assert response.session_id != 0
    return sock


def exactly(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = sock.recv(min(size - len(data), 1 << 20))
        assert piece, "the server closed the connection"
        data += piece
    return bytes(data)


def next_frame(sock: socket.socket) -> bytes:
    return exactly(sock, int.from_bytes(exactly(sock, 4), "big"))


def next_reply(sock: socket.socket) -> ReplyHeader:
    return ReplyHeader.decode(InputArchive(next_frame(sock)))


def all_until_close(sock: socket.socket) -> bytes:
    """What the server sends before it closes the connection."""
    data = b""
    try:
        while piece := sock.recv(1 << 20):
            data += piece
    except ConnectionResetError:
        pass
    return data


def assert_it_answers(server: EmbeddedServer) -> None:
    """Another client can write, read and leave."""
    with log_in(server) as sock:
        sock.sendall(request(1, op.CREATE, CreateRequest("/alive", b"x", OPEN, 1)))
        sock.sendall(request(2, op.GET_DATA, GetDataRequest("/alive", False)))
        sock.sendall(request(3, op.CLOSE_SESSION))
        assert [(1, 0), (2, 0), (3, 0)] == [(header.xid, header.err) for header in (next_reply(sock) for _ in range(3))]


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


# --- nonsense


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\x00\x10\x00\x00",
        b"\0\0\0\0",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        framed(b"x" * 10),
        framed(encoded(ConnectRequest(0, 1 << 62, 10_000, 0, b"", False))),
        framed(encoded(ConnectRequest(0, 0, 0, 0, b"", False)).replace(b"\0\0\0\0\0", b"\x7f\xff\xff\xff\0", 1)[:20]),
    ],
)
def test_a_bad_beginning_closes_the_connection_without_a_word(server: EmbeddedServer, data: bytes) -> None:
    with dial(server) as sock:
        sock.sendall(data)
        assert b"" == all_until_close(sock)


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x04abcd", b"ruok"])
def test_a_bad_frame_of_a_session_closes_the_connection(server: EmbeddedServer, data: bytes) -> None:
    with log_in(server) as sock:
        sock.sendall(data)
        assert b"" == all_until_close(sock)


LIES = [
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xfe",
    b"\x80\0\0\0",
    b"\0\x1f\xff\xff",
]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("op_type", [op.CREATE, op.DELETE, op.SET_DATA, op.GET_DATA, op.SET_ACL, op.SYNC, op.ADD_WATCH])
def test_a_length_that_lies_is_answered_with_an_error(server: EmbeddedServer, op_type: int, lie: bytes) -> None:
    with log_in(server) as sock:
        sock.sendall(request(1, op_type, lie + b"/a\0\0\0\0"))
        assert -5 == next_reply(sock).err


@pytest.mark.parametrize("count", [0x7FFFFFFF, 0x10000000, 100_000])
def test_a_huge_vector_in_a_small_frame_is_answered_with_an_error(server: EmbeddedServer, count: int) -> None:
    many = count.to_bytes(4, "big")
    with log_in(server) as sock:
        sock.sendall(request(1, op.CREATE, b"\0\0\0\x02/a", b"\0\0\0\0", many, b"\0\0\0\x1f"))
        sock.sendall(request(2, op.SET_WATCHES, bytes(8), many, b"\0\0\0\0"))
        sock.sendall(request(3, op.SET_ACL, b"\0\0\0\x02/a", many))
        assert [-5, -5, -5] == [next_reply(sock).err for _ in range(3)]


def test_a_frame_full_of_the_smallest_elements_is_served(server: EmbeddedServer) -> None:
    empty = b"\0\0\0\0" * 200_000
    parts = (encoded(MultiHeader(op.CHECK, False, -1)) + b"\0\0\0\0\0\0\0\0") * 50_000
    with log_in(server) as sock:
        sock.sendall(request(1, op.SET_WATCHES, bytes(8), (200_000).to_bytes(4, "big"), empty, b"\0\0\0\0\0\0\0\0"))
        sock.sendall(request(2, op.MULTI, parts, MultiHeader(-1, True, -1)))
        while True:
            header = next_reply(sock)
            if header.xid == 2:
                break
        assert 0 == header.err


@pytest.mark.parametrize(
    "text", [b"/\xff\xfe", b"/\xed\xa0\x80", b"/\xf0\x9f\x98\x80", b"/\0", b"/\xc0\xaf", b"\xe2\x82"]
)
def test_text_that_is_none_is_no_path(server: EmbeddedServer, text: bytes) -> None:
    field = len(text).to_bytes(4, "big") + text
    acl = bytes.fromhex("00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65")
    with log_in(server) as sock:
        sock.sendall(request(1, op.CREATE, field, b"\0\0\0\0", acl, bytes(4)))
        sock.sendall(request(2, op.SYNC, field))
        sock.sendall(request(3, op.ADD_WATCH, field, bytes(4)))
        assert [-8, 0, 0] == [next_reply(sock).err for _ in range(3)]


@settings(max_examples=examples(40))
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes(server: EmbeddedServer, data: bytes, with_session: bool) -> None:
    with log_in(server) if with_session else dial(server) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        all_until_close(sock)


CONVERSATION = [
    HELLO,
    request(1, op.CREATE, CreateRequest("/flip", b"data", OPEN, 1)),
    request(2, op.GET_DATA, GetDataRequest("/flip", True)),
    request(3, op.SET_DATA, SetDataRequest("/flip", b"other", -1)),
    request(
        4,
        op.MULTI,
        MultiHeader(op.CREATE, False, -1),
        CreateRequest("/flip2", b"", OPEN, 1),
        MultiHeader(op.SET_DATA, False, -1),
        SetDataRequest("/flip", b"", -1),
        MultiHeader(-1, True, -1),
    ),
    request(5, op.ADD_WATCH, AddWatchRequest("/", 1)),
    request(6, op.EXISTS, ExistsRequest("/none", True)),
    request(7, op.DELETE, DeleteRequest("/flip", -1)),
]


@settings(max_examples=examples(60))
@given(st.lists(st.integers(0, len(b"".join(CONVERSATION)) * 8 - 1), min_size=1, max_size=4))
def test_flipped_bits(server: EmbeddedServer, flips: list[int]) -> None:
    data = bytearray(b"".join(CONVERSATION))
    for bit in flips:
        data[bit // 8] ^= 1 << bit % 8
    with dial(server) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        all_until_close(sock)


# --- slow and half-open connections


def test_one_byte_at_a_time_is_as_good_as_all_at_once(server: EmbeddedServer) -> None:
    with dial(server) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"".join(CONVERSATION):
            sock.sendall(bytes([byte]))
        assert 37 == len(next_frame(sock))
        replies = [header for header in (next_reply(sock) for _ in range(9)) if header.xid != -1]
        assert [1, 2, 3, 4, 5, 6, 7] == [header.xid for header in replies]


def test_a_large_frame_in_many_pieces_is_put_together(server: EmbeddedServer) -> None:
    data = b"x" * 900_000
    frame = request(1, op.CREATE, CreateRequest("/large", data, OPEN, 1))
    with log_in(server) as sock:
        for at in range(0, len(frame), 1000):
            sock.sendall(frame[at : at + 1000])
        assert 0 == next_reply(sock).err
        sock.sendall(request(2, op.GET_DATA, GetDataRequest("/large", False)))
        archive = InputArchive(next_frame(sock))
        ReplyHeader.decode(archive)
        assert data == archive.read_buffer()


def test_connections_that_stop_in_the_middle_hold_nobody_up(server: EmbeddedServer) -> None:
    halves = [dial(server) for _ in range(50)]
    for at, sock in enumerate(halves):
        sock.sendall(HELLO[:at])
    assert_it_answers(server)
    for sock in halves:
        sock.close()


def test_a_connection_closed_for_writing_is_closed(server: EmbeddedServer) -> None:
    with log_in(server) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert b"" == all_until_close(sock)


def test_a_reset_in_the_middle_of_everything(server: EmbeddedServer) -> None:
    for _ in range(30):
        sock = dial(server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.sendall(b"".join(CONVERSATION))
        sock.close()


# --- clients that do not read

LARGE = 100_000
UNREAD = 3000


def test_a_client_that_never_reads_its_replies_costs_little_memory(server: EmbeddedServer) -> None:
    with log_in(server) as owner, log_in(server) as deaf:
        owner.sendall(request(1, op.CREATE, CreateRequest("/unread", b"x" * LARGE, OPEN, 1)))
        assert 0 == next_reply(owner).err
        before = resident_bytes()
        asks = b"".join([request(xid, op.GET_DATA, GetDataRequest("/unread", False)) for xid in range(1, UNREAD + 1)])
        sender = threading.Thread(target=deaf.sendall, args=(asks,))
        sender.start()
        for _ in range(50):
            owner.sendall(request(2, op.SET_DATA, SetDataRequest("/unread", b"y" * LARGE, -1)))
            assert 0 == next_reply(owner).err
        assert resident_bytes() - before < UNREAD * LARGE // 3
        # Nothing is lost for one who only reads late.
        assert list(range(1, UNREAD + 1)) == [next_reply(deaf).xid for _ in range(UNREAD)]
        sender.join()


def test_a_client_that_never_reads_its_events_is_given_up_or_waited_for(server: EmbeddedServer) -> None:
    with log_in(server) as writer, log_in(server) as deaf:
        deaf.sendall(request(1, op.ADD_WATCH, AddWatchRequest("/", 1)))
        assert 0 == next_reply(deaf).err
        before = resident_bytes()
        path = "/" + "long" * 200
        writer.sendall(request(1, op.CREATE, CreateRequest(path, b"", OPEN, 1)))
        assert 0 == next_reply(writer).err
        for start in range(0, 10_000, 500):
            writer.sendall(
                b"".join([request(start + at, op.SET_DATA, SetDataRequest(path, b"", -1)) for at in range(500)])
            )
            assert {0} == {next_reply(writer).err for _ in range(500)}
        assert resident_bytes() - before < 200 << 20


# --- crowds


def test_thousands_of_idle_connections(server: EmbeddedServer) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4500 if hard == resource.RLIM_INFINITY else min(4500, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    crowd: list[socket.socket] = []
    try:
        for _ in range(min(2000, (max(soft, wanted) - 400) // 2)):
            sock = dial(server)
            sock.sendall(LASTING_HELLO)
            crowd.append(sock)
        assert {37} == {len(next_frame(sock)) for sock in crowd}
        assert_it_answers(server)
        for sock in crowd:
            sock.sendall(request(-2, op.PING))
        assert {-2} == {next_reply(sock).xid for sock in crowd}
    finally:
        for sock in crowd:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_file_descriptors_those_who_are_in_are_served(server: EmbeddedServer) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with log_in(server) as inside:
        waiting = [socket.socket() for _ in range(5)]
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(sock.fileno() for sock in waiting) + 1, hard))
            for sock in waiting:
                sock.settimeout(PATIENCE_SECONDS)
                sock.connect(("127.0.0.1", server.port))
                sock.sendall(HELLO)
            for xid in range(20):
                inside.sendall(request(xid, op.EXISTS, ExistsRequest("/", False)))
                assert (xid, 0) == (next_reply(inside).xid, 0)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert {37} == {len(next_frame(sock)) for sock in waiting}
        for sock in waiting:
            sock.close()


def test_a_storm_of_connections(server: EmbeddedServer) -> None:
    failures: list[BaseException] = []

    def storm() -> None:
        try:
            for turn in range(150):
                with dial(server) as sock:
                    if turn % 3:
                        sock.sendall(HELLO)
                    if turn % 3 == 2:
                        next_frame(sock)
                        sock.sendall(request(1, op.CLOSE_SESSION))
                        next_frame(sock)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=storm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures


def test_sessions_come_and_go(server: EmbeddedServer) -> None:
    with log_in(server) as sock:
        before = node_count(server.port)
        for _ in range(100):
            with log_in(server) as other:
                other.sendall(request(1, op.CREATE, CreateRequest("/here", b"", OPEN, 3)))
                other.sendall(request(2, op.CLOSE_SESSION))
                assert [0, 0] == [next_reply(other).err for _ in range(2)]
        assert node_count(server.port) <= before
        sock.sendall(request(1, op.PING))
        assert -2 == next_reply(sock).xid
