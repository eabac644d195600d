"""Nodes as they are kept: what is packed comes out again."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from pyzoo.datatree.node import CHANGED_LARGE_DATA, LARGE_DATA
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import Stat, StatPersisted
from tests.support.large_trees import plain_node

datas = st.one_of(
    st.none(),
    st.binary(max_size=200),
    *(st.integers(size - 1, size + 1).map(lambda size: b"x" * size) for size in (CHANGED_LARGE_DATA, LARGE_DATA)),
)
times = st.integers(-(2**63), 2**63 - 1)


@given(st.text(max_size=30).map("/{}".format), times, st.lists(datas, min_size=1, max_size=4))
@example("/" + 600_000 * "x", 1, [b"1", None, b"2"])
def test_a_node_gives_back_path_time_and_data(path: str, time: int, data: list[bytes | None]) -> None:
    node = plain_node(path, data[0], time)
    for one in data:
        node.data = one
        out = BytesWriter()
        node.write_path(out, 0)
        node.write_data(out)
        archive = InputArchive(out.getvalue())
        assert (path, time, one) == (node.path, node.ctime, node.data)
        assert one == (archive.read_ustring(), archive.read_buffer())[1]
        assert len(one or b"") == node.data_length


def test_characters_beyond_the_bmp_go_out_as_two_surrogates() -> None:
    out = BytesWriter()
    plain_node("/a\U0001f600").write_path(out, 1)
    assert struct.pack(">i", 7) + b"a\xed\xa0\xbd\xed\xb8\x80" == out.getvalue()


@pytest.mark.parametrize("changed", [False, True])
def test_the_stat_is_the_same_as_record_and_as_bytes(changed: bool) -> None:
    node = plain_node("/a", b"data")
    if changed:
        node.change(2, 3, 4, 5, 6, 7)
        node.own(8, 1)
    out = BytesWriter()
    node.write_stat(out)
    assert Stat.decode(InputArchive(out.getvalue())) == node.stat()
    out = BytesWriter()
    node.write_persisted(out)
    archive = InputArchive(out.getvalue())
    assert (b"data", -1) == (archive.read_buffer(), archive.read_long())
    expected = (
        (1, 2, 1_700_000_000_000, 3, 5, 6, 7, 8, 4)
        if changed
        else (1, 1, 1_700_000_000_000, 1_700_000_000_000, 0, 0, 0, 0, 1)
    )
    assert StatPersisted(*expected) == StatPersisted.decode(archive)


@given(st.integers(0, 2**32 - 1))
def test_a_digest_is_kept(digest: int) -> None:
    node = plain_node("/a")
    node.digest = digest
    assert digest == node.digest
