"""What docs/shell.md shows works, and its tables are whole."""

import re
import shlex
import threading
from pathlib import Path

import pytest

from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.commands.all import COMMANDS
from pyzoo.shell.events import EventThread
from pyzoo.shell.shell import OWN_COMMANDS
from pyzoo.shell.subtree import from_text
from pyzoo.testing import EmbeddedServer

from .conftest import Cli

PAGE = (Path(__file__).parents[2] / "docs" / "shell.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_that_is_shown_works(
    run: Cli, server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]
    stop, other = threading.Event(), ZooKeeper(server.connect_string, 20000, EventThread(lambda event: None))

    def keep_changing() -> None:
        """Something for `watch` to see."""
        while not stop.wait(0.02):
            other.set_data("/app", b"a first node")

    assert len(shown) > 15
    for program, name, *words in shown:
        assert ["pyzoo", "cli"] == [program, name]
        if words[0] == "-server":
            words = words[2:]
        thread = threading.Thread(target=keep_changing)
        if "watch" in words:
            thread.start()
        ended = run("-server", server.connect_string, *words)
        if "watch" in words:
            stop.set()
            thread.join()
        assert 0 == ended.code, (words, ended)
    other.close()
    assert {"app.json", "app.yaml"} == {path.name for path in tmp_path.iterdir()}


def test_the_table_has_all_commands_of_zkcli() -> None:
    table = PAGE.partition("## Commands of zkCli.sh")[2].partition("`help` lists")[0]
    listed = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    ours = {name for name, command in COMMANDS.items() if command.addition} | {"help"}
    assert (COMMANDS.keys() | OWN_COMMANDS.keys()) - ours == listed


def test_the_export_that_is_shown_can_be_read() -> None:
    assert ["/", "/key"] == [node.path for node in from_text(blocks("yaml")[0], "yaml")]
