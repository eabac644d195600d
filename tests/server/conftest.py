"""A server without sockets, disk or clock, as most tests here want it, and a client with a session."""

import pytest

from tests.support.dialogue import Client, LoneServer


@pytest.fixture
def world() -> LoneServer:
    return LoneServer()


@pytest.fixture
def client(world: LoneServer) -> Client:
    return world.connect()
