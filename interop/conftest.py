"""Fixtures: which servers there are, and pairs of them.

PYZOO_INTEROP_SUBJECT=real puts a second Apache server in pyzoo's place, which proves the comparison itself.
PYZOO_INTEROP_REAL and PYZOO_INTEROP_PYZOO (host:port) name servers that run elsewhere, such as containers;
tests that must configure or restart a server are skipped then.
"""

import os
import re
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from kazoo.client import KazooClient

from interop import requests as rq
from interop import wire
from interop.ensemble import Ensemble, Settings
from interop.java import JavaZooKeeper, Missing, zookeeper_39
from interop.java_sessions import JavaClient
from interop.member import JAVA39, PYZOO, zookeeper_of
from interop.pair import Pair, PairSession
from interop.server import Config, Server, ServerFailed, launch_pyzoo, launch_real
from interop.writer import ANSWER_SECONDS, Writer, kazoo_client

DEFAULT = Config()
StartServer = Callable[..., Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--interop-seeds", type=int, default=3, help="random histories to compare")
    parser.addoption("--interop-operations", type=int, default=2500, help="operations of a random history")
    parser.addoption("--interop-first-seed", type=int, default=1, help="seed of the first random history")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under `--dist loadgroup`, tests that share servers of their module go to one worker."""
    for item in items:
        if isinstance(item, pytest.Function):
            group = shared_by(item) if shares(item) else item.name
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {group}"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Where xdist does not know the groups, every single test would start servers of its own, unnoticed."""
    if node.config.getoption("dist") == "loadgroup" and not all("@" in each for each in ids):
        pytest.exit("this pytest-xdist does not group tests with this pytest; pytest<9.2 works", returncode=4)


def shares(item: pytest.Function) -> bool:
    """Whether a test uses anything that its module keeps for all of its tests."""
    return any(each.scope == "module" for fixtures in item._fixtureinfo.name2fixturedefs.values() for each in fixtures)


def shared_by(item: pytest.Function) -> str:
    """Which of the parameters of the module's fixtures a test has."""
    if not hasattr(item, "callspec"):
        return ""
    fixtures = item._fixtureinfo.name2fixturedefs
    shared = [name for name in item.callspec.params if any(each.scope == "module" for each in fixtures.get(name, ()))]
    return " ".join(f"{name}{item.callspec.indices[name]}" for name in shared)


def required(find: Callable[[], object]) -> object:
    """What `find` finds; where it is missing that is a failure in CI, and a skip with the reason elsewhere."""
    try:
        return find()
    except Missing as problem:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            raise
        pytest.skip(str(problem))


def _external(name: str) -> Server | None:
    host_port = os.environ.get(name)
    if not host_port:
        return None
    host, port = host_port.rsplit(":", 1)
    return Server(f"{name} {host_port}", (host, int(port)))


def external_subject() -> Server | None:
    """The server under test, when it runs elsewhere."""
    return _external("PYZOO_INTEROP_PYZOO")


def subject_is_real() -> bool:
    return os.environ.get("PYZOO_INTEROP_SUBJECT", "pyzoo") == "real"


@pytest.fixture(autouse=True)
def _no_connection_stays_open() -> Iterator[None]:
    yield
    wire.close_all()


@pytest.fixture(scope="session")
def zookeeper() -> JavaZooKeeper:
    found = required(zookeeper_39)
    assert isinstance(found, JavaZooKeeper)
    return found


@pytest.fixture(scope="session")
def java_client_process(zookeeper: JavaZooKeeper, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JavaClient]:
    client = JavaClient(zookeeper, tmp_path_factory.mktemp("java-client"))
    yield client
    client.close()


@pytest.fixture
def java_client(java_client_process: JavaClient) -> Iterator[JavaClient]:
    """A JVM for sessions of the Java client; they end with the test."""
    yield java_client_process
    java_client_process.close_sessions()


@define
class PairWith:
    """Begins a test on the pair of servers that has a configuration; starts them when they are not there yet."""

    _start: Callable[[Config], Pair]
    begun: list[Pair] = field(factory=list)

    def __call__(self, config: Config) -> Pair:
        both = self._start(config)
        both.begin()
        self.begun.append(both)
        return both


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A test that compared pairs fails with all differences, also when something else went wrong first."""
    starters = [value for value in pyfuncitem.funcargs.values() if isinstance(value, PairWith)]
    pairs = [value for value in pyfuncitem.funcargs.values() if isinstance(value, Pair)]
    try:
        result = yield
    except Exception as problem:
        for ensemble in [value for value in pyfuncitem.funcargs.values() if isinstance(value, Ensemble)]:
            problem.add_note(ensemble.report())
        for pair in [*pairs, *(pair for starter in starters for pair in starter.begun)]:
            if pair.differences:
                raise AssertionError(f"{problem!r} after differences:\n{pair.report()}") from problem
        raise
    for pair in [*pairs, *(pair for starter in starters for pair in starter.begun)]:
        if pair.differences:
            pytest.fail(f"the servers differ:\n{pair.report()}", pytrace=False)
    return result


def launch_subject(config: Config, home: Path) -> Server:
    """Start the server under test, without waiting for it."""
    if subject_is_real():
        return launch_real(config, config.java or zookeeper_39(), home)
    return launch_pyzoo(config, home)


@define
class Launcher:
    """The running pairs of a module: one for its own configuration, and the latest other one."""

    own: Config
    homes: pytest.TempPathFactory
    _pairs: dict[str, tuple[Pair, list[Server]]] = field(factory=dict)
    _failed: dict[str, str] = field(factory=dict)

    def start(self, config: Config) -> Pair:
        key = repr(config)
        if key in self._failed:
            pytest.fail(f"these servers did not start for an earlier test:\n{self._failed[key]}", pytrace=False)
        if key not in self._pairs:
            for other in [other for other in self._pairs if other != repr(self.own)]:
                stop_all(self._pairs.pop(other)[1])
            running: list[Server] = []
            try:
                both = _start_both(config, self.homes.mktemp("pair"), running)
            except ServerFailed as problem:
                self._failed[key] = str(problem)
                raise
            self._pairs[key] = Pair.of(*both), running
        return self._pairs[key][0]

    def stop(self) -> None:
        stop_all([server for _, running in self._pairs.values() for server in running])


def stop_all(servers: list[Server]) -> None:
    """Ask all to stop before waiting for any."""
    for server in servers:
        server.ask_to_stop()
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def launcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Starts pairs of empty servers; they stop at the end of the module."""
    launching = Launcher(getattr(request.module, "CONFIG", DEFAULT), tmp_path_factory)
    yield launching
    launching.stop()


def _start_both(config: Config, home: Path, running: list[Server]) -> tuple[Server, Server]:
    reference, subject = _external("PYZOO_INTEROP_REAL"), external_subject()
    if (reference or subject) and config != DEFAULT:
        pytest.skip("needs a server with its own configuration, and an outside server was named")
    if reference is None:
        found = required(zookeeper_39)
        assert isinstance(found, JavaZooKeeper)
        reference = launch_real(config, config.java or found, home / "reference")
        running.append(reference)
    if subject is None:
        subject = launch_subject(config, home / "subject")
        running.append(subject)
    try:
        reference.wait_until_serving()
        subject.wait_until_serving()
    except ServerFailed:
        stop_all(running)
        raise
    return reference, subject


@pytest.fixture
def pair_with(launcher: Launcher) -> Iterator[PairWith]:
    """Both servers with a configuration of the test's choice."""
    starter = PairWith(launcher.start)
    yield starter
    for both in starter.begun:
        both.end()


@pytest.fixture
def pair(request: pytest.FixtureRequest, pair_with: PairWith) -> Pair:
    """Both servers, configured by the module's CONFIG (default: Config()), shared by the module's tests."""
    return pair_with(getattr(request.module, "CONFIG", DEFAULT))


@pytest.fixture
def start_real(tmp_path: Path, zookeeper: JavaZooKeeper) -> Iterator[StartServer]:
    """Start a real server; it is stopped with the test."""
    running: list[Server] = []

    def start(config: Config = DEFAULT, home: Path | None = None, version: JavaZooKeeper | None = None) -> Server:
        server = launch_real(config, version or zookeeper, home or tmp_path / f"real{len(running)}")
        running.append(server)
        server.wait_until_serving()
        return server

    yield start
    stop_all(running)


@pytest.fixture
def start_subject(tmp_path: Path) -> Iterator[StartServer]:
    """Start the server under test; it is stopped with the test."""
    running: list[Server] = []

    def start(config: Config = DEFAULT, home: Path | None = None) -> Server:
        server = launch_subject(config, home or tmp_path / f"subject{len(running)}")
        running.append(server)
        server.wait_until_serving()
        return server

    yield start
    stop_all(running)


@pytest.fixture
def session(pair: Pair) -> PairSession:
    """A session on both servers."""
    return pair.connect()


@pytest.fixture
def place(session: PairSession, request: pytest.FixtureRequest) -> str:
    """A node of the test's own, named after the test."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)
    path = f"/{name[:60]}-{zlib.crc32(request.node.nodeid.encode()):08x}"
    session.call(rq.CREATE, rq.create(path, b"place"))
    return path


@contextmanager
def new_ensemble(
    homes: pytest.TempPathFactory,
    kinds: Sequence[str],
    observers: Sequence[str] = (),
    settings: Settings | None = None,
) -> Iterator[Ensemble]:
    """An ensemble that does not run yet; all its processes end with the block."""
    kinds, observers = ([subject_kind(kind) for kind in some] for some in (kinds, observers))
    for kind in {*kinds, *observers} - {PYZOO}:
        required(partial(zookeeper_of, kind))
    ensemble = Ensemble.create(homes.mktemp("ensemble"), kinds, observers, settings)
    try:
        yield ensemble
    finally:
        ensemble.close()


def subject_kind(kind: str) -> str:
    """The kind of a member, with PYZOO_INTEROP_SUBJECT in pyzoo's place."""
    return JAVA39 if kind == PYZOO and subject_is_real() else kind


@pytest.fixture
def connect() -> Iterator[Callable[..., KazooClient]]:
    """Start a kazoo client on members or hosts; all are stopped with the test."""
    clients: list[KazooClient] = []

    def start(where: Server | Ensemble, session_seconds: float = 10.0) -> KazooClient:
        client = kazoo_client(where.hosts if isinstance(where, Ensemble) else where.host_port, session_seconds)
        clients.append(client)
        client.start(ANSWER_SECONDS)
        return client

    yield start
    for client in clients:
        client.stop()
        client.close()


@pytest.fixture
def write_to() -> Iterator[Callable[[Ensemble, str], Writer]]:
    """Start a writer on an ensemble, below a node of its own; it ends with the test."""
    writers: list[Writer] = []

    def start(ensemble: Ensemble, top: str) -> Writer:
        writer = Writer(ensemble.hosts, top)
        writers.append(writer)
        writer.start()
        return writer

    yield start
    for writer in writers:
        writer.close()
