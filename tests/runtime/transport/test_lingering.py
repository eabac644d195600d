"""The end of a connection that this server wants: the other end reads all that it was told, whatever it still sends."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.jute import opcodes as op
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.transport.lingering import LINGER_MS, MOST_LINGERING, Lingering
from pyzoo.runtime.transport.poller import Poller, new_poller
from pyzoo.sim.operation import framed
from pyzoo.testing import EmbeddedServer
from tests.support.identities import HOST
from tests.support.server_process import PATIENCE_SECONDS, RawClient, sockets
from tests.support.tls_clients import identified

MORE = framed(bytes(1_000_000))[:-1]
"""A request that never ends, and more than is read at a time."""


@pytest.fixture
def server(stores: TlsSettings, embedded: Callable[..., EmbeddedServer], tmp_path: Path) -> Iterator[EmbeddedServer]:
    """One with a port for TLS."""
    properties = {
        "ssl.keyStore.location": stores.key_store.location,
        "ssl.trustStore.location": stores.trust_store.location,
        "secureClientPort": 0,
        "fips-mode": "false",
    }
    yield embedded(properties=properties)
    while sockets:
        sockets.pop().close()


@pytest.mark.parametrize("secure", [False, True])
def test_a_client_reads_the_answer_to_its_last_request_whatever_it_sends_behind_it(
    server: EmbeddedServer, stores: TlsSettings, secure: bool
) -> None:
    tls = identified(stores) if secure else None
    client = RawClient(server.secure_port if secure else server.port, tls=tls)
    client.send(op.CLOSE_SESSION)
    client.sock.sendall(MORE)
    client.reply()
    assert b"" == client.sock.recv(1)


def test_an_operator_reads_the_answer_to_a_word_whatever_follows_it(server: EmbeddedServer) -> None:
    with socket.create_connection((HOST, server.port), PATIENCE_SECONDS) as sock:
        sock.sendall(b"ruok" + MORE)
        answer = b""
        while piece := sock.recv(100):
            answer += piece
    assert b"imok" == answer


# --- how long


@pytest.fixture
def poller() -> Iterator[Poller]:
    found = new_poller()
    yield found
    found.close()


def ended(poller: Poller, lingering: Lingering) -> socket.socket:
    """The other end of a socket that lingers."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.settimeout(PATIENCE_SECONDS)
    poller.register(near.fileno(), 1)
    lingering.begin(near, near.fileno(), 1, poller)
    return far


def is_closed(far: socket.socket) -> bool:
    """Whether nobody would read what is sent there."""
    try:
        far.sendall(b"x")
    except OSError:
        return True
    return False


def test_a_socket_lingers_until_the_other_end_hangs_up(poller: Poller) -> None:
    lingering = Lingering()
    with ended(poller, lingering) as far:
        assert b"" == far.recv(1)
        far.sendall(b"not listened to")
        [(fd, _)] = poller.poll(PATIENCE_SECONDS, 9)
        lingering.ready(fd)
        assert [] == poller.poll(0, 9)
        assert 0 != lingering.next_ms(0)
    [(fd, _)] = poller.poll(PATIENCE_SECONDS, 9)
    lingering.ready(fd)
    assert 0 == lingering.next_ms(0)


def test_the_last_words_and_the_end_are_taken_at_once(poller: Poller) -> None:
    lingering = Lingering()
    with ended(poller, lingering) as far:
        far.sendall(b"such as the end of TLS")
    [(fd, _)] = poller.poll(PATIENCE_SECONDS, 9)
    lingering.ready(fd)
    assert 0 == lingering.next_ms(0)


def test_a_socket_does_not_linger_for_ever(poller: Poller) -> None:
    lingering = Lingering()
    with ended(poller, lingering) as far:
        lingering.end_until(elapsed_ms())
        assert not is_closed(far)
        lingering.end_until(elapsed_ms() + LINGER_MS)
        assert is_closed(far)


def test_a_socket_gives_way_to_very_many_that_linger(poller: Poller) -> None:
    lingering = Lingering()
    far = [ended(poller, lingering) for _ in range(MOST_LINGERING + 1)]
    assert [True, False, False] == [is_closed(sock) for sock in (far[0], far[1], far[-1])]
    lingering.close()
    for sock in far:
        sock.close()
