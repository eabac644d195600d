"""Server processes that end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.testing import EmbeddedServer
from tests.support.identities import pem_settings
from tests.support.server_process import ServerProcess, sockets

ADMIN = {
    "zookeeper.admin.serverPort": "0",
    "zookeeper.admin.serverAddress": "127.0.0.1",
    "zookeeper.admin.rateLimiterIntervalInMS": "-1",
}


@pytest.fixture
def serve() -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers: `serve("--data-dir", path)`, always on a free port of the loopback."""
    started: list[ServerProcess] = []

    def start(*words: object, **options: Any) -> ServerProcess:
        server = ServerProcess(*words, "--port", "0", "--host", "127.0.0.1", **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.clean_up()
    while sockets:
        sockets.pop().close()


@pytest.fixture
def embedded() -> Iterator[Callable[..., EmbeddedServer]]:
    """Starts servers in this process: `embedded(properties=...)`, as EmbeddedServer takes it."""
    running: list[EmbeddedServer] = []

    def start(**options: Any) -> EmbeddedServer:
        server = EmbeddedServer(**options)
        running.append(server)
        server.start()
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def start(embedded: Callable[..., EmbeddedServer]) -> Callable[..., EmbeddedServer]:
    """Starts servers with an AdminServer on a free port: `start(data_dir, admin_idleTimeout=200)`."""

    def start_one(data_dir: Path | None = None, **properties: str | int) -> EmbeddedServer:
        given = {f"zookeeper.{name.replace('_', '.')}": value for name, value in properties.items()}
        return embedded(data_dir=data_dir, properties={**ADMIN, **given})

    return start_one


@pytest.fixture
def stores(tmp_path: Path) -> TlsSettings:
    """A certificate of this host, and the authority that it is trusted by."""
    return pem_settings(tmp_path)
