"""LogBatcher: what is large is written to the log from where it is."""

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.config.settings import ServerConfig
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import ACL, CreateRequest, CreateTxn, DeleteTxn, SetDataRequest, SetDataTxn, TxnHeader
from pyzoo.persistence.log_format import LogReader, decode_txn, encode_file_header
from pyzoo.server.requests.log_batch import LARGE, LogBatcher
from pyzoo.server.requests.open_acl import OPEN_ACL
from tests.support.dialogue import OPEN, Client, LoneServer

MINE = [ACL(31, "auth", "me")]
datas = st.none() | st.integers(0, 20) | st.integers(LARGE - 1, LARGE + 1)


def data_of(size: int | None) -> bytes | None:
    return None if size is None else bytes(size)


sets = st.builds(lambda size, version: SetDataTxn("/a\u00e4", data_of(size), version), datas, st.integers(0, 9))
creates = st.builds(
    lambda size, acl, ephemeral: CreateTxn("/a", data_of(size), acl, ephemeral, 7),
    datas,
    st.sampled_from([OPEN_ACL, MINE, None]),
    st.booleans(),
)
others = st.just(DeleteTxn("/a" * LARGE))


def header_of(zxid: int, txn: Record) -> TxnHeader:
    types = {SetDataTxn: op.SET_DATA, CreateTxn: op.CREATE}
    return TxnHeader(5, 6, zxid, 8, types.get(type(txn), op.DELETE))


@given(st.lists(st.one_of(sets, creates, others), min_size=1, max_size=6), st.booleans())
def test_what_is_logged_does_not_depend_on_how(txns: list[Record], digest_enabled: bool) -> None:
    config = ServerConfig("/data", digest_enabled=digest_enabled)
    apart, encoded = LogBatcher(config, lambda _: 0), LogBatcher(config, lambda _: 0)
    for zxid, txn in enumerate(txns, 1):
        header = header_of(zxid, txn)
        payload = encoded.encode(header, txn, 9)
        encoded.append(zxid, payload)
        if not apart.append_data(header, txn, 9):
            apart.append(zxid, payload)
    one, other = apart.take(), encoded.take()
    assert one is not None
    assert other is not None
    assert one.records == other.records
    assert len(one.records) == one.length == other.length
    assert (1, len(txns), len(txns)) == (one.first_zxid, one.last_zxid, one.txns)
    assert apart.take() is None


def test_what_is_small_is_one_piece() -> None:
    log = LogBatcher(ServerConfig("/data"), lambda _: 0)
    for zxid in (1, 2):
        log.append(zxid, bytes(LARGE - 1))
    batch = log.take()
    assert batch is not None
    assert 1 == len(batch.pieces)


def test_a_large_payload_that_others_need_too_is_not_copied() -> None:
    log = LogBatcher(ServerConfig("/data"), lambda _: 0)
    payload = bytes(LARGE)
    log.append(1, payload)
    batch = log.take()
    assert batch is not None
    assert any(piece is payload for piece in batch.pieces)


def test_large_data_is_logged_from_where_the_tree_has_it(world: LoneServer, client: Client) -> None:
    client.create("/a")
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/b", b"created" * LARGE, OPEN, 0))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"set" * LARGE, -1))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"little", -1))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"too late" * LARGE, 1))
    pieces = [piece for batch in world.unsafe for piece in batch.pieces]
    read = LogReader(BytesIO(encode_file_header() + b"".join(pieces)).read, "what is logged").next_payload
    txns = [decode_txn(payload) for payload in iter(read, None)]
    world.sync()
    assert [op.CREATE, op.SET_DATA, op.SET_DATA, op.ERROR] == [header.type for header, _, _ in txns]
    assert [b"created" * LARGE, b"set" * LARGE, b"little"] == [data_in(txn) for _, txn, _ in txns[:3]]
    _, _, digest = txns[2]
    assert digest is not None
    assert world.server.tree.tree_digest == digest.tree_digest
    created = world.server.tree.get_node("/b")
    assert created is not None
    assert any(piece is created.data for piece in pieces)


def data_in(txn: Record | None) -> bytes | None:
    assert isinstance(txn, CreateTxn | SetDataTxn)
    return txn.data
