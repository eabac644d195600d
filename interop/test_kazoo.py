"""kazoo, the Python client: CRUD, watches and its recipes."""

import threading
from collections.abc import Callable, Iterator

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, NoAuthError, NodeExistsError, NoNodeError, RolledBackError
from kazoo.recipe.barrier import Barrier, DoubleBarrier
from kazoo.recipe.cache import TreeCache, TreeEvent
from kazoo.recipe.counter import Counter
from kazoo.recipe.election import Election
from kazoo.recipe.lock import Lock, ReadLock, Semaphore, WriteLock
from kazoo.recipe.party import Party
from kazoo.recipe.queue import LockingQueue, Queue
from kazoo.recipe.watchers import ChildrenWatch, DataWatch
from kazoo.security import make_digest_acl

from interop.conftest import DEFAULT, StartServer, launch_subject
from interop.server import Config, Server

WAIT_SECONDS = 60.0
Connect = Callable[[], KazooClient]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = launch_subject(DEFAULT, tmp_path_factory.mktemp("kazoo"))
    running.wait_until_serving()
    yield running
    running.stop()


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    clients: list[KazooClient] = []

    def new_client() -> KazooClient:
        client = KazooClient(hosts=server.host_port, timeout=10.0)
        client.start(timeout=WAIT_SECONDS)
        clients.append(client)
        return client

    yield new_client
    for client in clients:
        client.stop()
        client.close()


def wait(event: threading.Event) -> None:
    assert event.wait(WAIT_SECONDS), "did not happen in time"


def test_nodes(connect: Connect) -> None:
    client = connect()
    assert "/kazoo/a" == client.create("/kazoo/a", b"1", makepath=True)
    assert "/kazoo/s-0000000001" == client.create("/kazoo/s-", sequence=True)
    with pytest.raises(NodeExistsError):
        client.create("/kazoo/a")
    data, stat = client.get("/kazoo/a")
    assert (b"1", 0, 1) == (data, stat.version, stat.dataLength)
    with pytest.raises(BadVersionError):
        client.set("/kazoo/a", b"2", version=5)
    assert 1 == client.set("/kazoo/a", b"2").version
    assert {"a", "s-0000000001"} == set(client.get_children("/kazoo"))
    assert client.exists("/none") is None
    client.delete("/kazoo", recursive=True)
    with pytest.raises(NoNodeError):
        client.get("/kazoo/a")


def test_transactions(connect: Connect) -> None:
    client = connect()
    transaction = client.transaction()
    transaction.create("/transaction", b"x")
    transaction.set_data("/transaction", b"y")
    transaction.check("/transaction", 1)
    assert "/transaction" == transaction.commit()[0]
    transaction = client.transaction()
    transaction.delete("/transaction")
    transaction.check("/none", 1)
    results = transaction.commit()
    assert [RolledBackError, NoNodeError] == [type(result) for result in results]


def test_credentials(connect: Connect) -> None:
    client, stranger = connect(), connect()
    client.add_auth("digest", "bob:secret")
    client.create("/credentials", b"x", acl=[make_digest_acl("bob", "secret", all=True)])
    assert b"x" == client.get("/credentials")[0]
    with pytest.raises(NoAuthError):
        stranger.get("/credentials")


def test_data_and_children_watches(connect: Connect) -> None:
    client, writer = connect(), connect()
    writer.create("/watched", b"0")
    seen_data: list[bytes] = []
    seen_children: list[list[str]] = []
    data_came, children_came = threading.Event(), threading.Event()

    def on_data(data: bytes | None, stat: object) -> None:
        seen_data.append(data or b"")
        if data == b"5":
            data_came.set()

    def on_children(children: list[str]) -> None:
        seen_children.append(sorted(children))
        if len(children) == 5:
            children_came.set()

    DataWatch(client, "/watched", on_data)
    ChildrenWatch(client, "/watched", on_children)
    for number in range(1, 6):
        writer.set("/watched", str(number).encode())
        writer.create(f"/watched/{number}")
    wait(data_came)
    wait(children_came)
    assert b"5" == seen_data[-1]
    assert ["1", "2", "3", "4", "5"] == seen_children[-1]


def test_tree_cache(connect: Connect) -> None:
    client, writer = connect(), connect()
    writer.ensure_path("/tree/a/b")
    ready = threading.Event()
    cache = TreeCache(client, "/tree")
    cache.listen(lambda event: ready.set() if event.event_type == TreeEvent.INITIALIZED else None)
    cache.start()
    wait(ready)
    updated = threading.Event()
    cache.listen(lambda event: updated.set() if event.event_type == TreeEvent.NODE_UPDATED else None)
    writer.set("/tree/a/b", b"new")
    wait(updated)
    assert b"new" == cache.get_data("/tree/a/b").data
    cache.close()


