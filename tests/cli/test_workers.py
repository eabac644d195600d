"""`pyzoo serve` with `workers`: processes that share the ports of clients, and what becomes of them."""

import json
import os
import re
import signal
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kazoo.protocol.states import WatchedEvent

from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.errors import ConfigError
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import SyncRequest
from pyzoo.runtime.free_ports import free_ports
from pyzoo.runtime.other_process import is_alive
from pyzoo.runtime.worker_processes import check_workers
from tests.support.identities import HOST, pem_settings
from tests.support.kazoo_session import kazoo_session
from tests.support.server_process import RawClient, ServerProcess, clean_environment, four_letters, wait_until

PROCESS = re.compile(r"Worker (\d+) is process (\d+)")
Serve = Callable[..., ServerProcess]


def write_config(directory: Path, workers: int, *lines: str) -> Path:
    path = directory / "zoo.cfg"
    own = (f"dataDir={directory}/data", f"workers={workers}", "4lw.commands.whitelist=*", "preAllocSize=64")
    path.write_text("".join(f"{line}\n" for line in (*own, *lines)))
    return path


def in_step(server: ServerProcess, workers: int, times: int = 1) -> None:
    """Return when so many workers serve clients."""
    for number in range(1, workers + 1):
        server.wait_for(f"Worker {number} serves clients", times)


def worker_pids(server: ServerProcess) -> list[int]:
    """All that there were, the newest last."""
    return [int(found[2]) for line in server.lines if (found := PROCESS.search(line))]


def spread(port: int, count: int) -> list[RawClient]:
    """Sessions of at least so many processes; the first byte of its id tells which one a session began at."""
    clients: list[RawClient] = []
    while len({client.session_id >> 56 for client in clients}) < count:
        clients.append(RawClient(port))
        assert len(clients) < 1000
    return clients


@pytest.fixture(scope="module")
def ports() -> list[int]:
    return free_ports(HOST, 2)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsSettings:
    return pem_settings(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, ports: list[int], stores: TlsSettings) -> Iterator[ServerProcess]:
    """A server of three processes, which speaks TLS too."""
    home = tmp_path_factory.mktemp("three")
    config = write_config(
        home,
        3,
        "clientPort=0",
        f"clientPortAddress={HOST}",
        "maxClientCnxns=0",
        f"secureClientPort={ports[0]}",
        f"secureClientPortAddress={HOST}",
        f"ssl.keyStore.location={stores.key_store.location}",
        f"ssl.trustStore.location={stores.trust_store.location}",
        f"admin.serverAddress={HOST}",
        f"admin.serverPort={ports[1]}",
    )
    server = ServerProcess(config, environment=clean_environment(home))
    in_step(server, 2)
    yield server
    server.clean_up()


def test_connections_are_shared_out_and_all_see_the_same(three: ServerProcess) -> None:
    clients = spread(three.port, 3)
    clients[0].create("/shared", b"1")
    for client in clients:
        assert client.ask(op.SYNC, SyncRequest("/shared"))[0] == 0
        assert client.data_of("/shared") == b"1"
    cons = four_letters(three.port, b"cons").decode()
    assert all(f"sid=0x{client.session_id:x}," in cons for client in clients)
    for client in clients:
        client.close_session()


def test_kazoo_hears_of_changes_that_others_make_through_other_processes(three: ServerProcess) -> None:
    events: list[WatchedEvent] = []
    sessions = [kazoo_session(f"{HOST}:{three.port}") for _ in range(6)]
    with ExitStack() as stack:
        clients = [stack.enter_context(session) for session in sessions]
        clients[0].create("/told", b"")
        for client in clients:
            client.sync("/told")
            client.get("/told", watch=events.append)
        clients[0].set("/told", b"1")
        wait_until(lambda: len(events) == len(clients))
        lock = clients[1].Lock("/lock", "one")
        assert lock.acquire(timeout=60)
        assert not clients[2].Lock("/lock", "two").acquire(blocking=False)
        lock.release()


