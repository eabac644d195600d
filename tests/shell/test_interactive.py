"""The shell on a terminal."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.connection import Session
from pyzoo.shell.events import EventThread
from pyzoo.shell.interactive import ShellCompleter, history_path, interact
from pyzoo.shell.printer import Printer, wants_colour
from pyzoo.shell.shell import Quit, Shell
from pyzoo.testing import EmbeddedServer


def connect(server: str, events: EventThread) -> ZooKeeper:
    return ZooKeeper(Session(server, 20000, events))


@pytest.fixture
def shell(server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    shell = Shell(server.connect_string, connect, Printer({}))
    shell.connect()
    yield shell
    shell.end()


def typed(shell: Shell, text: str) -> None:
    """Type at the shell until the input ends."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(text)
        interact(shell)


def completions(shell: Shell, text: str) -> list[str]:
    return [each.text for each in ShellCompleter(shell).get_completions(Document(text), CompleteEvent())]


def test_lines_are_carried_out_and_kept_but_for_passwords(shell: Shell) -> None:
    typed(shell, "create /a x\rget /a\raddauth digest bob:secret\r\x04")
    assert ["create /a x", "get /a", "addauth digest bob:secret"] == shell.history
    assert shell.zk is not None
    assert b"x" == shell.zk.get_data("/a")[0]
    kept = history_path().read_text()
    assert "+get /a" in kept
    assert "secret" not in kept
    assert 0o600 == stat.S_IMODE(history_path().stat().st_mode)


def test_quit_leaves_and_an_interrupt_gives_up_the_line(shell: Shell) -> None:
    with pytest.raises(Quit):
        typed(shell, "nosuch\x03quit\r")
    assert ["quit"] == shell.history


def test_a_shell_without_a_place_for_its_history_has_one_for_itself(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    typed(shell, "ls /\r\x04")
    assert ["ls /"] == shell.history


def test_commands_options_and_paths_are_completed(shell: Shell) -> None:
    assert shell.zk is not None
    for path in ("/app", "/app/one", "/app/two", "/other"):
        shell.zk.create(path)
    assert ["delete", "deleteall", "delquota"] == completions(shell, "del")
    assert ["-s", "-w", "-b", "-x"] == completions(shell, "get -")
    assert ["--existing", "--format", "--no-acl"] == completions(shell, "import f /a --")
    assert ["/app"] == completions(shell, "ls /a")
    assert ["/app/one", "/app/two"] == completions(shell, "get -s /app/")
    assert [] == completions(shell, "get /none/")
    assert ["tree"] == completions(shell, "help tr")
    shell.execute(["close"])
    assert [] == completions(shell, "ls /a")


def test_the_prompt_tells_server_state_and_number(shell: Shell, server: EmbeddedServer) -> None:
    shell.execute_line("ls /")
    assert f"[zk: {server.connect_string}(CONNECTED) 1] " == shell.prompt
    shell.execute_line("close")
    assert f"[zk: {server.connect_string}(CLOSED) 2] " == shell.prompt


def test_colours_are_for_terminals_that_want_them() -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    assert [True, False, False] == [
        wants_colour(Terminal(), environment)  # type: ignore[arg-type]
        for environment in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"})
    ]