def test_locks(connect: Connect) -> None:
    first, second = connect(), connect()
    mine, theirs = Lock(first, "/lock", "mine"), Lock(second, "/lock", "theirs")
    assert mine.acquire(timeout=WAIT_SECONDS)
    assert not theirs.acquire(blocking=False)
    taken = threading.Event()
    waiter = threading.Thread(target=lambda: taken.set() if theirs.acquire(timeout=WAIT_SECONDS) else None)
    waiter.start()
    mine.release()
    wait(taken)
    waiter.join()
    theirs.release()


def test_read_and_write_locks_and_semaphores(connect: Connect) -> None:
    first, second = connect(), connect()
    readers = ReadLock(first, "/rw"), ReadLock(second, "/rw")
    assert all(reader.acquire(timeout=WAIT_SECONDS) for reader in readers)
    assert not WriteLock(second, "/rw").acquire(blocking=False)
    for reader in readers:
        reader.release()
    semaphores = [Semaphore(client, "/semaphore", max_leases=2) for client in (first, second, first)]
    assert [True, True, False] == [semaphore.acquire(blocking=False) for semaphore in semaphores]
    for semaphore in semaphores[:2]:
        semaphore.release()


def test_an_ephemeral_lock_goes_with_its_client(connect: Connect) -> None:
    first, second = connect(), connect()
    assert Lock(first, "/abandoned").acquire(timeout=WAIT_SECONDS)
    first.stop()
    assert Lock(second, "/abandoned").acquire(timeout=WAIT_SECONDS)


def test_election(connect: Connect) -> None:
    elected: list[str] = []
    done = threading.Event()

    def lead(name: str) -> None:
        elected.append(name)
        if len(elected) == 3:
            done.set()

    threads = [
        threading.Thread(target=Election(connect(), "/election", name).run, args=(lead, name))
        for name in ("a", "b", "c")
    ]
    for thread in threads:
        thread.start()
    wait(done)
    for thread in threads:
        thread.join()
    assert ["a", "b", "c"] == sorted(elected)


def test_queues(connect: Connect) -> None:
    client, other = connect(), connect()
    queue = Queue(client, "/queue")
    for value in (b"2", b"3"):
        queue.put(value, priority=100)
    queue.put(b"1", priority=50)
    assert [b"1", b"2", b"3"] == [Queue(other, "/queue").get() for _ in range(3)]
    locking = LockingQueue(client, "/locking")
    locking.put_all([b"a", b"b"])
    assert b"a" == locking.get(WAIT_SECONDS)
    assert locking.holds_lock()
    assert locking.consume()
    assert b"b" == LockingQueue(other, "/locking").get(WAIT_SECONDS)


def test_counter_party_and_barriers(connect: Connect) -> None:
    first, second = connect(), connect()
    counters = [Counter(client, "/counter") for client in (first, second)]
    for counter in counters * 5:
        counter += 2
    assert 20 == counters[0].value
    parties = [Party(client, "/party", name) for client, name in ((first, "x"), (second, "y"))]
    for party in parties:
        party.join()
    assert {"x", "y"} == set(parties[0])
    barrier = Barrier(first, "/barrier")
    barrier.create()
    assert not Barrier(second, "/barrier").wait(0.1)
    barrier.remove()
    assert Barrier(second, "/barrier").wait(WAIT_SECONDS)
    entered = [threading.Thread(target=DoubleBarrier(client, "/double", 2).enter) for client in (first, second)]
    for thread in entered:
        thread.start()
    for thread in entered:
        thread.join(WAIT_SECONDS)
    assert not any(thread.is_alive() for thread in entered)


def test_a_client_survives_a_restart_of_its_server(start_subject: StartServer) -> None:
    server = start_subject(Config(lines={"forceSync": "yes"}))
    client = KazooClient(hosts=server.host_port, timeout=20.0)
    client.start(timeout=WAIT_SECONDS)
    client.create("/mine", b"x", ephemeral=True)
    session = client.client_id
    events = threading.Event()
    client.get("/mine", watch=lambda event: events.set())
    lost, back = threading.Event(), threading.Event()
    client.add_listener(lambda state: (back if state == "CONNECTED" else lost).set())
    server.kill()
    wait(lost)
    server.restart()
    wait(back)
    assert session == client.client_id
    client.set("/mine", b"y")
    wait(events)
    client.stop()
    client.close()
