"""A multi of very many parts takes several turns, and nobody can tell."""

from itertools import islice

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import (
    CheckVersionRequest,
    CreateRequest,
    DeleteRequest,
    MultiHeader,
    SetDataRequest,
)
from pyzoo.server.requests.slow_multis import BYTES_A_UNIT
from pyzoo.server.slices import NEVER, REST_MS
from pyzoo.sim.operation import encoded
from tests.server.test_passing import History, Watching, act
from tests.support.dialogue import OPEN, Client, LoneServer
from tests.support.examples import examples

SEQUENTIAL, EPHEMERAL = 2, 1
COUNT = 40
PATHS = ("/p", "/p/e0", "/p/e1", "/p/n0", "/p/n1", "/r", "/r/x", "/s", "/s/e2", "/", "/mine", "/p/q0000000003")
PARTS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(PATHS[1:])), max_size=12)


def part(kind: int, path: str) -> tuple[MultiHeader, object]:
    """One part of a multi, which may fail."""
    if kind == 0:
        return MultiHeader(op.CREATE, False, -1), CreateRequest(path, b"y", OPEN, 0)
    if kind == 1:
        return MultiHeader(op.DELETE, False, -1), DeleteRequest(path, -1)
    if kind == 2:
        return MultiHeader(op.CHECK, False, -1), CheckVersionRequest(path, -1)
    if kind == 3:
        return MultiHeader(op.CREATE2, False, -1), CreateRequest(path, b"", OPEN, EPHEMERAL)
    if kind == 4:
        return MultiHeader(op.CREATE, False, -1), CreateRequest("/p/q", b"", OPEN, SEQUENTIAL)
    return MultiHeader(op.SET_DATA, False, -1), SetDataRequest(path, b"w", -1)


def many_parts() -> list[object]:
    """Parts that go well where the nodes are there that `populated` makes."""
    parts: list[object] = []
    for at in range(COUNT):
        parts += part(0, f"/p/n{at}")
        parts += part(5, f"/{'ps'[at % 2]}/e{at}")
    for at in range(0, COUNT, 2):
        parts += part(1, f"/p/n{at}")
        parts += part(1, f"/p/e{at}")
        parts += part(4, "")
    parts += part(3, "/p/mine")
    return parts


def populated(world: LoneServer, client: Client) -> None:
    for path in ("/p", "/r", "/s"):
        client.create(path)
    client.create("/s/beside")
    for at in range(COUNT):
        client.create(f"/{'ps'[at % 2]}/e{at}")


ACTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.sampled_from(PATHS)), max_size=60)


@settings(max_examples=examples(60), deadline=None)
@given(ACTS, PARTS, st.sampled_from((4, 30, 300)), st.sets(st.integers(0, 60), max_size=5), st.integers(0, 2))
@example([(0, 12, "/p/n1")], [], 30, set(), 0)  # A child of a node that the multi makes.
@example([(0, 10, "/p/q0000000003")], [], 30, set(), 0)  # A multi that fits into the turn, but not twice.
def test_nobody_can_tell_that_a_multi_took_several_turns(
    acts: list[tuple[int, int, str]],
    more: list[tuple[int, str]],
    slice_units: int,
    slow: set[int],
    watched: int,
) -> None:
    world = LoneServer(slice_units=slice_units)
    owner, *others = [world.connect(timeout_ms=40_000) for _ in range(4)]
    populated(world, others[0])
    ones = [Watching(other) for other in others]
    for at in range(COUNT):
        for one in ones[:watched]:
            act(one, 4, f"/{'ps'[at % 2]}/e{at}")
            act(one, 6, "/p")
            one.frames += one.client.frames()
    parts = many_parts()
    for kind, path in more:
        parts += part(kind, path)
    for _ in range(2):
        owner.ask(op.MULTI, *parts, MultiHeader(-1, True, -1))
    waiting = iter(acts)
    for turn in range(100_000):
        for who, kind, path in islice(waiting, 3):
            if not others[who].cnxn.is_busy:
                act(ones[who], kind, path)
        world.disk_is_slow = turn in slow
        if not world.disk_is_slow:
            world.sync()
        world.pass_time(REST_MS)
        if not owner.cnxn.pending and not any(one.client.cnxn.is_busy for one in ones) and turn > 70:
            break
    run_out(world)
    first, second = [header for header, _ in owner.replies()]
    assert first.zxid < second.zxid
    history = History(world)
    for one in ones:
        one.check(history)
    tree, outstanding = world.server.tree, world.server.outstanding
    assert history.digest == tree.tree_digest == outstanding.tree_digest
    assert tree.last_processed_zxid == tree.answer_zxid == world.server.sync_processor.next_zxid - 1
    assert outstanding.records == {}
    assert world.server.throttler.in_process == 0


