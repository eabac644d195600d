"""Why a server cannot be reached is said on standard error, after what zkCli says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from .conftest import Cli

LOSS = "KeeperErrorCode = ConnectionLoss for /"


@contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """An address where somebody listens and does what `answer` does with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    accepted.append(server.accept()[0])
                    answer(accepted[-1])
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for sock in accepted:
                sock.close()


def say_http(sock: socket.socket) -> None:
    sock.recv(1)
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def say_alert(sock: socket.socket) -> None:
    sock.recv(1)
    sock.sendall(b"\x15\x03\x03\x00\x02\x02\x50")


def say_hello(sock: socket.socket) -> None:
    sock.sendall(b"220 mail.example.com ESMTP\r\n")


def say_not_serving(sock: socket.socket) -> None:
    answer_word(sock, b"This ZooKeeper instance is not currently serving requests\n")


def say_srvr(sock: socket.socket) -> None:
    answer_word(sock, b"Zookeeper version: 3.9.6\nMode: standalone\n")


def answer_word(sock: socket.socket, text: bytes) -> None:
    """What begins a session is not answered, as by a server that lets nobody in."""
    if sock.recv(4) == b"srvr":
        sock.sendall(text)
    sock.close()


def test_a_name_that_nobody_knows(run: Cli) -> None:
    ended = run("-server", "no-such.invalid:2181", "ls", "/")
    first, second = ended.err.splitlines()
    assert (1, LOSS) == (ended.code, first)
    assert second.startswith("cannot reach no-such.invalid:2181: the name is not known (")
    assert ("", "Connecting to no-such.invalid:2181") == (ended.out, ended.notes.splitlines()[0])


def test_a_port_that_nobody_listens_on(run: Cli) -> None:
    with socket.socket() as taken:
        # Bound, but not listened on: it belongs to nobody else while the test runs.
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("-server", address, "ls", "/")
    assert [LOSS, f"cannot reach {address}: Connection refused: no server listens there"] == ended.err.splitlines()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (say_http, "an HTTP server answers there, the admin server perhaps: give the port for clients"),
        (say_alert, "it speaks TLS there: set zookeeper.client.secure=true in a -client-configuration"),
        (say_hello, "what answers there is no ZooKeeper server"),
        (say_not_serving, "it does not serve: it has no quorum, or is still starting"),
        (
            say_srvr,
            "it serves, but closed the connection: it may have all it takes (maxClientCnxns), or know less than "
            "this session",
        ),
        (lambda sock: None, "it accepts connections but does not answer: is it a ZooKeeper server?"),
        (
            lambda sock: sock.close(),
            "it closed the connection: it does not serve yet, wants TLS, or is no ZooKeeper server",
        ),
    ],
    ids=["HTTP", "TLS", "another protocol", "no quorum", "too many connections", "silence", "a closed connection"],
)
def test_what_is_no_zookeeper(run: Cli, answer: Callable[[socket.socket], None], reason: str) -> None:
    with listener(answer) as address:
        ended = run("-server", address, "-timeout", "1000", "ls", "/")
    assert [LOSS, f"cannot reach {address}: {reason}"] == ended.err.splitlines()


def test_every_server_of_the_list_is_named(run: Cli) -> None:
    ended = run("-server", "no-such.invalid,127.0.0.1:1", "-waitforconnection", "-timeout", "1500", "ls", "/")
    refused = "cannot reach 127.0.0.1:1: Connection refused: no server listens there"
    assert {"KeeperErrorCode = ConnectionLoss", refused} < set(ended.err.splitlines())
    assert 3 == len(ended.err.splitlines())
