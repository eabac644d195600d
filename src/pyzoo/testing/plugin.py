"""The pytest plugin: fresh servers for each test that asks for them.

`pyzoo_server` is a standalone one in memory, `pyzoo_ensemble` three members in processes of their own.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# A test run that uses none of them must not wait for their import.
if TYPE_CHECKING:
    from pyzoo.testing.embedded import EmbeddedServer
    from pyzoo.testing.ensemble import LocalEnsemble


@pytest.fixture
def pyzoo_server() -> "Iterator[EmbeddedServer]":
    """A running EmbeddedServer; `connect_string` and `port` say where."""
    from pyzoo.testing.embedded import EmbeddedServer

    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def pyzoo_ensemble() -> "Iterator[LocalEnsemble]":
    """A running LocalEnsemble of three; `connect_string` and `members` say where, `kill` and `restart` disturb it."""
    from pyzoo.testing.ensemble import LocalEnsemble

    with LocalEnsemble(nodes=3) as ensemble:
        yield ensemble
