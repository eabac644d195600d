"""Files that commands write: never over another one unasked, and whole or as they were."""

import io
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from pyzoo.shell.errors import ShellError
from pyzoo.shell.files import ask_before_overwriting, write_file

from .conftest import Cli


class Terminal(io.StringIO):
    """What somebody types, or sees."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file that is there already."""
    (tmp_path / "mine.json").write_text("mine")
    return tmp_path / "mine.json"


def test_an_export_overwrites_only_by_force_where_nobody_can_be_asked(cli: Cli, mine: Path) -> None:
    ended = cli("export", "/", str(mine))
    assert (1, f"{mine} is there already; --force overwrites it\n") == (ended.code, ended.err)
    assert "mine" == mine.read_text()
    assert 0 == cli("export", "/", str(mine), "--force").code
    assert mine.read_text().startswith("{")
    assert [mine] == list(mine.parent.iterdir())


def asked(file: Path, answer: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What somebody on a terminal is asked, who answers so; raises ShellError where that is no."""
    seen = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", seen)
    ask_before_overwriting(str(file))
    return seen.getvalue()


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_somebody_on_a_terminal_is_asked(mine: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    assert f"{mine} is there already. Overwrite it? [y/N] " == asked(mine, answer, monkeypatch)


@pytest.mark.parametrize("answer", ["\n", "n\n", ""])
def test_nothing_but_yes_is_a_yes(mine: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    with pytest.raises(ShellError, match="was left as it is"):
        asked(mine, answer, monkeypatch)


def test_only_the_owner_may_read_what_is_written(tmp_path: Path) -> None:
    write_file(str(tmp_path / "new"), "x")
    assert 0o600 == stat.S_IMODE((tmp_path / "new").stat().st_mode)


def test_a_file_that_cannot_be_written_says_so(cli: Cli, tmp_path: Path) -> None:
    assert f"cannot write {tmp_path}: it is a directory\n" == cli("export", "/", str(tmp_path)).err
    missing = tmp_path / "none" / "file"
    assert f"cannot write {missing}: No such file or directory\n" == cli("export", "/", str(missing)).err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    ask_before_overwriting(str(pipe))
    write_file(str(pipe), "text")
    reader.join()
    assert (["text"], True) == (read, pipe.is_fifo())
