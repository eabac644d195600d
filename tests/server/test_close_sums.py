"""While a large close is prepared and on its way others write: every digest in the log is that of its transaction."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.datatree.digest import digest_without_pzxid, node_digest
from pyzoo.datatree.digest_parts import parent_part, pzxid_part
from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateRequest, DeleteRequest, MultiHeader, SetDataRequest
from pyzoo.persistence.log_format import decode_txn
from pyzoo.server.slices import REST_MS
from tests.support.dialogue import OPEN, Client, LoneServer
from tests.support.examples import examples
from tests.support.large_trees import plain_node

EPHEMERAL = 1
PARENTS = 30


def replayed(logged: list[bytes]) -> DataTree:
    """A tree from the records of a log, whose digests it has compared."""
    tree = DataTree()
    for records in logged:
        at = 0
        while at < len(records):
            size = int.from_bytes(records[at + 8 : at + 12], "big")
            header, txn, digest = decode_txn(records[at + 12 : at + 12 + size])
            tree.process_txn(header, txn)
            assert tree.compare_digest(digest), header
            at += 12 + size + 1
    return tree


def world_of(clients: int) -> tuple[LoneServer, list[Client], Client]:
    """Sessions with an ephemeral of each below every parent, and somebody else."""
    world = LoneServer(slice_units=12)
    other = world.connect()
    owners = [world.connect() for _ in range(clients)]
    for at in range(PARENTS):
        other.create(f"/p{at}")
        for owner in range(clients):
            owners[owner].create(f"/p{at}/e{owner}", flags=EPHEMERAL)
    return world, owners, other


def write(client: Client, kind: int, at: int) -> None:
    """One of the writes that others may do meanwhile, not waiting for the answer."""
    parent = f"/p{at}"
    if kind == 0:
        client.ask(op.SET_DATA, SetDataRequest(f"{parent}/e0", b"x", -1))
    elif kind == 1:
        client.ask(op.SET_DATA, SetDataRequest(parent, b"y", -1))
    elif kind == 2:
        client.ask(op.CREATE, CreateRequest(f"{parent}/other", b"", OPEN, 0))
    elif kind == 3:
        client.ask(op.DELETE, DeleteRequest(parent, -1))
    elif kind == 4:
        client.ask(op.CREATE, CreateRequest(f"{parent}/s", b"", OPEN, 2))
    elif kind == 5:
        first = (MultiHeader(op.SET_DATA, False, -1), SetDataRequest(parent, b"z", -1))
        second = (MultiHeader(op.DELETE, False, -1), DeleteRequest("/absent", -1))
        client.ask(op.MULTI, *first, *second, MultiHeader(-1, True, -1))
    else:
        client.ask(op.DELETE, DeleteRequest(f"{parent}/e0", -1))


WRITES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.integers(0, PARENTS - 1)), max_size=25)


@settings(max_examples=examples(25), deadline=None)
@given(WRITES, st.integers(1, 2), st.booleans(), st.sets(st.integers(0, 60), max_size=20))
def test_writes_beside_a_large_close_get_the_right_digests(
    writes: list[tuple[int, int, int]], clients: int, deletes: bool, slow: set[int]
) -> None:
    world, owners, other = world_of(clients)
    for owner in owners:
        owner.ask(op.CLOSE_SESSION)
    turn = 0
    while turn < 45 or not all(owner.closed for owner in owners) or world.server.final.is_behind:
        for when, kind, at in writes:
            if when == turn:
                write(other, kind, at)
        if deletes and turn == 9:
            write(other, 6, 3)
        world.disk_is_slow = turn in slow
        if not world.disk_is_slow:
            world.sync()
        world.pass_time(REST_MS)
        turn += 1
        assert turn < 1000
    server = world.server
    assert replayed(world.logged).tree_digest == server.tree.tree_digest == server.outstanding.tree_digest
    assert not server.closes.preparing
    assert server.outstanding.may_begin_sums


def test_a_parent_whose_last_child_goes_with_a_close_on_its_way_can_be_deleted() -> None:
    world, [owner], other = world_of(1)
    owner.ask(op.CLOSE_SESSION)
    world.disk_is_slow = True
    while world.server.closes.preparing:
        world.pass_time(REST_MS)
    other.ask(op.DELETE, DeleteRequest("/p7", -1))
    other.ask(op.CREATE, CreateRequest("/p8/s", b"", OPEN, 2))
    world.disk_is_slow = False
    world.sync()
    while not owner.closed:
        world.turn()
    world.turn()
    assert [0, 0] == [header.err for header, _ in other.replies()]
    assert other.children("/p8") == ["s0000000001"]
    assert replayed(world.logged).tree_digest == world.server.tree.tree_digest


@given(st.text(max_size=20), st.binary(max_size=2000), st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_the_part_of_the_pzxid_in_a_digest_is_the_same_for_all_nodes(
    name: str, data: bytes, zxid: int, pzxid: int
) -> None:
    node = plain_node(f"/{name}", data)
    more = node.more()
    more.mzxid, more.pzxid, more.version, more.cversion = zxid, pzxid, 7, 8
    assert node_digest(f"/{name}", node) == digest_without_pzxid(f"/{name}", node) ^ pzxid_part(pzxid)


@given(st.text(max_size=20), *[st.integers(-(2**63), 2**63 - 1)] * 2, *[st.integers(-(2**31), 2**31 - 1)] * 2)
def test_what_children_change_in_a_digest_is_the_same_for_all_nodes(
    name: str, pzxid: int, other_pzxid: int, cversion: int, other_cversion: int
) -> None:
    before, after = plain_node("/a", b"data"), plain_node("/a", b"data")
    before.change(3, 6, pzxid, 7, cversion, 9)
    after.change(3, 6, other_pzxid, 7, other_cversion, 9)
    part = parent_part(pzxid ^ other_pzxid, cversion ^ other_cversion)
    assert node_digest(f"/{name}", after) == node_digest(f"/{name}", before) ^ part


def test_a_root_that_is_changed_by_both_of_its_names_at_once_gets_the_right_digests(
    world: LoneServer, client: Client
) -> None:
    world.disk_is_slow = True
    client.ask(op.SET_DATA, SetDataRequest("/", b"x", -1))
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    client.ask(op.SET_DATA, SetDataRequest("/", b"y", 1))
    world.sync()
    assert [0, 0, 0] == [header.err for header, _ in client.replies()]
    assert replayed(world.logged).tree_digest == world.server.tree.tree_digest
