"""The pytest plugin: servers, ensembles and clients for the tests that ask for them.

A run that uses none of them must not pay for them: what they need is imported by their fixtures.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from pyzoo.testing.plugin.options import SHARED, add_options, number_option
from pyzoo.testing.server_log import LINES, ServerLog, begin_session, end_session, watch

if TYPE_CHECKING:
    from kazoo.client import KazooClient

    from pyzoo.runtime.local_ensemble import LocalEnsemble
    from pyzoo.testing.embedded.ensemble import EmbeddedEnsemble
    from pyzoo.testing.embedded.server import EmbeddedServer
    from pyzoo.testing.plugin.factory import ServerFactory

MARKS = (
    "zookeeper(preload=None, properties=None, nodes=3, tick_time_ms=2000, shared=False): how the servers of a test are",
    "zookeeper_faults(delay=0, disk_full=False, refuse_writes=False, pause=False, fail_next=None, partition=None, "
    "kill=None): what is wrong with the servers while the body of a test runs",
)
SECTION = "zookeeper log"
_LOG = pytest.StashKey[ServerLog]()


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    config.stash[_LOG] = begin_session(number_option(config, "log_lines", LINES))


def pytest_unconfigure(config: pytest.Config) -> None:
    if _LOG in config.stash:
        end_session(config.stash[_LOG])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_LOG].begin_test()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    servers = _servers_of(item)
    if not servers and item.get_closest_marker("zookeeper_faults") is None:
        yield
        return
    from pyzoo.testing.plugin.fault_marks import begin_faults, end_faults

    try:
        begin_faults(item, servers)
        yield
    finally:
        end_faults(_servers_of(item))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    if report.failed:
        _servers_of(item)
        text = item.config.stash[_LOG].text()
        if text:
            report.sections.append((SECTION, text))


def _servers_of(item: pytest.Item) -> list[Any]:
    """All that the test has made or asked for so far."""
    fixtures = getattr(item, "funcargs", {})
    for name in fixtures.keys() & SHARED:
        watch(fixtures[name])
    return item.config.stash[_LOG].servers


def _factory_of(request: pytest.FixtureRequest) -> "ServerFactory":
    from pyzoo.testing.plugin.factory import ServerFactory
    from pyzoo.testing.plugin.marks import asked_by_test

    return ServerFactory(asked_by_test(request.node), request.path.parent)


def _shared_factory_of(request: pytest.FixtureRequest) -> "ServerFactory":
    from pyzoo.testing.plugin.factory import ServerFactory
    from pyzoo.testing.plugin.marks import asked_by_options, for_sharing

    return ServerFactory(for_sharing(asked_by_options(request.config)), request.config.rootpath)


@pytest.fixture
def zookeeper(request: pytest.FixtureRequest) -> "Iterator[EmbeddedServer]":
    """A server of the test's own, in memory; `connect_string` and `port` say where."""
    with closing(_factory_of(request)) as factory:
        yield factory(port=factory.asked.port)


@pytest.fixture(scope="session")
def zookeeper_session(request: pytest.FixtureRequest) -> "Iterator[EmbeddedServer]":
    """One server for all tests of this process; `zookeeper_client` has a chroot of its own there for each of them."""
    with closing(_shared_factory_of(request)) as factory:
        yield factory()


@pytest.fixture
def zookeeper_ensemble(request: pytest.FixtureRequest) -> "Iterator[EmbeddedEnsemble]":
    """An ensemble of the test's own, of three members unless the options or marks say otherwise."""
    with closing(_factory_of(request)) as factory:
        yield factory.ensemble()


@pytest.fixture(scope="session")
def zookeeper_session_ensemble(request: pytest.FixtureRequest) -> "Iterator[EmbeddedEnsemble]":
    """One ensemble for all tests of this process; clients have chroots there as at `zookeeper_session`."""
    with closing(_shared_factory_of(request)) as factory:
        yield factory.ensemble()


@pytest.fixture
def zookeeper_factory(request: pytest.FixtureRequest) -> "Iterator[ServerFactory]":
    """Makes as many servers, ensembles and clients as the test wants."""
    with closing(_factory_of(request)) as factory:
        yield factory


@pytest.fixture
def zookeeper_hosts(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the clients of this test connect: `host:port`, with a chroot where others use the same server.

    It is that of the fixture that the test asks for as well, `zookeeper`, `zookeeper_ensemble` or one of those for the
    session; with none of them that of the option `zookeeper_hosts`, or else a server of the test's own.
    """
    from pyzoo.testing.plugin.places import place_of

    with ExitStack() as stack:
        yield place_of(request, stack)


@pytest.fixture
def zookeeper_client(zookeeper_hosts: str) -> "Iterator[KazooClient]":
    """A client of kazoo that is connected to `zookeeper_hosts`, and is closed after the test."""
    from pyzoo.testing.clients import end_client, start_client

    client = start_client(zookeeper_hosts)
    yield client
    end_client(client)


@pytest.fixture
def zookeeper_connect(zookeeper_hosts: str) -> "Iterator[Callable[..., KazooClient]]":
    """Called with options of KazooClient, a further client of `zookeeper_hosts`; all are closed after the test."""
    from pyzoo.testing.clients import end_client, start_client

    with ExitStack() as stack:

        def connect(**options: Any) -> "KazooClient":
            client = start_client(zookeeper_hosts, **options)
            stack.callback(end_client, client)
            return client

        yield connect


@pytest.fixture
def pyzoo_server() -> "Iterator[EmbeddedServer]":
    """A running EmbeddedServer; `connect_string` and `port` say where."""
    from pyzoo.testing.embedded.server import EmbeddedServer

    with EmbeddedServer() as server:
        watch(server)
        yield server


@pytest.fixture
def pyzoo_ensemble() -> "Iterator[LocalEnsemble]":
    """A running LocalEnsemble of three; `connect_string` and `members` say where, `kill` and `restart` disturb it."""
    from pyzoo.runtime.local_ensemble import LocalEnsemble

    with LocalEnsemble(nodes=3) as ensemble:
        watch(ensemble)
        yield ensemble
