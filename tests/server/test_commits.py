"""What is committed is applied in order, so much a turn, and nobody sees half of it."""

import io
from contextlib import closing

import pytest

from pyzoo.config.membership import Membership
from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import (
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    ReplyHeader,
    SetDataRequest,
    SyncRequest,
)
from pyzoo.persistence.snapshot.file import SnapshotReader, snapshot_chunks
from pyzoo.quorum.verifier import make_verifier
from pyzoo.runtime.saved_snapshot import without_disk
from pyzoo.server.database import ZKDatabase
from pyzoo.server.roles.quorum import QuorumZooKeeperServer
from pyzoo.server.slices import REST_MS
from tests.support.dialogue import OPEN, WALL_MS, Client, LoneServer

EPHEMERAL = 1
COUNT = 100


def closing_world(slice_units: int = 10) -> tuple[LoneServer, Client, Client]:
    """A session with ephemerals below /p and /q has asked for its end, and that is begun with but not applied."""
    world = LoneServer(slice_units=slice_units, four_letter_word_whitelist=frozenset({"*"}))
    other, client = world.connect(), world.connect()
    for path in ("/p", "/q", "/r"):
        other.create(path)
    for at in range(COUNT):
        client.create(f"/{'pq'[at % 2]}/e{at}", flags=EPHEMERAL)
    client.ask(op.CLOSE_SESSION)
    until_begun(world)
    return world, client, other


def until_begun(world: LoneServer) -> None:
    """Let the preparation, which takes several turns too, come to its end."""
    while world.server.tree.closing is None:
        world.pass_time(REST_MS)
    while not world.server.tree.closing.has_begun:
        world.turn()


def turns_until_closed(world: LoneServer, client: Client) -> int:
    turns = 0
    while not client.closed:
        turns += 1
        assert world.server.next_deadline_ms() <= world.now_ms
        world.turn()
    return turns


def test_a_large_close_takes_several_turns_and_is_seen_at_once() -> None:
    world, client, other = closing_world()
    zxid = world.server.tree.last_processed_zxid
    assert not client.closed
    assert other.exists("/r")
    assert zxid == world.server.tree.last_processed_zxid
    assert turns_until_closed(world, client) > 2
    assert [] == other.children("/p")
    assert world.server.tree.last_processed_zxid == zxid + 1
    world.finish_work()
    assert world.server.next_deadline_ms() > world.now_ms


