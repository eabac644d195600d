"""The pytest plugin: the fixture `pyzoo_server` is a fresh in-memory server for each test that asks for it."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def pyzoo_server() -> Iterator[object]:
    """A running EmbeddedServer; `connect_string` and `port` say where."""
    from pyzoo.testing.embedded import EmbeddedServer

    with EmbeddedServer() as server:
        yield server
