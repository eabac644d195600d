"""Watches as clients see them: what fires, for whom, in which order, and how they are registered again."""

import pytest

from pyzoo.datatree.acl import READ
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    ACL,
    AddWatchRequest,
    CheckWatchesRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetChildren2Request,
    GetChildrenRequest,
    GetDataRequest,
    MultiHeader,
    SetACLRequest,
    SetDataRequest,
    SetWatches,
    SetWatches2,
)
from pyzoo.sim.operation import encoded
from tests.support.dialogue import OPEN, Client, LoneServer

CREATED, DELETED, CHANGED, CHILDREN = 1, 2, 3, 4
PERSISTENT, RECURSIVE = 0, 1
UNREADABLE = [ACL(31 & ~READ, "world", "anyone")]


@pytest.fixture
def writer(world: LoneServer) -> Client:
    return world.connect()


@pytest.fixture
def watcher(world: LoneServer) -> Client:
    return world.connect()


def delete(client: Client, path: str) -> None:
    assert 0 == client.error(op.DELETE, DeleteRequest(path, -1))


def change(client: Client, path: str) -> None:
    assert 0 == client.error(op.SET_DATA, SetDataRequest(path, b"", -1))


def add_watch(client: Client, path: str | None, mode: int) -> int:
    return client.error(op.ADD_WATCH, AddWatchRequest(path, mode))


def seen(client: Client) -> list[tuple[int, str]]:
    return [(kind, path) for kind, path, _ in client.take_events()]


# --- one-shot watches


@pytest.mark.parametrize(
    ("op_type", "request_body", "first", "fired"),
    [
        (op.GET_DATA, GetDataRequest("/w", True), change, [(CHANGED, "/w")]),
        (op.GET_DATA, GetDataRequest("/w", True), delete, [(DELETED, "/w")]),
        (op.EXISTS, ExistsRequest("/w", True), change, [(CHANGED, "/w")]),
        (op.GET_CHILDREN, GetChildrenRequest("/w", True), change, []),
        (op.GET_CHILDREN, GetChildrenRequest("/w", True), delete, [(DELETED, "/w")]),
        (op.GET_CHILDREN2, GetChildren2Request("/w", True), delete, [(DELETED, "/w")]),
    ],
)
def test_a_one_shot_watch_fires_once(
    writer: Client, watcher: Client, op_type: int, request_body: Record, first: object, fired: list[tuple[int, str]]
) -> None:
    writer.create("/w")
    watcher.call(op_type, request_body)
    watcher.call(op_type, request_body)
    assert callable(first)
    first(writer, "/w")
    assert fired == seen(watcher)
    if first is delete:
        writer.create("/w")
        change(writer, "/w")
        assert [] == seen(watcher)


def test_exists_watches_a_node_that_is_not_there(writer: Client, watcher: Client) -> None:
    assert -101 == watcher.error(op.EXISTS, ExistsRequest("/w", True))
    writer.create("/w")
    assert [(CREATED, "/w", 3)] == watcher.take_events()


def test_the_other_reads_do_not(writer: Client, watcher: Client) -> None:
    for op_type in (op.GET_DATA, op.GET_CHILDREN, op.GET_CHILDREN2):
        assert -101 == watcher.error(op_type, GetDataRequest("/w", True))
    writer.create("/w")
    assert [] == seen(watcher)


def test_a_read_that_is_refused_sets_no_watch(writer: Client, watcher: Client) -> None:
    writer.create("/w", acl=UNREADABLE)
    assert -102 == watcher.error(op.EXISTS, ExistsRequest("/w", True))
    writer.call(op.SET_ACL, SetACLRequest("/w", OPEN, -1))
    change(writer, "/w")
    assert [] == seen(watcher)


