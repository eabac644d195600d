"""Clients over TLS beside 3.9.6, once they are let in: kazoo, zkCli, sessions between ports, what operators see."""

import re
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from kazoo.client import KazooClient

from interop.conftest import PairWith, subject_is_real
from interop.java import JavaZooKeeper
from interop.pair import Pair
from interop.server import Config, Server
from interop.shells import run, zkcli
from interop.tls_probe import TLS_12, TLS_13, Probe, exchange
from interop.tls_stores import GOOD, TlsStores

SECONDS = 20.0
PAYLOAD = bytes(range(256)) * 3000
NO_PASSWORD = b"\0" * 16
WHO_AM_I, CLOSE = 107, -11
NETTY = "org.apache.zookeeper.ClientCnxnSocketNetty"
COUNTS = ("unsuccessful_handshake", "auth_failed_count", "connection_drop_count", "num_alive_connections")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsStores:
    return TlsStores.create(tmp_path_factory.mktemp("stores"))


@pytest.fixture
def both(pair_with: PairWith, stores: TlsStores) -> Pair:
    """A port of TLS alone, and one for both."""
    return pair_with(Config({**stores.lines(), "client.portUnification": "true"}, secure=True))


def context(stores: TlsStores, version: ssl.TLSVersion = TLS_13) -> ssl.SSLContext:
    return Probe(stores.pem(GOOD)).speaking(version).context()


def on_each(pair: Pair, what: str, ask: Callable[[Server], Any]) -> Any:
    """The same of both, or a failure; what it is."""
    found = [ask(side.server) for side in pair.sides]
    assert found[0] == found[1], f"{what}: {found}"
    return found[0]


def word(address: tuple[str, int], text: str, tls: ssl.SSLContext | None) -> str:
    with (
        socket.create_connection(address, SECONDS) as plain,
        plain if tls is None else tls.wrap_socket(plain, suppress_ragged_eofs=False) as sock,
    ):
        sock.sendall(text.encode())
        answer = b""
        while piece := sock.recv(1 << 16):
            answer += piece
    return answer.decode()