def run_out(world: LoneServer) -> None:
    """Until nothing is left to be done."""
    server = world.server
    while server.slices.next_ms != NEVER or server.next_deadline_ms() <= world.now_ms:
        world.pass_time(REST_MS)
        for client in list(world.clients.values()):
            if not client.closed and server.wants_input(client.cnxn):
                server.frames_waiting(client.cnxn)


def preparing_world(slice_units: int = 20) -> tuple[LoneServer, Client, Client]:
    """A multi is being prepared, and knows already what it is about."""
    world = LoneServer(slice_units=slice_units)
    owner, other = world.connect(timeout_ms=40_000), world.connect(timeout_ms=40_000)
    populated(world, other)
    owner.ask(op.MULTI, *many_parts(), MultiHeader(-1, True, -1))
    while not world.server.multis.concerns("/p/mine/child"):
        world.pass_time(REST_MS)
    assert world.server.multis.is_preparing
    return world, owner, other


def test_writes_to_other_nodes_do_not_wait_for_a_multi_that_is_being_prepared() -> None:
    world, owner, other = preparing_world()
    assert other.error(op.SET_DATA, SetDataRequest("/r", b"new", -1)) == 0
    assert world.server.multis.is_preparing
    run_out(world)
    [(header, _)] = owner.replies()
    assert header.err == 0


def test_data_of_a_node_beside_its_nodes_does_not_wait_but_a_node_that_comes_there_does() -> None:
    world, owner, other = preparing_world()
    assert other.error(op.SET_DATA, SetDataRequest("/s/beside", b"new", -1)) == 0
    assert world.server.multis.is_preparing
    other.ask(op.CREATE, CreateRequest("/s/more", b"", OPEN, 0))
    world.turn()
    assert other.replies() == []
    run_out(world)
    assert len(owner.replies()) == len(other.replies()) == 1


def test_a_write_to_its_nodes_waits_for_the_multi_and_for_that_alone() -> None:
    world, owner, other = preparing_world()
    other.ask(op.SET_DATA, SetDataRequest("/s/e1", b"new", 0))
    world.turn()
    assert other.replies() == []
    owner.ask(op.MULTI, *many_parts(), MultiHeader(-1, True, -1))
    while world.server.multis.is_preparing and not other.cnxn.pending:
        world.pass_time(REST_MS)
    run_out(world)
    [(late, _)] = other.replies()
    assert late.err == err.BADVERSION
    first, second = [header for header, _ in owner.replies()]
    assert first.zxid < late.zxid < second.zxid


def test_a_multi_that_is_nearly_more_than_a_turn_is_not_prepared_beside_another() -> None:
    # Less than may be done at once, but twice it would be more.
    world, owner, other = preparing_world(slice_units=40)
    parts = [field for at in range(2) for field in part(0, f"/r/x{at}")]
    assert 40 * BYTES_A_UNIT / 2 < len(encoded(*parts)) < 40 * BYTES_A_UNIT - 20
    other.ask(op.MULTI, *parts, MultiHeader(-1, True, -1))
    assert world.server.multis.is_preparing
    [(early, _)] = other.replies()
    run_out(world)
    [(late, _)] = owner.replies()
    assert early.zxid < late.zxid
    History(world)


