"""`locks` shows what kazoo's recipes hold and wait for."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import CancelledError
from kazoo.security import make_digest_acl

from pyzoo.shell.cons_word import addresses_in
from pyzoo.testing import EmbeddedServer
from pyzoo.zxid import zxid_text

from .conftest import Cli


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(properties={"4lw.commands.whitelist": "cons"}) as server:
        yield server


class Clients:
    """Sessions of kazoo that hold locks and wait for some, which they give up at the end."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._waiting: list[tuple[Any, threading.Thread]] = []
        self.started: list[KazooClient] = []

    def new(self) -> KazooClient:
        client = KazooClient(self._server.connect_string)
        client.start()
        self.started.append(client)
        return client

    def wait_for(self, lock: Any, path: str, children: int) -> None:
        """Let a thread wait for it, until the node at the path has so many children."""
        thread = threading.Thread(target=self._acquire, args=(lock,))
        thread.start()
        self._waiting.append((lock, thread))
        seer = self.started[0]
        self._server.wait_until(lambda: seer.exists(path) and len(seer.get_children(path)) == children)

    def _acquire(self, lock: Any) -> None:
        try:
            lock.acquire()
        except CancelledError:
            pass

    def close(self) -> None:
        for lock, thread in self._waiting:
            lock.cancel()
            thread.join(60)
        for client in self.started:
            client.stop()
            client.close()


@pytest.fixture
def clients(server: EmbeddedServer) -> Iterator[Clients]:
    clients = Clients(server)
    yield clients
    clients.close()


def session_of(client: KazooClient) -> str:
    return zxid_text(client.client_id[0])


def found(cli: Cli, *words: str) -> dict[str, Any]:
    """The recipes by their paths."""
    document: Any = cli("--json", "locks", *words).documents[0]
    return {recipe["path"]: recipe for recipe in document["recipes"]}


def told(recipe: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(part["role"], part["session"], part["label"]) for part in recipe["parts"]]


def test_locks_tells_who_holds_and_who_waits(cli: Cli, clients: Clients) -> None:
    alice, bob = clients.new(), clients.new()
    alice.Lock("/locks/one", "alice").acquire()
    clients.wait_for(bob.Lock("/locks/one", "bob"), "/locks/one", 2)
    recipe = found(cli)["/locks/one"]
    assert [("holder", session_of(alice), "alice"), ("waiter", session_of(bob), "bob")] == told(recipe)
    host, port = recipe["parts"][0]["address"].rsplit(":", 1)
    assert ("127.0.0.1", True) == (host, port.isdecimal())
    lines = cli("locks", "/locks").lines
    assert "/locks/one  lock (kazoo Lock, ReadLock, WriteLock, Election)" == lines[0]
    assert ["holds", "waits"] == [line.split()[0] for line in lines[1:3]]
    assert "1 recipe in 4 nodes" == lines[3]


def test_a_named_admin_server_knows_addresses(run: Cli) -> None:
    admin = {"zookeeper.admin.serverPort": "0", "zookeeper.admin.serverAddress": "127.0.0.1"}
    properties = {"zookeeper.4lw.commands.whitelist": "srvr", **admin}
    with EmbeddedServer(properties=properties) as server, closing(Clients(server)) as others:
        others.new().Lock("/lock", "me").acquire()
        words = ["-server", server.connect_string, "--json", "locks"]
        unknown: Any = run(*words).documents[0]
        known: Any = run(*words, "--admin", f"127.0.0.1:{server.admin_port}").documents[0]
    address, nothing = ([part["address"] for part in document["recipes"][0]["parts"]] for document in (known, unknown))
    assert [None] == nothing
    assert address[0].startswith("127.0.0.1:")


def test_readers_share_and_a_writer_waits(cli: Cli, clients: Clients) -> None:
    alice, bob = clients.new(), clients.new()
    alice.ReadLock("/rw", "alice").acquire()
    bob.ReadLock("/rw", "bob").acquire()
    clients.wait_for(bob.WriteLock("/rw", "writer"), "/rw", 3)
    parts = found(cli)["/rw"]["parts"]
    assert [("holder", "shared"), ("holder", "shared"), ("waiter", "exclusive")] == [
        (part["role"], part["mode"]) for part in parts
    ]


