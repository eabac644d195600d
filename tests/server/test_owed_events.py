"""Events of transactions that fire very many watches: told over several turns, and nothing later overtakes them."""

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import (
    AddWatchRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetDataRequest,
    MultiHeader,
    SetDataRequest,
)
from pyzoo.server.slices import REST_MS
from tests.support.dialogue import OPEN, Client, LoneServer

EPHEMERAL = 1
RECURSIVE = 1
COUNT = 60


def owing_world() -> tuple[LoneServer, list[Client], Client]:
    """Watchers of all ephemerals of a session that is just over; they are not told of everything yet."""
    world = LoneServer(slice_units=40)
    owner = world.connect()
    watchers = [world.connect() for _ in range(3)]
    other = world.connect()
    other.create("/r")
    for at in range(COUNT):
        owner.create(f"/e{at}", flags=EPHEMERAL)
        for watcher in watchers:
            watcher.call(op.GET_DATA, GetDataRequest(f"/e{at}", True))
    owner.ask(op.CLOSE_SESSION)
    while world.server.tree.closing is None:
        world.pass_time(REST_MS)
    while world.server.tree.closing is not None:
        world.turn()
    assert world.server.tree.owed.is_pending
    return world, watchers, other


def run_out(world: LoneServer) -> None:
    world.finish_work()
    while world.server.next_deadline_ms() <= world.now_ms:
        world.turn()
    world.turn()


def in_order(client: Client) -> list[int]:
    """The xids of everything that came, -1 for an event."""
    return [int.from_bytes(frame[:4], "big", signed=True) for frame in client.frames()]


def test_everybody_is_told_everything_once() -> None:
    world, watchers, _ = owing_world()
    run_out(world)
    for watcher in watchers:
        events = watcher.take_events()
        assert sorted(path for _, path, _ in events) == sorted(f"/e{at}" for at in range(COUNT))
    assert world.server.tree.watch_count == 0
    assert all(world.server.tree.data_watches.paths_of(watcher.cnxn) == [] for watcher in watchers)
    assert world.server.next_deadline_ms() > world.now_ms


def test_what_is_told_later_counts_as_what_is_told_at_once() -> None:
    world, watchers, _ = owing_world()
    run_out(world)
    frames = [frame for watcher in watchers for frame in watcher.frames()]
    assert world.server.metrics.watch_bytes == sum(map(len, frames))


def test_a_reply_comes_behind_what_its_client_is_owed() -> None:
    world, watchers, _ = owing_world()
    watchers[0].ask(op.EXISTS, ExistsRequest("/e0", False))
    watchers[0].ask(op.SET_DATA, SetDataRequest("/r", b"", -1))
    xids = in_order(watchers[0])
    run_out(world)
    xids += in_order(watchers[0])
    assert xids == [-1] * COUNT + [watchers[0].xid - 1, watchers[0].xid]


def test_who_is_owed_nothing_does_not_wait() -> None:
    world, _, other = owing_world()
    assert other.error(op.SET_DATA, SetDataRequest("/r", b"x", -1)) == 0
    assert world.server.tree.owed.is_pending
    assert not other.exists("/e5")
    assert other.create("/e5") == "/e5"


def test_a_watch_that_is_set_meanwhile_is_a_new_one() -> None:
    world, watchers, other = owing_world()
    watcher = watchers[0]
    watcher.ask(op.EXISTS, ExistsRequest("/e7", True))
    assert world.server.tree.watch_count == 1
    other.create("/e7")
    assert world.server.tree.watch_count == 0
    watcher.ask(op.EXISTS, ExistsRequest("/e7", True))
    run_out(world)
    assert world.server.tree.watch_count == 1
    events = [kind for kind, path, _ in watcher.take_events() if path == "/e7"]
    assert events == [2, 1]


def test_a_later_event_comes_behind_the_reply_that_set_its_watch() -> None:
    world, watchers, other = owing_world()
    watcher = watchers[0]
    watcher.ask(op.GET_DATA, GetDataRequest("/r", True))
    other.ask(op.SET_DATA, SetDataRequest("/r", b"x", -1))
    xids = in_order(watcher)
    run_out(world)
    xids += in_order(watcher)
    assert xids == [-1] * COUNT + [watcher.xid, -1]


def test_a_connection_that_is_gone_is_owed_nothing() -> None:
    world, watchers, other = owing_world()
    watchers[0].hang_up()
    watchers[1].ask(op.CLOSE_SESSION)
    run_out(world)
    assert len(watchers[2].take_events()) == COUNT
    assert watchers[1].closed
    assert other.exists("/r")


def test_who_closes_its_session_is_told_before_what_it_is_owed() -> None:
    world, watchers, _ = owing_world()
    watchers[0].ask(op.CLOSE_SESSION)
    xids = in_order(watchers[0])
    assert not watchers[0].closed
    run_out(world)
    xids += in_order(watchers[0])
    assert xids == [-1] * COUNT + [watchers[0].xid]
    assert watchers[0].closed


def test_a_multi_of_many_parts_owes_its_events_too() -> None:
    world = LoneServer(slice_units=100)
    client, watcher = world.connect(), world.connect()
    watcher.call(op.ADD_WATCH, AddWatchRequest("/", RECURSIVE))
    client.call(op.ADD_WATCH, AddWatchRequest("/", RECURSIVE))
    parts = []
    for at in range(COUNT):
        parts += [MultiHeader(op.CREATE, False, -1), CreateRequest(f"/n{at}", b"", OPEN, 0)]
    for at in range(COUNT):
        parts += [MultiHeader(op.DELETE, False, -1), DeleteRequest(f"/n{at}", -1)]
    client.ask(op.MULTI, *parts, MultiHeader(-1, True, -1))
    xids = in_order(client)
    run_out(world)
    xids += in_order(client)
    assert xids == [-1] * 2 * COUNT + [client.xid]
    events = watcher.take_events()
    assert [path for _, path, _ in events] == [f"/n{at}" for at in range(COUNT)] * 2


def test_a_server_that_sends_its_clients_away_tells_them_first() -> None:
    world, watchers, _ = owing_world()
    world.server.shutdown()
    assert not world.server.tree.owed.is_pending
    for cnxn in world.server.effects.replies.take():
        world.clients[cnxn].received += cnxn.data_to_send()
    assert len(watchers[2].take_events()) == COUNT
