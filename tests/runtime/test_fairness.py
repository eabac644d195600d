"""Who comes first where more is asked for than may be on its way."""

import socket
from collections.abc import Iterator

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ConnectRequest, RequestHeader, SetDataRequest
from pyzoo.runtime.transport.client_port import PLAIN_PORT
from pyzoo.runtime.turn import TurnLoop
from pyzoo.server.requests.commits import COMMIT_UNITS
from pyzoo.sim.operation import encoded, framed
from tests.support.dialogue import LoneServer

DEPTH = 8
ANSWER_BYTES = 20
"""Of a set that has failed: a length and a header."""


class BusyClient:
    """Keeps DEPTH writes in flight, by a socket."""

    def __init__(self, loop: TurnLoop, listener: socket.socket) -> None:
        self.sock = socket.create_connection(listener.getsockname())
        accepted, (host, port) = listener.accept()
        loop.clients.accepted(PLAIN_PORT, accepted, host, port)
        self.answered = 0
        self.sock.sendall(framed(encoded(ConnectRequest(0, 0, 10_000, 0, b"\0" * 16, False))))
        while not self._received():
            loop.turn()
        self.ask(DEPTH)

    def ask(self, count: int) -> None:
        one = framed(encoded(RequestHeader(1, op.SET_DATA), SetDataRequest("/none", b"", -1)))
        self.sock.sendall(one * count)

    def go_on(self) -> None:
        """Count what was answered, and ask for as much again."""
        count = len(self._received()) // ANSWER_BYTES
        self.answered += count
        self.ask(count)

    def _received(self) -> bytes:
        try:
            return self.sock.recv(1 << 16, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""


@pytest.fixture
def loop() -> Iterator[TurnLoop]:
    """Eight writes are answered a turn, some more than sixteen may be on their way."""
    world = LoneServer(slice_units=4 * COMMIT_UNITS, global_outstanding_limit=2 * DEPTH)
    loop = TurnLoop(world.server, None, False, 1000)
    loop.turn()
    yield loop
    loop.close()


def test_who_waits_for_room_is_not_overtaken_again_and_again(loop: TurnLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        clients = [BusyClient(loop, listener) for _ in range(12)]
        for _ in range(150):
            loop.turn()
            for client in clients:
                client.go_on()
        answered = [client.answered for client in clients]
        for client in clients:
            client.sock.close()
    assert max(answered) <= 1.5 * min(answered)
