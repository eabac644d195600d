"""EmbeddedServer and the pytest fixture, used with kazoo as a project would use them."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError, NoNodeError
from kazoo.security import make_acl

from pyzoo.errors import PyzooError
from pyzoo.runtime.local_ensemble import with_admin_off
from pyzoo.testing import EmbeddedServer


@contextmanager
def kazoo(server: EmbeddedServer) -> Iterator[KazooClient]:
    client = KazooClient(server.connect_string, timeout=10)
    client.start(timeout=10)
    try:
        yield client
    finally:
        client.stop()
        client.close()


def test_a_client_can_use_it() -> None:
    with EmbeddedServer() as server, kazoo(server) as client:
        assert "/app" == client.create("/app", b"value")
        assert b"value" == client.get("/app")[0]
        assert "/app/job-0000000000" == client.create("/app/job-", sequence=True, ephemeral=True)
        transaction = client.transaction()
        transaction.check("/app", 0)
        transaction.set_data("/app", b"other")
        assert 2 == len(transaction.commit())
        client.delete("/app", recursive=True)
        assert client.exists("/app") is None


def test_recipes_work_between_clients() -> None:
    with EmbeddedServer() as server, kazoo(server) as one, kazoo(server) as two:
        with one.Lock("/lock", "one"):
            assert ["one"] == two.Lock("/lock", "two").contenders()
            assert not two.Lock("/lock", "two").acquire(blocking=False)
        assert two.Lock("/lock", "two").acquire(timeout=10)


def test_watches_reach_other_clients() -> None:
    with EmbeddedServer() as server, kazoo(server) as one, kazoo(server) as two:
        events = two.handler.queue_impl()
        two.exists("/node", watch=events.put)
        one.create("/node")
        event = events.get(timeout=10)
        assert ("CREATED", "/node") == (event.type, event.path)


def test_servers_of_one_process_know_nothing_of_each_other() -> None:
    with EmbeddedServer() as first, EmbeddedServer() as second:
        assert first.port != second.port
        with kazoo(first) as one, kazoo(second) as two:
            one.create("/only-here")
            assert two.exists("/only-here") is None


def test_nothing_is_kept_without_a_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with EmbeddedServer() as server, kazoo(server) as client:
        client.create("/gone")
    assert [] == list(tmp_path.iterdir())
    with EmbeddedServer() as server, kazoo(server) as client:
        assert client.exists("/gone") is None


def test_a_data_directory_keeps_everything(tmp_path: Path) -> None:
    with EmbeddedServer(data_dir=str(tmp_path)) as server, kazoo(server) as client:
        client.create("/kept", b"value")
    with EmbeddedServer(data_dir=str(tmp_path)) as server, kazoo(server) as client:
        assert b"value" == client.get("/kept")[0]


def test_properties_are_settings() -> None:
    acl = [make_acl("world", "anyone", read=True)]
    with EmbeddedServer() as server, kazoo(server) as client:
        client.create("/locked", acl=acl)
        with pytest.raises(NoAuthError):
            client.set("/locked", b"value")
    with EmbeddedServer(properties={"zookeeper.skipACL": "yes"}) as server, kazoo(server) as client:
        client.create("/locked", acl=acl)
        client.set("/locked", b"value")


def test_ephemerals_go_with_their_client() -> None:
    with EmbeddedServer() as server, kazoo(server) as watching:
        leaving = KazooClient(server.connect_string)
        leaving.start(timeout=10)
        leaving.create("/here", ephemeral=True)
        gone = watching.handler.event_object()
        watching.exists("/here", watch=lambda event: gone.set())
        leaving.stop()
        gone.wait(10)
        assert watching.exists("/here") is None
        leaving.close()


def test_the_port_is_free_again_afterwards() -> None:
    with EmbeddedServer() as server:
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
    with EmbeddedServer(port=port) as server:
        assert port == server.port


def test_a_port_that_is_taken_is_an_error_of_the_start() -> None:
    with EmbeddedServer() as server:
        second = EmbeddedServer(port=server.port)
        with pytest.raises(OSError, match=str(server.port)):
            second.start()


def test_settings_that_make_no_sense_are_an_error_at_once() -> None:
    with pytest.raises(PyzooError, match="tickTime"):
        EmbeddedServer(tick_time_ms=-5)


def test_a_broken_data_directory_is_an_error_of_the_start(tmp_path: Path) -> None:
    version_2 = tmp_path / "version-2"
    version_2.mkdir()
    (version_2 / "log.1").write_bytes(b"this is no log" * 100)
    with pytest.raises(PyzooError):
        EmbeddedServer(data_dir=str(tmp_path)).start()


def test_clients_notice_that_it_is_gone() -> None:
    with EmbeddedServer() as server:
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    assert b"" == sock.recv(1)
    sock.close()


def test_the_fixture_is_a_fresh_server(pyzoo_server: EmbeddedServer) -> None:
    with kazoo(pyzoo_server) as client:
        with pytest.raises(NoNodeError):
            client.get("/left-over")
        client.create("/left-over")


def test_the_fixture_is_fresh_for_the_next_test_too(pyzoo_server: EmbeddedServer) -> None:
    with kazoo(pyzoo_server) as client:
        assert client.exists("/left-over") is None


def test_the_admin_server_is_there_for_who_asks() -> None:
    properties = {"zookeeper.admin.serverPort": "0", "zookeeper.admin.serverAddress": "127.0.0.1"}
    with EmbeddedServer() as without, EmbeddedServer(properties=properties) as server:
        assert without.admin_port is None
        with urllib.request.urlopen(f"http://127.0.0.1:{server.admin_port}/commands/ruok", timeout=10) as answer:
            assert {"command": "ruok", "error": None} == json.load(answer)


@pytest.mark.parametrize(
    ("given", "off"),
    [({}, True), ({"zookeeper.snapCount": "9"}, True), ({"zookeeper.admin.serverPort": "0"}, False)],
)
def test_members_of_a_local_ensemble_have_none_unless_it_is_asked_for(given: dict[str, str], off: bool) -> None:
    properties = with_admin_off(given)
    assert given.items() <= properties.items()
    assert off == (properties.get("zookeeper.admin.enableServer") == "false")
