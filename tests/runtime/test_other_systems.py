"""A server where epoll, eventfd and more are missing, as clients find it; see tests/support/other_system.py."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyzoo.portable import ASKED_FOR
from pyzoo.runtime.four_letters import mode_of
from pyzoo.runtime.free_ports import free_port, free_ports
from tests.support.identities import HOST, pem_settings
from tests.support.kazoo_session import kazoo_session
from tests.support.server_process import ServerProcess, four_letters, wait_until

SYSTEMS = ("darwin", "win32")
TEN = [f"/node{number}" for number in range(10)]
EMBEDDED = """
import sys
from pyzoo.testing import EmbeddedServer

for data_dir in (None, sys.argv[1]):
    with EmbeddedServer(data_dir=data_dir) as first, EmbeddedServer() as second:
        print(first.connect_string, second.connect_string, flush=True)
        assert sys.stdin.readline() == "go on\\n"
"""


class Systems:
    """Starts servers on another system."""

    def __init__(self, system: str) -> None:
        self.program = ("tests.support.other_system", system)
        self.servers: list[ServerProcess] = []

    def start(self, *words: object) -> ServerProcess:
        server = ServerProcess(*words, program=self.program)
        self.servers.append(server)
        return server


@pytest.fixture(params=SYSTEMS)
def systems(request: pytest.FixtureRequest) -> Iterator[Systems]:
    systems = Systems(request.param)
    yield systems
    for server in systems.servers:
        server.clean_up()


def write_config(directory: Path, **keys: object) -> Path:
    """A zoo.cfg; `__` in a key stands for a dot."""
    directory.mkdir()
    entries = {"dataDir": directory / "data", "tickTime": 2000, "admin.enableServer": "false"}
    entries |= {key.replace("__", "."): value for key, value in keys.items()}
    path = directory / "zoo.cfg"
    path.write_text("".join(f"{key}={value}\n" for key, value in entries.items()))
    return path


def test_a_server_keeps_its_data_to_itself_and_answers_on_all_of_its_ports(systems: Systems, tmp_path: Path) -> None:
    stores = pem_settings(tmp_path)
    secure_port, admin_port = free_ports(HOST, 2)
    config = write_config(
        tmp_path / "server",
        clientPort=0,
        clientPortAddress=HOST,
        secureClientPort=secure_port,
        secureClientPortAddress=HOST,
        ssl__keyStore__location=stores.key_store.location,
        ssl__trustStore__location=stores.trust_store.location,
        admin__enableServer="true",
        admin__serverAddress=HOST,
        admin__serverPort=admin_port,
        preAllocSize=64,
        snapCount=20,
        **{"4lw.commands.whitelist": "*"},
    )
    server = systems.start(config)
    tls: dict[str, Any] = {
        "use_ssl": True,
        "certfile": stores.key_store.location,
        "keyfile": stores.key_store.location,
        "ca": stores.trust_store.location,
    }
    with kazoo_session(f"{HOST}:{server.port}") as plain, kazoo_session(f"{HOST}:{secure_port}", **tls) as secure:
        told: list[object] = []
        for path in TEN:
            secure.exists(path, watch=told.append)
        for request in [plain.create_async(path, b"x" * 70_000) for path in TEN]:
            request.get(30)
        wait_until(lambda: len(told) == len(TEN))
        assert b"x" * 70_000 == secure.get(TEN[3])[0]
        assert b"imok" == four_letters(server.port, b"ruok")
        assert b"Node count: 15" in four_letters(server.port, b"srvr")
        assert b"zk_max_file_descriptor_count" in four_letters(server.port, b"mntr")
        with urllib.request.urlopen(f"http://{HOST}:{admin_port}/commands/environment", timeout=60) as answer:
            assert "os.name" in json.load(answer)
        for path in TEN:
            plain.set(path, b"y")
            plain.set(path, b"z")
    second = systems.start("--port", 0, "--data-dir", tmp_path / "server" / "data")
    assert 0 != second.wait()
    assert f"is in use by another server (process {server.process.pid})" in second.output
    assert 0 == server.stop()
    assert ", portable): data in " in server.lines[0]
    again = systems.start(config)
    with kazoo_session(f"{HOST}:{again.port}") as client:
        assert [b"z"] * len(TEN) == [client.get(path)[0] for path in TEN]


def test_an_ensemble_goes_on_without_its_leader(systems: Systems, tmp_path: Path) -> None:
    ports = free_ports(HOST, 9)
    members = {
        f"server__{sid}": f"{HOST}:{ports[sid - 1]}:{ports[sid + 2]};{HOST}:{ports[sid + 5]}" for sid in range(1, 4)
    }
    configs = {}
    for sid in range(1, 4):
        whitelist = {"4lw.commands.whitelist": "*"}
        configs[sid] = write_config(tmp_path / str(sid), initLimit=10, syncLimit=5, **members, **whitelist)
        (tmp_path / str(sid) / "data").mkdir()
        (tmp_path / str(sid) / "data" / "myid").write_text(f"{sid}\n")
    servers = {sid: systems.start(config) for sid, config in configs.items()}
    client_ports = {sid: server.port for sid, server in servers.items()}
    wait_until(lambda: None not in [mode_of(HOST, port) for port in client_ports.values()])
    with kazoo_session(",".join(f"{HOST}:{port}" for port in client_ports.values())) as client:
        for path in TEN:
            client.create(path, b"x" * 10_000)
        [leader] = [sid for sid, port in client_ports.items() if mode_of(HOST, port) == "leader"]
        servers[leader].process.kill()
        client.retry(client.set, TEN[0], b"after")
        servers[leader].wait()
        again = systems.start(configs[leader])
        wait_until(lambda: mode_of(HOST, again.port) == "follower")
    with kazoo_session(f"{HOST}:{again.port}") as client:
        assert b"after" == client.get(TEN[0])[0]


def test_servers_of_a_test_run_in_its_process(systems: Systems, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(EMBEDDED)
    words = [sys.executable, "-m", *systems.program, str(program), str(tmp_path / "data")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            for connect_string in process.stdout.readline().split():
                with kazoo_session(connect_string) as client:
                    client.create("/a", b"1")
                    assert b"1" == client.get("/a")[0]
            print("go on", file=process.stdin, flush=True)
    assert 0 == process.returncode


def test_the_first_line_and_the_version_tell_which_way_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ASKED_FOR, "1")
    server = ServerProcess("--in-memory", "--port", free_port())
    try:
        assert server.port
        assert ", portable): nothing on disk" in server.lines[0]
    finally:
        server.clean_up()
