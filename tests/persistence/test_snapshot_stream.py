"""The snapshot on the wire: the same tree on the other side, however the bytes are cut, and no lie believed."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import MalformedRecord
from pyzoo.jute.primitives import field_limit
from pyzoo.jute.records import ACL, CreateTxn, SetDataTxn, TxnHeader
from pyzoo.persistence.snapshot.stream import SnapshotStreamReader, stream_chunks
from tests.support.persistence_cases import OPEN_ACL

NO_STAT = bytes(60)
OPEN_ID = b"\xff" * 8
SIGNATURE = b"\x00\x00\x00\x0aBenWasHere"
ENDING = b"\x00\x00\x00\x01/" + SIGNATURE
CONFIG = b"server.1=127.0.0.1:2888:3888:participant;127.0.0.1:2181\nversion=0"
CONFIG_STAT = bytes(24) + bytes.fromhex("000001a2063e8539ffffffff00000000ffffffff") + bytes(16)
"""mtime, version, cversion and aversion of a fresh leader's /zookeeper/config."""


def ustring(text: bytes) -> bytes:
    return struct.pack(">i", len(text)) + text


def node(path: bytes, data: bytes = b"", acl_id: bytes = OPEN_ID, stat: bytes = NO_STAT) -> bytes:
    return ustring(path) + ustring(data) + acl_id + stat


NO_SESSIONS = bytes(4)
CONFIG_ACL = bytes.fromhex("00000001 0000000000000001 00000001 00000001 00000005 776f726c64 00000006 616e796f6e65")
FRESH = (
    NO_SESSIONS
    + CONFIG_ACL
    + node(b"")
    + node(b"/zookeeper")
    + node(b"/zookeeper/config", CONFIG, bytes(7) + b"\x01", CONFIG_STAT)
    + node(b"/zookeeper/quota")
    + ENDING
)
"""The stream of a fresh Apache leader."""


def create(tree: DataTree, zxid: int, path: str, data: bytes | None = b"", acl: list[ACL] = OPEN_ACL) -> None:
    owner = zxid if zxid % 3 == 0 else 0
    tree.process_txn(TxnHeader(owner, 0, zxid, zxid * 1000, 1), CreateTxn(path, data, acl, owner != 0, -1))


def stream_of(tree: DataTree, sessions: dict[int, int] | None = None) -> bytes:
    return b"".join(stream_chunks(tree, sessions or {}))


def reader_of(tree: DataTree | None = None, limit: int | None = None) -> SnapshotStreamReader:
    return SnapshotStreamReader(tree or DataTree(), field_limit() if limit is None else limit)


def nodes_of(tree: DataTree) -> dict[str, object]:
    return {
        path: (
            node.data,
            node.czxid,
            node.mzxid,
            node.ctime,
            node.mtime,
            node.version,
            node.cversion,
            node.aversion,
            node.ephemeral_owner,
            node.pzxid,
            tree.acl_of(node),
        )
        for path, node in tree.nodes.items()
    }


def test_a_fresh_leaders_stream_is_read_and_written() -> None:
    tree = DataTree()
    reader = reader_of(tree)
    assert reader.feed(FRESH)
    assert (reader.rest(), reader.sessions, reader.node_count) == (b"", {}, 4)
    config = tree.nodes["/zookeeper/config"]
    assert (config.data, config.mtime, config.version, config.aversion) == (CONFIG, 0x1A2063E8539, -1, -1)
    assert tree.acl_of(config) == [ACL(1, "world", "anyone")]
    assert tree.nodes["/"] is tree.nodes[""]
    assert stream_of(tree) == FRESH


names = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF, exclude_characters="/"), min_size=1, max_size=8)
acls = st.lists(st.builds(ACL, st.integers(0, 31), st.sampled_from(["ip", "world"]), names), min_size=1, max_size=3)


