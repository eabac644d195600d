"""Writing the log: padding, rolling, crashes, and disks that fail."""

import errno
import io
import os
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.errors import StorageError
from pyzoo.persistence.disk import RealDisk, join
from pyzoo.persistence.log_format import LogReader, decode_txn
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.txnlog import TxnLog, list_logs, padded_size, set_aside
from tests.support.persistence_cases import VERSION_2, FailingDisk, creates, get, log_of, put_log


@pytest.fixture
def failing() -> FailingDisk:
    disk = FailingDisk()
    disk.make_directory(VERSION_2)
    return disk


def batch(first_zxid: int, last_zxid: int) -> bytes:
    return b"".join(creates(first_zxid, last_zxid))


def zxids_in(disk: MemoryDisk) -> list[int]:
    """All zxids of all logs, in the order in which a start reads them."""
    found = []
    for _, name in list_logs(disk, VERSION_2):
        reader = LogReader(io.BytesIO(get(disk, join(VERSION_2, name))).read, name)
        while (payload := reader.next_payload()) is not None:
            found.append(decode_txn(payload)[0].zxid)
    return found


def names_in(disk: MemoryDisk) -> list[str]:
    return disk.list(VERSION_2)


def write(log: TxnLog, first_zxid: int, last_zxid: int) -> None:
    log.append(first_zxid, batch(first_zxid, last_zxid))
    log.commit()


def test_a_new_file_is_named_after_its_first_record(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=0)
    write(log, 0x1A, 0x1C)
    write(log, 0x1D, 0x1D)
    log.close()
    assert names_in(disk) == ["log.1a"]
    assert log_of(0x1A, 0x1D) == get(disk, f"{VERSION_2}/log.1a")


def test_a_new_file_has_its_name_no_sooner_than_its_header_and_first_records_are_safe(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=0)
    log.append(1, batch(1, 2))
    assert names_in(disk) == ["tmp.log.1"]
    log.commit()
    disk.crash(lambda path, unsynced: 0)
    assert names_in(disk) == ["log.1"]
    assert log_of(1, 2) == get(disk, f"{VERSION_2}/log.1")


def test_without_syncs_a_new_file_has_its_name_with_its_first_records(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=0, force_sync=False)
    write(log, 1, 2)
    assert names_in(disk) == ["log.1"]
    assert log_of(1, 2) == get(disk, f"{VERSION_2}/log.1")


@pytest.mark.parametrize(("kb", "size"), [(64, 65552), (65536, 67108880), (0, None), (-5, None)])
def test_a_file_is_padded_to_header_and_preallocation(disk: MemoryDisk, kb: int, size: int | None) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=kb)
    write(log, 1, 2)
    assert (size or len(log_of(1, 2))) == disk.size(f"{VERSION_2}/log.1")


@pytest.mark.parametrize(
    ("position", "size", "expected"),
    [
        (16, 16, 16 + 65536),
        (65536 + 16 - 4097, 65552, 65552),
        (65536 + 16 - 4096, 65552, 65552 + 65536),
        (65552, 65552, 65552 + 65536),
        (65553, 65552, 131072),
        (200_000, 65552, 262144),
    ],
)
def test_padding_grows_as_in_apache(position: int, size: int, expected: int) -> None:
    assert expected == padded_size(position, size, 65536)


def test_a_file_grows_by_the_position_of_the_last_commit(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64)
    path = f"{VERSION_2}/log.1"
    log.append(1, bytes(62_000))
    log.append(2, bytes(1))
    log.commit()
    assert disk.size(path) == 65552
    log.append(3, bytes(1))
    assert disk.size(path) == 65552 + 65536


def test_a_batch_larger_than_the_preallocation_is_written_whole(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64)
    log.append(1, bytes(200_000))
    log.commit()
    assert disk.size(f"{VERSION_2}/log.1") == 200_016
    log.append(2, bytes(1))
    assert disk.size(f"{VERSION_2}/log.1") == 262144


def test_what_was_committed_survives_a_crash(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64)
    write(log, 1, 3)
    log.append(4, batch(4, 4))
    disk.crash()
    assert zxids_in(disk) == [1, 2, 3]


def test_without_force_sync_nothing_is_synced(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, force_sync=False, clock_ns=count().__next__)
    log.append(1, batch(1, 1))
    assert log.commit() == 0
    disk.crash()
    assert names_in(disk) == []


def test_commit_tells_how_long_the_sync_took(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, clock_ns=count(step=7).__next__)
    log.append(1, batch(1, 1))
    assert [log.commit(), log.commit()] == [7, 0]


