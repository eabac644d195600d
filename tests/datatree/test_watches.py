"""Watches: what only the tree shows of them (see tests/server/test_watch_events.py for what clients see)."""

from typing import Any

import pytest

from pyzoo.datatree.watcher import Watcher
from pyzoo.datatree.watches import (
    NODE_CHILDREN_CHANGED,
    NODE_CREATED,
    NODE_DATA_CHANGED,
    NODE_DELETED,
    PERSISTENT,
    PERSISTENT_RECURSIVE,
    STANDARD,
    WatchManager,
)
from pyzoo.jute.records import ACL

PRIVATE = [ACL(31, "digest", "u:h")]
OTHER = [ACL(1, "digest", "v:h")]
OPEN = [ACL(31, "world", "anyone")]


def add_persistent(driver: Any, path: str, watcher: Watcher) -> None:
    driver.tree.data_watches.add(path, watcher, PERSISTENT)
    driver.tree.child_watches.add(path, watcher, PERSISTENT)


def test_a_recursive_watch_on_the_root_sees_everything(driver: Any, watcher: Any) -> None:
    driver.tree.data_watches.add("/", watcher, PERSISTENT_RECURSIVE)
    driver.create("/a")
    driver.create("/a/b")
    driver.set_data("/", b"1")
    assert watcher.take() == [(NODE_CREATED, "/a"), (NODE_CREATED, "/a/b"), (NODE_DATA_CHANGED, "/")]


def test_a_recursive_watch_above_suppresses_the_child_watch(driver: Any, watcher: Any) -> None:
    driver.create("/a")
    driver.create("/a/b")
    driver.tree.data_watches.add("/a", watcher, PERSISTENT_RECURSIVE)
    driver.tree.child_watches.add("/a/b", watcher, STANDARD)
    driver.delete("/a/b")
    assert watcher.take() == [(NODE_DELETED, "/a/b")]


def test_only_those_reached_by_the_data_table_are_suppressed(driver: Any, watcher: Any, another_watcher: Any) -> None:
    driver.create("/a")
    driver.tree.data_watches.add("/a", watcher, STANDARD)
    driver.tree.child_watches.add("/a", another_watcher, STANDARD)
    driver.tree.child_watches.add("/", another_watcher, STANDARD)
    driver.delete("/a")
    assert watcher.take() == [(NODE_DELETED, "/a")]
    assert another_watcher.take() == [(NODE_DELETED, "/a"), (NODE_CHILDREN_CHANGED, "/")]


def test_set_acl_fires_nothing(driver: Any, watcher: Any) -> None:
    driver.create("/a")
    add_persistent(driver, "/a", watcher)
    driver.set_acl("/a", PRIVATE, 1)
    assert watcher.take() == []


def test_events_carry_zxid_and_the_acl_to_check(driver: Any, watcher: Any) -> None:
    driver.create("/p", acl=OTHER)
    driver.tree.data_watches.add("/p", watcher, PERSISTENT_RECURSIVE)
    add_persistent(driver, "/p", watcher)
    driver.create("/p/a", acl=PRIVATE)
    driver.set_data("/p/a", b"1")
    driver.delete("/p/a")
    assert watcher.events == [
        (NODE_CREATED, "/p/a", 2, PRIVATE),
        (NODE_CHILDREN_CHANGED, "/p", 2, OTHER),
        (NODE_DATA_CHANGED, "/p/a", 3, PRIVATE),
        (NODE_DELETED, "/p/a", 4, PRIVATE),
        (NODE_CHILDREN_CHANGED, "/p", 4, OTHER),
    ]


# --- the manager alone


def test_registering_twice_changes_nothing(watcher: Any) -> None:
    watches = WatchManager()
    assert watches.add("/a", watcher, STANDARD)
    assert not watches.add("/a", watcher, STANDARD)
    assert watches.size == 1


def test_modes_are_removed_one_by_one(watcher: Any) -> None:
    watches = WatchManager()
    for mode in (STANDARD, PERSISTENT, PERSISTENT_RECURSIVE):
        watches.add("/a", watcher, mode)
    assert watches.remove("/a", watcher, PERSISTENT)
    assert not watches.remove("/a", watcher, PERSISTENT)
    assert watches.remove("/a", watcher, PERSISTENT_RECURSIVE)
    watches.trigger("/a/b", NODE_CREATED, 1, OPEN)
    assert watcher.take() == []
    assert watches.contains("/a", watcher)
    assert watches.remove("/a", watcher)
    assert not watches.contains("/a", watcher)
    assert (watches.size, watches.path_count, watches.watcher_count) == (0, 0, 0)


@pytest.mark.parametrize("mode", [STANDARD, PERSISTENT, PERSISTENT_RECURSIVE])
def test_a_gone_watcher_takes_only_its_own_watches(watcher: Any, another_watcher: Any, mode: int) -> None:
    watches = WatchManager()
    for path in ("/a", "/b"):
        watches.add(path, watcher, mode)
    watches.add("/a", another_watcher, mode)
    watches.remove_some(watcher, 1000)
    watches.remove_some(watcher, 1000)
    assert (1, ["/a"], [another_watcher]) == (watches.size, watches.paths(), watches.watchers())
    watches.trigger("/a", NODE_CREATED, 1, OPEN)
    watches.trigger("/b", NODE_CREATED, 1, OPEN)
    assert watcher.take() == []
    assert another_watcher.take() == [(NODE_CREATED, "/a")]


def test_watchers_are_told_in_the_order_of_registration(watcher: Any) -> None:
    watches = WatchManager()
    crowd = [type(watcher)() for _ in range(100)]
    for one in crowd:
        watches.add("/a", one)
    assert crowd == watches.watchers_of("/a")
    reached = watches.trigger("/a", NODE_CREATED, 1, OPEN)
    assert reached is not None
    assert crowd == list(reached)
    assert all(one.take() == [(NODE_CREATED, "/a")] for one in crowd)
    assert (watches.size, watches.path_count, watches.watcher_count) == (0, 0, 100)


def test_a_hundred_thousand_watches_of_one_connection_come_and_go(watcher: Any) -> None:
    watches = WatchManager()
    for at in range(100_000):
        watches.add(f"/n{at}", watcher)
    assert watches.size == 100_000
    assert 1000 == watches.remove_some(watcher, 1000)
    assert (99_000, 99_000) == (watches.size, watches.path_count)
    assert 99_000 == watches.remove_some(watcher, 1_000_000)
    assert (watches.size, watches.path_count) == (0, 0)
