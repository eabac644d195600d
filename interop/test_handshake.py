"""Section by section as a client sees it: the connect handshake and framing."""

import struct

import pytest

from interop import requests as rq
from interop.pair import Pair

NEVER_CREATED = 0x0123456789ABCDEF
FRAMED_HEADER = struct.Struct(">iiqi")
SESSION_EXPIRED = -112


@pytest.mark.parametrize("timeout", [0, -5, 1, 3999, 4000, 4001, 39999, 40000, 40001, 2**31 - 1, -(2**31)])
def test_the_session_timeout_is_clamped(pair: Pair, timeout: int) -> None:
    pair.connect(timeout=timeout).call(rq.PING)


@pytest.mark.parametrize("read_only", [b"", b"\x00", b"\x01", b"\x07", b"\x00trailing"])
def test_the_read_only_byte_decides_the_form_of_the_response(pair: Pair, read_only: bytes) -> None:
    pair.connect(read_only=read_only).call(rq.PING)


@pytest.mark.parametrize("password", [b"", bytes(3), bytes(100), None])
def test_a_new_session_may_come_with_any_password(pair: Pair, password: bytes | None) -> None:
    pair.connect(rq.connect(password=password)).call(rq.PING)


def test_the_protocol_version_is_ignored(pair: Pair) -> None:
    pair.connect(version=77).call(rq.PING)


def test_a_client_that_saw_a_later_zxid_is_refused(pair: Pair) -> None:
    session = pair.dial()
    session.handshake_each([rq.connect(last_zxid=side.server.zxid() + 1) for side in pair.sides])
    assert session.closed
    session = pair.dial()
    session.handshake_each([rq.connect(last_zxid=side.server.zxid()) for side in pair.sides])
    assert not session.closed
    assert pair.connect(last_zxid=2**62).closed
    assert not pair.connect(last_zxid=-(2**62)).closed


@pytest.mark.parametrize("length", [3, 4, 8, 11, 12, 16, 24, 27, 28, 30, 43])
def test_a_short_connect_request_closes_the_connection(pair: Pair, length: int) -> None:
    connection = pair.dial()
    connection.send_payload(rq.connect(read_only=b"")[:length])
    connection.expect_end("short ConnectRequest")


@pytest.mark.parametrize("password_length", [-2, -100, 17, 2**31 - 1])
def test_a_connect_request_with_a_lying_password_length_closes(pair: Pair, password_length: int) -> None:
    connection = pair.dial()
    head = rq.connect()[:24]
    connection.send_payload(head + struct.pack(">i", password_length) + bytes(16))
    connection.expect_end("lying password length")


@pytest.mark.parametrize("length", [-1, -2, 0, 1048576, 2**31 - 1, -(2**31), int.from_bytes(b"GET ")])
def test_an_absurd_first_length_closes_the_connection(pair: Pair, length: int) -> None:
    connection = pair.dial()
    connection.send_raw(struct.pack(">I", length & 0xFFFFFFFF))
    connection.expect_end("absurd length")


@pytest.mark.parametrize("length", [-1, 0, 1048576, 2**31 - 1, int.from_bytes(b"ruok"), int.from_bytes(b"srvr")])
def test_an_absurd_later_length_closes_the_connection(pair: Pair, length: int) -> None:
    session = pair.connect()
    session.send_raw(struct.pack(">I", length & 0xFFFFFFFF))
    session.expect_end("absurd length")


@pytest.mark.parametrize("header", [b"", b"\x00", bytes(4), bytes(7)])
def test_a_short_request_header_closes_the_connection(pair: Pair, header: bytes) -> None:
    session = pair.connect()
    session.send_payload(header)
    session.expect_end("short header")


def test_requests_may_be_pipelined_behind_the_connect_request(pair: Pair) -> None:
    session = pair.dial()
    connect = rq.connect()
    requests = [(rq.CREATE, rq.create("/behind-connect")), (rq.DELETE, rq.path_version("/behind-connect"))]
    data = struct.pack(">i", len(connect)) + connect
    for xid, (opcode, body) in enumerate(requests, 1):
        data += struct.pack(">iii", len(body) + 8, xid, opcode) + body
    session.send_raw(data)
    session.read_connect_response("pipelined connect")
    session.receive([opcode for opcode, _ in requests], "pipelined requests")


def test_frames_may_arrive_byte_by_byte(pair: Pair) -> None:
    session = pair.dial()
    connect = rq.connect()
    for byte in struct.pack(">i", len(connect)) + connect:
        session.send_raw(bytes([byte]))
    session.read_connect_response("connect byte by byte")
    for byte in struct.pack(">iii", 8, 9, rq.WHO_AM_I):
        session.send_raw(bytes([byte]))
    session.receive([rq.WHO_AM_I], "request byte by byte")


@pytest.mark.parametrize("xid", [0, 7, -2, -3, -4, -8, -77, 2**31 - 1, -(2**31)])
def test_the_xid_is_echoed(pair: Pair, xid: int) -> None:
    session = pair.connect()
    session.call(rq.EXISTS, rq.path_watch("/"), xid=xid)
    session.call(rq.PING, xid=xid)
    session.call(rq.AUTH, rq.auth("digest", "u:p"), xid=xid)
    session.call(rq.SET_WATCHES, rq.set_watches(0, [], [], []), xid=xid)
    session.call(rq.CLOSE_SESSION, xid=xid)
    session.expect_end("close")


@pytest.mark.parametrize("opcode", [-100, -12, -1, 0, 10, 13, 23, 24, 99, 108, 109, 9999, 2**31 - 1, -(2**31)])
def test_an_unknown_opcode_is_answered_and_closes(pair: Pair, opcode: int) -> None:
    session = pair.connect()
    session.call(opcode, rq.path_version("/"))
    session.expect_end("unknown opcode")
    pair.connect().call(rq.PING)


def test_a_session_can_be_created_inside_a_session(pair: Pair) -> None:
    session = pair.connect()
    session.call(rq.CREATE_SESSION, rq.integer(6000))
    session.call(rq.PING)
    session.call(rq.CREATE_SESSION, b"\x00")
    session.call(rq.CREATE, rq.create("/after", flags=1))


def test_a_read_behind_a_close_gets_no_result(pair: Pair) -> None:
    session = pair.connect()
    session.send_all([(rq.CLOSE_SESSION, b""), (rq.EXISTS, rq.path_watch("/"))])
    session.receive([rq.CLOSE_SESSION], "the close")
    reference, subject = session.connections
    assert subject.read_to_end() == b""
    # Apache drops a request once its session tracker knows of the close, and refuses one that was quicker.
    refusal = reference.read_to_end()
    assert not refusal or SESSION_EXPIRED == FRAMED_HEADER.unpack(refusal)[-1]
