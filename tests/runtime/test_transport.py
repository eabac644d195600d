"""Sessions inside sessions, and listeners of a server that has no more file descriptors."""

import errno
import select
import socket
from typing import Any

import pytest

from pyzoo.outbox import Outbox, Packets
from pyzoo.runtime.clock import monotonic_ns
from pyzoo.runtime.transport.endpoint import FEW_BYTES, OFTEN, Endpoint
from pyzoo.runtime.transport.endpoints import NEVER, Endpoints
from pyzoo.runtime.transport.listeners import Listener, Port
from pyzoo.runtime.transport.session import SessionChain, TransportSession

MINUTE_NS = 60_000_000_000


class Marked(TransportSession):
    """Puts a mark before what it sends, and takes it off what it gets."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark

    def received(self, data: bytes) -> bytes:
        return data.removeprefix(self.mark) if data else self.mark

    def to_send(self, data: bytes) -> bytes:
        return self.mark + data

    @property
    def holds_back(self) -> bool:
        return self.mark == b"("


def test_what_is_sent_passes_the_inner_session_first() -> None:
    chain = SessionChain(Marked(b"<"), Marked(b"("))
    assert b"<(hello" == chain.to_send(b"hello")
    assert b"hello" == chain.received(b"<(hello")


def test_the_end_of_a_connection_is_heard_by_both_sessions() -> None:
    assert b"<(" == SessionChain(Marked(b"<"), Marked(b"(")).received(b"")


def test_a_connection_is_not_closed_while_either_session_holds_something_back() -> None:
    assert SessionChain(Marked(b"<"), Marked(b"(")).holds_back
    assert SessionChain(Marked(b"("), Marked(b"<")).holds_back
    assert not SessionChain(Marked(b"<"), Marked(b"[")).holds_back


class Polite(Marked):
    """Has something to say at the end."""

    def farewell(self) -> bytes:
        farewell, self.mark = self.mark, b""
        return farewell


class Sends(socket.socket):
    """Keeps what is sent."""

    def __init__(self, fd: int) -> None:
        super().__init__(fileno=fd)
        self.sent: list[bytes] = []

    def send(self, data: Any, flags: int = 0) -> int:
        self.sent.append(bytes(data))
        return super().send(data, flags)


def test_the_end_of_a_session_goes_out_with_the_last_answer() -> None:
    here, there = socket.socketpair()
    with there:
        sock = Sends(here.detach())
        endpoints, outbox = Endpoints(), Outbox(Packets())
        endpoint = Endpoint(endpoints, sock, outbox, Polite(b"<"), 1)
        endpoints.add(endpoint)
        outbox.out.write(b"answer")
        outbox.close()
        with pytest.raises(NotImplementedError):
            endpoint.send()  # there is no port to make something of its end
        assert [b"<answer<"] == sock.sent
        endpoints.close()


class Hearing(TransportSession):
    """Keeps what is received."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def received(self, data: bytes) -> bytes:
        self.heard.append(data)
        return b""

    def to_send(self, data: bytes) -> bytes:
        return data

    @property
    def holds_back(self) -> bool:
        return False


def test_who_says_much_after_little_is_heard_at_once() -> None:
    here, there = socket.socketpair()
    here.setblocking(False)
    endpoints, session = Endpoints(), Hearing()
    with here, there:
        endpoint = Endpoint(endpoints, here, Outbox(Packets()), session, 1)
        said = [*[b"little"] * OFTEN, *(b"x" * size for size in (FEW_BYTES - 1, FEW_BYTES, FEW_BYTES + 1, 5000, 1))]
        for data in said:
            there.sendall(data)
            endpoint.ready(select.EPOLLIN)
        assert said == session.heard
    endpoints.close()


class Counter(Port):
    """Closes whatever connects."""

    def __init__(self) -> None:
        self.kinds: list[int] = []

    def accepted(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        self.kinds.append(kind)
        sock.close()


class Full:
    """A listener's socket in a process without a free file descriptor."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def accept(self) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")


def test_every_kind_of_listener_rests_while_no_connection_can_be_accepted() -> None:
    endpoints = Endpoints()
    port = Counter()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        listener = Listener(server, port, 7)
        endpoints.listen(listener)
        assert [(server.fileno(), select.EPOLLIN)] == endpoints.poller.poll(10, 9)
        full: Any = Full(server)
        listener.sock = full
        endpoints.accept(listener.fd, 0)
        assert endpoints.deadline_ms != NEVER
        assert [] == endpoints.poller.poll(0, 9)
        listener.sock = server
        endpoints.advance(endpoints.deadline_ms)
        assert endpoints.deadline_ms == NEVER
        assert [(server.fileno(), select.EPOLLIN)] == endpoints.poller.poll(10, 9)
        endpoints.accept(listener.fd, 0)
        assert [7] == port.kinds
    endpoints.close()


@pytest.mark.parametrize("is_resting", [False, True])
def test_a_listener_that_is_closed_takes_no_more(is_resting: bool) -> None:
    endpoints = Endpoints()
    server = socket.create_server(("127.0.0.1", 0))
    listener = Listener(server, Counter(), 0)
    endpoints.listen(listener)
    if is_resting:
        full: Any = Full(server)
        listener.sock = full
        endpoints.accept(listener.fd, 0)
        listener.sock = server
    endpoints.stop_listening(listener)
    assert (-1, {}) == (server.fileno(), endpoints.listeners.by_fd)
    endpoints.accept(listener.fd, 0)
    endpoints.close()


def test_connections_are_taken_one_by_one_where_there_is_no_more_time() -> None:
    endpoints = Endpoints()
    port = Counter()
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoints.listen(Listener(server, port, 7))
        clients = [socket.create_connection(server.getsockname()) for _ in range(3)]
        endpoints.accept(server.fileno(), 0)
        assert [7] == port.kinds
        endpoints.accept(server.fileno(), monotonic_ns() + MINUTE_NS)
        assert [7, 7, 7] == port.kinds
        for client in clients:
            client.close()
    endpoints.close()
