"""Where servers listen: IPv6 with and without brackets, all addresses, none, and a member without a client port."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble
from interop.java import JavaZooKeeper
from interop.member import JAVA39, PYZOO
from interop.ports import free_port
from interop.server import START_SECONDS, Config, Server, ServerFailed, launch_pyzoo, launch_real

LOOPBACKS = ("127.0.0.1", "::1")
MIXES = [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA39, JAVA39), (PYZOO, PYZOO, JAVA39)]
INVALID_INVOCATION = 2


@pytest.fixture(params=["real", "pyzoo"])
def launch(request: pytest.FixtureRequest, tmp_path: Path, zookeeper: JavaZooKeeper) -> Iterator[Callable[..., Server]]:
    """Start a server without waiting for it; it is killed with the test."""
    running: list[Server] = []

    def start(config: Config) -> Server:
        server = launch_real(config, zookeeper, tmp_path) if request.param == "real" else launch_pyzoo(config, tmp_path)
        running.append(server)
        return server

    yield start
    for server in running:
        server.kill()


def reachable(server: Server, port: int) -> list[str]:
    """Which loopback addresses take connections, once one does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.is_running():
        found = [host for host in LOOPBACKS if takes_connections(host, port)]
        if found:
            return [host for host in LOOPBACKS if takes_connections(host, port)]
        time.sleep(0.05)
    raise ServerFailed(f"nobody listens\n{server.output()}")


def takes_connections(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("[::1]", ["::1"]),
        ("::1", ["::1"]),
        ("[0:0:0:0:0:0:0:1]", ["::1"]),
        ("[::]", ["127.0.0.1", "::1"]),
        ("::", ["127.0.0.1", "::1"]),
        ("0.0.0.0", ["127.0.0.1", "::1"]),
        ("127.0.0.1", ["127.0.0.1"]),
    ],
)
def test_the_client_port_is_open_where_it_says(
    launch: Callable[..., Server], address: str, expected: list[str]
) -> None:
    server = launch(Config({"clientPortAddress": address}))
    assert expected == reachable(server, server.address[1])


@pytest.mark.parametrize(("address", "expected"), [("[::1]", ["::1"]), ("[::]", ["127.0.0.1", "::1"])])
def test_the_admin_port_is_open_where_it_says(launch: Callable[..., Server], address: str, expected: list[str]) -> None:
    port = free_port()
    lines = {"admin.serverAddress": address, "admin.serverPort": str(port)}
    server = launch(Config(lines, {"zookeeper.admin.enableServer": "true"}))
    assert expected == reachable(server, port)


def test_a_member_alone_takes_brackets_in_its_line(launch: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "myid").write_text("1")
    client_port = free_port()
    line = f"[::1]:{free_port()}:{free_port()};[::1]:{client_port}"
    lines = {"standaloneEnabled": "false", "initLimit": "5", "syncLimit": "5", "server.1": line}
    server = launch(Config({**lines, "clientPort": str(client_port), "clientPortAddress": "::1"}))
    assert ["::1"] == reachable(server, client_port)


@pytest.mark.parametrize("address", ["[127.0.0.1]", "[localhost]", "[]", "[::1", "::1]", "no.such.host.invalid"])
def test_what_is_no_address_is_an_invalid_configuration(launch: Callable[..., Server], address: str) -> None:
    server = launch(Config({"clientPortAddress": address}))
    assert server.process is not None
    assert INVALID_INVOCATION == server.process.wait(START_SECONDS)


# --- a member without a client port


@pytest.mark.parametrize("kinds", MIXES, ids="-".join)
def test_a_member_without_a_client_port_votes_and_follows(
    tmp_path_factory: pytest.TempPathFactory, kinds: tuple[str, ...]
) -> None:
    with new_ensemble(tmp_path_factory, kinds) as ensemble:
        deaf = ensemble.members[1]
        assert deaf.home is not None
        config = deaf.home / "zoo.cfg"
        lines = [line for line in config.read_text().splitlines() if not line.startswith("clientPort")]
        config.write_text("\n".join([*lines, ""]))
        deaf.start()
        ensemble.members[3].start()
        leader = ensemble.members[3]
        ensemble.wait_until(lambda: "leader" == leader.mode(), "the two with a quorum serve")
        client = Client(leader)
        assert 0 == client.call(rq.CREATE, rq.create("/a")).error
        assert deaf.is_running()
        assert not takes_connections("127.0.0.1", deaf.address[1])
        assert "1.0" == f"{float(leader.mntr()['zk_synced_followers']):.1f}"
        the_rest_serve(ensemble)


def the_rest_serve(ensemble: Ensemble) -> None:
    """The third member joins, and one quorum still holds when it goes again."""
    third = ensemble.members[2]
    third.start()
    ensemble.wait_until(lambda: "follower" == third.mode(), "the third follows")
    client = Client(third)
    assert 0 == client.call(rq.CREATE, rq.create("/b")).error
    third.stop()
    client = Client(ensemble.members[3])
    assert 0 == client.call(rq.CREATE, rq.create("/c")).error
    (sid,) = struct.unpack_from(">b", struct.pack(">q", client.session))
    assert 3 == sid


def test_a_single_server_without_a_client_port_is_refused_by_pyzoo(tmp_path: Path) -> None:
    server = launch_pyzoo(Config(), tmp_path)
    server.kill()
    config = tmp_path / "zoo.cfg"
    lines = [line for line in config.read_text().splitlines() if not line.startswith("clientPort")]
    config.write_text("\n".join([*lines, ""]))
    with pytest.raises(ServerFailed, match="clientPort is not set"):
        server.restart()
