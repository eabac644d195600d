"""A session of kazoo, as the clients of users have it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from kazoo.client import KazooClient

from pyzoo.testing import EmbeddedServer

PATIENCE_SECONDS = 60


@contextmanager
def kazoo_session(connect_string: str, **options: Any) -> Iterator[KazooClient]:
    client = KazooClient(connect_string, **options)
    client.start(PATIENCE_SECONDS)
    try:
        yield client
    finally:
        client.stop()
        client.close()


@contextmanager
def kazoo_sessions() -> Iterator[Callable[..., KazooClient]]:
    """Opens as many as are wanted, `connect(server, **options)`; they end with the block."""
    with ExitStack() as stack:

        def connect(server: EmbeddedServer, **options: Any) -> KazooClient:
            return stack.enter_context(kazoo_session(server.connect_string, **options))

        yield connect
