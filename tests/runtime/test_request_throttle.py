"""Requests that have to wait, for the request throttle or for others, go on as soon as those before them are done."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ConnectRequest, CreateRequest, ExistsRequest, GetDataRequest, RequestHeader
from pyzoo.sim.operation import encoded, framed
from pyzoo.testing import EmbeddedServer
from tests.support.dialogue import OPEN
from tests.support.server_process import request

SECONDS = 60
#: Nothing may have to wait for a tick.
TICK_MS = 3_600_000
REQUESTS = 60
HELLO = framed(encoded(ConnectRequest(0, 0, TICK_MS, 0, bytes(16), False)))


@pytest.mark.parametrize("on_disk", [False, True])
def test_requests_that_had_to_wait_do_not_wait_for_a_tick(on_disk: bool, tmp_path: Path) -> None:
    throttle = {"request_throttle_max_requests": 3, "nio.sessionlessCnxnTimeout": TICK_MS}
    directory = tmp_path if on_disk else None
    with EmbeddedServer(data_dir=directory, tick_time_ms=TICK_MS, properties=throttle) as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as sock:
            sock.sendall(HELLO)
            for number in range(REQUESTS):
                body = CreateRequest(f"/{number}", b"", OPEN, 0) if number % 3 else ExistsRequest("/", False)
                op_type = op.CREATE if number % 3 else op.EXISTS
                sock.sendall(framed(encoded(RequestHeader(number, op_type), body)))
            assert list(range(REQUESTS)) == answered(sock)


@pytest.mark.parametrize("on_disk", [False, True])
def test_requests_of_many_connections_above_the_limit_are_all_answered(on_disk: bool, tmp_path: Path) -> None:
    limit = {"globalOutstandingLimit": 2, "nio.sessionlessCnxnTimeout": TICK_MS}
    directory = tmp_path if on_disk else None
    with EmbeddedServer(data_dir=directory, tick_time_ms=TICK_MS, properties=limit) as server, ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), SECONDS)) for _ in range(5)]
        for of, sock in enumerate(socks):
            creates = [request(xid, op.CREATE, CreateRequest(f"/{of}-{xid}", b"", OPEN, 0)) for xid in range(REQUESTS)]
            sock.sendall(HELLO + b"".join(creates))
        assert [list(range(REQUESTS))] * len(socks) == [answered(sock) for sock in socks]


def test_answers_of_more_bytes_than_may_wait_are_all_sent() -> None:
    with EmbeddedServer(tick_time_ms=TICK_MS) as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as sock:
            large = request(0, op.CREATE, CreateRequest("/large", bytes(100_000), OPEN, 0))
            reads = [request(xid, op.GET_DATA, GetDataRequest("/large", False)) for xid in range(1, REQUESTS)]
            sock.sendall(HELLO + large + b"".join(reads))
            assert list(range(REQUESTS)) == answered(sock)


def answered(sock: socket.socket) -> list[int]:
    """The numbers of the requests that are answered, behind the hello."""
    with sock.makefile("rb") as answers:
        frames = [answers.read(int.from_bytes(answers.read(4), "big")) for _ in range(REQUESTS + 1)]
    return [int.from_bytes(frame[:4], "big") for frame in frames[1:]]