def test_a_roll_begins_a_new_file_with_the_next_append(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64)
    log.roll()
    write(log, 1, 2)
    log.roll()
    assert names_in(disk) == ["log.1"]
    write(log, 3, 3)
    assert names_in(disk) == ["log.1", "log.3"]
    assert zxids_in(disk) == [1, 2, 3]


def test_a_file_over_the_size_limit_is_rolled_padding_included(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64, txn_log_size_limit_kb=32)
    for zxid in (1, 2, 3):
        write(log, zxid, zxid)
    assert names_in(disk) == ["log.1", "log.2", "log.3"]


def test_a_file_of_the_same_name_is_kept_under_another(disk: MemoryDisk) -> None:
    for number in (1, 2):
        put_log(disk, 5, log_of(5, 5) + bytes([number]))
        log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=0)
        write(log, 5, 6)
        log.close()
    assert names_in(disk) == ["log.5", "set-aside.log.5", "set-aside.log.5.1"]
    assert log_of(5, 5) + b"\x01" == get(disk, f"{VERSION_2}/set-aside.log.5")
    assert zxids_in(disk) == [5, 6]


def test_a_file_with_only_a_header_is_written_over(disk: MemoryDisk) -> None:
    put_log(disk, 5, log_of(5, 4))
    write(TxnLog(disk, VERSION_2, pre_alloc_size_kb=0), 5, 5)
    assert names_in(disk) == ["log.5"]


def test_a_file_set_aside_is_no_log_any_more(disk: MemoryDisk) -> None:
    put_log(disk, 5, log_of(5, 5))
    assert set_aside(disk, VERSION_2, "log.5") == f"{VERSION_2}/set-aside.log.5"
    assert list_logs(disk, VERSION_2) == []


def test_a_full_disk_acknowledges_nothing_and_loses_nothing(failing: FailingDisk) -> None:
    log = TxnLog(failing, VERSION_2, pre_alloc_size_kb=64)
    write(log, 1, 2)
    failing.room = 50
    for _ in range(3):
        with pytest.raises(StorageError, match=r"cannot write to the transaction log .*No space left"):
            log.append(3, batch(3, 3))
    failing.room = None
    write(log, 3, 4)
    assert zxids_in(failing) == [1, 2, 3, 4]
    failing.crash()
    assert zxids_in(failing) == [1, 2, 3, 4]


def test_a_full_disk_leaves_no_part_of_a_new_file(failing: FailingDisk) -> None:
    log = TxnLog(failing, VERSION_2)
    failing.room = 10
    with pytest.raises(StorageError):
        log.append(1, batch(1, 1))
    failing.room = None
    write(log, 1, 1)
    assert names_in(failing) == ["log.1"]
    assert zxids_in(failing) == [1]


def test_a_sync_that_fails_takes_its_batch_back(failing: FailingDisk) -> None:
    log = TxnLog(failing, VERSION_2, pre_alloc_size_kb=64)
    write(log, 1, 2)
    log.append(3, batch(3, 3))
    failing.sync_fails = True
    with pytest.raises(StorageError, match="cannot sync the transaction log"):
        log.commit()
    with pytest.raises(StorageError):
        log.append(3, batch(3, 3))
    failing.sync_fails = False
    write(log, 3, 4)
    failing.crash()
    assert zxids_in(failing) == [1, 2, 3, 4]
    assert names_in(failing) == ["log.1", "log.3"]


def test_a_log_that_cannot_be_cut_back_stays_failed(failing: FailingDisk) -> None:
    log = TxnLog(failing, VERSION_2, pre_alloc_size_kb=64)
    write(log, 1, 2)
    failing.room, failing.truncate_fails = 20, True
    for _ in range(3):
        with pytest.raises(StorageError):
            log.append(3, batch(3, 3))
        failing.room = None
    failing.truncate_fails = False
    write(log, 3, 3)
    assert zxids_in(failing) == [1, 2, 3]


def test_a_commit_with_nothing_to_do_after_a_failure_is_quiet(failing: FailingDisk) -> None:
    log = TxnLog(failing, VERSION_2)
    failing.room = 0
    with pytest.raises(StorageError):
        log.append(1, batch(1, 1))
    assert log.commit() == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["ok", "full", "sync", "truncate", "roll", "crash"]), st.integers(1, 3)),
        max_size=25,
    ),
    st.integers(0, 10_000),
)
def test_whatever_fails_the_acknowledged_zxids_stand_once_and_in_order(steps: list[tuple[str, int]], kept: int) -> None:
    disk = FailingDisk()
    disk.make_directory(VERSION_2)
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64)
    acknowledged = 0
    for step, amount in steps:
        disk.room = 30 * amount if step == "full" else None
        disk.sync_fails = step == "sync"
        disk.truncate_fails = step == "truncate"
        if step == "crash":
            disk.crash(lambda path, unsynced: min(kept, unsynced))
            acknowledged = max([acknowledged, *zxids_in(disk)])
            log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64)
            continue
        if step == "roll":
            log.roll()
        try:
            write(log, acknowledged + 1, acknowledged + amount)
        except StorageError:
            continue
        acknowledged += amount
    disk.crash()
    found = zxids_in(disk)
    assert list(range(1, acknowledged + 1)) == found


