"""Requests that wait behind the request throttle go on as soon as those before them are done."""

import socket
from pathlib import Path

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ConnectRequest, CreateRequest, ExistsRequest, RequestHeader
from pyzoo.sim.operation import encoded, framed
from pyzoo.testing import EmbeddedServer
from tests.support.dialogue import OPEN

SECONDS = 20
#: Nothing may have to wait for a tick.
TICK_MS = 3_600_000
REQUESTS = 60


@pytest.mark.parametrize("on_disk", [False, True])
def test_requests_that_had_to_wait_do_not_wait_for_a_tick(on_disk: bool, tmp_path: Path) -> None:
    throttle = {"request_throttle_max_requests": 3, "nio.sessionlessCnxnTimeout": TICK_MS}
    directory = tmp_path if on_disk else None
    with EmbeddedServer(data_dir=directory, tick_time_ms=TICK_MS, properties=throttle) as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as sock, sock.makefile("rb") as answers:
            sock.sendall(framed(encoded(ConnectRequest(0, 0, TICK_MS, 0, bytes(16), False))))
            for number in range(REQUESTS):
                body = CreateRequest(f"/{number}", b"", OPEN, 0) if number % 3 else ExistsRequest("/", False)
                op_type = op.CREATE if number % 3 else op.EXISTS
                sock.sendall(framed(encoded(RequestHeader(number, op_type), body)))
            frames = [answers.read(int.from_bytes(answers.read(4), "big")) for _ in range(REQUESTS + 1)]
    assert list(range(REQUESTS)) == [int.from_bytes(frame[:4], "big") for frame in frames[1:]]
