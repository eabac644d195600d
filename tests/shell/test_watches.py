"""Which events the session's watches let through."""

from pyzoo.shell.requests import SetWatches, batches_of
from pyzoo.shell.watches import EventType, WatcherType, Watches, Watching


def test_a_one_time_watch_is_used_up() -> None:
    watches = Watches()
    watches.add(Watching.DATA, "/a")
    assert [True, False] == [watches.fire(EventType.NODE_DATA_CHANGED, "/a") for _ in range(2)]


def test_a_deletion_uses_up_data_and_child_watches() -> None:
    watches = Watches()
    watches.add(Watching.DATA, "/a")
    watches.add(Watching.CHILD, "/a")
    assert watches.fire(EventType.NODE_DELETED, "/a")
    assert not watches.fire(EventType.NODE_CHILDREN_CHANGED, "/a")


def test_a_persistent_watch_stays() -> None:
    watches = Watches()
    watches.add(Watching.PERSISTENT, "/a")
    assert [True, True] == [watches.fire(EventType.NODE_CHILDREN_CHANGED, "/a") for _ in range(2)]
    assert not watches.fire(EventType.NODE_CREATED, "/a/b")


def test_a_recursive_watch_covers_all_below_and_tells_of_no_children() -> None:
    watches = Watches()
    watches.add(Watching.RECURSIVE, "/a")
    assert watches.fire(EventType.NODE_CREATED, "/a/b/c")
    assert watches.fire(EventType.NODE_DATA_CHANGED, "/a")
    assert not watches.fire(EventType.NODE_CHILDREN_CHANGED, "/a")
    assert not watches.fire(EventType.NODE_CREATED, "/ab")


def test_removing_tells_each_kind_of_watch_once() -> None:
    watches = Watches()
    for way in Watching:
        watches.add(way, "/a")
    assert [EventType.DATA_WATCH_REMOVED] == watches.remove(WatcherType.DATA, "/a")
    assert [EventType.CHILD_WATCH_REMOVED, EventType.PERSISTENT_WATCH_REMOVED] == watches.remove(WatcherType.ANY, "/a")
    assert [] == watches.remove(WatcherType.ANY, "/a")


def test_watches_are_set_again_in_pieces_and_by_the_older_request_where_it_will_do() -> None:
    known = [(Watching.DATA, "/" + "a" * 9), (Watching.CHILD, "/b"), (Watching.RECURSIVE, "/c")]
    requests = [SetWatches(5, piece) for piece in batches_of(known, 10)]
    assert [101, 105] == [request.type for request in requests]
    assert requests[0].serialize().count(b"/") == 1
    assert requests[1].serialize().count(b"/") == 2