def test_a_semaphore_tells_its_permits_and_who_waits_beside_it(cli: Cli, clients: Clients) -> None:
    alice, bob = clients.new(), clients.new()
    alice.Semaphore("/s", "alice", max_leases=1).acquire()
    clients.wait_for(bob.Semaphore("/s", "bob", max_leases=1), "/s-__lock__", 1)
    for top in ("/", "/s"):
        recipes = found(cli, top)
        assert ["/s"] == list(recipes)
        assert 1 == recipes["/s"]["permits"]
        assert [("holder", session_of(alice)), ("waiter", session_of(bob))] == [
            (role, session) for role, session, _ in told(recipes["/s"])
        ]


def test_other_kinds_are_shown_when_they_are_asked_for(cli: Cli, clients: Clients) -> None:
    client = clients.new()
    queue, locking = client.Queue("/q"), client.LockingQueue("/lq")
    queue.put(b"later")
    queue.put(b"sooner", priority=1)
    locking.put(b"work")
    locking.get(60)
    client.Party("/party", "me").join()
    client.Counter("/counter").__add__(5)
    assert {} == found(cli)
    assert {"/q", "/lq/entries"} == found(cli, "--kind", "queue").keys()
    recipes = found(cli, "--kind", "all")
    assert ["sooner", "later"] == [part["label"] for part in recipes["/q"]["parts"]]
    assert [("holder", session_of(client), "work")] == told(recipes["/lq/entries"])
    assert [("member", session_of(client), "me")] == told(recipes["/party"])
    assert ("5", True) == (recipes["/counter"]["value"], recipes["/counter"]["guess"])


def test_nodes_that_may_not_be_read_are_counted_and_told(cli: Cli, clients: Clients) -> None:
    client = clients.new()
    client.add_auth("digest", "me:secret")
    client.create("/hidden", acl=[make_digest_acl("me", "secret", all=True)])
    client.Lock("/hidden/lock", "me").acquire()
    client.Lock("/open", "me").acquire()
    ended = cli("locks")
    assert 0 == ended.code
    assert "/hidden" not in ended.out
    assert "1 node may not be read with the rights of this session; what is there is missing above" in ended.err
    (document,) = cli("--json", "locks").documents
    assert isinstance(document, dict)
    assert 1 == document["unreadable"]


def test_a_walk_has_an_end(cli: Cli, clients: Clients) -> None:
    client = clients.new()
    for number in range(5):
        client.Lock(f"/locks/{number}").acquire()
    ended = cli("locks", "--limit", "4", "/locks")
    assert "there is more: only 4 nodes were looked at; name a path, or give a larger --limit" in ended.err
    (document,) = cli("--json", "locks", "--limit", "4").documents
    assert isinstance(document, dict)
    assert document["complete"] is False


def test_more_patterns_come_from_a_file(cli: Cli, clients: Clients, tmp_path: Path) -> None:
    client = clients.new()
    client.create("/app/jobs/worker-", b'{"host":"h1"}', ephemeral=True, sequence=True, makepath=True)
    file = tmp_path / "recipes.yaml"
    file.write_text("- {name: our jobs, kind: election, form: line, at: jobs, label: '{host}'}\n")
    recipe = found(cli, "--recipes", str(file))["/app/jobs"]
    assert ("our jobs", False, "h1") == (recipe["recipe"], recipe["guess"], recipe["parts"][0]["label"])


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--kind", "lok"], "--kind lok: choose one of lock, "),
        (["--limit", "0"], "--limit 0: give a whole number, 1 or more"),
        (["--recipes", "/no/such/file"], "--recipes /no/such/file: No such file or directory"),
        (["/missing"], "Node does not exist: /missing"),
    ],
)
def test_what_is_wrong_is_said(cli: Cli, words: list[str], fault: str) -> None:
    ended = cli("locks", *words)
    assert 1 == ended.code
    assert fault in ended.err


def test_addresses_are_read_from_what_cons_says() -> None:
    text = (
        " /127.0.0.1:40412[1](queued=0,recved=5,sent=5,sid=0x10003a34d360000,lop=GETD,est=1,to=10000)\n"
        " /[0:0:0:0:0:0:0:1]:40414[1](queued=0,recved=1,sent=1,sid=0xf000000000000001,lop=PING,est=1,to=1)\n"
        " /127.0.0.1:40416[0](queued=0,recved=1,sent=0)\n\n"
    )
    expected = {0x10003A34D360000: "127.0.0.1:40412", 0xF000000000000001 - (1 << 64): "[0:0:0:0:0:0:0:1]:40414"}
    assert expected == addresses_in(text)
