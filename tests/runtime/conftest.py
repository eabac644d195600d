"""Server processes that end with their test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.server_process import ServerProcess, sockets


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