@pytest.mark.parametrize(
    ("op_type", "body", "error"),
    [
        (op.EXISTS, ExistsRequest("/p/e98", False), -101),
        (op.GET_DATA, GetDataRequest("/q/e1", True), -101),
        (op.GET_DATA, GetDataRequest("/p", False), 0),
        (op.GET_CHILDREN2, GetChildrenRequest("/q", True), 0),
        (op.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/"), 0),
    ],
)
def test_a_read_of_what_is_being_deleted_waits_for_the_end(op_type: int, body: object, error: int) -> None:
    world, client, other = closing_world()
    zxid = world.server.tree.last_processed_zxid
    other.ask(op_type, body)
    other.ask(op.GET_DATA, GetDataRequest("/r", False))
    assert [] == other.replies()
    turns_until_closed(world, client)
    # One that may be long keeps what is behind it in the buffer.
    world.server.frames_waiting(other.cnxn)
    world.pass_time(20)
    world.server.frames_waiting(other.cnxn)
    world.turn()
    assert [(error, zxid + 1), (0, zxid + 1)] == [(header.err, header.zxid) for header, _ in other.replies()]


def test_a_write_behind_a_large_close_is_applied_after_it() -> None:
    world, client, other = closing_world()
    other.ask(op.CREATE, CreateRequest("/p/e98", b"", OPEN, 0))
    other.ask(op.GET_CHILDREN, GetChildrenRequest("/p", False))
    assert [] == other.replies()
    turns_until_closed(world, client)
    world.turn()
    [(created, _), (listed, names)] = other.replies()
    assert (0, 0, 1) == (created.err, listed.err, names.read_vector())


def test_reads_that_wait_and_writes_behind_them_are_answered_in_order() -> None:
    world, client, other = closing_world()
    xids = []
    for op_type, body in (
        (op.EXISTS, ExistsRequest("/p/e0", False)),
        (op.SET_DATA, SetDataRequest("/r", b"1", -1)),
        (op.GET_DATA, GetDataRequest("/r", False)),
        (op.SYNC, SyncRequest("/")),
        (op.SET_DATA, SetDataRequest("/r", b"2", -1)),
    ):
        other.ask(op_type, body)
        xids.append(other.xid)
    turns_until_closed(world, client)
    for _ in range(3):
        world.turn()
    assert xids == [header.xid for header, _ in other.replies()]


def test_events_of_a_large_close_precede_replies_that_know_of_it() -> None:
    world = LoneServer(slice_units=7)
    client, watcher = world.connect(), world.connect()
    watcher.create("/p")
    for at in range(COUNT):
        client.create(f"/p/e{at}", flags=EPHEMERAL)
        watcher.call(op.GET_DATA, GetDataRequest(f"/p/e{at}", True))
    watcher.call(op.GET_CHILDREN, GetChildrenRequest("/p", True))
    zxid = world.server.tree.last_processed_zxid
    client.ask(op.CLOSE_SESSION)
    until_begun(world)
    watcher.ask(op.PING)
    watcher.ask(op.GET_CHILDREN, GetChildrenRequest("/p", False))
    replies: list[tuple[ReplyHeader, InputArchive]] = []
    while not replies or replies[-1][0].xid == -2:
        world.turn()
        got = watcher.replies()
        replies += got
        if got and got[-1][0].xid != -2:
            assert len(watcher.events) == COUNT + 1
    assert {zxid + 1} == {event_zxid for _, _, event_zxid in watcher.events}
    assert world.server.tree.watch_count == 0


def test_what_others_change_while_a_close_is_prepared_is_respected() -> None:
    world = LoneServer(slice_units=10)
    client, other = world.connect(), world.connect()
    for at in range(COUNT):
        client.create(f"/e{at}", flags=EPHEMERAL)
    client.ask(op.CLOSE_SESSION)
    assert world.server.closes.preparing
    assert other.error(op.DELETE, DeleteRequest("/e1", -1)) == 0
    assert other.create("/e1") == "/e1"
    assert other.error(op.SET_DATA, SetDataRequest("/e2", b"x", -1)) == 0
    client.ask(op.CREATE, CreateRequest("/late", b"", OPEN, EPHEMERAL))
    until_begun(world)
    assert not world.server.closes.preparing
    turns_until_closed(world, client)
    assert [name for name in other.children("/") if name != "zookeeper"] == ["e1"]
    assert world.server.tree.tree_digest == world.server.outstanding.tree_digest


def test_the_transaction_of_a_close_does_not_depend_on_how_long_its_preparation_took() -> None:
    records = []
    for slice_units in (10, 100_000):
        world = LoneServer(slice_units=slice_units)
        client = world.connect()
        for at in range(COUNT):
            client.create(f"/e{at}", flags=EPHEMERAL)
        world.disk_is_slow = True
        client.ask(op.CLOSE_SESSION)
        while not world.unsafe:
            world.pass_time(REST_MS)
        # Behind the checksum, and the time that has passed.
        [batch] = world.unsafe
        records.append((batch.first_zxid, batch.records[8:32], batch.records[40:]))
    assert records[0] == records[1]


def test_a_server_that_sends_its_clients_away_applies_what_is_committed() -> None:
    world, _, _ = closing_world()
    zxid = world.server.tree.last_processed_zxid
    world.server.shutdown()
    assert world.server.tree.last_processed_zxid == zxid + 1
    assert world.server.tree.closing is None


def test_what_a_restored_snapshot_changes_is_told_as_of_the_last_transaction() -> None:
    world, _, other = closing_world()
    zxid = world.server.tree.last_processed_zxid
    other.ask(op.GET_DATA, GetDataRequest("/r", True))
    other.replies()
    world.server.shutdown(DataTree(), zxid)
    world.turn()
    other.replies()
    assert [("/r", zxid + 1)] == [(path, at) for _, path, at in other.events]


def test_who_asks_for_the_whole_history_finds_what_is_committed_applied() -> None:
    world, _, _ = closing_world()
    zxid = world.server.tree.last_processed_zxid
    world.server.database.settle()
    assert world.server.database.last_zxid == zxid + 1


def test_a_snapshot_beside_a_large_close_reaches_its_digest() -> None:
    world, client, _ = closing_world()
    server = world.server
    request, zxid = server.prepared.closing, server.tree.last_processed_zxid
    world.turn()
    assert server.tree.closing is not None
    assert request is not None
    reader = SnapshotReader(io.BytesIO(b"".join(snapshot_chunks(server.tree, {}))).read, "snapshot")
    loaded = DataTree()
    reader.load(loaded)
    loaded.last_processed_zxid = zxid
    loaded.set_snapshot_digest(reader.digest_zxid, reader.digest_version, reader.digest)
    assert request.header is not None
    loaded.process_txn(request.header, request.txn)
    assert (loaded.digests.waiting_zxid, loaded.digests.mismatches) == (0, 0)
    assert turns_until_closed(world, client) > 0
    assert loaded.tree_digest == server.tree.tree_digest


def test_a_snapshot_without_a_log_holds_the_whole_of_a_large_close() -> None:
    world, _, _ = closing_world()
    zxid = world.server.tree.last_processed_zxid
    world.turn()
    with closing(without_disk(world.server.database)) as saved:
        assert saved.zxid == zxid + 1
    assert len(world.server.database.sessions) == 1


def test_the_root_by_its_other_name_is_not_seen_half_changed() -> None:
    world = LoneServer(slice_units=10)
    other, client = world.connect(), world.connect()
    for at in range(COUNT):
        client.create(f"/e{at}", flags=EPHEMERAL)
    client.ask(op.CLOSE_SESSION)
    until_begun(world)
    world.turn()
    other.ask(op.GET_CHILDREN, GetChildrenRequest("", False))
    assert [] == other.replies()
    turns_until_closed(world, client)
    assert len(other.replies()) == 1


def test_no_turn_applies_more_than_its_share() -> None:
    world = LoneServer(slice_units=100)
    client, other = world.connect(), world.connect()
    client.create("/a")
    world.disk_is_slow = True
    for at in range(30):
        client.ask(op.SET_DATA, SetDataRequest("/a", str(at).encode(), -1))
    world.disk_is_slow = False
    counts = []
    world.sync()
    for _ in range(10):
        other.ask(op.PING)
        assert len(other.replies()) == 1
        counts.append(len(client.replies()))
    # The first are of two turns: when the log was safe, and the next.
    assert counts == [16, 8, 6, 0, 0, 0, 0, 0, 0, 0]
    assert client.data("/a") == b"29"


def test_sessions_that_expire_at_once_are_closed_some_a_turn() -> None:
    world = LoneServer(slice_units=100)
    clients = [world.connect(timeout_ms=4000) for _ in range(10)]
    for at, client in enumerate(clients):
        client.create(f"/e{at}", flags=EPHEMERAL)
    world.now_ms += 10_000
    lives = []
    world.turn()
    while world.server.next_deadline_ms() <= world.now_ms:
        lives.append(len(world.server.database.sessions))
        world.turn()
    assert lives[:3] == [8, 6, 4]
    assert not world.server.database.sessions
    assert all(client.closed for client in clients)
    # Nobody can come back in between.
    assert world.server.sessions.sessions == {}


def test_a_session_that_waits_for_its_turn_to_expire_cannot_be_used_any_more() -> None:
    world = LoneServer(slice_units=1)
    first, second = world.connect(timeout_ms=4000), world.connect(timeout_ms=4000)
    world.now_ms += 10_000
    world.turn()
    assert [first.closed, second.closed].count(True) <= 1
    second.ask(op.PING)
    first.ask(op.PING)
    for _ in range(5):
        world.turn()
    assert [first.closed, second.closed] == [True, True]
    assert world.server.sessions.sessions == {}


def test_a_word_that_looks_at_all_ephemerals_waits_for_the_end_of_a_close() -> None:
    world, client, _ = closing_world()
    asking = world.socket()
    asking.send(b"dump")
    assert asking.received == b""
    turns_until_closed(world, client)
    while not asking.closed:
        world.pass_time(REST_MS)
    assert b"Sessions with Ephemerals (0)" in asking.received


def test_a_read_that_waited_for_the_end_of_a_close_was_behind_no_write(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(world: LoneServer, database: ZKDatabase) -> None:
        server = QuorumZooKeeperServer(world.config, database, world.now_ms, WALL_MS, lambda _n: 0)
        server.prepare_ensemble(make_verifier(Membership()))
        world.server = server

    monkeypatch.setattr(LoneServer, "start", start)
    world, client, other = closing_world()
    before = world.server.metrics.requests_in_session_queue.count
    other.ask(op.GET_CHILDREN, GetChildrenRequest("/p", False))
    turns_until_closed(world, client)
    assert len(other.replies()) == 1
    # The only write that was done meanwhile is the closeSession.
    assert world.server.metrics.requests_in_session_queue.count == before + 1