def test_the_writes_of_a_session_stay_in_order_behind_its_multi() -> None:
    world, owner, _ = preparing_world()
    owner.ask(op.SET_DATA, SetDataRequest("/r", b"new", -1))
    owner.ask(op.CREATE, CreateRequest("/r/x", b"", OPEN, 0))
    run_out(world)
    headers = [header for header, _ in owner.replies()]
    assert [header.err for header in headers] == [0, 0, 0]
    assert sorted(header.zxid for header in headers) == [header.zxid for header in headers]


def test_a_session_that_ends_waits_for_the_multi_that_may_change_its_ephemerals() -> None:
    world, _, other = preparing_world()
    other.ask(op.CREATE, CreateRequest("/r/mine", b"", OPEN, EPHEMERAL))
    other.ask(op.CLOSE_SESSION)
    world.turn()
    assert not other.closed
    run_out(world)
    assert other.closed
    History(world)


def test_a_part_that_fails_leaves_everything_as_it_was() -> None:
    world = LoneServer(slice_units=20)
    owner = world.connect()
    populated(world, owner)
    digest = world.server.tree.tree_digest
    owner.ask(op.MULTI, *many_parts(), *part(1, "/nowhere"), MultiHeader(-1, True, -1))
    run_out(world)
    [(_, body)] = owner.replies()
    errors = []
    while not (header := MultiHeader.decode(body)).done:
        errors.append(header.err)
        body.read_int()
    assert errors == [0] * (len(errors) - 1) + [err.NONODE]
    assert world.server.tree.tree_digest == digest == world.server.outstanding.tree_digest
    History(world)


def test_a_multi_that_cannot_be_read_to_its_end_is_answered_and_takes_a_zxid_as_a_short_one_does() -> None:
    for slice_units in (20, 1_000_000):
        world = LoneServer(slice_units=slice_units)
        owner = world.connect()
        populated(world, owner)
        zxid = world.server.sync_processor.next_zxid
        owner.ask(op.MULTI, *many_parts(), MultiHeader(99, False, -1))
        run_out(world)
        [(header, _)] = owner.replies()
        assert (header.err, header.zxid) == (err.MARSHALLINGERROR, zxid)


def test_who_goes_away_does_not_take_the_multi_along() -> None:
    world, owner, other = preparing_world()
    owner.hang_up()
    run_out(world)
    assert other.data("/p/n1") == b"y"
    assert world.server.throttler.in_process == 0


def test_a_tree_without_digests_has_none_after_a_write_behind_a_multi() -> None:
    world = LoneServer(slice_units=20, digest_enabled=False)
    owner = world.connect()
    populated(world, owner)
    world.disk_is_slow = True
    owner.ask(op.MULTI, *many_parts(), MultiHeader(-1, True, -1))
    world.finish_work()
    owner.ask(op.SET_DATA, SetDataRequest("/s/e1", b"z", -1))
    owner.ask(op.CREATE, CreateRequest("/s/e1/child", b"z", OPEN, 0))
    world.sync()
    run_out(world)
    assert [0, 0, 0] == [header.err for header, _ in owner.replies()]
    assert world.server.tree.tree_digest == 0


def test_a_server_that_ends_applies_what_is_committed_behind_a_multi_too() -> None:
    world, _, other = preparing_world()
    tree = world.server.tree
    while tree.closing is None:
        world.pass_time(REST_MS)
    # It looks at what the multi is about, so it does not pass it.
    other.ask(op.SET_DATA, SetDataRequest("/s/e1", b"new", -1))
    world.turn()
    assert tree.closing is not None
    logged = world.server.sync_processor.next_zxid - 1
    world.server.shutdown()
    assert tree.closing is None
    assert tree.last_processed_zxid == logged
