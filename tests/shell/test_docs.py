"""What docs/shell.md shows works, and its tables are whole."""

import re
from pathlib import Path

from pyzoo.shell.commands.all import COMMANDS
from pyzoo.shell.shell import OWN_COMMANDS
from pyzoo.subtrees.document import from_text

PAGE = (Path(__file__).parents[2] / "docs" / "shell.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_table_has_all_commands_of_zkcli() -> None:
    table = PAGE.partition("## Commands of zkCli.sh")[2].partition("`help` lists")[0]
    listed = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    ours = {name for name, command in COMMANDS.items() if command.addition} | {"help"}
    ours -= {"history"}
    assert (COMMANDS.keys() | OWN_COMMANDS.keys()) - ours == listed


def test_the_export_that_is_shown_can_be_read() -> None:
    assert ["/", "/key"] == [node.path for node in from_text(blocks("yaml")[0], "yaml")]
