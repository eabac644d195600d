"""The AdminServer of a running server: HTTP in, and snapshots that go out and come back."""

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState
from kazoo.security import make_digest_acl

from pyzoo.testing import EmbeddedServer
from tests.support.kazoo_session import kazoo_sessions

HOST = "127.0.0.1"
AUTH = {"Authorization": "digest root:secret"}
SECONDS = 60


@frozen
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(server: EmbeddedServer, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    with closing(http.client.HTTPConnection(HOST, server.admin_port, timeout=SECONDS)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def snapshot_of(server: EmbeddedServer) -> bytes:
    answer = ask(server, "GET", "/commands/snapshot", None, **AUTH)
    assert (200, "application/octet-stream") == (answer.status, answer.headers["Content-Type"])
    assert str(len(answer.body)) == answer.headers["snapshot_size"]
    return answer.body


def restore(server: EmbeddedServer, body: bytes) -> Answer:
    return ask(server, "POST", "/commands/restore", body, **AUTH)


Start = Callable[..., EmbeddedServer]
Connect = Callable[..., KazooClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens sessions."""
    with kazoo_sessions() as connect:
        yield connect


def test_a_command_is_answered_as_json(start: Start) -> None:
    answer = ask(start(), "GET", "/commands/ruok")
    assert (200, "application/json") == (answer.status, answer.headers["Content-Type"])
    assert b'{\n  "command" : "ruok",\n  "error" : null\n}' == answer.body


def test_parameters_reach_the_command(start: Start) -> None:
    server = start()
    assert 5 == ask(server, "GET", "/commands/stmk?traceMask=5&traceMask=6").json["tracemask"]
    assert 5 == ask(server, "GET", "/commands/gtmk").json["tracemask"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/commands", 200),
        ("POST", "/commands/", 200),
        ("GET", "/commands/nosuch", 200),
        ("POST", "/commands/nosuch", 200),
        ("GET", "/other", 404),
        ("PUT", "/commands/ruok", 405),
        ("POST", "/commands/ruok", 405),
        ("TRACE", "/commands/ruok", 403),
        ("OPTIONS", "/commands/ruok", 200),
        ("OPTIONS", "*", 200),
        ("GET", "*", 400),
        ("PATCH", "/commands/ruok", 501),
        ("GET", "/commands/stmk?traceMask=%zz", 400),
        ("GET", "/commands/stmk?traceMask=%ff", 400),
        ("GET", "/commands/restore", 401),
        ("POST", "/commands/restore", 401),
        ("GET", "/commands/snapshot", 401),
    ],
)
def test_methods_and_paths_have_their_status(start: Start, method: str, path: str, status: int) -> None:
    assert status == ask(start(), method, path).status


@pytest.mark.parametrize(("path", "console"), [("/", "false"), ("/console/tree", "false"), ("/favicon.ico", "true")])
def test_who_asks_for_something_else_is_told_where_the_commands_are(start: Start, path: str, console: str) -> None:
    answer = ask(start(admin_commandURL="/zk<admin>", admin_console=console), "GET", path)
    assert 404 == answer.status
    assert b'<a href="/zk&lt;admin&gt;">/zk&lt;admin&gt;</a>' in answer.body


def test_a_path_is_read_as_by_jetty(start: Start) -> None:
    server = start()
    for path in ("/commands;x/ruok;jsessionid=1", "/x/../commands/%2e/ruok", "http://elsewhere/commands%2fruok"):
        assert "ruok" == ask(server, "GET", path).json["command"]


def test_the_path_of_the_commands_can_be_chosen(start: Start) -> None:
    server = start(admin_commandURL="/zk/admin/")
    assert 200 == ask(server, "GET", "/zk/admin/ruok").status
    assert 404 == ask(server, "GET", "/commands/ruok").status


def test_a_taken_port_costs_the_admin_server_only(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server((HOST, 0)) as other:
        server = start(admin_serverPort=str(other.getsockname()[1]))
        assert server.admin_port is None
        assert server.port > 0
    assert "Choose another admin.serverPort" in caplog.text


# --- snapshots


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_snapshot_can_be_restored(start: Start, connect: Connect, tmp_path: Path, on_disk: bool) -> None:
    server = start(tmp_path if on_disk else None)
    client = connect(server)
    client.create("/kept", b"old")
    snapshot = snapshot_of(server)
    client.set("/kept", b"new")
    client.create("/later")
    answer = restore(server, snapshot)
    assert (200, None) == (answer.status, answer.json["error"])
    other = connect(server)
    assert b"old" == other.get("/kept")[0]
    assert not other.exists("/later")
    other.create("/afterwards")


def test_what_was_restored_is_what_a_restart_finds(start: Start, connect: Connect, tmp_path: Path) -> None:
    first = start(tmp_path)
    client = connect(first)
    client.create("/kept")
    snapshot = snapshot_of(first)
    for number in range(5):
        client.create(f"/lost{number}")
    assert 200 == restore(first, snapshot).status
    connect(first).create("/afterwards")
    first.stop()
    again = connect(start(tmp_path))
    assert {"kept", "afterwards", "zookeeper"} == set(again.get_children("/"))


def test_a_compressed_snapshot_can_be_restored_too(start: Start, connect: Connect, tmp_path: Path) -> None:
    server = start(tmp_path)
    connect(server).create("/kept")
    snapshot = gzip.compress(snapshot_of(server))
    assert 200 == restore(server, snapshot).status
    assert connect(server).exists("/kept")


def damaged(snapshot: bytes) -> bytes:
    return snapshot.replace(b"kept", b"Kept", 1)


@pytest.mark.parametrize(
    "broken",
    [
        lambda snapshot: b"",
        lambda snapshot: b"PK\x03\x04 this is something else",
        lambda snapshot: snapshot[: len(snapshot) // 2],
        damaged,
        lambda snapshot: gzip.compress(snapshot)[:-20],
    ],
    ids=["empty", "foreign", "truncated", "damaged", "truncated-gzip"],
)
def test_a_bad_snapshot_changes_nothing(
    start: Start, connect: Connect, tmp_path: Path, broken: Callable[[bytes], bytes]
) -> None:
    server = start(tmp_path)
    client = connect(server)
    client.create("/kept")
    snapshot = snapshot_of(server)
    client.create("/later")
    before = sorted(path.name for path in (tmp_path / "version-2").iterdir())
    answer = restore(server, broken(snapshot))
    assert 500 == answer.status
    assert "the uploaded snapshot" in answer.json["error"]
    assert client.exists("/later")
    assert before == sorted(path.name for path in (tmp_path / "version-2").iterdir())


def test_a_body_that_breaks_off_changes_nothing(start: Start, connect: Connect, tmp_path: Path) -> None:
    server = start(tmp_path)
    client = connect(server)
    snapshot = snapshot_of(server)
    client.create("/later")
    head = f"POST /commands/restore HTTP/1.1\r\nHost: x\r\nAuthorization: ip\r\nContent-Length: {len(snapshot)}\r\n\r\n"
    with socket.create_connection((HOST, server.admin_port or 0), SECONDS) as connection:
        connection.sendall(head.encode() + snapshot[:-1])
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert client.exists("/later")
    assert 1 == ask(server, "GET", "/commands/monitor").json["restore_error_count"]


def test_a_session_of_the_snapshot_goes_on(start: Start, connect: Connect, tmp_path: Path) -> None:
    server = start(tmp_path)
    client = connect(server)
    session = client.client_id
    client.create("/mine", ephemeral=True)
    assert 200 == restore(server, snapshot_of(server)).status
    assert client.retry(client.exists, "/mine")
    assert session == client.client_id


def test_a_session_that_the_snapshot_has_not_expires(start: Start, connect: Connect, tmp_path: Path) -> None:
    server = start(tmp_path)
    snapshot = snapshot_of(server)
    client = connect(server)
    lost = threading.Event()
    client.add_listener(lambda state: lost.set() if state == KazooState.LOST else None)
    client.create("/mine", ephemeral=True)
    assert 200 == restore(server, snapshot).status
    assert lost.wait(SECONDS)
    assert not connect(server).exists("/mine")


def test_watches_fire_for_what_the_snapshot_has_otherwise(start: Start, connect: Connect, tmp_path: Path) -> None:
    server = start(tmp_path)
    client = connect(server)
    client.create("/same")
    client.create("/changed", b"old")
    snapshot = snapshot_of(server)
    client.set("/changed", b"new")
    client.create("/gone")
    seen: list[tuple[str, str | None]] = []
    told = threading.Semaphore(0)

    def watch(event: Any) -> None:
        if event.type != "NONE":
            seen.append((event.type, event.path))
            told.release()

    for path in ("/same", "/changed", "/gone"):
        client.get(path, watch=watch)
    client.get_children("/", watch=watch)
    assert 200 == restore(server, snapshot).status
    for _ in range(3):
        assert told.acquire(timeout=SECONDS)
    assert {("CHANGED", "/changed"), ("DELETED", "/gone"), ("CHILD", "/")} == set(seen)


def test_only_who_may_do_everything_on_the_root_may_take_and_restore(start: Start, connect: Connect) -> None:
    server = start()
    client = connect(server)
    client.set_acls("/", [make_digest_acl("root", "secret", all=True), make_digest_acl("half", "x", read=True)])
    for method, command in (("GET", "snapshot"), ("POST", "restore")):
        path = f"/commands/{command}"
        assert "Auth info is missing for the command" == ask(server, method, path, b"").json["error"]
        for refused, status in (("digest half:x", 403), ("ip", 403), ("x509", 401), ("bogus", 401), ("digest", 401)):
            assert status == ask(server, method, path, b"", Authorization=refused).status
        assert ask(server, method, path, b"", **AUTH).status in (200, 500)


@pytest.mark.parametrize("on", ["streaming=false", "streaming=no"])
def test_a_snapshot_can_stay_at_home(start: Start, tmp_path: Path, on: str) -> None:
    answer = ask(start(tmp_path), "POST", f"/commands/snap?{on}", None, **AUTH)
    assert b'{\n  "command" : "snapshot",\n  "error" : null\n}' == answer.body
    assert "0x0" == answer.headers["last_zxid"]


@pytest.mark.parametrize(("method", "command"), [("GET", "snapshot"), ("POST", "restore")])
def test_both_are_limited_in_their_rate(start: Start, method: str, command: str) -> None:
    server = start(admin_rateLimiterIntervalInMS="3600000")
    answers = [ask(server, method, f"/commands/{command}", b"", **AUTH) for _ in range(2)]
    assert 429 == answers[1].status
    assert "try again later" in answers[1].json["error"]
    assert 1 == ask(server, "GET", "/commands/mntr").json[f"{command}_rate_limited_count"]


@pytest.mark.parametrize(("method", "command"), [("GET", "snapshot"), ("POST", "restore")])
def test_both_can_be_turned_off(start: Start, method: str, command: str) -> None:
    server = start(**{f"admin_{command}_enabled": "false"})
    answer = ask(server, method, f"/commands/{command}", b"", **AUTH)
    assert (503, f"admin.{command}.enabled is false") == (answer.status, answer.json["error"])


def test_both_need_the_last_zxid_in_snapshots(start: Start) -> None:
    server = start(serializeLastProcessedZxid_enabled="false")
    assert 500 == ask(server, "GET", "/commands/snapshot", None, **AUTH).status
    assert 500 == restore(server, b"").status


def test_a_big_upload_that_is_refused_gets_its_answer(start: Start) -> None:
    """The rest of it is not read, so sending it may fail; the answer is there all the same, as for curl and urllib3."""
    connection = http.client.HTTPConnection(HOST, start().admin_port, timeout=SECONDS)
    with suppress(ConnectionError):
        connection.request("POST", "/commands/restore", bytes(64 << 20))
    response = connection.getresponse()
    assert (401, "Unauthorized", "close") == (response.status, response.reason, response.headers["Connection"])
    connection.close()


def test_zxids_go_on_after_a_restore(start: Start, connect: Connect, tmp_path: Path) -> None:
    server = start(tmp_path)
    client = connect(server)
    snapshot = snapshot_of(server)
    zxid = client.create("/a", include_data=True)[1].czxid
    assert 200 == restore(server, snapshot).status
    assert connect(server).create("/b", include_data=True)[1].czxid > zxid


# --- long answers


def test_a_long_answer_comes_in_chunks_and_whole(start: Start, connect: Connect) -> None:
    server = start()
    client = connect(server)
    paths = [f"/not-there-{at:05}" for at in range(1500)]
    for asked in [client.exists_async(path, watch=lambda _event: None) for path in paths]:
        asked.get(timeout=SECONDS)
    answer = ask(server, "GET", "/commands/watches_by_path")
    assert ("chunked", None) == (answer.headers["Transfer-Encoding"], answer.headers["Content-Length"])
    assert {path: [client.client_id[0]] for path in paths} == answer.json["path_to_session_ids"]
    by_session = ask(server, "GET", "/commands/watches").json["session_id_to_watched_paths"]
    assert {str(client.client_id[0]): set(paths)} == {session: set(found) for session, found in by_session.items()}
