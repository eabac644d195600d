"""The shell as a whole: one command or many, its history, its session, its exit code."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pyzoo.runtime.free_ports import free_port
from pyzoo.shell.connection import Session
from pyzoo.shell.events import EventThread
from pyzoo.testing import EmbeddedServer
from tests.support.identities import pem_settings
from tests.support.kazoo_session import kazoo_session

from .conftest import Cli


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


def test_one_command_is_carried_out_and_its_failure_is_the_exit_code(cli: Cli) -> None:
    ended = cli("create", "/a", "two words")
    assert (0, "Created /a\n", []) == (ended.code, ended.err, ended.lines)
    assert ended.notes.startswith("Connecting to 127.0.0.1:")
    assert "two words\n" == cli("get", "/a").out
    failed = cli("get", "/none")
    assert (1, "Node does not exist: /none\n", []) == (failed.code, failed.err, failed.lines)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("gett", "did you mean get or getAcl?"),
        ("GETACL", "did you mean getAcl?"),
        ("del", "did you mean delete, deleteall or delquota?"),
        ("rmr", "did you mean deleteall?"),
        ("ls2", "did you mean ls -s?"),
        ("xyzzy", "`help` lists all."),
    ],
)
def test_a_command_that_is_none_is_a_line_with_the_nearest_names(cli: Cli, word: str, meant: str) -> None:
    line = f"Command not found: {word}; {meant}\n"
    alone, piped = cli(word, "/a"), cli(lines=f"{word} /a\n")
    assert [(127, line, "")] * 2 == [(ended.code, ended.err, ended.out) for ended in (alone, piped)]
    assert (127, line) == (cli("help", word).code, cli("help", word).err)
    assert line == alone.notes


def test_lines_come_from_a_pipe_and_the_last_one_decides_the_exit_code(cli: Cli) -> None:
    ended = cli(lines="create /a x\nget /a\n\nget /b\n")
    assert ("Welcome to ZooKeeper!", "x\n") == (ended.notes.splitlines()[1], ended.out)
    assert (1, "Created /a\nNode does not exist: /b\n") == (ended.code, ended.err)
    assert 0 == cli(lines="get /b\nls /\nquit\nget /b\n").code


def test_the_greeting_comes_before_the_first_event_however_quick_the_server_is(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def eager(server: str, timeout_ms: int, events: EventThread, *rest: Any) -> Session:
        events.put("SyncConnected", "NodeCreated", "/early", 1)
        ahead.wait(0.2)
        return Session(server, timeout_ms, events, *rest)

    # Never set: it is the time that an event would have to come first, which it must not use.
    ahead = threading.Event()
    monkeypatch.setattr("pyzoo.shell.main.Session", eager)
    shown = [line for line in cli(lines="ls /\n").notes.splitlines()[1:] if line]
    assert ["Welcome to ZooKeeper!", "WATCHER::"] == shown[:2]
    assert "WatchedEvent state:SyncConnected type:NodeCreated path:/early zxid: 1" == shown[2]


def test_waiting_for_the_connection_shows_it_before_the_greeting(cli: Cli) -> None:
    shown = [line for line in cli("-waitforconnection", lines="ls /\n").notes.splitlines()[1:] if line]
    assert ["WATCHER::", "WatchedEvent state:SyncConnected type:None path:null zxid: -1"] == shown[:2]
    assert ["Welcome to ZooKeeper!"] == shown[2:]


def test_bytes_that_are_no_utf8_pass_through(cli: Cli, server: EmbeddedServer) -> None:
    assert 0 == cli(lines="create /a \udcff\n").code
    with kazoo_session(server.connect_string) as client:
        assert b"\xff" == client.get("/a")[0]


def test_events_are_told_as_zkcli_tells_them_and_before_what_came_later(cli: Cli) -> None:
    ended = cli(lines="create /a\nget -w /a\nset /a x\nget /nothing\nquit\n")
    events = ["SyncConnected type:None path:null zxid: -1", "SyncConnected type:NodeDataChanged path:/a zxid: 3"]
    assert [*events, "Closed type:None path:null zxid: -1"] == ended.events
    told = "WATCHER::\n\nWatchedEvent state:SyncConnected type:NodeDataChanged path:/a zxid: 3\nNode does not exist:"
    assert told in ended.notes


def test_events_can_be_hidden(cli: Cli) -> None:
    ended = cli(lines="create /a\nget -w /a\nprintwatches off\nset /a x\nprintwatches\n")
    assert (["null", "printwatches is off"], 1) == (ended.lines, len(ended.events))


def test_a_closed_session_says_so_until_the_next_one_begins(cli: Cli) -> None:
    ended = cli(lines="close\nls /\nhistory\nconnect\nls /\n")
    assert ["0 - close", "1 - ls /", "2 - history", "[zookeeper]"] == ended.lines
    assert "Not connected: `connect` begins a session\n" == ended.err
    assert 1 == cli(lines="close\nls /\n").code


def test_the_history_is_numbered_and_redone(cli: Cli) -> None:
    ended = cli(lines="ls /\nredo 0\nredo 1\nhistory\nredo 9\nredo x\n")
    assert ["[zookeeper]"] * 3 + ["0 - ls /", "1 - ls /", "2 - ls /", "3 - history"] == ended.lines
    assert "Command index out of range\nredo x: give the number of a line, as history shows it\n" == ended.err


def test_refused_credentials_end_the_session(cli: Cli) -> None:
    ended = cli(lines="addauth nosuch x\nls /\n")
    why = "the login failed: the server refuses these credentials, or does not know the scheme nosuch"
    assert ([], [why, f"Not connected: {why}; `connect` begins a session"]) == (ended.lines, ended.err.splitlines())
    assert "AuthFailed type:None path:null zxid: -1" == ended.events[-1]


def test_credentials_are_there_after_a_reconnection_too(cli: Cli) -> None:
    ended = cli(lines="addauth digest bob:x\ncreate /a y auth::cdrwa\nget /a\nwhoami\n")
    assert ["y", "Auth scheme: User", "digest: bob", "ip: 127.0.0.1"] == ended.lines


def test_a_server_that_is_not_there_is_a_connection_loss_at_once(run: Cli, nobody: str) -> None:
    ended = run("-server", nobody, "ls", "/")
    assert (1, "KeeperErrorCode = ConnectionLoss for /") == (ended.code, ended.err.splitlines()[0])
    waited = run("-server", nobody, "-timeout", "200", "-waitforconnection", "ls", "/")
    assert (1, "KeeperErrorCode = ConnectionLoss") == (waited.code, waited.err.splitlines()[0])


def test_one_server_of_several_is_enough(run: Cli, server: EmbeddedServer, nobody: str) -> None:
    assert ["[zookeeper]"] == run("-server", f"{nobody},{server.connect_string}", "ls", "/").lines


def test_paths_are_below_the_chroot(cli: Cli, run: Cli, server: EmbeddedServer) -> None:
    cli("create", "/app")
    inside = f"{server.connect_string}/app"
    ended = run("--server", inside, lines="create /a\ncreate -e -s /e-\nls -w /\ngetEphemerals\ncreate /b\nconfig\n")
    assert ["[a, e-0000000001]", "[/e-0000000001]"] == ended.lines
    assert "Created /a\nCreated /e-0000000001\nCreated /b\n" == ended.err
    assert ended.events[-1].startswith("SyncConnected type:NodeChildrenChanged path:/ zxid: ")
    assert ["[app, zookeeper]"] == cli("ls", "/").lines


def test_the_session_ends_with_the_shell(cli: Cli) -> None:
    cli("create", "-e", "/gone")
    assert ["[zookeeper]"] == cli("ls", "/").lines


@pytest.mark.parametrize(
    "words", [["-timeout", "x"], ["-server"], ["-server", "h:x"], ["-client-configuration", "/no"]]
)
def test_what_cannot_be_meant_is_refused(run: Cli, words: list[str]) -> None:
    ended = run(*words)
    assert (1, 1) == (ended.code, ended.err.count("\n"))


def test_an_option_that_nobody_knows_is_passed_over(cli: Cli) -> None:
    ended = cli("-bogus", "ls", "/")
    assert (0, "option -bogus is not known and passed over\n") == (ended.code, ended.err)


def test_tls_needs_to_know_whom_to_trust(run: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "client.cfg").write_text("zookeeper.client.secure=true\n")
    ended = run("-client-configuration", str(tmp_path / "client.cfg"))
    assert (1, True) == (ended.code, "needs zookeeper.ssl.trustStore.location too" in ended.err)
    monkeypatch.setenv("CLIENT_JVMFLAGS", "-Dzookeeper.client.secure=true -Xmx64m")
    assert 1 == run().code
    (tmp_path / "client.cfg").write_text("zookeeper.client.secure=false\n")
    assert 0 == run("-client-configuration", str(tmp_path / "client.cfg"), "history").code


def test_a_failure_of_tls_says_why(cli: Cli, tmp_path: Path) -> None:
    trusted = pem_settings(tmp_path).trust_store.location
    (tmp_path / "client.cfg").write_text(f"zookeeper.client.secure=true\nzookeeper.ssl.trustStore.location={trusted}\n")
    ended = cli("-client-configuration", str(tmp_path / "client.cfg"), "ls", "/")
    assert (1, "KeeperErrorCode = ConnectionLoss for /") == (ended.code, ended.err.splitlines()[0])
    assert ended.err.splitlines()[1].startswith("cannot reach 127.0.0.1:")
    assert ": no TLS: " in ended.err


def test_a_connect_string_that_is_none_leaves_the_session_as_it_is(cli: Cli) -> None:
    ended = cli(lines="connect h:x\nls /\n")
    assert (["[zookeeper]"], 1) == (ended.lines, ended.err.count("\n"))


def test_a_shell_leaves_no_thread_behind(run: Cli, cli: Cli, nobody: str) -> None:
    before = set(threading.enumerate())
    cli("ls", "/")
    run("-server", nobody, "ls", "/")
    run("nosuch")
    ended_by_s = time.monotonic() + 60
    while left := [thread for thread in threading.enumerate() if thread not in before and thread.name == "events"]:
        assert time.monotonic() < ended_by_s, left
        time.sleep(0.01)