@define
class Session:
    """A session on one connection after the other."""

    sock: socket.socket = field(init=False)
    id: int = 0
    password: bytes = NO_PASSWORD

    def connect(self, address: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        plain = socket.create_connection(address, SECONDS)
        self.sock = plain if tls is None else tls.wrap_socket(plain)
        self._send(struct.pack(">iqiqi", 0, 0, 30_000, self.id, 16) + self.password + b"\0")
        answer = self._frame()
        self.id = struct.unpack_from(">q", answer, 8)[0]
        self.password = answer[20:36]

    def ask(self, opcode: int) -> bytes:
        self._send(struct.pack(">ii", 1, opcode))
        return self._frame()[16:]

    def _send(self, payload: bytes) -> None:
        self.sock.sendall(struct.pack(">i", len(payload)) + payload)

    def _frame(self) -> bytes:
        return self._exactly(struct.unpack(">i", self._exactly(4))[0])

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                raise ConnectionResetError("closed by the server")
            data += piece
        return data


def test_kazoo_writes_and_reads_large_nodes(both: Pair, stores: TlsStores) -> None:
    for side in both.sides:
        for host, port in (side.server.secure_address, side.server.address):
            key = str(stores.pem(GOOD))
            client = KazooClient(
                f"{host}:{port}", use_ssl=True, certfile=key, keyfile=key, ca=str(stores.pem("ca")), timeout=10.0
            )
            client.start(SECONDS)
            client.create("/kazoo", PAYLOAD)
            assert [PAYLOAD] * 20 == [get.get(timeout=SECONDS)[0] for get in [client.get_async("/kazoo")] * 20]
            client.delete("/kazoo")
            client.stop()
            client.close()


def test_zkcli_talks_tls(both: Pair, stores: TlsStores, zookeeper: JavaZooKeeper, tmp_path: Path) -> None:
    settings = {
        "client.secure": "true",
        "clientCnxnSocket": NETTY,
        "ssl.keyStore.location": str(stores.pem(GOOD)),
        "ssl.trustStore.location": str(stores.pem("ca")),
    }
    file = tmp_path / "client.cfg"
    file.write_text("".join(f"zookeeper.{name}={value}\n" for name, value in settings.items()))
    words = ["-client-configuration", str(file)]
    printed = []
    for side in both.sides:
        host, port = side.server.secure_address
        printed.append(run(zkcli(zookeeper, tmp_path), f"{host}:{port}", words, "create /z here\nget /z\nwhoami\n").out)
    assert printed[0] == printed[1]
    assert any("x509: CN=client" in line for line in printed[1])
    assert "here" in printed[1]


@pytest.mark.parametrize("version", [TLS_12, TLS_13])
def test_the_answer_to_a_word_ends_with_a_close_notify(both: Pair, stores: TlsStores, version: ssl.TLSVersion) -> None:
    # An end without one is an error here.
    assert "imok" == on_each(both, "ruok", lambda each: word(each.secure_address, "ruok", context(stores, version)))
    assert "imok" == on_each(both, "ruok", lambda each: word(each.address, "ruok", context(stores, version)))


def test_a_session_moves_from_port_to_port(both: Pair, stores: TlsStores) -> None:
    def moved(server: Server) -> list[bytes]:
        session = Session()
        found = []
        for address, tls in (
            (server.address, None),
            (server.secure_address, context(stores)),
            (server.address, context(stores)),
            (server.address, None),
        ):
            before, last = session.id, session.sock if session.id else None
            session.connect(address, tls)
            assert before in (0, session.id)
            if last is not None:
                assert b"" == last.recv(1), "the connection before is closed"
                last.close()
            found.append(session.ask(WHO_AM_I))
        session.ask(CLOSE)
        session.sock.close()
        return found

    plain, *_ = on_each(both, "who", moved)
    assert b"x509" not in plain


def test_each_port_lists_its_own_connections(both: Pair, stores: TlsStores) -> None:
    def listed(server: Server) -> list[int]:
        session = Session()
        session.connect(server.secure_address, context(stores))
        number = f"sid=0x{session.id:x},"
        counts = [
            word(server.secure_address, "cons", context(stores)).count(number),
            word(server.address, "cons", None).count(number),
            word(server.secure_address, "stat", context(stores)).count("queued="),
            word(server.address, "stat", None).count("queued="),
            len(re.findall("Connections: 2", word(server.address, "srvr", None))),
        ]
        session.ask(CLOSE)
        session.sock.close()
        return counts

    assert [1, 0, 2, 1, 1] == on_each(both, "listed", listed)


def test_conf_names_both_ports(both: Pair, stores: TlsStores) -> None:
    def named(server: Server) -> bool:
        ports = f"clientPort={server.address[1]}\nsecureClientPort={server.secure_address[1]}\n"
        return ports in word(server.secure_address, "conf", context(stores))

    assert on_each(both, "conf", named)


def test_handshakes_that_fail_are_counted_alike(both: Pair) -> None:
    def added(server: Server) -> list[int]:
        before = server.mntr()
        assert exchange(server.secure_address, b"no TLS at all")[0] == b""
        with pytest.raises(ssl.SSLError):
            word(server.secure_address, "ruok", Probe().context())
        after = server.mntr()
        return [int(after[f"zk_{name}"]) - int(before[f"zk_{name}"]) for name in COUNTS]

    assert [2, 2, 0, 0] == on_each(both, "counts", added)


def test_a_session_of_tls_is_resumed_here_and_not_there(both: Pair, stores: TlsStores) -> None:
    def resumes(server: Server) -> bool:
        """Apache's makes a context for each connection, and a session is known to its own context only."""
        tls, session = context(stores), None
        # With many clients before that never came back, one of sixteen gets a ticket here.
        for _ in range(17):
            with socket.create_connection(server.secure_address, SECONDS) as plain:
                with tls.wrap_socket(plain, session=session) as sock:
                    sock.sendall(b"ruok")
                    assert b"imok" == sock.recv(4)
                    if session is not None:
                        return bool(sock.session_reused)
                    given = sock.session
                    session = given if given is not None and given.has_ticket else None
        return False

    real, subject = (resumes(side.server) for side in both.sides)
    assert not real
    assert subject is not subject_is_real()
