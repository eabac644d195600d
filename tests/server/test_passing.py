"""What has nothing to do with a large close passes it, and nobody can tell that it was not applied after it."""

from collections.abc import Iterator
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import (
    AddWatchRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiHeader,
    ReplyHeader,
    SetDataRequest,
    Stat,
    SyncRequest,
)
from pyzoo.persistence.log_format import decode_txn
from pyzoo.persistence.snapshot.file import snapshot_chunks
from pyzoo.server.slices import REST_MS
from tests.support.dialogue import OPEN, Client, LoneServer
from tests.support.examples import examples

EPHEMERAL = 1
COUNT = 60
PATHS = ("/p", "/p/e0", "/p/e1", "/p/x", "/r", "/r/x", "/s", "/s/e2", "/", "/mine")


def logged(world: LoneServer) -> Iterator[bytes]:
    """The transactions in the log, oldest first."""
    for records in world.logged:
        at = 0
        while at < len(records):
            size = int.from_bytes(records[at + 8 : at + 12], "big")
            yield records[at + 12 : at + 12 + size]
            at += 12 + size + 1


class History:
    """The tree as it was after each transaction, made from the log, whose digests it compares."""

    def __init__(self, world: LoneServer) -> None:
        tree = DataTree()
        self._states: dict[int, dict[str, tuple[bytes | None, Stat, list[str]]]] = {}
        for payload in logged(world):
            header, txn, digest = decode_txn(payload)
            tree.process_txn(header, txn)
            assert tree.compare_digest(digest), header
            self._states[header.zxid] = {
                path: (node.data, node.stat(), node.children.listing() if node.children else [])
                for path, node in tree.nodes.items()
            }
        self.digest = tree.tree_digest

    def check(self, zxid: int, request: tuple[int, str], error: int, body: InputArchive) -> None:
        """A read, or a write that has a Stat in its answer, was answered as of this zxid."""
        type_, path = request
        if error != 0 and type_ in (op.CREATE2, op.SET_DATA):
            return
        found = self._states[zxid].get(path)
        assert (error == 0) == (found is not None), (hex(zxid), request)
        if found is None:
            return
        data, stat, children = found
        if type_ == op.GET_DATA:
            assert body.read_buffer() == data
        elif type_ == op.CREATE2:
            assert body.read_ustring() == path
        elif type_ == op.GET_CHILDREN2:
            assert [body.read_ustring() for _ in range(body.read_vector())] == children
        assert Stat.decode(body) == stat, (hex(zxid), request)


