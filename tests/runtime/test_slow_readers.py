"""Connections that are over go away, also when their clients never take what was sent to them."""

import socket
from collections.abc import Iterator

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ConnectRequest, CreateRequest, GetDataRequest
from pyzoo.sim.operation import encoded, framed
from pyzoo.testing import EmbeddedServer
from tests.support.dialogue import OPEN
from tests.support.server_process import four_letters, request, wait_until

SECONDS = 60
LARGE = 1_000_000
SESSION_MS = 1000


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    properties = {"nio.sessionlessCnxnTimeout": 200}
    with EmbeddedServer(tick_time_ms=500, properties=properties) as server:
        yield server


def dial(server: EmbeddedServer) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    sock.settimeout(SECONDS)
    sock.connect(("127.0.0.1", server.port))
    return sock


def hello(timeout_ms: int) -> bytes:
    return framed(encoded(ConnectRequest(0, 0, timeout_ms, 0, bytes(16), False)))


def read_and_never_take(sock: socket.socket) -> None:
    """A session that asks for more than the network holds."""
    sock.sendall(hello(SESSION_MS))
    sock.sendall(request(1, op.CREATE, CreateRequest("/large", bytes(LARGE), OPEN, 0)))
    read = request(2, op.GET_DATA, GetDataRequest("/large", False))
    sock.sendall(read * 40)


def wait_until_gone(server: EmbeddedServer, sock: socket.socket) -> None:
    port = sock.getsockname()[1]
    wait_until(lambda: b":%d[" % port not in four_letters(server.port, b"cons"))


def test_the_connection_of_an_expired_session_is_closed(server: EmbeddedServer) -> None:
    with dial(server) as sock:
        read_and_never_take(sock)
        wait_until_gone(server, sock)


def test_the_connection_of_half_a_word_is_closed(server: EmbeddedServer) -> None:
    with dial(server) as sock:
        sock.sendall(b"ruo")
        wait_until_gone(server, sock)
