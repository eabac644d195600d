"""Servers with a console."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from pyzoo.testing import EmbeddedServer
from tests.support.console import HOST
from tests.support.kazoo_session import kazoo_sessions

ADMIN = {"zookeeper.admin.serverPort": "0", "zookeeper.admin.serverAddress": HOST}

Start = Callable[..., EmbeddedServer]
Connect = Callable[..., KazooClient]


@pytest.fixture(scope="module")
def start_shared() -> Iterator[Start]:
    """Starts servers for all tests of a module: `start_shared(data_dir, admin_console_remote="true")`."""
    with closing(_Servers()) as servers:
        yield servers.start


@pytest.fixture
def start() -> Iterator[Start]:
    """The same for one test."""
    with closing(_Servers()) as servers:
        yield servers.start


@pytest.fixture(scope="module")
def console(start_shared: Start) -> EmbeddedServer:
    """A server in memory with the console as it is by default, for all tests of a module."""
    return start_shared()


class _Servers:
    def __init__(self) -> None:
        self._running: list[EmbeddedServer] = []

    def start(
        self, data_dir: Path | None = None, settings: dict[str, str] | None = None, **properties: str | int
    ) -> EmbeddedServer:
        """`settings` have the names that they have in a zoo.cfg or on a command line."""
        given = {f"zookeeper.{name.replace('_', '.')}": str(value) for name, value in properties.items()}
        server = EmbeddedServer(data_dir=data_dir, properties={**ADMIN, **given, **(settings or {})})
        server.start()
        self._running.append(server)
        return server

    def close(self) -> None:
        for server in self._running:
            server.stop()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens sessions with kazoo: `connect(server)`."""
    with kazoo_sessions() as connect:
        yield connect
