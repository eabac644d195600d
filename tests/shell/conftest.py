"""A server in memory, and shells that are called in this process."""

import io
import json
import sys
from collections.abc import Callable, Iterator

import pytest
from attrs import frozen

from pyzoo.cli.shell import client_security
from pyzoo.shell.events import Event, EventThread
from pyzoo.shell.main import main
from pyzoo.subtrees.values import Json
from pyzoo.testing import EmbeddedServer

PROPERTIES = {"zookeeper.extendedTypesEnabled": "true", "zookeeper.enforceQuota": "true"}


@frozen
class Ended:
    """What a shell printed, and its exit code."""

    out: str
    notes: str
    code: int

    @property
    def lines(self) -> list[str]:
        """Standard output without empty lines."""
        return [line for line in self.out.splitlines() if line]

    @property
    def err(self) -> str:
        """Standard error without the greeting and the events, which come at any time."""
        return "".join(line for line in self.notes.splitlines(keepends=True) if not _is_note(line))

    @property
    def events(self) -> list[str]:
        """The events in their order, without the state where it is the usual one."""
        began = "WatchedEvent state:"
        return [line.removeprefix(began) for line in self.notes.splitlines() if line.startswith(began)]

    @property
    def documents(self) -> list[Json]:
        """Standard output as one JSON document a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def _is_note(line: str) -> bool:
    beginnings = ("Connecting to ", "Welcome to ", "WatchedEvent ")
    return line.strip() in ("", "WATCHER::") or line.startswith(beginnings)


Cli = Callable[..., Ended]


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(properties=PROPERTIES) as server:
        yield server


ThreadFor = Callable[[Callable[[Event], None]], EventThread]


@pytest.fixture
def event_thread() -> Iterator[ThreadFor]:
    """Makes threads that hand events on, until the test is over."""
    made: list[EventThread] = []

    def make(show: Callable[[Event], None]) -> EventThread:
        made.append(EventThread(show))
        return made[-1]

    yield make
    for thread in made:
        thread.end()


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Calls the shell with words; `lines` come from a pipe."""

    def call(*words: str, lines: str = "") -> Ended:
        capfd.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode("utf-8", "surrogateescape"))))
        code = main(words, client_security)
        return Ended(*capfd.readouterr(), code)

    return call


@pytest.fixture
def cli(server: EmbeddedServer, run: Cli) -> Cli:
    """The same, with the server's address given."""

    def call(*words: str, lines: str = "") -> Ended:
        return run("-server", server.connect_string, *words, lines=lines)

    return call