class Watching:
    """A client whose frames are looked at in their order."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.requests: dict[int, tuple[int, str]] = {}
        self.frames: list[bytes] = []

    def ask(self, type_: int, path: str, *body: object) -> None:
        self.client.ask(type_, *body)
        self.requests[self.client.xid] = (type_, path)

    def check(self, history: History) -> None:
        """Events come before everything that is not older, and replies in order and as of their zxids."""
        self.frames += self.client.frames()
        newest = xid = 0
        for frame in self.frames:
            archive = InputArchive(frame)
            header = ReplyHeader.decode(archive)
            if header.xid == -1:
                assert header.zxid > newest, "an event comes after what is newer"
                continue
            assert header.xid > xid, "a reply is out of turn"
            xid = header.xid
            assert header.zxid >= newest
            newest = header.zxid
            request = self.requests[xid]
            if request[0] in (op.EXISTS, op.GET_DATA, op.GET_CHILDREN2, op.SET_DATA, op.CREATE2):
                history.check(newest, request, header.err, archive)
        assert xid == max(self.requests, default=0)


def act(one: Watching, kind: int, path: str) -> None:
    """One of the things that clients do meanwhile."""
    if kind == 0:
        one.ask(op.SET_DATA, path, SetDataRequest(path, b"x", -1))
    elif kind == 1:
        one.ask(op.CREATE2, path, CreateRequest(path, b"", OPEN, EPHEMERAL * (path == "/mine")))
    elif kind == 2:
        one.ask(op.DELETE, path, DeleteRequest(path, -1))
    elif kind in (3, 4):
        one.ask(op.GET_DATA, path, GetDataRequest(path, kind == 4))
    elif kind in (5, 6):
        one.ask(op.GET_CHILDREN2, path, GetChildrenRequest(path, kind == 6))
    elif kind in (7, 8):
        one.ask(op.EXISTS, path, ExistsRequest(path, kind == 8))
    elif kind == 9:
        one.ask(op.SYNC, path, SyncRequest(path))
    elif kind == 10:
        first = (MultiHeader(op.SET_DATA, False, -1), SetDataRequest(path, b"z", -1))
        second = (MultiHeader(op.DELETE, False, -1), DeleteRequest("/r/x", -1))
        one.ask(op.MULTI, path, *first, *second, MultiHeader(-1, True, -1))
    elif kind == 11:
        one.ask(op.ADD_WATCH, path, AddWatchRequest(path, 1))
    else:
        one.ask(op.CREATE, path, CreateRequest(f"{path}/s", b"", OPEN, 2))


ACTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.sampled_from(PATHS)), max_size=60)


@settings(max_examples=examples(50), deadline=None)
@given(ACTS, ACTS, st.sampled_from((4, 12, 40)), st.sets(st.integers(0, 60), max_size=5), st.integers(0, 2))
def test_nobody_can_tell_that_a_write_has_passed_a_large_close(
    before: list[tuple[int, int, str]],
    meanwhile: list[tuple[int, int, str]],
    slice_units: int,
    slow: set[int],
    watched: int,
) -> None:
    world = LoneServer(slice_units=slice_units)
    owner, *others = [world.connect(timeout_ms=40_000) for _ in range(4)]
    ones = [Watching(other) for other in others]
    for path in ("/p", "/r", "/s"):
        others[0].create(path)
    for at in range(COUNT):
        owner.create(f"/{'ps'[at % 2]}/e{at}", flags=EPHEMERAL)
    for at in range(COUNT):
        for one in ones[:watched]:
            path = f"/{'ps'[at % 2]}/e{at}"
            one.ask(op.GET_DATA, path, GetDataRequest(path, True))
            one.frames += one.client.frames()
    owner.ask(op.CLOSE_SESSION)
    waiting = [iter(before), iter(meanwhile)]
    for turn in range(1000):
        for who, kind, path in islice(waiting[world.server.tree.closing is not None], 3):
            if not others[who].cnxn.is_busy:
                act(ones[who], kind, path)
        world.disk_is_slow = turn in slow
        if not world.disk_is_slow:
            world.sync()
        world.pass_time(REST_MS)
        if owner.closed:
            break
    assert owner.closed
    world.disk_is_slow = False
    world.sync()
    while world.server.next_deadline_ms() <= world.now_ms or any(one.client.cnxn.is_busy for one in ones):
        world.pass_time(REST_MS)
    history = History(world)
    for one in ones:
        one.check(history)
    tree = world.server.tree
    assert history.digest == tree.tree_digest == world.server.outstanding.tree_digest
    assert tree.last_processed_zxid == tree.answer_zxid == world.server.sync_processor.next_zxid - 1
    assert world.server.outstanding.records == {}


def closing_world(slice_units: int = 4) -> tuple[LoneServer, Client, list[Client]]:
    """A session with ephemerals below /p, watched by the first other client, is about to be closed."""
    world = LoneServer(slice_units=slice_units, four_letter_word_whitelist=frozenset({"*"}))
    owner, *others = [world.connect(timeout_ms=40_000) for _ in range(3)]
    for path in ("/p", "/r"):
        others[0].create(path)
    for at in range(COUNT):
        owner.create(f"/p/e{at}", flags=EPHEMERAL)
        others[0].create(f"/r/{at}")
        assert others[0].error(op.GET_DATA, GetDataRequest(f"/p/e{at}", True)) == 0
    owner.ask(op.CLOSE_SESSION)
    while world.server.tree.closing is None or not world.server.tree.closing.later.is_open:
        world.pass_time(REST_MS)
    return world, owner, others


def test_a_write_and_a_sync_of_others_are_answered_before_a_large_close_has_ended() -> None:
    world, owner, [_, other] = closing_world()
    zxid = world.server.tree.answer_zxid
    other.ask(op.SET_DATA, SetDataRequest("/r", b"new", -1))
    world.turn()
    assert [0] == [header.err for header, _ in other.replies()]
    assert other.error(op.SYNC, SyncRequest("/")) == 0
    assert other.data("/r") == b"new"
    assert not owner.closed
    assert world.server.tree.last_processed_zxid == zxid - 1
    # A client that has seen the newest may come back now.
    assert not world.connect(last_zxid=zxid + 1).closed
    assert world.connect(last_zxid=zxid + 9).closed


def test_a_snapshot_that_brings_a_large_close_to_its_end_leaves_no_session_to_the_next_one() -> None:
    world, owner, _ = closing_world()
    database = world.server.database
    for _ in snapshot_chunks(database.tree, dict(database.sessions)):
        assert owner.session_id not in database.sessions
    assert database.tree.closing is None
    assert not owner.closed
    while not owner.closed:
        world.turn()


def test_what_is_owed_by_a_large_close_comes_before_a_long_reply_that_was_asked_for_meanwhile() -> None:
    world, owner, [watcher, other] = closing_world()
    watcher.ask(op.GET_CHILDREN, GetChildrenRequest("/r", False))
    other.ask(op.SET_DATA, SetDataRequest("/r", b"new", -1))
    while not owner.closed:
        world.turn()
    world.finish_work()
    while world.server.next_deadline_ms() <= world.now_ms:
        world.turn()
    xids = [ReplyHeader.decode(InputArchive(frame)).xid for frame in watcher.frames()]
    assert xids == [-1] * COUNT + [watcher.xid]


def test_the_number_of_watches_is_told_after_the_end_of_a_large_close() -> None:
    world, owner, _ = closing_world()
    asking = world.socket()
    asking.send(b"wchs")
    assert asking.received == b""
    while not owner.closed:
        world.turn()
    world.finish_work()
    assert b"Total watches:0" in asking.received
