"""What a test may do to an embedded server, and what it may see of it."""

import socket
from collections.abc import Iterator

import pytest
from kazoo.client import KazooClient, KazooState

from pyzoo.runtime.four_letters import ask
from pyzoo.testing import (
    EmbeddedServer,
    EmbeddedServerError,
    NoSuchNode,
    NoSuchSession,
    NotStarted,
    SessionInfo,
    WaitTimeout,
    WatchInfo,
)
from tests.support.kazoo_session import kazoo_session


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[KazooClient]:
    with kazoo_session(server.connect_string) as client:
        yield client
        for name in client.get_children("/"):
            if name != "zookeeper":
                client.delete(f"/{name}", recursive=True)


# --- inspection


def test_sessions_tell_of_their_clients_and_ephemerals(server: EmbeddedServer, client: KazooClient) -> None:
    client.create("/here", ephemeral=True)
    [session] = server.sessions()
    assert client.client_id[0] == session.id
    assert session.is_connected
    assert session.address is not None
    assert session.address.startswith("127.0.0.1:")
    assert ("/here",) == session.ephemerals
    assert {session.id: ["/here"]} == server.ephemerals()
    assert server.tree()["children"]["here"]["ephemeral_owner"] == session.id


def test_watches_tell_what_they_wait_for(server: EmbeddedServer, client: KazooClient) -> None:
    client.get_children("/", watch=lambda event: None)
    client.exists("/later", watch=lambda event: None)
    client.get("/", watch=lambda event: None)
    session_id = client.client_id[0]
    assert {
        WatchInfo("/", session_id, "child"),
        WatchInfo("/later", session_id, "data"),
        WatchInfo("/", session_id, "data"),
    } == set(server.watches())


def test_the_tree_is_a_dict(server: EmbeddedServer, client: KazooClient) -> None:
    client.create("/app/job", b"value", makepath=True)
    client.set("/app/job", b"other")
    job = {"data": b"other", "version": 1, "ephemeral_owner": 0, "children": {}}
    assert {"job": job} == server.tree("/app")["children"]
    assert ["app"] == list(server.tree()["children"])
    assert ["config", "quota"] == sorted(server.tree("/zookeeper")["children"])
    with pytest.raises(NoSuchNode, match="there is no node /other"):
        server.tree("/other")


def test_a_node_can_be_waited_for(server: EmbeddedServer, client: KazooClient) -> None:
    client.create_async("/app")
    server.wait_until("/app")
    server.wait_until(lambda: server.sessions())
    with pytest.raises(
        WaitTimeout, match=r"/app/a/b did not appear: /app exists, with the children \[\].* within 0\.01 s"
    ):
        server.wait_until("/app/a/b", timeout=0.01)
    with pytest.raises(WaitTimeout, match=r"lambda> did not become true within 0\.01 s"):
        server.wait_until(lambda: False, timeout=0.01)


# --- sessions and connections


@pytest.mark.parametrize("kind", ["client", "id", "record", "unsigned"])
def test_a_session_expires_with_its_ephemerals(server: EmbeddedServer, client: KazooClient, kind: str) -> None:
    with kazoo_session(server.connect_string) as other:
        lost = other.handler.event_object()
        other.add_listener(lambda state: lost.set() if state == KazooState.LOST else None)
        other.create("/here", ephemeral=True)
        session_id = other.client_id[0]
        record = next(session for session in server.sessions() if session.id == session_id)
        references: dict[str, int | SessionInfo | KazooClient] = {
            "client": other,
            "id": session_id,
            "record": record,
            "unsigned": session_id % 2**64,
        }
        server.expire(references[kind])
        assert client.exists("/here") is None
        assert session_id not in [session.id for session in server.sessions()]
        assert lost.wait(60)


def test_a_dropped_client_comes_back_with_its_session(server: EmbeddedServer, client: KazooClient) -> None:
    states: list[str] = []
    client.add_listener(states.append)
    session_id = client.client_id[0]
    client.create("/here", ephemeral=True)
    server.drop(client)
    server.wait_until(lambda: [KazooState.SUSPENDED, KazooState.CONNECTED] == states)
    assert session_id == client.client_id[0]
    assert client.exists("/here") is not None


def test_what_stands_for_no_session_is_refused_with_what_would(server: EmbeddedServer) -> None:
    with pytest.raises(NoSuchSession, match=r"there is no session 0x5; sessions\(\) has those that there are"):
        server.expire(5)
    with pytest.raises(NoSuchSession, match="no client is connected here with the session 0x5"):
        server.drop(5)
    with pytest.raises(NoSuchSession, match="has no session: start it first"):
        server.drop(KazooClient())
    with pytest.raises(TypeError, match=r"stands for no session: give its id, an entry of sessions\(\), or a client"):
        server.expire("5")  # type: ignore[arg-type]


# --- standing still


def test_a_paused_server_says_nothing_and_goes_on_later(server: EmbeddedServer, client: KazooClient) -> None:
    server.pause()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        sock.sendall(b"ruok")
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        assert 1 == len(server.sessions())
        with pytest.raises(WaitTimeout, match=r"the server is paused, call resume\(\)"):
            server.wait_until("/never", timeout=0.001)
        for change in (server.expire, server.drop):
            with pytest.raises(EmbeddedServerError, match=r"the server is paused.*: call resume\(\) first"):
                change(client)
        with pytest.raises(EmbeddedServerError, match=r"call resume\(\) first"):
            server.step_clock(1)
        server.resume()
        sock.settimeout(60)
        assert b"imok" == sock.recv(4)
    assert client.exists("/") is not None


def test_a_paused_server_can_be_stopped() -> None:
    with EmbeddedServer() as server:
        server.pause()
    with pytest.raises(NotStarted, match=r"call start\(\)"):
        server.sessions()


def test_a_server_that_does_not_run_has_nothing_to_show() -> None:
    server = EmbeddedServer()
    for use in (server.sessions, server.tree, server.pause, lambda: server.expire(1), lambda: server.wait_until("/a")):
        with pytest.raises(NotStarted, match=r"call start\(\), or write `with EmbeddedServer\(\) as server:`"):
            use()


def test_words_are_answered_after_all_this(server: EmbeddedServer) -> None:
    assert "imok" == ask("127.0.0.1", server.port, "ruok")