def test_a_real_disk_holds_the_same_bytes(tmp_path: Path) -> None:
    log = TxnLog(RealDisk(), str(tmp_path), pre_alloc_size_kb=64)
    write(log, 1, 3)
    log.roll()
    write(log, 4, 4)
    log.close()
    assert log_of(1, 3).ljust(65552, b"\x00") == (tmp_path / "log.1").read_bytes()
    assert log_of(4, 4).ljust(65552, b"\x00") == (tmp_path / "log.4").read_bytes()


def allocated(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_zeros_stand_on_disk_ahead_of_the_records(tmp_path: Path) -> None:
    log = TxnLog(RealDisk(), str(tmp_path))
    for zxid in range(1, 3000, 50):
        write(log, zxid, zxid + 49)
        if zxid > 1:
            end = len(log_of(1, zxid + 49))
            assert end + 4096 <= allocated(tmp_path / "log.1") <= 2 * end + (1 << 18)


@pytest.mark.parametrize(("pre_alloc_size_kb", "force_sync"), [(0, True), (65536, False)])
def test_no_zeros_are_written_where_they_bring_nothing(
    tmp_path: Path, pre_alloc_size_kb: int, force_sync: bool
) -> None:
    log = TxnLog(RealDisk(), str(tmp_path), pre_alloc_size_kb, force_sync)
    write(log, 1, 2)
    write(log, 3, 4)
    assert allocated(tmp_path / "log.1") <= 8192


def test_no_zeros_are_written_behind_a_large_batch(tmp_path: Path) -> None:
    log = TxnLog(RealDisk(), str(tmp_path))
    write(log, 1, 2)
    write(log, 3, 3000)
    end = len(log_of(1, 3000))
    assert end <= allocated(tmp_path / "log.1") < end + 8192
    write(log, 3001, 3002)
    assert end + (1 << 16) <= allocated(tmp_path / "log.1")


def test_a_disk_with_room_for_records_but_not_for_zeros_will_do(failing: FailingDisk) -> None:
    log = TxnLog(failing, VERSION_2)
    write(log, 1, 2)
    failing.room = 1000
    write(log, 3, 4)
    write(log, 5, 6)
    log.close()
    assert zxids_in(failing) == [1, 2, 3, 4, 5, 6]


def test_records_behind_the_first_may_be_synced_by_others(tmp_path: Path) -> None:
    log = TxnLog(RealDisk(), str(tmp_path), pre_alloc_size_kb=0)
    assert log.descriptor_to_sync() == -1
    log.append(1, batch(1, 2))
    assert log.descriptor_to_sync() == -1
    log.commit()
    assert log.descriptor_to_sync() == -1
    log.append(3, batch(3, 4))
    os.fdatasync(log.descriptor_to_sync())
    log.synced()
    assert log.descriptor_to_sync() == -1
    assert log.commit() == 0
    write(log, 5, 5)
    log.close()
    assert log_of(1, 5) == (tmp_path / "log.1").read_bytes().rstrip(b"\0")


def test_without_forced_syncs_there_is_nothing_for_others_to_sync(tmp_path: Path) -> None:
    log = TxnLog(RealDisk(), str(tmp_path), force_sync=False)
    write(log, 1, 2)
    log.append(3, batch(3, 4))
    assert log.descriptor_to_sync() == -1
    log.close()


def test_a_sync_by_others_may_end_a_file_that_is_long_enough(tmp_path: Path) -> None:
    log = TxnLog(RealDisk(), str(tmp_path), pre_alloc_size_kb=0, txn_log_size_limit_kb=1)
    write(log, 1, 1)
    log.append(2, batch(2, 30))
    assert log.descriptor_to_sync() != -1
    log.synced()
    write(log, 31, 31)
    log.close()
    assert [(1, "log.1"), (31, "log.1f")] == list_logs(RealDisk(), str(tmp_path))


def test_what_others_fail_to_sync_can_be_written_again(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=0)
    write(log, 1, 2)
    log.append(3, batch(3, 4))
    assert "cannot sync the transaction log" in str(log.sync_failed(OSError(errno.EIO, "Input/output error")))
    write(log, 3, 4)
    log.close()
    assert [1, 2, 3, 4] == zxids_in(disk)
