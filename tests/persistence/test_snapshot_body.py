"""The body of a snapshot: a file and the wire take the same, refuse the same, and make the same tree of it."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.jute.primitives import field_limit
from pyzoo.persistence.snapshot.file import SnapshotReader, snapshot_chunks
from pyzoo.persistence.snapshot.layout import END_OF_SECTION, HEADER_LENGTH, SIGNATURE
from pyzoo.persistence.snapshot.nodes import BodyReader
from pyzoo.persistence.snapshot.stream import SnapshotStreamReader, stream_chunks

HEADER = struct.pack(">iiq", 0x5A4B534E, 2, -1)
Read = tuple[dict[str, tuple[bytes | None, int]], dict[int, int], int]


def node(path: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">i", len(path)) + path + struct.pack(">i", len(data)) + data + b"\xff" * 8 + bytes(60)


def body(*nodes: bytes, sessions: int = 0, acls: int = 0) -> bytes:
    return struct.pack(">ii", sessions, acls) + b"".join(nodes) + END_OF_SECTION


def seen(tree: DataTree, sessions: dict[int, int]) -> Read:
    return {path: (node.data, node.num_children) for path, node in tree.nodes.items()}, sessions, tree.tree_digest


def from_file(body: bytes) -> Read | None:
    data = HEADER + body
    stream = io.BytesIO(data + struct.pack(">q", zlib.adler32(data)) + END_OF_SECTION)
    reader = SnapshotReader(stream.read, "snapshot.1")
    tree = DataTree()
    try:
        reader.load(tree)
    except CorruptStorage:
        return None
    return seen(tree, reader.sessions)


def from_wire(body: bytes) -> Read | None:
    tree = DataTree()
    reader = SnapshotStreamReader(tree, field_limit())
    try:
        return seen(tree, reader.sessions) if reader.feed(body + SIGNATURE) else None
    except MalformedRecord:
        return None


@pytest.mark.parametrize("read", [from_file, from_wire])
def test_the_last_node_without_a_slash_is_the_root_that_requests_see(read: Callable[[bytes], Read | None]) -> None:
    found = read(body(node(b"", b"1"), node(b"/x"), node(b"a", b"2"), node(b"a/b", b"3")))
    assert found is not None
    assert found[0] == {"": (b"1", 1), "/x": (b"", 0), "a": (b"2", 1), "a/b": (b"3", 0), "/": (b"2", 1)}


@pytest.mark.parametrize("counts", [{"sessions": -1}, {"acls": -1}, {"sessions": -(2**31), "acls": -7}])
def test_a_count_below_zero_stands_for_none(counts: dict[str, int]) -> None:
    expected = from_file(body(node(b"")))
    assert expected is not None
    assert from_file(body(node(b""), **counts)) == from_wire(body(node(b""), **counts)) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        body(),
        body(node(b"a")),
        body(node(b"/a")),
        body(node(b""), node(b"/a/b")),
        body(node(b""), node(b"/a"), node(b"/a")),
        body(node(b""), b"\xff" * 4),
    ],
    ids=["empty", "another root only", "no root", "no parent", "a node twice", "a node without a path"],
)
def test_neither_takes_what_is_no_tree(wrong: bytes) -> None:
    assert from_file(wrong) is None
    assert from_wire(wrong) is None


SMALL = body(node(b"", b"root"), node(b"/a", b"1"), node(b"/a/b", b"\x00" * 5), node(b"/c"))
changes = st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4)


@given(changes)
def test_both_make_the_same_of_any_bytes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for at, byte in changes:
        data[at] = byte
    from_both = from_file(bytes(data)), from_wire(bytes(data))
    assert from_both[0] == from_both[1]


def test_both_writers_write_the_same_body() -> None:
    tree = DataTree()
    file, wire = b"".join(snapshot_chunks(tree, {5: 1000})), b"".join(stream_chunks(tree, {5: 1000}))
    written = wire.removesuffix(SIGNATURE)
    assert written != wire
    assert file[HEADER_LENGTH:].startswith(written)


MANY = [node(b""), *(node(b"/%d" % at, bytes(at)) for at in range(200))]


def in_pieces(body: bytes, size: int) -> Read | str:
    """What a reader has in the end that gets so many bytes at a time, or what it says is wrong."""
    tree, sessions = DataTree(), dict[int, int]()
    reader = BodyReader(tree, sessions, field_limit())
    try:
        for begin in range(0, len(body), size):
            reader.feed(body[begin : begin + size])
    except MalformedRecord as error:
        return str(error)
    return seen(tree, sessions)


@pytest.mark.parametrize("size", [1, 7, 100, 5_000, 1 << 20])
def test_many_nodes_are_read_from_pieces_of_any_size(size: int) -> None:
    found = in_pieces(body(*MANY), size)
    assert not isinstance(found, str)
    assert {"": (b"", 200), "/": (b"", 200)} | {f"/{at}": (bytes(at), 0) for at in range(200)} == found[0]


@pytest.mark.parametrize("size", [1, 7, 100, 5_000, 1 << 20])
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (node(b"/7"), "twice"),
        (node(b"/none/7"), "no parent"),
        (struct.pack(">i", -5), "unreasonable length -5"),
        (struct.pack(">i", -1), "without a path"),
        (struct.pack(">i", 2) + b"/x" + struct.pack(">i", -9) + bytes(68), "unreasonable length -9"),
    ],
)
def test_of_many_nodes_the_first_that_is_wrong_is_named(size: int, wrong: bytes, reason: str) -> None:
    found = in_pieces(body(*MANY[:150], wrong, node(b"/0"), *MANY[150:]), size)
    assert isinstance(found, str)
    assert reason in found
