"""Files that commands write: asked about before they are overwritten, and whole or as they were."""

import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from pyzoo.shell.errors import ShellError

YES = ("y", "yes")


def ask_before_overwriting(file: str) -> None:
    """Raises ShellError unless a regular file that is there already may be replaced.

    Somebody on a terminal is asked; nobody else can answer.
    """
    path = Path(file)
    if path.is_dir():
        raise ShellError(f"cannot write {file}: it is a directory")
    if not path.is_file():
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ShellError(f"{file} is there already; --force overwrites it")
    sys.stderr.write(f"{file} is there already. Overwrite it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in YES:
        raise ShellError(f"{file} was left as it is")


def write_file(file: str, text: str) -> None:
    """The file is whole or as it was; only its owner may read it, as ACLs do not protect it. Raises ShellError.

    What is no regular file, such as a pipe, is written to as it is.
    """
    try:
        if _is_special(file):
            Path(file).write_text(text, encoding="utf-8")
        else:
            _replace(Path(os.path.realpath(file)), text)
    except OSError as error:
        raise ShellError(f"cannot write {file}: {error.strerror}") from None


def _is_special(file: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(file).st_mode)
    except FileNotFoundError:
        return False


def _replace(path: Path, text: str) -> None:
    """By a file beside it that nobody else has; mkstemp lets only the owner read it."""
    fd, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(beside, path)
    except OSError:
        with suppress(OSError):
            os.unlink(beside)
        raise