def test_the_secure_port_is_shared_too(three: ServerProcess, ports: list[int], stores: TlsSettings) -> None:
    key = stores.key_store.location
    tls = {"use_ssl": True, "certfile": key, "keyfile": key, "ca": stores.trust_store.location}
    begun: set[int] = set()
    while len(begun) < 3:
        with kazoo_session(f"{HOST}:{ports[0]}", **tls) as client:
            begun.add(client.client_id[0] >> 56)
            assert client.exists("/zookeeper")


def test_the_admin_server_tells_of_all_processes(three: ServerProcess, ports: list[int]) -> None:
    clients = spread(three.port, 3)
    with urllib.request.urlopen(f"http://{HOST}:{ports[1]}/commands/connections", timeout=60) as answer:
        told = json.load(answer)["connections"]
    assert {client.session_id for client in clients} <= {one["session_id"] for one in told}
    for client in clients:
        client.close_session()


def test_a_worker_that_has_ended_is_begun_again_and_its_sessions_go_on(three: ServerProcess) -> None:
    first = worker_pids(three)[:2]
    clients = spread(three.port, 3)
    clients[0].create("/before", b"1")
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    in_step(three, 2, times=2)
    assert len(worker_pids(three)) == 4
    for client in clients:
        again = client.again(three.port)
        assert again.session_id == client.session_id
        assert again.ask(op.SYNC, SyncRequest("/"))[0] == 0
        assert again.exists("/before")
    assert {client.session_id >> 56 for client in spread(three.port, 3)} == {1, 2, 3}


def test_workers_end_with_the_writer_however_that_ends(three: ServerProcess) -> None:
    """The last one that this server is needed for."""
    pids = worker_pids(three)[-2:]
    assert all(map(is_alive, pids))
    three.process.kill()
    wait_until(lambda: not any(map(is_alive, pids)))


def test_stop_stops_all_and_the_files_are_those_of_one_server(serve: Serve, tmp_path: Path) -> None:
    server = serve(write_config(tmp_path, 2, "clientPort=0", "admin.enableServer=false"))
    in_step(server, 1)
    clients = spread(server.port, 2)
    for number, client in enumerate(clients):
        client.create(f"/n{number}", b"x")
    [pid] = worker_pids(server)
    assert server.stop() == 0
    assert not is_alive(pid)
    alone = serve(write_config(tmp_path, 1, "clientPort=0", "admin.enableServer=false"))
    client = RawClient(alone.port)
    assert all(client.exists(f"/n{number}") for number in range(len(clients)))


def test_two_servers_do_not_share_a_port(serve: Serve, tmp_path: Path) -> None:
    [port] = free_ports(HOST, 1)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    lines = (f"clientPort={port}", f"clientPortAddress={HOST}", "admin.enableServer=false")
    first = serve(write_config(tmp_path / "one", 2, *lines))
    assert first.port == port
    second = serve(write_config(tmp_path / "two", 2, *lines))
    assert second.wait() == 1
    assert "Address already in use" in second.output


def test_where_ports_are_not_shared_out_workers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = ServerConfig(data_dir="/nowhere", workers=2)
    with pytest.raises(ConfigError, match="a server within another has one"):
        check_workers(config, embedded=True)
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(ConfigError, match="only Linux shares out"):
        check_workers(config, embedded=False)
    check_workers(ServerConfig(data_dir="/nowhere"), embedded=True)


def test_members_of_an_ensemble_have_no_workers(serve: Serve, tmp_path: Path) -> None:
    members = [f"server.{number}={HOST}:{2888 + number}:{3888 + number}" for number in (1, 2, 3)]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "myid").write_text("1\n")
    server = serve(write_config(tmp_path, 2, "clientPort=0", "initLimit=5", "syncLimit=5", *members))
    assert server.wait() == 2
    assert "workers=2 is for a server without an ensemble" in server.output
