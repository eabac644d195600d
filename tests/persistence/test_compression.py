"""Compressed streams, whole, cut and damaged."""

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.errors import CorruptStorage
from pyzoo.persistence.compression import GZ, PLAIN, SNAPPY, SNAPPY_MAGIC, compressor_for, source_for

FIXTURES = Path(__file__).parent.parent / "fixtures"
METHODS = [PLAIN, GZ, SNAPPY]


def compress(method: str, *chunks: bytes) -> bytes:
    compressor = compressor_for(method)
    return b"".join([*map(compressor.compress, chunks), compressor.finish()])


def uncompress(method: str, data: bytes) -> bytes:
    read = source_for(method, io.BytesIO(data).read, "snapshot.1")
    found = b""
    while piece := read(1000):
        found += piece
    return found


@pytest.mark.parametrize("method", METHODS)
@given(st.lists(st.binary(max_size=70_000), max_size=3))
def test_what_was_compressed_comes_back(method: str, chunks: list[bytes]) -> None:
    assert b"".join(chunks) == uncompress(method, compress(method, *chunks))


@pytest.mark.parametrize("method", [GZ, SNAPPY])
def test_a_real_compressed_snapshot_has_the_contents_of_the_plain_one(method: str) -> None:
    data = (FIXTURES / "compressed-3.9.5" / method / "version-2" / f"snapshot.b6.{method}").read_bytes()
    contents = uncompress(method, data)
    assert (b"ZKSN", b"\x00\x00\x00\x01/") == (contents[:4], contents[-5:])


def test_a_real_snappy_snapshot_is_written_in_the_same_blocks() -> None:
    data = (FIXTURES / "compressed-3.9.5/snappy/version-2/snapshot.b6.snappy").read_bytes()
    mine = compress(SNAPPY, uncompress(SNAPPY, data))
    assert data[:16] == mine[:16]
    assert 2 == len(blocks_of(mine)) == len(blocks_of(data))


def blocks_of(data: bytes) -> list[int]:
    lengths = []
    at = 16
    while at < len(data):
        lengths.append(int.from_bytes(data[at : at + 4], "big"))
        at += 4 + lengths[-1]
    return lengths


def test_gzip_is_what_every_reader_knows() -> None:
    assert b"hello" == gzip.decompress(compress(GZ, b"hel", b"lo"))


def test_gzip_members_may_follow_each_other() -> None:
    assert b"onetwo" == uncompress(GZ, gzip.compress(b"one") + gzip.compress(b"two"))


def test_snappy_streams_may_follow_each_other() -> None:
    assert b"onetwo" == uncompress(SNAPPY, compress(SNAPPY, b"one") + compress(SNAPPY, b"two"))


@pytest.mark.parametrize("cut", [0, 1, 9, 12, 20, -1])
def test_a_cut_gzip_stream_is_corrupt(cut: int) -> None:
    with pytest.raises(CorruptStorage, match="gzip"):
        uncompress(GZ, compress(GZ, bytes(range(256)) * 10)[:cut])


@pytest.mark.parametrize("cut", [0, 1, 9, 15, 18, -1])
def test_a_snappy_stream_cut_inside_a_block_is_corrupt(cut: int) -> None:
    with pytest.raises(CorruptStorage, match="snappy"):
        uncompress(SNAPPY, compress(SNAPPY, bytes(range(256)) * 10)[:cut])


def test_a_damaged_gzip_stream_is_corrupt() -> None:
    data = bytearray(compress(GZ, b"a" * 1000))
    data[-6] ^= 1
    with pytest.raises(CorruptStorage, match="damaged gzip stream"):
        uncompress(GZ, bytes(data))


def test_a_damaged_snappy_block_is_corrupt() -> None:
    data = SNAPPY_MAGIC + bytes.fromhex("0000000100000001 00000003 ffffff")
    with pytest.raises(CorruptStorage, match="damaged snappy block"):
        uncompress(SNAPPY, data)


def test_a_snappy_stream_of_a_newer_version_is_refused() -> None:
    with pytest.raises(CorruptStorage, match="version 2"):
        uncompress(SNAPPY, SNAPPY_MAGIC + bytes.fromhex("0000000200000002"))


@pytest.mark.parametrize("method", [GZ, SNAPPY])
def test_other_bytes_are_no_compressed_stream(method: str) -> None:
    with pytest.raises(CorruptStorage):
        uncompress(method, b"ZKSN" + bytes(100))


@pytest.mark.parametrize("claimed", [b"\x81\x80\x80\x20", b"\xff\xff\xff\xff\x0f"])
def test_a_snappy_block_gets_no_memory_for_what_it_claims(claimed: bytes) -> None:
    """More than 64 MB in one block is nothing that a server writes."""
    version = (1).to_bytes(4, "big")
    block = claimed + b"\x00x"
    with pytest.raises(CorruptStorage, match="unreasonably long contents"):
        uncompress(SNAPPY, SNAPPY_MAGIC + version + version + len(block).to_bytes(4, "big") + block)


def test_many_gzip_members_without_contents_are_passed_over() -> None:
    assert b"end" == uncompress(GZ, compress(GZ) * 50_000 + compress(GZ, b"end"))


def test_taking_a_tiny_snappy_block_copies_nothing_of_what_is_behind_it() -> None:
    data = compress(SNAPPY, b"a")
    tiny = data[16:]
    read = source_for(SNAPPY, io.BytesIO(data[:16] + tiny * 1000).read, "snapshot.1")
    source: Any = getattr(read, "__self__")  # noqa: B009
    assert read(1) == b"a"
    buffer = source._buffer
    for _ in range(998):
        assert read(1) == b"a"
    assert source._buffer is buffer
