"""`watch` follows a subtree, with or without recursive watches."""

import threading
from collections.abc import Iterator

import pytest

from pyzoo.errors import UNIMPLEMENTED, KeeperError
from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.commands.following import Following
from pyzoo.shell.connection import Session
from pyzoo.shell.events import Event
from pyzoo.testing import EmbeddedServer

from .conftest import Cli, ThreadFor

CHANGES = [
    ("created", "/a/b"),
    ("changed", "/a/b"),
    ("created", "/a/b/c"),
    ("deleted", "/a/b/c"),
    ("deleted", "/a/b"),
    ("changed", "/a"),
]


@pytest.fixture
def writer(server: EmbeddedServer, event_thread: ThreadFor) -> Iterator[ZooKeeper]:
    zk = ZooKeeper(Session(server.connect_string, 20000, event_thread(lambda event: None)))
    zk.create("/a", b"x")
    yield zk
    zk.close()


def make(writer: ZooKeeper, change: tuple[str, str]) -> None:
    verb, path = change
    if verb == "created":
        writer.create(path)
    elif verb == "changed":
        writer.set_data(path, b"new")
    else:
        writer.delete(path)


@pytest.mark.parametrize("recursive", [True, False])
def test_all_changes_below_a_node_are_told(
    server: EmbeddedServer, writer: ZooKeeper, recursive: bool, monkeypatch: pytest.MonkeyPatch, event_thread: ThreadFor
) -> None:
    following: list[Following] = []

    def hand_on(event: Event) -> None:
        if event.path is not None:
            following[0].events.put(event)

    zk = ZooKeeper(Session(server.connect_string, 20000, event_thread(hand_on)))
    if not recursive:

        def refuse(path: str, recursive: bool) -> None:
            raise KeeperError(UNIMPLEMENTED, path)

        monkeypatch.setattr(zk, "add_watch", refuse)
    following.append(Following(zk, "/a"))
    following[0].begin()
    told = following[0].changes()
    for change in CHANGES:
        make(writer, change)
        verb, path, zxid = next(told)
        assert change == (verb, path)
        assert zxid > 0
    following[0].end()
    zk.close()


def test_watch_ends_after_as_many_changes_as_wanted(cli: Cli, writer: ZooKeeper) -> None:
    stop = threading.Event()

    def change() -> None:
        while not stop.wait(0.02):
            writer.set_data("/a", b"new")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        ended = cli("watch", "/a", "--count", "2")
        documents = cli("--json", "watch", "/a", "--count", "1").documents
    finally:
        stop.set()
        thread.join()
    assert ["changed  /a  new"] * 2 == [line.partition("Z  ")[2] for line in ended.lines]
    assert {"change": "changed", "path": "/a", "data": "new"}.items() <= documents[0].items()  # type: ignore[union-attr]
    assert {"changes": 1} == documents[1]
    assert 1 == len(ended.events), "only the connection is told of, not the end of the watch"


def test_watch_needs_a_number_of_changes(cli: Cli) -> None:
    ended = cli("watch", "/a", "--count", "none")
    assert (1, "--count none: give a whole number, 1 or more\n") == (ended.code, ended.err)
