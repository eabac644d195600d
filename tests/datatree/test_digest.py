"""The digest of the tree and its log."""

import struct
import zlib
from typing import Any

import pytest
from librt.strings import BytesWriter

from pyzoo.datatree.digest import DIGEST_LOG_LIMIT, new_digest, persisted_digest, stat_digest
from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ErrorTxn, TxnDigest


def test_the_empty_tree_has_the_known_digest() -> None:
    assert DataTree().tree_digest == 1371985504


def test_a_node_counts_as_path_data_and_stat() -> None:
    stat = struct.pack(">qqqqqiiiq", 1, 2, 3, 4, 5, 6, 7, 8, 9)
    for data in (None, b"", b"abc", b"x" * 5000):
        expected = zlib.crc32("/ä".encode() + (data or b"") + stat)
        assert expected == stat_digest("/ä", data, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert zlib.crc32(stat) == stat_digest("", None, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert zlib.crc32(stat) == stat_digest("/", b"", 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert stat_digest("/zookeeper/x", b"", 1, 2, 3, 4, 5, 6, 7, 8, 9) == 0
    assert stat_digest("/zookeeper", b"", 0, 0, 0, 0, 0, 0, 0, 0, 0) > 0


@pytest.mark.parametrize("path", ["", "/a", "/ä", "/zookeeper", "/zookeeper/x", "/zookeepers/x", "/some/way/down"])
@pytest.mark.parametrize("data", [None, b"", b"abc", b"x" * 5000])
def test_a_digest_is_the_same_from_values_from_a_create_and_from_a_snapshot(path: str, data: bytes | None) -> None:
    key, record = path.encode(), struct.pack(">qqqqqiiiqq", -1, 1, 2, 4, 5, 6, 7, 8, 9, 3)
    from_values = stat_digest(path, data, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert from_values == persisted_digest(BytesWriter(), key, data, b"..." + record, 3)
    assert new_digest(BytesWriter(), key, data, 1, 2, 3) == stat_digest(path, data, 1, 1, 1, 2, 2, 0, 0, 0, 3)


def test_digests_of_every_128th_zxid_are_remembered(driver: Any) -> None:
    for zxid in (127, 128, 129, 256):
        driver.apply(op.ERROR, ErrorTxn(-1), zxid=zxid)
    assert list(driver.tree.digests.entries) == [(128, 1371985504), (256, 1371985504)]
    for zxid in range(128 * 3, 128 * (DIGEST_LOG_LIMIT + 10), 128):
        driver.apply(op.ERROR, ErrorTxn(-1), zxid=zxid)
    assert len(driver.tree.digests.entries) == DIGEST_LOG_LIMIT
    assert driver.tree.digests.last_zxid == 128 * (DIGEST_LOG_LIMIT + 9)


def test_a_wrong_digest_of_a_transaction_is_counted(driver: Any) -> None:
    driver.create("/a")
    tree = driver.tree
    assert tree.compare_digest(TxnDigest(2, tree.tree_digest))
    assert tree.compare_digest(None)
    assert tree.compare_digest(TxnDigest(1, 0))
    assert tree.digests.mismatches == 0
    assert not tree.compare_digest(TxnDigest(2, tree.tree_digest + 1))
    assert tree.digests.mismatches == 1


def test_nothing_is_compared_before_a_fuzzy_snapshot_is_caught_up(driver: Any) -> None:
    tree = driver.tree
    tree.set_snapshot_digest(2, 2, 12345)
    driver.create("/a")
    assert tree.compare_digest(TxnDigest(2, 0))
    assert tree.digests.waiting_zxid == 2
    assert tree.digests.last_zxid == 0
    driver.create("/b")
    assert tree.digests.mismatches == 1
    assert tree.digests.waiting_zxid == 0
    assert not tree.compare_digest(TxnDigest(2, 0))


def test_the_digest_of_a_quiet_snapshot_is_compared_at_once(driver: Any) -> None:
    driver.create("/a")
    tree = driver.tree
    tree.set_snapshot_digest(1, 2, tree.tree_digest)
    assert (tree.digests.mismatches, tree.digests.waiting_zxid) == (0, 0)
    tree.set_snapshot_digest(1, 2, 5)
    assert (tree.digests.mismatches, tree.digests.waiting_zxid) == (1, 0)


def test_a_blank_digest_or_one_of_the_past_means_nothing(driver: Any) -> None:
    tree = driver.tree
    tree.set_snapshot_digest(0, 2, 0)
    driver.create("/a")
    driver.create("/b")
    tree.set_snapshot_digest(1, 2, 99)
    assert (tree.digests.mismatches, tree.digests.waiting_zxid) == (0, 0)


def test_without_digests_nothing_is_computed_or_compared(driver_of: Any) -> None:
    driver = driver_of(DataTree(digest_enabled=False))
    driver.create("/a")
    assert driver.tree.tree_digest == 0
    assert driver.tree.compare_digest(TxnDigest(2, 99))
    driver.delete("/a")
    assert driver.tree.tree_digest == 0
