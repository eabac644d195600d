"""A connection that comes and goes under a session."""

import threading
from collections.abc import Iterator

import pytest
from kazoo.retry import ForceRetryError

from pyzoo.errors import CONNECTIONLOSS, NOWATCHER, KeeperError
from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.connection import Session
from pyzoo.shell.events import Event
from pyzoo.shell.watches import WatcherType
from pyzoo.testing import EmbeddedServer

from .conftest import ThreadFor

PATIENCE_S = 60


class Seen:
    """The events of a session, which can be waited for."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._changed = threading.Condition()

    def add(self, event: Event) -> None:
        with self._changed:
            self.all.append(event)
            self._changed.notify_all()

    def wait_for(self, *, state: str = "SyncConnected", type: str, path: str | None = None, times: int = 1) -> None:
        wanted = (state, type, path)

        def there() -> bool:
            return [(event.state, event.type, event.path) for event in self.all].count(wanted) >= times

        with self._changed:
            assert self._changed.wait_for(there, PATIENCE_S), f"{wanted} is not in {self.all}"


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


def test_watches_are_there_again_on_the_next_connection(tmp_path: object, seen: Seen, event_thread: ThreadFor) -> None:
    home = str(tmp_path)
    with EmbeddedServer(data_dir=home) as first:
        port = first.port
        zk = ZooKeeper(Session(first.connect_string, 20000, event_thread(seen.add)))
        zk.create("/a", b"x")
        zk.get_data("/a", watch=True)
        zk.get_children("/a", watch=True)
        zk.add_watch("/a", recursive=True)
    seen.wait_for(state="Disconnected", type="None")
    with pytest.raises(KeeperError) as raised:
        zk.get_data("/a")
    assert CONNECTIONLOSS == raised.value.code
    with EmbeddedServer(data_dir=home, port=port):
        seen.wait_for(type="None", times=2)
        zk.create("/a/b")
        seen.wait_for(type="NodeCreated", path="/a/b")
        seen.wait_for(type="NodeChildrenChanged", path="/a")
        zk.set_data("/a", b"y")
        seen.wait_for(type="NodeDataChanged", path="/a")
        zk.close()
    seen.wait_for(state="Closed", type="None")


def test_the_pauses_between_connects_do_not_shrink(server: EmbeddedServer, event_thread: ThreadFor) -> None:
    tries = 1000

    def connect() -> None:
        if len(slept) < tries:
            raise ForceRetryError

    slept: list[float] = []
    zk = ZooKeeper(Session(server.connect_string, 20000, event_thread(lambda event: None)))
    retry = zk.session._conn_retry.copy()
    retry.sleep_func, retry.interrupt = slept.append, None
    retry(connect)
    zk.close()
    assert min(slept) > 0.1


def test_without_a_connection_watches_can_be_removed_locally(
    server: EmbeddedServer, seen: Seen, event_thread: ThreadFor
) -> None:
    zk = ZooKeeper(Session(server.connect_string, 20000, event_thread(seen.add)))
    zk.get_children("/", watch=True)
    server.stop()
    seen.wait_for(state="Disconnected", type="None")
    with pytest.raises(KeeperError):
        zk.remove_watches("/", WatcherType.CHILDREN, local=False)
    zk.remove_watches("/", WatcherType.CHILDREN, local=True)
    seen.wait_for(state="Disconnected", type="ChildWatchRemoved", path="/")
    with pytest.raises(KeeperError) as raised:
        zk.remove_watches("/", WatcherType.CHILDREN, local=True)
    assert NOWATCHER == raised.value.code
    zk.close()


def test_an_expired_session_ends_and_no_other_takes_its_place(
    server: EmbeddedServer, seen: Seen, event_thread: ThreadFor
) -> None:
    port, events = server.port, event_thread(seen.add)
    zk = ZooKeeper(Session(server.connect_string, 20000, events))
    seen.wait_for(type="None")
    server.stop()
    # The next server in memory knows nothing of the session, and this client has seen nothing that it has not.
    with EmbeddedServer(port=port):
        seen.wait_for(state="Expired", type="None")
        assert (False, "CLOSED") == (zk.session.alive, zk.session.state_name)
        zk.close()
    events.settle()
    assert "Expired" == seen.all[-1].state
