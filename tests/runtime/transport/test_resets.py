"""Connections that are reset in the middle of a handshake, a login or a request: nothing of them is left."""

import logging
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ConnectRequest, GetDataRequest, GetSASLRequest
from pyzoo.runtime.four_letters import ask, mntr_fields
from pyzoo.sim.operation import encoded, framed
from pyzoo.testing import EmbeddedServer
from tests.support.identities import HOST
from tests.support.server_process import EPHEMERAL, RawClient, sockets, wait_until
from tests.support.tls_clients import identified

SECONDS = 60
JAAS = 'Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="a password"; };'


@pytest.fixture
def server(stores: TlsSettings, embedded: Callable[..., EmbeddedServer], tmp_path: Path) -> Iterator[EmbeddedServer]:
    """One with a port for TLS, and with logins."""
    (tmp_path / "jaas.conf").write_text(JAAS)
    properties = {
        "ssl.keyStore.location": stores.key_store.location,
        "ssl.trustStore.location": stores.trust_store.location,
        "secureClientPort": 0,
        "java.security.auth.login.config": str(tmp_path / "jaas.conf"),
        "fips-mode": "false",
    }
    yield embedded(properties=properties)
    while sockets:
        sockets.pop().close()


def reset(sock: socket.socket) -> None:
    """Close it with RST in place of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def assert_nothing_is_left(server: EmbeddedServer, caplog: pytest.LogCaptureFixture) -> None:
    def counts() -> tuple[str, str]:
        found = mntr_fields(ask(HOST, server.port, "mntr", SECONDS))
        return found["zk_num_alive_connections"], found["zk_outstanding_tls_handshake"]

    # The one that asks.
    wait_until(lambda: counts() == ("1", "0"))
    assert [] == [record.getMessage() for record in caplog.records if record.levelno > logging.WARNING]
    client = RawClient(server.port)
    client.create("/still-served", flags=EPHEMERAL)
    client.close_session()


@pytest.mark.parametrize(("flight", "share"), [(0, 0.3), (0, 1), (1, 0.5), (1, 1)])
def test_in_the_middle_of_a_handshake(
    server: EmbeddedServer, stores: TlsSettings, caplog: pytest.LogCaptureFixture, flight: int, share: float
) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = identified(stores).wrap_bio(incoming, outgoing, server_hostname=HOST)
    sock = socket.create_connection((HOST, server.secure_port), SECONDS)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    said = outgoing.read()
    if flight == 1:
        sock.sendall(said)
        incoming.write(sock.recv(1 << 16))
        tls.do_handshake()
        said = outgoing.read()
    sock.sendall(said[: int(len(said) * share)])
    reset(sock)
    assert_nothing_is_left(server, caplog)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("share", [0.5, 1])
def test_in_the_middle_of_the_first_request(
    server: EmbeddedServer, stores: TlsSettings, caplog: pytest.LogCaptureFixture, secure: bool, share: float
) -> None:
    sock = socket.create_connection((HOST, server.secure_port if secure else server.port), SECONDS)
    if secure:
        sock = identified(stores).wrap_socket(sock, server_hostname=HOST)
    said = framed(encoded(ConnectRequest(0, 0, 10000, 0, bytes(16), False)))
    sock.sendall(said[: int(len(said) * share)])
    reset(sock)
    assert_nothing_is_left(server, caplog)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_in_the_middle_of_a_login(
    server: EmbeddedServer, stores: TlsSettings, caplog: pytest.LogCaptureFixture, secure: bool, share: float
) -> None:
    tls = identified(stores) if secure else None
    client = RawClient(server.secure_port if secure else server.port, tls=tls)
    client.send(op.SASL, GetSASLRequest(b""))
    assert b"nonce=" in (client.reply()[1].read_buffer() or b"")
    client.sock.sendall(framed(bytes(1000))[: int(1004 * share)])
    reset(client.sock)
    assert_nothing_is_left(server, caplog)


@pytest.mark.parametrize("secure", [False, True])
def test_in_the_middle_of_a_request_and_of_answers(
    server: EmbeddedServer, stores: TlsSettings, caplog: pytest.LogCaptureFixture, secure: bool
) -> None:
    tls = identified(stores) if secure else None
    client = RawClient(server.secure_port if secure else server.port, tls=tls)
    client.create("/large", b"x" * 900_000)
    for _ in range(20):
        client.send(op.GET_DATA, GetDataRequest("/large", False))
    client.sock.sendall(framed(bytes(1000))[:500])
    reset(client.sock)
    assert_nothing_is_left(server, caplog)