@given(
    st.lists(st.tuples(names, st.integers(0), st.none() | st.binary(max_size=50), acls), max_size=20),
    st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**31 - 1), max_size=5),
    st.lists(st.integers(0, 10_000), max_size=20),
    st.binary(max_size=20),
)
def test_a_tree_is_the_same_on_the_other_side_wherever_the_bytes_are_cut(
    steps: list[tuple[str, int, bytes | None, list[ACL]]], sessions: dict[int, int], cuts: list[int], behind: bytes
) -> None:
    tree = DataTree()
    parents = [""]
    for zxid, (name, parent, data, acl) in enumerate(steps, 1):
        path = f"{parents[parent % len(parents)]}/{name}"
        parents.append(path)
        create(tree, zxid, path, data, acl)
    data = stream_of(tree, sessions)
    length = len(data)
    data += behind
    ends = [*sorted({cut % length for cut in cuts}), len(data)]
    copy = DataTree()
    create(copy, 1, "/old")
    reader = reader_of(copy)
    at = 0
    for end in ends:
        assert reader.feed(data[at:end]) is (end >= length)
        at = end
    assert reader.rest() == behind
    assert reader.sessions == sessions
    assert nodes_of(copy) == nodes_of(tree)
    assert copy.tree_digest == tree.tree_digest
    assert [copy.ephemerals_of(zxid) for zxid in range(21)] == [tree.ephemerals_of(zxid) for zxid in range(21)]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_the_last_byte_of_the_signature_completes_it(step: int) -> None:
    reader = reader_of()
    pieces = [FRESH[at : at + step] for at in range(0, len(FRESH), step)]
    assert [reader.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_what_comes_later_is_behind_it() -> None:
    reader = reader_of()
    assert reader.feed(FRESH + b"ab")
    assert reader.feed(b"cd")
    assert reader.rest() == b"abcd"


def test_a_large_tree_comes_in_slices() -> None:
    tree = DataTree()
    for number in range(3001):
        create(tree, 3 * number + 1, f"/n{number}", bytes(1000))
    reader = reader_of(copy := DataTree())
    chunks = list(stream_chunks(tree, {5: 1000}))
    assert len(chunks) >= 8
    assert [reader.feed(chunk) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert copy.tree_digest == tree.tree_digest


def test_one_large_node_and_one_large_acl_arrive_byte_by_byte() -> None:
    tree = DataTree()
    create(tree, 1, "/a", bytes(100_000), [ACL(1, "digest", f"user{number}") for number in range(2000)])
    reader = reader_of(copy := DataTree())
    data = stream_of(tree)
    for at in range(len(data) - 1):
        assert not reader.feed(data[at : at + 1])
    assert reader.feed(data[-1:])
    assert nodes_of(copy) == nodes_of(tree)


def test_no_more_than_an_unfinished_piece_is_kept() -> None:
    tree = DataTree()
    for number in range(200):
        create(tree, 3 * number + 1, f"/n{number}", bytes(500))
    reader = reader_of()
    data = stream_of(tree)
    kept = []
    for at in range(0, len(data), 100):
        reader.feed(data[at : at + 100])
        kept.append(len(reader.rest()))
    assert max(kept) < 800


def test_the_tree_may_change_while_it_is_sent() -> None:
    tree = DataTree()
    for number in range(2000):
        create(tree, 3 * number + 1, f"/n{number}")
    chunks = stream_chunks(tree, {})
    data = next(chunks) + next(chunks)
    late = [(TxnHeader(0, 0, 9001, 5, 5), SetDataTxn("/n7", b"x", 1)), (TxnHeader(0, 0, 9002, 5, 1), create_late())]
    for header, txn in late:
        tree.process_txn(header, txn)
    data += b"".join(chunks)
    reader = reader_of(copy := DataTree())
    assert reader.feed(data)
    for header, txn in late:
        copy.process_txn(header, txn)
    assert nodes_of(copy) == nodes_of(tree)


def create_late() -> CreateTxn:
    return CreateTxn("/late", b"", [ACL(1, "ip", "10.0.0.1")], False, 2001)


def test_the_old_tree_is_gone_at_once() -> None:
    tree = DataTree()
    create(tree, 1, "/old")
    reader_of(tree)
    assert tree.node_count == 0


def test_ill_formed_utf_8_reads_as_in_java() -> None:
    reader = reader_of(tree := DataTree())
    assert reader.feed(NO_SESSIONS + bytes(4) + node(b"") + node(b"/\xff") + ENDING)
    assert "/\ufffd" in tree.nodes


def test_a_null_acl_and_null_data_are_read() -> None:
    acl = struct.pack(">iqi", 1, 7, -1)
    root = ustring(b"") + b"\xff" * 4 + OPEN_ID + NO_STAT
    reader = reader_of(tree := DataTree())
    assert reader.feed(NO_SESSIONS + acl + root + ENDING)
    assert tree.nodes[""].data is None


ROOT = NO_SESSIONS + bytes(4) + node(b"")
HUGE = struct.pack(">i", field_limit() + 1)
NEGATIVE = struct.pack(">i", -2)
ACL_HEAD = NO_SESSIONS + struct.pack(">iq", 1, 1)
ABSURD = {
    "negative ACL length": ACL_HEAD + NEGATIVE,
    "oversized ACL": ACL_HEAD + HUGE,
    "negative scheme": ACL_HEAD + struct.pack(">ii", 1, 31) + NEGATIVE,
    "oversized scheme": ACL_HEAD + struct.pack(">ii", 1, 31) + HUGE,
    "oversized id": ACL_HEAD + struct.pack(">ii", 1, 31) + ustring(b"ip") + HUGE,
    "null path": ROOT + b"\xff" * 4,
    "negative path": ROOT + NEGATIVE,
    "oversized path": ROOT + HUGE,
    "oversized data": ROOT + ustring(b"/a") + HUGE,
    "negative data": ROOT + ustring(b"/a") + NEGATIVE,
    "missing parent": ROOT + node(b"/a/b"),
    "node twice": ROOT + node(b"/a") + node(b"/a"),
    "no root": NO_SESSIONS + bytes(4) + node(b"/a"),
    "no node": NO_SESSIONS + bytes(4) + ENDING,
    "short signature": ROOT + b"\x00\x00\x00\x01/" + ustring(b"Ben"),
    "wrong signature": ROOT + b"\x00\x00\x00\x01/" + ustring(b"BenWasThere"[:10]),
}


@pytest.mark.parametrize("data", ABSURD.values(), ids=ABSURD.keys())
def test_what_is_absurd_is_malformed_as_soon_as_it_is_there(data: bytes) -> None:
    with pytest.raises(MalformedRecord):
        reader_of().feed(data)


def test_the_limit_is_that_of_a_string_or_buffer() -> None:
    data = NO_SESSIONS + bytes(4) + node(b"", bytes(100)) + ENDING
    assert reader_of(limit=100).feed(data)
    with pytest.raises(MalformedRecord, match="unreasonable length 100"):
        reader_of(limit=99).feed(data)


@given(st.lists(st.tuples(st.integers(0, len(FRESH) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_bytes_are_accepted_or_malformed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(FRESH)
    for at, byte in changes:
        data[at] = byte
    try:
        reader_of().feed(bytes(data))
    except MalformedRecord:
        pass
