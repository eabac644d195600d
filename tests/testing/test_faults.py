"""The faults that a test may plant into an embedded server."""

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import (
    ConnectionLoss,
    NoAuthError,
    NodeExistsError,
    NoNodeError,
    NotReadOnlyCallError,
    OperationTimeoutError,
)

from pyzoo.shell import requests as rq
from pyzoo.subtrees.acl_text import OPEN_ACL
from pyzoo.testing import EmbeddedServer
from tests.support.kazoo_session import kazoo_session

DELAY_MS = 60
SESSION_TIMEOUT_MS = 20_000
CONNECT_REQUEST = struct.pack(">iiqiqi16s", 44, 0, 0, SESSION_TIMEOUT_MS, 0, 16, bytes(16))


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(properties={"extendedTypesEnabled": True}) as server:
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[KazooClient]:
    with kazoo_session(server.connect_string) as client:
        yield client
    server.reset()


def create(client: KazooClient, path: str, kind: str, ttl_ms: int | None = None) -> None:
    """Create a node of a kind that kazoo does not know."""
    created = client.handler.async_result()
    client._call(rq.Create(path, b"", OPEN_ACL, rq.FLAGS[kind], ttl_ms), created)
    created.get(timeout=60)


# --- requests that fail


@pytest.mark.parametrize(
    "error", [-101, "NoNode", "NONODE", "NoNodeError", "NoNodeException", NoNodeError, NoNodeError()]
)
def test_the_next_request_of_a_kind_fails(
    server: EmbeddedServer, client: KazooClient, error: int | str | type[Exception] | Exception
) -> None:
    server.fail_next("create", error)
    assert client.exists("/") is not None
    with pytest.raises(NoNodeError):
        client.create("/app")
    assert {} == server.tree()["children"]
    client.create("/app")


def test_requests_fail_in_their_order_one_each(server: EmbeddedServer, client: KazooClient) -> None:
    client.create("/app", b"value")
    server.fail_next("getData", "NoAuth")
    server.fail_next(4, ConnectionLoss)
    server.fail_next("exists", "NoNode")
    with pytest.raises(NoAuthError):
        client.get("/app")
    with pytest.raises(ConnectionLoss):
        client.get("/app")
    assert client.exists("/app") is None
    assert b"value" == client.get("/app")[0]


def test_answers_keep_their_order(server: EmbeddedServer, client: KazooClient) -> None:
    server.fail_next("exists", "OperationTimeout")
    created = client.create_async("/app")
    failed = client.exists_async("/app")
    deleted = client.delete_async("/app")
    assert "/app" == created.get(timeout=60)
    with pytest.raises(OperationTimeoutError):
        failed.get(timeout=60)
    deleted.get(timeout=60)


def test_a_name_stands_for_all_kinds_of_it(server: EmbeddedServer, client: KazooClient) -> None:
    for made in (lambda: client.create("/a", include_data=True), lambda: create(client, "/a", "ttl", 1000)):
        server.fail_next("create", NodeExistsError)
        with pytest.raises(NodeExistsError):
            made()
    server.fail_next("multi", "NoAuth")
    with pytest.raises(NoAuthError):
        client.transaction().commit()


@pytest.mark.parametrize("name", ["creat", 77, "createSession", "check", "auth", 20])
def test_what_is_no_request_is_refused_with_what_is(server: EmbeddedServer, name: int | str) -> None:
    with pytest.raises(
        ValueError, match=r"is no request that can fail: give the number or the name of one of create, "
    ):
        server.fail_next(name, -101)


def test_what_is_no_error_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(ValueError, match=r"'NoNod' is no error: give a code, or one of SYSTEMERROR, .*NONODE"):
        server.fail_next("create", "NoNod")
    for code in (0, 5, -90000):
        with pytest.raises(ValueError, match=r"codes of ZooKeeper are negative, such as -101 for NONODE"):
            server.fail_next("create", code)
    with pytest.raises(TypeError, match=r"KeyError.* has no code of ZooKeeper: give a code, a name, or an exception"):
        server.fail_next("create", KeyError)


