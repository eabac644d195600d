"""Where the clients of a test connect."""

from contextlib import ExitStack

import pytest

from pyzoo.testing.clients import fresh_chroot, preload
from pyzoo.testing.plugin.factory import Server
from pyzoo.testing.plugin.marks import Asked, asked_by_test
from pyzoo.testing.plugin.options import SHARED
from pyzoo.testing.server_log import watch
from pyzoo.testing.server_settings import SUPER_AUTH

#: Fixtures that say where, the first that a test asks for.
OWN = ("zookeeper", "zookeeper_ensemble")


def place_of(request: pytest.FixtureRequest, stack: ExitStack) -> str:
    """A connect string. What has to be undone after the test goes to `stack`."""
    asked = asked_by_test(request.node)
    fixture = _fixture_of(request.fixturenames, asked)
    if fixture in OWN:
        server: Server = request.getfixturevalue(fixture)
        return server.connect_string
    if fixture is None:
        assert asked.hosts is not None
        hosts, credentials = asked.hosts, []
    else:
        shared: Server = request.getfixturevalue(fixture)
        watch(shared)
        hosts, credentials = shared.connect_string, [SUPER_AUTH]
    place = stack.enter_context(fresh_chroot(hosts, request.node.name, credentials))
    preload(place, asked.preload)
    return place


def _fixture_of(asked_for: list[str], asked: Asked) -> str | None:
    """None for a server that runs already."""
    named = next((name for name in (*OWN, *sorted(SHARED)) if name in asked_for), None)
    if named is not None:
        return named
    if asked.ensemble:
        return "zookeeper_ensemble"
    if asked.hosts is not None:
        return None
    return "zookeeper_session" if asked.shared else "zookeeper"
