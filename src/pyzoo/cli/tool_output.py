"""How file tools meet the world: text to stdout piece by piece, progress, and quiet ends.

Ctrl-C ends with code 130. A reader that went away (`| head`) is no error, as for a Java program.
"""

import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from pyzoo.errors import PyzooError, ToolError
from pyzoo.filetools.dates import Dates

if TYPE_CHECKING:
    from pyzoo.persistence.disk import Disk

INTERRUPTED = 130
#: Files that are shorter are read before anybody looks.
LONG_FILE = 16 << 20


@contextmanager
def ending_quietly() -> Iterator[None]:
    """End the program as a tool ends: errors are a line on stderr and an exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except ToolError as error:
        fail(str(error), error.exit_code)
    except PyzooError as error:
        fail(f"pyzoo: {error}", 1)
    except OSError as error:
        fail(f"pyzoo: {error.filename}: {error.strerror}" if error.filename else f"pyzoo: {error}", 1)


def fail(message: str, exit_code: int) -> None:
    """What was printed first, then the error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()
    click.echo(message, err=True)
    sys.exit(exit_code)


def forget_stdout() -> None:
    """Nobody reads it any more: the last flush of the interpreter must not complain."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def print_all(texts: Iterable[str]) -> None:
    """Print what a tool says while it works. Raises BrokenPipeError."""
    for text in texts:
        say(text)


def print_to_the_end(texts: Generator[str, None, None]) -> None:
    """The same for a tool that writes a file: it is finished when nobody reads along, and given up on Ctrl-C."""
    with closing(texts):
        try:
            for text in texts:
                say(text)
            sys.stdout.flush()
        except BrokenPipeError:
            forget_stdout()
            for _ in texts:
                pass


def say(text: str) -> None:
    """Print as a Java program does, whatever the locale: UTF-8, and `?` for half a surrogate pair."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def read_word(question: str) -> str:
    """The next word of the input, after a question; empty lines are passed over. Raises EOFError."""
    say(question)
    while True:
        words = read_line().split(maxsplit=1)
        if words:
            return words[0]


def read_line() -> str:
    """The next line of the input, without its end. Raises EOFError."""
    sys.stdout.flush()
    line = sys.stdin.buffer.readline()
    if not line:
        raise EOFError
    return line.decode("utf-8", "replace").rstrip("\r\n")


def local_dates() -> Dates:
    """Dates in the time zone of this machine."""
    return Dates(time.localtime)


def use_jute_limits() -> None:
    """Let records be as long as -Djute.maxbuffer in JVMFLAGS allows. Raises ConfigError."""
    from pyzoo.config.parse import default_config
    from pyzoo.config.system_properties import environment_properties
    from pyzoo.jute.primitives import set_field_limit

    properties = environment_properties(os.environ).properties
    wanted = {name: value for name, value in properties.items() if name.endswith(("jute.maxbuffer", ".extrasize"))}
    if wanted:
        config, _ = default_config("unused", properties=wanted)
        set_field_limit(config.jute_max_buffer, config.jute_max_buffer_extra)


@contextmanager
def progress(paths: Sequence[str]) -> Iterator[Callable[[int], None]]:
    """What to call with the number of bytes that were read of these files: a bar, where somebody watches for long.

    It is on stderr, and only when that is a terminal and stdout, whose text it would spoil, is none.
    """
    size = sum(os.path.getsize(path) for path in paths)
    if size < LONG_FILE or not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda count: None
        return
    with click.progressbar(length=size, label=os.path.basename(paths[0]), file=sys.stderr) as bar:
        yield bar.update


@contextmanager
def opened(path: str) -> Iterator[Callable[[int], bytes]]:
    """The `read` of a file. Raises OSError."""
    with progress([path]) as advance, open(path, "rb", buffering=0) as file:
        yield _counting(file.read, advance)


def _counting(read: Callable[[int], bytes], advance: Callable[[int], None]) -> Callable[[int], bytes]:
    def counted(size: int) -> bytes:
        data = read(size)
        advance(len(data))
        return data

    return counted


@contextmanager
def watched_disk(paths: Sequence[str]) -> Iterator["Disk"]:
    """The disk of this machine, with progress for these files. Raises OSError."""
    from pyzoo.persistence.disk import ReadFile, RealDisk

    class WatchedFile:
        def __init__(self, file: ReadFile) -> None:
            self.read = _counting(file.read, advance)
            self.seek = file.seek
            self.close = file.close

    class WatchedDisk(RealDisk):
        def open_read(self, path: str) -> ReadFile:
            return WatchedFile(super().open_read(path))

    with progress(paths) as advance:
        yield WatchedDisk()
