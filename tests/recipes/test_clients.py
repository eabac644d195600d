"""Recipes of client libraries, as kazoo 2.11, Curator 5.9 and Apache's zookeeper-recipes write them."""

import pytest

from .nodes import A, B, C, Nodes, all_in, at, labels, names, one_in

UUIDS = [f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc"]
PROTECTED = [f"_c_{uuid}-" for uuid in UUIDS]


def test_the_lowest_number_holds_a_lock_and_the_others_wait_in_order() -> None:
    nodes = Nodes()
    for prefix, number, session in ((A, 10, 3), (B, 9, 2), (C, 11, 1)):
        nodes.add(f"/app/lock/{prefix}__lock__{number:010}", f"client {session}", session)
    thing = one_in(nodes)
    assert ("lock", "/app/lock", 1, 3) == (thing.kind, thing.path, len(thing.holders), thing.total)
    assert ["client 2"] == labels(thing, "holder")
    assert ["client 3", "client 1"] == labels(thing, "waiter")
    assert [2, 3, 1] == thing.sessions
    assert nodes.node(thing.holders[0].path).ctime == thing.holders[0].since  # type: ignore[union-attr]


def test_readers_before_the_first_writer_share_a_kazoo_lock() -> None:
    nodes = Nodes()
    for at_, kind in enumerate(("rlock", "rlock", "lock", "rlock")):
        nodes.add(f"/l/{A}__{kind}__{at_:010}", session=at_ + 1)
    thing = one_in(nodes)
    assert [("holder", "shared")] * 2 + [("waiter", "exclusive"), ("waiter", "shared")] == [
        (part.role, part.mode) for part in thing.parts
    ]


def test_readers_behind_a_writer_wait() -> None:
    nodes = Nodes().add(f"/l/{A}__lock__0000000000", session=1).add(f"/l/{B}__rlock__0000000001", session=2)
    assert [1] == [part.session for part in one_in(nodes).holders]


def test_numbers_that_have_passed_the_largest_one_come_first() -> None:
    """The counter goes on below zero, and clients sort by it."""
    nodes = Nodes().add(f"/l/{A}__lock__2147483647", "old", 1).add(f"/l/{B}__lock__-2147483648", "new", 2)
    assert ["new"] == labels(one_in(nodes), "holder")


def test_who_waits_at_a_kazoo_semaphore_stands_beside_it() -> None:
    nodes = Nodes().add("/s", "2").add(f"/s/{B}", "b", 2).add(f"/s/{A}", "a", 1)
    nodes.add(f"/s-__lock__/{C}__lock__0000000007", "b'c'", 3)
    thing = one_in(nodes)
    assert ("semaphore", 2, 3) == (thing.kind, thing.permits, thing.total)
    assert ["b", "a"] == labels(thing, "holder")
    assert ["b'c'"] == labels(thing, "waiter")


def test_a_lease_that_is_made_while_all_are_taken_is_not_held_yet() -> None:
    """InterProcessSemaphoreV2 makes its lease with the lock in hand, and waits with both."""
    nodes = Nodes()
    for number, (prefix, session) in enumerate(zip(PROTECTED[:2], (1, 2), strict=True)):
        nodes.add(f"/s/leases/{prefix}lease-{number:010}", f"client {session}", session)
    nodes.add(f"/s/locks/{PROTECTED[2]}lock-0000000002", "client 3", 3)
    nodes.add(f"/s/leases/{PROTECTED[2]}lease-0000000002", "client 3", 3)
    thing = one_in(nodes)
    assert ["client 1", "client 2"] == labels(thing, "holder")
    assert ["client 3"] == labels(thing, "waiter")
    assert 3 == thing.total


def test_a_read_lock_below_a_write_lock_of_the_same_thread_is_held_too() -> None:
    """Curator gives it the number of the write lock."""
    nodes = Nodes()
    nodes.add(f"/l/{PROTECTED[0]}__WRIT__0000000000", session=1).add(f"/l/{PROTECTED[1]}__READ__0000000001", session=2)
    nodes.add(f"/l/{PROTECTED[2]}__READ__0000000000", session=1)
    thing = one_in(nodes)
    assert [(1, "exclusive"), (1, "shared")] == [(part.session, part.mode) for part in thing.holders]
    assert [2] == [part.session for part in thing.waiters]


@pytest.mark.parametrize(
    ("path", "kind", "recipe"),
    [
        (f"{PROTECTED[0]}lock-0000000000", "lock", "Curator InterProcessMutex"),
        (f"_c_{A}-lock-0000000000", "lock", "Curator InterProcessMutex"),
        (f"{PROTECTED[0]}latch-0000000000", "election", "Curator LeaderLatch"),
        ("x-72057594037927937-0000000000", "lock", "ZooKeeper recipes WriteLock"),
        ("x-010000006e0f0001-0000000000", "lock", "ZooKeeper recipes WriteLock"),
        ("x--72057594037927937-0000000000", "lock", "ZooKeeper recipes WriteLock"),
        ("n_0000000000", "election", "ZooKeeper recipes LeaderElectionSupport"),
    ],
)
def test_a_name_tells_the_recipe(path: str, kind: str, recipe: str) -> None:
    thing = one_in(Nodes().add(f"/here/{path}", "me", 5))
    assert kind == thing.kind
    assert thing.recipe.startswith(recipe)
    assert [5] == [part.session for part in thing.holders]


def test_items_of_a_queue_come_by_priority_and_number() -> None:
    nodes = Nodes().add("/q/entry-100-0000000000", "b").add("/q/entry-005-0000000001", "a")
    assert ["a", "b"] == labels(one_in(nodes), "item")
    curator = Nodes().add("/q/queue-1000000050000000000").add("/q/queue-0FFFFFFFB0000000001")
    assert ["queue-0FFFFFFFB0000000001", "queue-1000000050000000000"] == names(one_in(curator), "item")


@pytest.mark.parametrize("name", ["queue-0000000000", "queue-|1A22AA400D2|0000000000", "queue-|id|0000000000"])
def test_queues_of_curator_are_told_by_their_items(name: str) -> None:
    assert "Curator DistributedQueue" == one_in(Nodes().add(f"/q/{name}", b"\0\0\0\1")).recipe


def test_who_works_on_an_entry_of_a_locking_queue_holds_it() -> None:
    nodes = Nodes().add("/q/entries/entry-100-0000000000", "x").add("/q/entries/entry-100-0000000001", "y")
    nodes.add("/q/taken/entry-100-0000000000", "worker", 7)
    thing = one_in(nodes)
    assert ("/q/entries", "kazoo LockingQueue", [7]) == (thing.path, thing.recipe, thing.sessions)
    assert (["x"], ["y"]) == (labels(thing, "holder"), labels(thing, "item"))


def test_a_double_barrier_waits_until_ready_is_there() -> None:
    nodes = Nodes().add(f"/b/{UUIDS[0]}", session=1).add(f"/b/{A}", session=2)
    assert ("waiting", 2) == (one_in(nodes).value, len(one_in(nodes).waiters))
    nodes.add("/b/ready")
    assert ("entered", 0, 2) == (one_in(nodes).value, len(one_in(nodes).waiters), len(one_in(nodes).parts))


def test_parties_are_groups() -> None:
    nodes = Nodes().add(f"/p/{A}__party__", "one", 1).add(f"/sp/{B}-two", "two", 2)
    assert [("kazoo Party", ["one"]), ("kazoo ShallowParty", ["two"])] == [
        (thing.recipe, labels(thing, "member")) for thing in all_in(nodes)
    ]


def test_a_service_says_where_it_listens() -> None:
    text = '{"name":"web","address":"10.0.0.1","port":8080,"serviceType":"DYNAMIC"}'
    thing = one_in(Nodes().add(f"/services/web/{UUIDS[0]}", text, 1))
    assert ("service", "Curator ServiceDiscovery") == (thing.kind, thing.recipe)
    assert ["10.0.0.1:8080 DYNAMIC"] == labels(thing, "member")


def test_a_lock_whose_node_is_not_ephemeral_is_held_by_no_session() -> None:
    thing = one_in(Nodes().add(f"/l/{A}__lock__0000000000", "me"))
    assert [0] == [part.session for part in thing.holders]


def test_a_lease_of_kazoo_says_until_when() -> None:
    nodes = Nodes().add("/a/lease_holder", '{"version": 1, "holder": "h1", "end": "2026-11-30T03:08:12"}')
    assert ["h1 until 2026-11-30T03:08:12"] == labels(one_in(nodes), "holder")
    assert at(Nodes().add("/a/lease_holder", "something else"), "/a/lease_holder") is None


def test_what_only_looks_like_a_recipe_is_a_guess() -> None:
    nodes = Nodes().add("/l/candidate-0000000000", session=1).add("/g/member", session=2).add("/a-count", "42")
    nodes.add("/the-barrier-here")
    for path, kind in (("/l", "lock"), ("/g", "group"), ("/a-count", "counter"), ("/the-barrier-here", "barrier")):
        thing = at(nodes, path)
        assert thing is not None
        assert (kind, True) == (thing.kind, thing.guess)


def test_plain_nodes_are_nothing() -> None:
    nodes = Nodes().add("/config/a", "text").add("/config/b-0000000000", "text")
    assert all(at(nodes, path) is None for path in ("/", "/config", "/config/a", "/config/b-0000000000", "/missing"))
