"""The close of a session: which ephemerals it takes, in which order, and what later writes know of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.datatree.java_order import string_hash
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CloseSessionTxn, CreateRequest, DeleteRequest
from pyzoo.persistence.log_format import decode_txn
from pyzoo.server.clients.request import internal_request
from tests.support.dialogue import OPEN, LoneServer
from tests.support.examples import examples

EPHEMERAL = 1


class SimulatedHashSet:
    """A HashMap with chains: the way Java does it."""

    def __init__(self, buckets: int) -> None:
        self.table: list[list[str]] = [[] for _ in range(buckets)]

    def chain(self, key: str) -> list[str]:
        value = string_hash(key) & 0xFFFFFFFF
        return self.table[(value ^ (value >> 16)) & (len(self.table) - 1)]

    def keys(self) -> list[str]:
        return [key for chain in self.table for key in chain]

    def add(self, key: str) -> None:
        if key in self.chain(key):
            return
        self.chain(key).append(key)
        keys = self.keys()
        if len(keys) > 0.75 * len(self.table):
            self.table = [[] for _ in range(2 * len(self.table))]
            for old in keys:
                self.chain(old).append(old)

    def discard(self, key: str) -> None:
        if key in self.chain(key):
            self.chain(key).remove(key)

    def clone(self) -> "SimulatedHashSet":
        keys = self.keys()
        buckets = 1
        while buckets < int(len(keys) / 0.75 + 1):
            buckets *= 2
        copy = SimulatedHashSet(buckets)
        for key in keys:
            copy.add(key)
        return copy


def paths_of_close(world: LoneServer) -> list[str | None]:
    """What the newest log record, a closeSession, deletes; its digest has to be the tree's once it is applied."""
    [batch] = world.unsafe[-1:]
    length = int.from_bytes(batch.records[8:12], "big")
    header, txn, digest = decode_txn(batch.records[12 : 12 + length])
    assert isinstance(txn, CloseSessionTxn)
    assert header.type == op.CLOSE_SESSION
    world.sync()
    assert digest is not None
    assert digest.tree_digest == world.server.tree.tree_digest
    assert txn.paths2_delete is not None
    return txn.paths2_delete


steps = st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=60)


@settings(max_examples=examples(60), deadline=None)
@given(steps, steps)
def test_a_close_deletes_what_there_will_be_in_the_order_of_javas_set(
    safe: list[tuple[bool, int]], on_their_way: list[tuple[bool, int]]
) -> None:
    world = LoneServer()
    other, client = world.connect(), world.connect()
    other.create("/p")
    live = SimulatedHashSet(16)
    for adds, at in safe:
        path = f"/p/e{at}" if at % 3 else f"/e{at}"
        if adds and path not in live.chain(path):
            client.create(path, flags=EPHEMERAL)
            live.add(path)
        elif path in live.chain(path):
            other.error(op.DELETE, DeleteRequest(path, -1))
            live.discard(path)
    expected = live.clone()
    world.disk_is_slow = True
    for adds, at in on_their_way:
        path = f"/p/e{at}" if at % 3 else f"/e{at}"
        if adds:
            client.ask(op.CREATE, CreateRequest(path, b"", OPEN, EPHEMERAL))
            expected.add(path)
        else:
            other.ask(op.DELETE, DeleteRequest(path, -1))
            expected.discard(path)
    client.ask(op.CLOSE_SESSION)
    assert expected.keys() == paths_of_close(world)


def test_what_a_closing_session_has_is_gone_for_later_writes(world: LoneServer) -> None:
    client, other = world.connect(), world.connect()
    other.create("/p")
    client.create("/p/e", flags=EPHEMERAL)
    world.disk_is_slow = True
    client.ask(op.CLOSE_SESSION)
    other.ask(op.DELETE, DeleteRequest("/p/e", -1))
    other.ask(op.CREATE, CreateRequest("/p/e", b"", OPEN, 0))
    other.ask(op.DELETE, DeleteRequest("/p/e", -1))
    other.ask(op.DELETE, DeleteRequest("/p", -1))
    world.sync()
    assert [-101, 0, 0, 0] == [header.err for header, _ in other.replies()]
    assert world.server.tree.get_node("/p") is None
    assert world.server.outstanding.tree_digest == world.server.tree.tree_digest


def test_an_ephemeral_that_became_another_session_s_stays(world: LoneServer) -> None:
    client, other = world.connect(), world.connect()
    client.create("/e", flags=EPHEMERAL)
    world.disk_is_slow = True
    other.ask(op.DELETE, DeleteRequest("/e", -1))
    other.ask(op.CREATE, CreateRequest("/e", b"", OPEN, EPHEMERAL))
    client.ask(op.CLOSE_SESSION)
    assert [] == paths_of_close(world)
    other.replies()
    assert other.exists("/e")


def test_a_second_close_of_a_session_deletes_nothing_more(world: LoneServer) -> None:
    client = world.connect(timeout_ms=4000)
    client.create("/e", flags=EPHEMERAL)
    world.disk_is_slow = True
    client.ask(op.CLOSE_SESSION)
    world.server.submit_write(internal_request(op.CLOSE_SESSION, client.session_id, world.now_ms))
    world.turn()
    assert [] == paths_of_close(world)
