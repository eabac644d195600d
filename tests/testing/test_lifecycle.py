"""How an embedded server begins, ends, goes on and begins anew, with clients that stay."""

import asyncio
import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from kazoo.client import KazooClient, KazooState
from kazoo.retry import KazooRetry

from pyzoo.runtime.four_letters import ask
from pyzoo.testing import AlreadyStarted, EmbeddedServer, NotStarted, WaitTimeout
from tests.support.kazoo_session import kazoo_session


@pytest.fixture(params=["memory", "disk"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(data_dir=tmp_path if request.param == "disk" else None) as server:
        yield server


def patient(client: KazooClient) -> KazooRetry:
    return KazooRetry(max_tries=-1, delay=0.01, max_delay=0.05, deadline=20)


# --- with its data


def test_a_restart_keeps_data_and_sessions_and_the_port(server: EmbeddedServer) -> None:
    with kazoo_session(server.connect_string) as client:
        client.create("/app", b"value")
        client.create("/here", ephemeral=True)
        port, session_id, states = server.port, client.client_id[0], list[str]()
        client.add_listener(states.append)
        zxid = client.exists("/app").czxid
        server.restart()
        assert port == server.port
        server.wait_until(lambda: KazooState.CONNECTED in states)
        assert (b"value", zxid) == (patient(client)(client.get, "/app")[0], client.exists("/app").czxid)
        assert session_id == client.client_id[0]
        assert {session_id: ["/here"]} == server.ephemerals()
        assert KazooState.LOST not in states
        client.create("/after")
        assert client.exists("/after").czxid > zxid


def test_a_restart_forgets_watches_and_the_client_sets_them_again(server: EmbeddedServer) -> None:
    with kazoo_session(server.connect_string) as client, kazoo_session(server.connect_string) as other:
        events = client.handler.queue_impl()
        states: list[str] = []
        client.add_listener(states.append)
        client.DataWatch("/app", lambda data, stat: events.put(data))
        assert events.get(timeout=60) is None
        server.restart()
        server.wait_until(lambda: KazooState.CONNECTED in states)
        patient(other)(other.create, "/app", b"value")
        assert b"value" == events.get(timeout=60)


def test_what_was_answered_outlives_a_kill(server: EmbeddedServer) -> None:
    with kazoo_session(server.connect_string) as client:
        client.create("/app", b"value")
        session_id = client.client_id[0]
        port = server.port
        server.kill()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=60)
        with pytest.raises(NotStarted):
            server.tree()
        server.start()
        assert port == server.port
        assert b"value" == patient(client)(client.get, "/app")[0]
        assert session_id == client.client_id[0]


def test_what_is_not_logged_is_lost_in_a_kill(server: EmbeddedServer) -> None:
    with kazoo_session(server.connect_string) as client:
        client.create("/kept")
        server.disk_full()
        waiting = client.create_async("/lost")
        server.wait_until(lambda: "Outstanding: 1" in ask("127.0.0.1", server.port, "srvr"))
        server.kill()
        server.restart()
        assert not waiting.successful()
        assert ["kept"] == list(server.tree()["children"])
        patient(client)(client.create, "/next")


def test_a_killed_server_can_be_stopped_for_good(server: EmbeddedServer) -> None:
    port = server.port
    server.kill()
    server.stop()
    with socket.create_server(("127.0.0.1", port)):
        pass
    with pytest.raises(NotStarted, match=r"call start\(\)"):
        server.restart()
    with pytest.raises(NotStarted, match=r"call start\(\)"):
        server.kill()


def test_a_server_in_memory_that_was_stopped_begins_with_nothing() -> None:
    server = EmbeddedServer()
    with server, kazoo_session(server.connect_string) as client:
        client.create("/gone")
    with server:
        assert {} == server.tree()["children"]


def test_what_was_never_started_is_not_restarted() -> None:
    server = EmbeddedServer()
    for use in (server.restart, server.kill, server.reset, server.heal):
        with pytest.raises(NotStarted, match=r"call start\(\), or write `with EmbeddedServer\(\) as server:`"):
            use()


# --- anew


def test_a_reset_leaves_nothing_of_the_test_before(server: EmbeddedServer) -> None:
    with kazoo_session(server.connect_string) as client:
        client.create("/app/job", b"value", makepath=True)
        client.create("/here", ephemeral=True)
        states: list[str] = []
        client.add_listener(states.append)
        session_id = client.client_id[0]
        server.refuse_writes()
        server.reset()
        assert {} == server.tree()["children"]
        assert {} == server.ephemerals()
        assert session_id not in [session.id for session in server.sessions()]
        # Who was there is told that its session is over, and gets another one.
        server.wait_until(lambda: [KazooState.SUSPENDED, KazooState.LOST, KazooState.CONNECTED] == states)
        client.create("/new")
        assert ["new"] == list(server.tree()["children"])


def test_a_reset_server_restarts_empty_too(server: EmbeddedServer) -> None:
    with kazoo_session(server.connect_string) as client:
        client.create("/gone")
    server.reset()
    server.restart()
    assert {} == server.tree()["children"]


# --- where


def test_it_listens_where_it_is_told_to() -> None:
    with EmbeddedServer(host="[::1]") as server:
        assert f"[::1]:{server.port}" == server.connect_string
        assert "imok" == ask("::1", server.port, "ruok")
    with EmbeddedServer(host="0.0.0.0") as server:
        assert f"127.0.0.1:{server.port}" == server.connect_string
        assert "imok" == ask("127.0.0.1", server.port, "ruok")


def test_the_admin_port_stays_the_same_over_a_restart() -> None:
    with EmbeddedServer(admin_port=0) as server:
        port = server.admin_port
        server.restart()
        assert port == server.admin_port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/commands/ruok", timeout=60) as answer:
            assert {"command": "ruok", "error": None} == json.load(answer)


# --- in coroutines


async def test_trio_goes_on_while_it_starts_and_waits() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        async with EmbeddedServer() as server:
            with pytest.raises(WaitTimeout):
                await server.in_thread(server.wait_until, "/never", 0.01)
            stream = await trio.open_tcp_stream("127.0.0.1", server.port)
            await stream.send_all(b"ruok")
            assert b"imok" == await stream.receive_some()
            await stream.aclose()
            await server.in_thread(server.restart)
        nursery.cancel_scope.cancel()
    with pytest.raises(NotStarted):
        server.sessions()


async def test_trio_may_cancel_a_block_with_a_server() -> None:
    with trio.CancelScope() as scope:
        async with EmbeddedServer() as server:
            scope.cancel()
            await trio.lowlevel.checkpoint()
    with pytest.raises(NotStarted):
        server.sessions()


async def test_a_block_that_cannot_begin_does_not_stop_a_server_that_runs() -> None:
    with EmbeddedServer() as server:
        with pytest.raises(AlreadyStarted):
            async with server:
                raise AssertionError
        assert [] == server.sessions()


def test_asyncio_goes_on_while_it_starts() -> None:
    async def words() -> bytes:
        async with EmbeddedServer() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"ruok")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            await server.in_thread(server.restart)
            return answer

    assert b"imok" == asyncio.run(words())


def test_asyncio_may_cancel_the_start() -> None:
    server = EmbeddedServer()

    async def start() -> None:
        async with server:
            await asyncio.sleep(60)

    async def cancelled() -> None:
        task = asyncio.create_task(start())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    with pytest.raises(NotStarted):
        server.sessions()
