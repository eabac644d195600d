"""Who is not in yet waits for those who are, and rests where very many come to nothing."""

import socket
from collections.abc import Iterator

import pytest

from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.transport.client_port import ClientEndpoint, ClientPort
from pyzoo.runtime.transport.endpoints import NEVER, Endpoints
from pyzoo.runtime.transport.listeners import Listener, Port
from pyzoo.runtime.transport.newcomers import COST_OF_NOTHING_NS, REST_MS, SHORTEST_REST_NS
from tests.support.dialogue import LoneServer

TIRING = SHORTEST_REST_NS // COST_OF_NOTHING_NS + 1


class Scene:
    """Connections, and what their other ends are."""

    def __init__(self) -> None:
        self.endpoints = Endpoints()
        self.server = LoneServer().server
        self.port = ClientPort(self.server, self.endpoints, False, 1_000)
        self.far: list[socket.socket] = []

    def connect(self, is_in: bool = False) -> ClientEndpoint:
        near, far = socket.socketpair()
        near.setblocking(False)
        self.far.append(far)
        cnxn = self.server.accept("127.0.0.1", 1)
        assert cnxn is not None
        connection = ClientEndpoint(self.port, near, cnxn)
        self.endpoints.add(connection)
        cnxn.established = is_in
        return connection

    def seen(self) -> list[int]:
        """The descriptors of which the poller of those who are in tells."""
        return [fd for fd, _ in self.endpoints.poller.poll(0, 1000)]


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.endpoints.close()
    for far in scene.far:
        far.close()


def test_who_is_in_is_not_found_behind_those_who_are_not(scene: Scene) -> None:
    for _ in range(100):
        scene.connect()
    for far in scene.far:
        far.send(b"hello")
    one = scene.connect(is_in=True)
    scene.endpoints.send([one.cnxn])
    scene.far[-1].send(b"hello")
    assert {one.fd, scene.endpoints.newcomers.fd} == set(scene.seen())


def test_all_newcomers_have_their_turn(scene: Scene) -> None:
    waiting = {scene.connect().fd for _ in range(20)}
    for far in scene.far:
        far.send(b"hello")
    for _ in range(5):
        waiting -= {fd for fd, _ in scene.endpoints.newcomers.events()}
    assert not waiting


def test_newcomers_rest_when_very_many_have_come_to_nothing(scene: Scene) -> None:
    class Nobody(Port):
        """Lets nobody in."""

    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        scene.endpoints.listen(Listener(server, Nobody(), 0))
        for _ in range(TIRING):
            scene.connect().end()
        scene.endpoints.rest_from_newcomers(1_000)
        scene.connect()
        scene.far[-1].send(b"hello")
        assert [] == scene.seen()
        assert 1_000 + REST_MS == scene.endpoints.deadline_ms
        scene.endpoints.advance(1_000 + REST_MS)
        assert {server.fileno(), scene.endpoints.newcomers.fd} == set(scene.seen())
        assert NEVER == scene.endpoints.deadline_ms


def test_the_end_of_those_who_have_been_in_is_no_reason_to_rest(scene: Scene) -> None:
    for _ in range(TIRING):
        scene.connect(is_in=True).end()
    scene.endpoints.rest_from_newcomers(1_000)
    assert NEVER == scene.endpoints.deadline_ms


def test_connections_wait_in_the_system_while_their_port_has_no_room(scene: Scene) -> None:
    class Full(Port):
        """Has room when it is told so."""

        def __init__(self) -> None:
            self.may_come = False
            self.taken = 0

        def has_room(self, kind: int) -> bool:
            return self.may_come

        def accepted(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
            self.taken += 1
            sock.close()

    port = Full()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        scene.endpoints.listen(Listener(server, port, 0))
        scene.endpoints.accept(server.fileno(), 0)
        assert [] == scene.seen()
        assert 0 == port.taken
        port.may_come = True
        scene.endpoints.advance(elapsed_ms() + 100)
        assert [server.fileno()] == scene.seen()
        scene.endpoints.accept(server.fileno(), 0)
        assert 1 == port.taken
