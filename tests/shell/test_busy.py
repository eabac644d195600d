"""Who is connected, who owns and watches a node, and who keeps servers busy: of pyzoo, and of Apache's server."""

from collections.abc import Iterator
from typing import Any

import pytest
from kazoo.client import KazooClient
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from pyzoo.runtime.free_ports import free_port
from pyzoo.shell.admin_port import AdminPort, AdminUrl
from pyzoo.shell.busy import Looks
from pyzoo.shell.commands.top import Screen, look_lines
from pyzoo.testing import EmbeddedServer
from tests.support.kazoo_session import kazoo_session
from tests.support.stub_admin import stub_admin

from .conftest import Cli

CONNECTION = {
    "remote_socket_address": "10.0.0.7:40312",
    "outstanding_requests": 0,
    "packets_received": 7,
    "session_id": -72061769385050114,
    "last_operation": "GETD",
    "established": 1796010759182,
    "session_timeout": 30000,
    "min_latency": 0,
    "avg_latency": 0,
    "max_latency": 1,
}
ID = "0xfefffc33d9eafffe"
APACHE: dict[str, Any] = {
    "/commands/connections": {"connections": [CONNECTION], "secure_connections": [], "error": None},
    "/commands/dump": {"session_id_to_ephemeral_paths": {"-72061769385050114": ["/e"]}, "error": None},
    "/commands/watches_by_path": {"path_to_session_ids": {"/a": [-72061769385050114]}, "error": None},
    "/commands/monitor": [
        {"server_state": "standalone", "packets_received": number, "avg_latency": 0.5, "min_latency": 0,
         "max_latency": 9, "outstanding_requests": 0, "num_alive_connections": 1, "error": None}
        for number in (100, 200)
    ],
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    properties = {"zookeeper.admin.serverPort": "0", "zookeeper.admin.serverAddress": "127.0.0.1"}
    with EmbeddedServer(properties=properties) as server:
        yield server


@pytest.fixture
def url(server: EmbeddedServer) -> str:
    return f"http://127.0.0.1:{server.admin_port}/"


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[KazooClient]:
    """One that owns /e and watches /a."""
    with kazoo_session(server.connect_string) as client:
        client.create("/e", ephemeral=True)
        client.create("/a")
        client.get("/a", watch=lambda event: None)
        yield client


def id_of(client: KazooClient) -> str:
    return f"0x{client.client_id[0]:x}"


def document(cli: Cli, *words: str) -> Any:
    return cli("--json", *words).documents[0]


def test_sessions_are_listed_with_what_belongs_to_them(cli: Cli, url: str, client: KazooClient) -> None:
    [found] = document(cli, "--admin", url, "sessions", id_of(client))["sessions"]
    assert (1, 1, True, ["ip:127.0.0.1"]) == (found["ephemerals"], found["watches"], found["here"], found["auth"])
    assert found["address"].startswith("127.0.0.1:")
    lines = cli("--admin", url, "sessions", id_of(client)).lines
    assert (2, "session", id_of(client)) == (len(lines), lines[0].split()[0], lines[1].split()[0])
    assert [] == document(cli, "--admin", url, "sessions", "no such")["sessions"]


def test_more_than_fit_are_told_of(cli: Cli, url: str, client: KazooClient, server: EmbeddedServer) -> None:
    with kazoo_session(server.connect_string):
        ended = cli("--admin", url, "sessions", "--limit", "1")
    assert 2 == len(ended.lines)
    assert ended.err.startswith("1 of ")


def test_who_owns_a_node_and_who_watches_it(cli: Cli, url: str, client: KazooClient) -> None:
    owner, watcher = (cli("--admin", url, "who", path).lines for path in ("/e", "/a"))
    assert owner[0].startswith(f"owner    {id_of(client)}  127.0.0.1:")
    assert "watcher  none" == owner[1]
    assert "owner    nobody: it is not ephemeral" == watcher[0]
    assert watcher[1].startswith(f"watcher  {id_of(client)}  127.0.0.1:")
    found = document(cli, "--admin", url, "who", "/e")
    assert (id_of(client), []) == (found["owner"]["id"], found["watchers"])
    assert "Node does not exist: /none\n" == cli("--admin", url, "who", "/none").err


def test_what_a_session_watches_of_a_node_is_told(cli: Cli, url: str, client: KazooClient) -> None:
    client.create("/w/x", makepath=True)
    client.get_children("/w/x", watch=lambda event: None)
    [line] = cli("--admin", url, "who", "/w/x").lines[1:]
    assert line.startswith(f"watcher  {id_of(client)}  127.0.0.1:")
    assert line.endswith("  watches children")
    client.get("/w/x", watch=lambda event: None)
    [found] = document(cli, "--admin", url, "who", "/w/x")["watchers"]
    assert ["data", "children"] == found["watched"]


def test_who_watches_all_below_a_node_watches_each(cli: Cli, url: str, client: KazooClient) -> None:
    client.create("/w/x", makepath=True)
    ended = cli("--admin", url, lines="addWatch -m PERSISTENT_RECURSIVE /w\nwho /w/x\n")
    [watcher] = [line for line in ended.lines if line.startswith("watcher")]
    assert watcher.endswith("  watches below /w")


def test_below_a_chroot_the_same_node_is_meant(run: Cli, server: EmbeddedServer, url: str, client: KazooClient) -> None:
    client.create("/app/x", makepath=True)
    client.get("/app/x", watch=lambda event: None)
    lines = run("-server", f"{server.connect_string}/app", "--admin", url, "who", "/x").lines
    assert lines[1].startswith(f"watcher  {id_of(client)}")


def test_apaches_server_tells_by_its_commands(cli: Cli) -> None:
    cli("create", "/a")
    with stub_admin(APACHE) as stub:
        [found] = document(cli, "--admin", stub.url, "sessions")["sessions"]
        who = document(cli, "--admin", stub.url, "who", "/a")
    assert (ID, "10.0.0.7:40312", 1, 1) == (found["id"], found["address"], found["ephemerals"], found["watches"])
    assert "2026-11-30T03:52:39.182Z" == found["established"]
    assert [ID] == [each["id"] for each in who["watchers"]]


def test_a_console_that_answers_only_its_machine_leaves_the_commands(cli: Cli) -> None:
    refusal = {"error": "The console answers requests of this machine only; admin.console.remote=true lets in others."}
    with stub_admin({**APACHE, "/console/api/sessions": (403, refusal)}) as stub:
        ended = cli("--admin", stub.url, "sessions")
    assert 2 == len(ended.lines)
    assert "admin.console.remote=true lets in others; shown is what the command connections tells" in ended.err


def test_several_admin_servers_are_put_together(cli: Cli, url: str, client: KazooClient) -> None:
    with stub_admin(APACHE) as stub:
        found = document(cli, "--admin", f"{url},{stub.url}", "sessions")["sessions"]
    assert {ID, id_of(client)} <= {each["id"] for each in found}


def test_one_that_does_not_answer_is_told_of(cli: Cli, url: str, client: KazooClient) -> None:
    away = f"http://127.0.0.1:{free_port()}/"
    ended = cli("--admin", f"{url},{away}", "who", "/e")
    assert (0, True) == (ended.code, f"{away}: nobody listens there" in ended.err)
    [warning] = document(cli, "--admin", f"{url},{away}", "top", "--once")["warnings"]
    assert warning.startswith(f"{away}: nobody listens there")


def test_one_look_of_top_has_members_sessions_and_rates(cli: Cli, url: str, client: KazooClient) -> None:
    look = document(cli, "--admin", url, "top", "--once")
    [member] = look["members"]
    assert ("standalone", True) == (member["role"], member["latency_ms"]["max"] >= 0)
    rates = [each["requests_per_s"] for each in look["sessions"] if each["id"] == id_of(client)]
    assert [True] == [rate is not None and rate >= 0 for rate in rates]


def test_apaches_server_is_looked_at_twice_for_rates() -> None:
    with stub_admin(APACHE) as stub:
        looks = Looks([AdminPort(AdminUrl.parse(stub.url), print)], 10)
        first, second = looks.look(), looks.look()
    assert first["members"][0]["requests_per_s"] is None  # type: ignore[index,call-overload]
    assert second["members"][0]["requests_per_s"] > 0  # type: ignore[index,call-overload,operator]
    lines = look_lines(second)
    assert ("member", "session", ID) == (lines[0].split()[0], lines[3].split()[0], lines[4].split()[0])


def test_the_screen_shows_looks_until_q() -> None:
    with stub_admin(APACHE) as stub:
        screen = Screen(Looks([AdminPort(AdminUrl.parse(stub.url), print)], 10), 0.01, stub.url)
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            pipe.send_text("q")
            screen.run()
        assert screen._over.is_set()
