"""Snapshot bytes and files: round trips, seals, names, and savers that fail."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, PyzooError, StorageError
from pyzoo.jute.records import ACL, CreateTxn, DeleteTxn, TxnHeader
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.names import log_zxid, method_of_name, snapshot_name, snapshot_zxid
from pyzoo.persistence.snapshot.file import SnapshotReader, SnapshotWriter, snapshot_chunks
from pyzoo.persistence.snapshot.saved import (
    SYNC_BYTES,
    SnapshotFile,
    list_snapshots,
    list_valid_snapshots,
    looks_valid,
    remove_temporaries,
)
from pyzoo.persistence.txnlog import TxnLog
from tests.support.persistence_cases import OPEN_ACL, VERSION_2, FailingDisk, all_files, get, put, put_snapshot


def create(tree: DataTree, zxid: int, path: str, data: bytes | None = b"", acl: list[ACL] = OPEN_ACL) -> None:
    tree.process_txn(TxnHeader(1, 0, zxid, zxid * 1000, 1), CreateTxn(path, data, acl, False, -1))


def delete(tree: DataTree, zxid: int, path: str) -> None:
    tree.process_txn(TxnHeader(1, 0, zxid, zxid * 1000, 2), DeleteTxn(path))


def tree_of(count: int) -> DataTree:
    tree = DataTree()
    for zxid in range(1, count + 1):
        create(tree, zxid, f"/n{zxid}", b"x" * zxid, [ACL(1 + zxid % 3, "ip", "127.0.0.1")])
    return tree


def snapshot_of(tree: DataTree, sessions: dict[int, int] | None = None, last_zxid: bool = True) -> bytes:
    return b"".join(snapshot_chunks(tree, sessions or {}, last_zxid))


def read(data: bytes, step: int = 1 << 20) -> tuple[SnapshotReader, DataTree]:
    stream = io.BytesIO(data)
    reader = SnapshotReader(lambda size: stream.read(min(size, step)), "snapshot.1")
    tree = DataTree()
    reader.load(tree)
    return reader, tree


def persisted(tree: DataTree) -> list[object]:
    return [
        (path, node.data, node.czxid, node.mzxid, node.pzxid, node.version, node.cversion, tree.acl_of(node))
        for path, node in tree.nodes.items()
    ]


def test_an_empty_tree_has_the_sizes_of_a_real_one() -> None:
    assert len(snapshot_of(DataTree())) == 478
    assert len(snapshot_of(DataTree(), last_zxid=False)) == 457
    assert len(snapshot_of(DataTree(digest_enabled=False))) == 424


def test_an_empty_tree_has_the_seals_of_a_real_one() -> None:
    data = snapshot_of(DataTree())
    seals = [data[at : at + 8].hex() for at in (0x19B, 0x1BC, 0x1D1)]
    assert seals == ["00000000b8a23b49", "0000000095b93d59", "00000000bde83f6d"]


def test_no_last_zxid_is_written_without_a_digest() -> None:
    """A default server of either release could not read that."""
    writer = SnapshotWriter(digest=False, last_zxid=True)
    body = b"".join(writer.chunks(DataTree(), {}))
    assert len(body + writer.end(5, 5, 5)) == len(snapshot_of(DataTree(digest_enabled=False)))


names = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF, exclude_characters="/"), min_size=1)


@given(
    st.lists(st.tuples(names, st.none() | st.binary(max_size=50)), max_size=20),
    st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**31 - 1), max_size=5),
    st.sampled_from([1, 3, 50, 1 << 20]),
)
def test_what_was_written_is_read(nodes: list[tuple[str, bytes | None]], sessions: dict[int, int], step: int) -> None:
    tree = DataTree()
    for zxid, (name, data) in enumerate(nodes, 1):
        create(tree, zxid, f"/{name}", data, [ACL(1 + zxid % 3, "world", "anyone")])
    reader, copy = read(snapshot_of(tree, sessions), step)
    assert sorted(map(repr, persisted(tree))) == sorted(map(repr, persisted(copy)))
    assert sessions == reader.sessions
    assert tree.tree_digest == copy.tree_digest
    assert tree.last_processed_zxid == reader.last_zxid == reader.digest_zxid
    assert reader.digest in (tree.tree_digest, 0)


def test_a_snapshot_of_many_chunks_is_read() -> None:
    tree = DataTree()
    for zxid in range(1, 3001):
        create(tree, zxid, f"/n{zxid}", bytes(1000))
    _, copy = read(snapshot_of(tree))
    assert tree.tree_digest == copy.tree_digest


def test_an_acl_larger_than_any_chunk_is_read() -> None:
    tree = DataTree()
    acl = [ACL(1, "digest", f"user{number:030d}") for number in range(4000)]
    create(tree, 1, "/a", b"", acl)
    _, copy = read(snapshot_of(tree), 1000)
    assert acl == copy.acl_of(copy.nodes["/a"])


def test_a_saver_without_a_directory_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match="cannot save the snapshot"):
        SnapshotFile(MemoryDisk(), VERSION_2, 5)


def test_the_tree_may_change_while_it_is_written() -> None:
    tree = tree_of(3000)
    chunks = iter(snapshot_chunks(tree, {}))
    data = next(chunks) + next(chunks)
    for zxid in range(3001, 3101):
        delete(tree, zxid, f"/n{zxid - 3000}")
    create(tree, 3101, "/late")
    data += b"".join(chunks)
    reader, copy = read(data)
    assert (reader.last_zxid, reader.digest_zxid, reader.digest) == (3000, 3101, tree.tree_digest)
    for zxid in range(3001, 3101):
        delete(copy, zxid, f"/n{zxid - 3000}")
    create(copy, 3101, "/late")
    assert tree.tree_digest == copy.tree_digest


def test_any_cut_is_noticed() -> None:
    data = snapshot_of(tree_of(5))
    ends = {len(data) - 34 - 21 + 34, len(data) - 21 - 33}  # right after a seal it is an older kind of file
    for cut in range(len(data)):
        if cut in ends:
            read(data[:cut])
        else:
            with pytest.raises(CorruptStorage):
                read(data[:cut])


def test_any_flipped_bit_is_noticed() -> None:
    data = snapshot_of(tree_of(3), {5: 1000})
    for bit in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(PyzooError):
            read(bytes(damaged))


def test_a_later_section_of_a_newer_release_is_left_alone() -> None:
    reader, _ = read(snapshot_of(tree_of(3)) + b"something new")
    assert reader.last_zxid == 3


def test_a_file_with_only_the_last_zxid_is_read() -> None:
    """As 3.9 writes it with digests off; Apache reads it only with the same settings."""
    data = snapshot_of(DataTree(digest_enabled=False))
    data += (7).to_bytes(8, "big")
    data += zlib.adler32(data).to_bytes(8, "big") + b"\x00\x00\x00\x01/"
    reader, _ = read(data)
    assert (False, 7) == (reader.has_digest, reader.last_zxid)


def test_a_node_without_its_parent_is_refused() -> None:
    data = snapshot_of(tree_of(1)).replace(b"\x00\x00\x00\x03/n1", b"\x00\x00\x00\x05/x/n1")
    with pytest.raises(StorageError, match="no parent"):
        read(data)


@pytest.mark.parametrize(
    ("name", "zxid"),
    [
        ("snapshot.0", 0),
        ("snapshot.1a", 0x1A),
        ("snapshot.1A.gz", 0x1A),
        ("snapshot.1a.tmp", 0x1A),
        ("snapshot.7fffffffffffffff", 2**63 - 1),
        ("snapshot.ffffffffffffffff", -1),
        ("snapshot.", -1),
        ("snapshot", -1),
        ("snapshot.xyz", -1),
        ("tmp.snapshot.5", -1),
        ("snapshots.5", -1),
    ],
)
def test_the_zxid_of_a_snapshot_is_the_second_part_of_its_name(name: str, zxid: int) -> None:
    assert zxid == snapshot_zxid(name)


@pytest.mark.parametrize(
    ("name", "zxid"),
    [("log.1a", 0x1A), ("log.1a.fixed", -1), ("log.xyz", -1), ("log", -1), ("set-aside.log.1", -1)],
)
def test_only_an_exact_name_is_a_log(name: str, zxid: int) -> None:
    assert zxid == log_zxid(name)


@pytest.mark.parametrize(
    ("zxid", "method", "name"),
    [
        (0, "", "snapshot.0"),
        (0x1AB, "gz", "snapshot.1ab.gz"),
        (1, "snappy", "snapshot.1.snappy"),
        (1, "lzma", "snapshot.1"),
        (-1, "", "snapshot.ffffffffffffffff"),
    ],
)
def test_names_are_those_of_apache(zxid: int, method: str, name: str) -> None:
    assert name == snapshot_name(zxid, method)


@pytest.mark.parametrize(
    ("name", "method"), [("snapshot.1", ""), ("snapshot.1.GZ", "gz"), ("snapshot.1.x.snappy", "snappy")]
)
def test_the_last_part_of_a_name_tells_the_compression(name: str, method: str) -> None:
    assert method == method_of_name(name)


@pytest.mark.parametrize("method", ["", "gz", "snappy"])
def test_a_saved_snapshot_looks_valid_and_is_durable(disk: MemoryDisk, method: str) -> None:
    path = put_snapshot(disk, 5, tree_of(5), method)
    disk.crash()
    assert disk.list(VERSION_2) == [snapshot_name(5, method)]
    assert looks_valid(disk, path)


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("snapshot.1", b""),
        ("snapshot.1", b"\x00\x00\x00\x01/"),
        ("snapshot.1", b"ZKSN" + bytes(100)),
        ("snapshot.1.gz", b""),
        ("snapshot.1.gz", b"ZKSN" + bytes(100)),
        ("snapshot.1.snappy", b"\x82SNAPPY"),
    ],
)
def test_what_ends_too_early_or_has_another_magic_does_not_look_valid(
    disk: MemoryDisk, name: str, contents: bytes
) -> None:
    put(disk, f"{VERSION_2}/{name}", contents)
    assert not looks_valid(disk, f"{VERSION_2}/{name}")
    assert list_valid_snapshots(disk, VERSION_2, 10) == []


def test_snapshots_are_listed_newest_first(disk: MemoryDisk) -> None:
    for zxid in (9, 0x10, 1):
        put_snapshot(disk, zxid)
    put(disk, f"{VERSION_2}/snapshot.20", b"half")
    assert [zxid for zxid, _ in list_snapshots(disk, VERSION_2)] == [0x20, 0x10, 9, 1]
    assert [zxid for zxid, _ in list_valid_snapshots(disk, VERSION_2, 2)] == [0x10, 9]


def test_a_snapshot_in_the_making_has_no_name_that_a_server_takes(disk: MemoryDisk) -> None:
    file = SnapshotFile(disk, VERSION_2, 5)
    file.write(snapshot_of(tree_of(3)))
    assert disk.list(VERSION_2) == ["tmp.snapshot.5"]
    assert list_snapshots(disk, VERSION_2) == []
    assert file.save() == f"{VERSION_2}/snapshot.5"
    assert disk.list(VERSION_2) == ["snapshot.5"]
    assert file.bytes_written == disk.size(f"{VERSION_2}/snapshot.5")


def test_a_snapshot_is_synced_a_portion_at_a_time() -> None:
    disk = FailingDisk()
    disk.make_directory(VERSION_2)
    file = SnapshotFile(disk, VERSION_2, 5)
    disk.sync_fails = True
    file.write(bytes(SYNC_BYTES // 2), bytes(SYNC_BYTES // 4))
    with pytest.raises(StorageError, match="cannot save the snapshot"):
        file.write(bytes(SYNC_BYTES // 4))


def test_an_abandoned_snapshot_leaves_nothing_behind(disk: MemoryDisk) -> None:
    file = SnapshotFile(disk, VERSION_2, 5)
    file.write(b"half of it")
    file.abandon()
    assert disk.list(VERSION_2) == []


def test_a_new_snapshot_of_the_same_zxid_replaces_the_old_one(disk: MemoryDisk) -> None:
    put_snapshot(disk, 5, tree_of(1))
    put_snapshot(disk, 5, tree_of(9))
    _, tree = read(get(disk, f"{VERSION_2}/snapshot.5"))
    assert "/n9" in tree.nodes


@pytest.mark.parametrize("failure", ["write", "sync"])
def test_a_saver_that_fails_leaves_the_older_snapshots_alone(failure: str) -> None:
    disk = FailingDisk()
    disk.make_directory(VERSION_2)
    put_snapshot(disk, 5, tree_of(1))
    before = all_files(disk)
    if failure == "write":
        disk.room = 10
    else:
        disk.sync_fails = True
    with pytest.raises(StorageError, match=r"cannot save the snapshot /data/version-2/snapshot\.5"):
        put_snapshot(disk, 5, tree_of(3))
    assert before == all_files(disk)


def test_what_dead_writers_left_can_be_removed(disk: MemoryDisk) -> None:
    SnapshotFile(disk, VERSION_2, 5).write(b"half")
    TxnLog(disk, VERSION_2).append(6, b"half")
    put(disk, f"{VERSION_2}/tmp.other", b"not ours")
    remove_temporaries(disk, VERSION_2)
    assert disk.list(VERSION_2) == ["tmp.other"]