def test_writes_can_be_refused(server: EmbeddedServer, client: KazooClient) -> None:
    client.create("/app", b"value")
    server.refuse_writes()
    for write, *arguments in ((client.create, "/b"), (client.set, "/app", b""), (client.delete, "/app")):
        with pytest.raises(NotReadOnlyCallError):
            write(*arguments)
    assert b"value" == client.get("/app")[0]
    with kazoo_session(server.connect_string) as other:
        assert other.exists("/app") is not None
    server.heal()
    client.set("/app", b"other")


# --- a disk that is full


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_nothing_is_acknowledged_while_the_disk_is_full(kind: str, tmp_path: Path) -> None:
    with (
        EmbeddedServer(data_dir=tmp_path if kind == "disk" else None) as server,
        kazoo_session(server.connect_string) as client,
        kazoo_session(server.connect_string) as other,
    ):
        client.create("/before")
        server.disk_full()
        waiting = [client.create_async("/first"), client.create_async("/second")]
        assert other.exists("/first") is None
        waiting[0].wait(0.05)
        assert not waiting[0].ready()
        assert ["before"] == list(server.tree()["children"])
        server.heal()
        assert ["/first", "/second"] == [each.get(timeout=60) for each in waiting]
        server.restart()
        assert ["before", "first", "second"] == sorted(server.tree()["children"])


# --- a slow network


def test_answers_come_later(server: EmbeddedServer, client: KazooClient) -> None:
    server.delay(DELAY_MS)
    begun = time.monotonic()
    waiting = [client.exists_async("/") for _ in range(5)]
    assert all(each.get(timeout=60) is not None for each in waiting)
    took = time.monotonic() - begun
    assert took >= DELAY_MS / 1000
    with kazoo_session(server.connect_string) as other:
        begun = time.monotonic()
        other.exists("/")
        assert time.monotonic() - begun >= DELAY_MS / 1000
    server.heal()
    server.delay(10_000_000)
    last = client.exists_async("/")
    server.heal()
    assert last.get(timeout=60) is not None


def test_a_large_request_arrives_in_one_piece_and_a_close_comes_behind_it(
    server: EmbeddedServer, client: KazooClient
) -> None:
    server.delay(5)
    client.create("/large", b"x" * 900_000)
    assert 900_000 == len(client.get("/large")[0])
    with kazoo_session(server.connect_string) as other:
        other.create("/here", ephemeral=True)
    server.wait_until(lambda: not server.exists("/here"))


def test_what_makes_no_sense_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(ValueError, match="give a positive number of milliseconds"):
        server.delay(-1)
    with pytest.raises(ValueError, match="time does not go back"):
        server.step_clock(-1)


# --- time that passes at once


def test_ttl_nodes_go_when_their_time_is_over(server: EmbeddedServer, client: KazooClient) -> None:
    create(client, "/short", "ttl", 60_000)
    create(client, "/long", "ttl", 600_000)
    created = client.exists("/long").ctime
    server.step_clock(61)
    assert ["long"] == list(server.tree()["children"])
    client.create("/later")
    assert 61_000 <= client.exists("/later").ctime - created
    server.restart()
    server.step_clock(600)
    assert ["later"] == list(server.tree()["children"])


def test_containers_go_when_they_are_empty(server: EmbeddedServer, client: KazooClient) -> None:
    for path in ("/outer", "/outer/inner", "/new"):
        create(client, path, "container")
    for number in range(40):
        create(client, f"/outer/inner/{number}", "ttl", 1)
    server.step_clock(1)
    assert ["new"] == list(server.tree()["children"])


def test_sessions_without_a_client_expire_and_those_with_one_do_not(
    server: EmbeddedServer, client: KazooClient
) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(CONNECT_REQUEST)
        assert sock.recv(100)
    server.wait_until(lambda: [session.is_connected for session in server.sessions()] == [True, False])
    server.step_clock(SESSION_TIMEOUT_MS / 1000 - 4)
    assert 2 == len(server.sessions())
    server.step_clock(6)
    assert [client.client_id[0]] == [session.id for session in server.sessions()]


def test_silent_clients_lose_their_sessions_too(server: EmbeddedServer, client: KazooClient) -> None:
    session_id = client.client_id[0]
    server.step_clock(60, silent=True)
    assert session_id not in [session.id for session in server.sessions()]