def test_a_child_watch_sees_creates_and_deletes(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    watcher.children("/w")
    watcher.call(op.GET_CHILDREN, GetChildrenRequest("/w", True))
    writer.create("/w/x")
    assert [(CHILDREN, "/w")] == seen(watcher)
    watcher.call(op.GET_CHILDREN, GetChildrenRequest("/w", True))
    delete(writer, "/w/x")
    assert [(CHILDREN, "/w")] == seen(watcher)


def test_the_alias_of_the_root_can_be_watched_in_vain(writer: Client, watcher: Client) -> None:
    assert 0 == watcher.error(op.GET_CHILDREN, GetChildrenRequest("", True))
    writer.create("/x")
    assert [] == seen(watcher)


def test_one_deletion_is_told_once_and_uses_up_both_watches(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    watcher.call(op.GET_DATA, GetDataRequest("/w", True))
    watcher.call(op.GET_CHILDREN, GetChildrenRequest("/w", True))
    delete(writer, "/w")
    assert [(DELETED, "/w")] == seen(watcher)
    assert 0 == watcher.world.server.tree.data_watches.size + watcher.world.server.tree.child_watches.size


def test_watches_go_with_their_connection(world: LoneServer, writer: Client, watcher: Client) -> None:
    watcher.call(op.EXISTS, ExistsRequest("/w", True))
    assert 0 == add_watch(watcher, "/", RECURSIVE)
    watcher.hang_up()
    assert 0 == world.server.tree.data_watches.size
    writer.create("/w")


# --- persistent watches


def test_a_persistent_watch_sees_everything_on_its_path(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    add_watch(watcher, "/w", PERSISTENT)
    change(writer, "/w")
    change(writer, "/w")
    writer.create("/w/x")
    writer.create("/w/x/y")
    change(writer, "/w/x")
    delete(writer, "/w/x/y")
    delete(writer, "/w/x")
    delete(writer, "/w")
    writer.create("/w")
    change(writer, "/w")
    assert [CHANGED, CHANGED, CHILDREN, CHILDREN, DELETED, CREATED, CHANGED] == [kind for kind, _ in seen(watcher)]


def test_a_recursive_watch_sees_the_subtree_and_no_children_events(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    add_watch(watcher, "/w", RECURSIVE)
    change(writer, "/w")
    writer.create("/w/x")
    writer.create("/w/x/y")
    change(writer, "/w/x/y")
    delete(writer, "/w/x/y")
    delete(writer, "/w/x")
    delete(writer, "/w")
    writer.create("/wx")
    writer.create("/w")
    assert [
        (CHANGED, "/w"),
        (CREATED, "/w/x"),
        (CREATED, "/w/x/y"),
        (CHANGED, "/w/x/y"),
        (DELETED, "/w/x/y"),
        (DELETED, "/w/x"),
        (DELETED, "/w"),
        (CREATED, "/w"),
    ] == seen(watcher)


def test_many_watches_that_match_give_one_event(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    watcher.call(op.GET_DATA, GetDataRequest("/w", True))
    add_watch(watcher, "/w", PERSISTENT)
    add_watch(watcher, "/w", RECURSIVE)
    add_watch(watcher, "/", RECURSIVE)
    change(writer, "/w")
    assert [(CHANGED, "/w")] == seen(watcher)
    writer.create("/w/x")
    assert [(CREATED, "/w/x"), (CHILDREN, "/w")] == seen(watcher)


@pytest.mark.parametrize("path", ["bad//", "/none", "", None])
def test_any_path_can_be_watched(watcher: Client, path: str | None) -> None:
    err, archive = watcher.call(op.ADD_WATCH, AddWatchRequest(path, PERSISTENT))
    assert (0, 0, archive.end) == (err, archive.read_int(), archive.pos)


def test_words_that_list_watches_can_show_all_of_them() -> None:
    world = LoneServer(four_letter_word_whitelist=frozenset({"*"}))
    watcher = world.connect()
    for path in (None, "/a", "\n"):
        assert 0 == add_watch(watcher, path, RECURSIVE)
    for word in (b"wchc", b"wchp"):
        asking = world.socket()
        asking.send(word)
        assert {b"null", b"/a"} <= {line.strip() for line in asking.received.split(b"\n")}


@pytest.mark.parametrize("mode", [-1, 2])
def test_there_are_two_modes(watcher: Client, mode: int) -> None:
    assert -5 == add_watch(watcher, "/w", mode)


# --- checkWatches and removeWatches

ALL_TYPES = [1, 2, 3, 4, 5]


def found(client: Client, path: str = "/w") -> list[int]:
    """The types for which checkWatches finds something."""
    return [one for one in ALL_TYPES if client.error(op.CHECK_WATCHES, CheckWatchesRequest(path, one)) == 0]


def test_each_type_looks_at_its_own_watches(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    assert [] == found(watcher)
    watcher.call(op.GET_CHILDREN, GetChildrenRequest("/w", True))
    assert [1, 3] == found(watcher)
    watcher.call(op.EXISTS, ExistsRequest("/w", True))
    assert [1, 2, 3] == found(watcher)
    add_watch(watcher, "/w", RECURSIVE)
    assert [1, 2, 3, 5] == found(watcher)
    add_watch(watcher, "/w", PERSISTENT)
    assert ALL_TYPES == found(watcher)
    assert [] == found(writer)


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_watches_can_be_removed_once(writer: Client, watcher: Client, kind: int) -> None:
    writer.create("/w")
    watcher.call(op.GET_CHILDREN, GetChildrenRequest("/w", True))
    watcher.call(op.GET_DATA, GetDataRequest("/w", True))
    add_watch(watcher, "/w", PERSISTENT)
    add_watch(watcher, "/w", RECURSIVE)
    codes = [watcher.error(op.REMOVE_WATCHES, CheckWatchesRequest("/w", kind)) for _ in range(2)]
    assert [0, -121] == codes
    assert ([] if kind == 3 else [one for one in ALL_TYPES if one != kind]) == found(watcher)
    assert [] == watcher.take_events()


@pytest.mark.parametrize("kind", [0, 6, -1])
def test_there_are_five_types(watcher: Client, kind: int) -> None:
    assert -5 == watcher.error(op.CHECK_WATCHES, CheckWatchesRequest("/w", kind))
    assert -5 == watcher.error(op.REMOVE_WATCHES, CheckWatchesRequest("/w", kind))


# --- who gets to know, and when


def test_events_of_a_multi_come_part_by_part(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    add_watch(watcher, "/w", PERSISTENT)
    watcher.call(op.GET_DATA, GetDataRequest("/w", True))
    parts = [(op.SET_DATA, SetDataRequest("/w", b"", -1))] * 2 + [(op.CREATE, CreateRequest("/w/x", b"", OPEN, 0))]
    body = [encoded(MultiHeader(kind, False, -1), record) for kind, record in parts]
    writer.call(op.MULTI, *body, MultiHeader(-1, True, -1))
    assert [(CHANGED, "/w", 4), (CHANGED, "/w", 4), (CHILDREN, "/w", 4)] == watcher.take_events()


def test_events_of_a_closing_session_come_node_by_node(writer: Client, watcher: Client) -> None:
    writer.create("/p")
    owner = writer.world.connect()
    for path in ("/p/e2", "/p/e1", "/e3"):
        owner.create(path, flags=1)
        watcher.call(op.GET_DATA, GetDataRequest(path, True))
    watcher.call(op.GET_CHILDREN, GetChildrenRequest("/p", True))
    add_watch(watcher, "/", RECURSIVE)
    owner.ask(op.CLOSE_SESSION)
    events = watcher.take_events()
    assert [(DELETED, "/p/e2"), (CHILDREN, "/p"), (DELETED, "/p/e1"), (DELETED, "/e3")] == [
        (kind, path) for kind, path, _ in events
    ]
    assert 1 == len({zxid for _, _, zxid in events})


def test_who_may_not_read_a_node_is_not_told_but_loses_the_watch(writer: Client, watcher: Client) -> None:
    writer.create("/w")
    watcher.call(op.GET_DATA, GetDataRequest("/w", True))
    writer.call(op.SET_ACL, SetACLRequest("/w", UNREADABLE, -1))
    change(writer, "/w")
    writer.call(op.SET_ACL, SetACLRequest("/w", OPEN, -1))
    change(writer, "/w")
    assert [] == seen(watcher)


def test_the_acl_of_a_new_node_decides_about_its_creation(writer: Client, watcher: Client) -> None:
    add_watch(watcher, "/", RECURSIVE)
    add_watch(watcher, "/", PERSISTENT)
    writer.create("/hidden", acl=UNREADABLE)
    delete(writer, "/hidden")
    assert [(CHILDREN, "/"), (CHILDREN, "/")] == seen(watcher)


# --- setWatches


def test_set_watches_tells_what_changed_and_watches_the_rest(writer: Client, watcher: Client) -> None:
    for path in ("/old", "/new", "/parent", "/quiet"):
        writer.create(path)
    writer.create("/parent/x")
    relative = writer.stat("/old").mzxid
    request = SetWatches(relative, ["/old", "/new", "/gone"], ["/none", "/quiet"], ["/parent", "/quiet", "/gone"])
    watcher.ask(op.SET_WATCHES, request, xid=-8)
    assert [(-8, 7, 0)] == [(header.xid, header.zxid, header.err) for header, _ in watcher.replies()]
    assert [
        (CHANGED, "/new", -1),
        (DELETED, "/gone", -1),
        (CREATED, "/quiet", -1),
        (CHILDREN, "/parent", -1),
        (CHILDREN, "/quiet", -1),
        (DELETED, "/gone", -1),
    ] == watcher.take_events()
    change(writer, "/old")
    change(writer, "/new")
    writer.create("/none")
    writer.create("/parent/y")
    assert [(CHANGED, "/old"), (CREATED, "/none")] == seen(watcher)


def test_set_watches_2_brings_persistent_watches_back(writer: Client, watcher: Client) -> None:
    assert 0 == watcher.error(op.SET_WATCHES2, SetWatches2(0, [], [], [], ["/p"], ["/r"]))
    assert [] == watcher.take_events()
    for path in ("/p", "/p/x", "/r", "/r/x"):
        writer.create(path)
    assert [(CREATED, "/p"), (CHILDREN, "/p"), (CREATED, "/r"), (CREATED, "/r/x")] == seen(watcher)


@pytest.mark.parametrize("op_type", [op.SET_WATCHES, op.SET_WATCHES2])
def test_set_watches_tells_of_a_node_only_who_may_read_it(writer: Client, watcher: Client, op_type: int) -> None:
    writer.create("/w", acl=UNREADABLE)
    writer.create("/w/x")
    paths: tuple[list[str | None], list[str | None], list[str | None]] = ["/w", "/gone"], ["/w"], ["/w", "/gone"]
    request = SetWatches(0, *paths) if op_type == op.SET_WATCHES else SetWatches2(0, *paths, [], [])
    assert 0 == watcher.error(op_type, request)
    assert [(DELETED, "/gone", -1), (DELETED, "/gone", -1)] == watcher.take_events()


def test_what_set_watches_keeps_from_a_client_is_not_watched_either(writer: Client, watcher: Client) -> None:
    writer.create("/w", acl=UNREADABLE)
    assert 0 == watcher.error(op.SET_WATCHES, SetWatches(0, ["/w"], ["/w"], ["/w"]))
    writer.call(op.SET_ACL, SetACLRequest("/w", OPEN, -1))
    change(writer, "/w")
    writer.create("/w/x")
    assert [] == seen(watcher)


def test_a_null_list_stops_set_watches_half_way(writer: Client, watcher: Client) -> None:
    assert -5 == watcher.error(op.SET_WATCHES, SetWatches(9, None, ["/x"], []))
    assert -5 == watcher.error(op.SET_WATCHES, SetWatches(9, ["/gone"], ["/x"], None))
    assert [(DELETED, "/gone", -1)] == watcher.take_events()
    writer.create("/x")
    assert [(CREATED, "/x")] == seen(watcher)


@pytest.mark.parametrize("op_type", [op.SET_WATCHES, op.SET_WATCHES2])
def test_a_set_watches_that_ends_early_is_malformed(watcher: Client, op_type: int) -> None:
    assert -5 == watcher.error(op_type, encoded(SetWatches(9, ["/x"], [], []))[:-5])
    assert 0 == watcher.world.server.tree.data_watches.size


# --- connections that go


def test_the_many_watches_of_a_connection_go_bit_by_bit_and_reach_nobody_meanwhile() -> None:
    world = LoneServer(slice_units=20)
    watcher, writer = world.connect(), world.connect()
    for at in range(50):
        assert 0 == add_watch(watcher, f"/a-{at}", (PERSISTENT, RECURSIVE)[at % 2])
    data, children = world.server.tree.data_watches, world.server.tree.child_watches
    watcher.hang_up()
    assert 72 == data.size + children.size
    for at in range(50):
        writer.create(f"/a-{at}")
    for _ in range(50):
        world.pass_time(10)
    assert (0, 0, 0, 0) == (data.size, children.size, data.watcher_count, children.watcher_count)


def test_a_server_that_ends_leaves_no_watches_in_the_tree() -> None:
    world = LoneServer(slice_units=10)
    watcher = world.connect()
    for at in range(50):
        add_watch(watcher, f"/a-{at}", PERSISTENT)
    world.server.shutdown()
    assert 0 == world.server.tree.watch_count
