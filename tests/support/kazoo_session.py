"""A session of kazoo, as the clients of users have it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kazoo.client import KazooClient

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
