"""Truncation: what stays, what goes, and crashes on the way."""

import errno

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, StorageError
from pyzoo.persistence.directories import Directories, open_directories
from pyzoo.persistence.disk import WriteFile, join
from pyzoo.persistence.log_format import encode_file_header
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.recovery import load
from pyzoo.persistence.truncate import truncate
from pyzoo.persistence.txnlog import TxnLog
from tests.support.examples import examples
from tests.support.persistence_cases import (
    DATA,
    VERSION_2,
    FailingDisk,
    all_files,
    creates,
    log_of,
    put,
    put_log,
    put_snapshot,
)

DIRECTORIES = Directories(DATA, DATA)
SECOND_EPOCH = 0x200000000


def tree_at(zxid: int) -> DataTree:
    """What `creates` make of an empty tree."""
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    put_snapshot(disk, 0)
    if zxid:
        put_log(disk, 1, log_of(1, zxid))
    return load(disk, DIRECTORIES, DataTree()).tree


def last_zxid(disk: MemoryDisk, directories: Directories = DIRECTORIES) -> int:
    """What a start would have; it must be the tree of that zxid."""
    recovered = load(disk, directories, DataTree())
    assert tree_at(recovered.last_zxid).tree_digest == recovered.tree.tree_digest
    return recovered.last_zxid


def put_history(disk: MemoryDisk) -> None:
    """Three logs of ten records, and snapshots at 0, 15 and 25."""
    put_snapshot(disk, 0)
    for first in (1, 11, 21):
        put_log(disk, first, log_of(first, first + 9, padding=100))
    for zxid in (15, 25):
        put_snapshot(disk, zxid, tree_at(zxid))


@pytest.fixture
def history(disk: MemoryDisk) -> MemoryDisk:
    put_history(disk)
    return disk


@pytest.mark.parametrize("zxid", [1, 5, 10, 11, 12, 20, 21, 29, 30])
def test_a_start_ends_at_the_zxid_wherever_it_is_in_its_file(history: MemoryDisk, zxid: int) -> None:
    truncate(history, DIRECTORIES, zxid)
    history.crash()
    assert last_zxid(history) == zxid


def test_the_file_of_the_zxid_ends_with_its_record(history: MemoryDisk) -> None:
    truncate(history, DIRECTORIES, 17)
    files = all_files(history)
    assert files["log.b"] == log_of(11, 17)
    assert files["log.1"] == log_of(1, 10, padding=100)
    assert list(files) == ["log.1", "log.b", "set-aside.snapshot.19", "snapshot.0", "snapshot.f"]


def test_a_file_that_keeps_no_record_is_removed(history: MemoryDisk) -> None:
    done = truncate(history, DIRECTORIES, 20)
    assert done == [
        f"{VERSION_2}/log.15: removed",
        f"{VERSION_2}/snapshot.19: it holds what was taken back; it is now {VERSION_2}/set-aside.snapshot.19",
    ]
    assert "log.15" not in all_files(history)


def test_to_nothing_leaves_only_the_first_snapshot(history: MemoryDisk) -> None:
    truncate(history, DIRECTORIES, 0)
    assert list(all_files(history)) == ["set-aside.snapshot.19", "set-aside.snapshot.f", "snapshot.0"]
    assert last_zxid(history) == 0


def test_a_file_whose_name_is_too_old_for_its_records_is_removed(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    put_log(disk, 1, log_of(5, 7))
    truncate(disk, DIRECTORIES, 3)
    assert list(all_files(disk)) == ["snapshot.0"]


def test_a_zxid_between_files_cuts_between_them(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    put_log(disk, 1, log_of(1, 5))
    put_log(disk, SECOND_EPOCH + 1, log_of(SECOND_EPOCH + 1, SECOND_EPOCH + 3))
    truncate(disk, DIRECTORIES, 8)
    assert list(all_files(disk)) == ["log.1", "snapshot.0"]
    assert last_zxid(disk) == 5


def test_a_zxid_that_is_not_there_cuts_before_the_next_record(disk: MemoryDisk) -> None:
    """Apache's server would keep that record."""
    put_snapshot(disk, 0)
    later = creates(SECOND_EPOCH + 1, SECOND_EPOCH + 3)
    put_log(disk, 1, encode_file_header() + b"".join([*creates(1, 5), *later]))
    truncate(disk, DIRECTORIES, 8)
    assert all_files(disk)["log.1"] == log_of(1, 5)


def test_records_that_repeat_the_zxid_stay(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    records = [*creates(1, 3), *creates(3, 3)]
    put_log(disk, 1, encode_file_header() + b"".join([*records, *creates(4, 5)]))
    truncate(disk, DIRECTORIES, 3)
    assert all_files(disk)["log.1"] == encode_file_header() + b"".join(records)


@pytest.mark.parametrize("zxid", [30, 31, SECOND_EPOCH])
def test_nothing_is_done_where_nothing_is_newer(history: MemoryDisk, zxid: int) -> None:
    before = all_files(history)
    assert truncate(history, DIRECTORIES, zxid) == []
    assert all_files(history) == before


def test_it_may_be_repeated(history: MemoryDisk) -> None:
    truncate(history, DIRECTORIES, 17)
    before = all_files(history)
    assert truncate(history, DIRECTORIES, 17) == []
    assert all_files(history) == before


def test_the_log_goes_on_after_it(history: MemoryDisk) -> None:
    truncate(history, DIRECTORIES, 17)
    log = TxnLog(history, VERSION_2)
    log.append(18, b"".join(creates(18, 19)))
    log.commit()
    assert last_zxid(history) == 19


def test_snapshots_and_logs_may_be_apart() -> None:
    disk = MemoryDisk()
    directories = open_directories(disk, "/snap", "/log")
    history = MemoryDisk()
    history.make_directory(VERSION_2)
    put_history(history)
    for name, contents in all_files(history).items():
        put(disk, join(directories.logs if name.startswith("log") else directories.snapshots, name), contents)
    truncate(disk, directories, 7)
    assert disk.list(directories.logs) == ["log.1"]
    assert disk.list(directories.snapshots) == ["set-aside.snapshot.19", "set-aside.snapshot.f", "snapshot.0"]
    assert last_zxid(disk, directories) == 7


def test_a_torn_end_does_not_hinder(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    put_log(disk, 1, log_of(1, 5) + creates(6, 6)[0][:40])
    put_log(disk, 6, log_of(6, 8) + creates(9, 9)[0][:40])
    put_log(disk, 9, b"")
    truncate(disk, DIRECTORIES, 7)
    assert list(all_files(disk)) == ["log.1", "log.6", "snapshot.0"]
    assert last_zxid(disk) == 7


def test_damage_behind_the_zxid_does_not_hinder(history: MemoryDisk) -> None:
    put_log(history, 21, b"no log at all, and rather long")
    truncate(history, DIRECTORIES, 20)
    assert last_zxid(history) == 20


def refuses(disk: MemoryDisk, zxid: int, message: str, kind: type[StorageError] = StorageError) -> None:
    before = all_files(disk)
    with pytest.raises(kind, match=message):
        truncate(disk, DIRECTORIES, zxid)
    assert all_files(disk) == before


def test_damage_before_the_zxid_stops_it(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    contents = bytearray(log_of(1, 9))
    contents[60] ^= 1
    put_log(disk, 1, bytes(contents))
    refuses(disk, 5, "CRC check failed", CorruptStorage)


def test_a_broken_file_among_others_stops_it(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    put_log(disk, 1, b"")
    put_log(disk, 3, log_of(3, 5))
    refuses(disk, 4, "the file ends inside its header, but it is not the newest")


def test_without_a_snapshot_below_it_is_impossible(disk: MemoryDisk) -> None:
    """A start would refuse logs without a snapshot."""
    put_log(disk, 1, log_of(1, 9))
    put_snapshot(disk, 9, tree_at(9))
    refuses(disk, 5, "no whole snapshot at or below it")


def test_a_snapshot_that_is_not_whole_is_no_base(disk: MemoryDisk) -> None:
    put(disk, join(VERSION_2, "snapshot.0"), b"ZKSN")
    put_log(disk, 1, log_of(1, 9))
    refuses(disk, 5, "no whole snapshot at or below it")


def test_missing_transactions_make_it_impossible(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    put_log(disk, 5, log_of(5, 9))
    put_snapshot(disk, 9, tree_at(9))
    refuses(disk, 7, "no transaction between 0x0 and 0x5")


def test_an_empty_directory_has_nothing_to_reach(disk: MemoryDisk) -> None:
    refuses(disk, 7, "neither a snapshot nor a log")


def test_logs_of_a_database_without_any_snapshot_are_cut(disk: MemoryDisk) -> None:
    put_log(disk, 1, log_of(1, 9))
    truncate(disk, DIRECTORIES, 4)
    assert all_files(disk) == {"log.1": log_of(1, 4)}


def test_a_directory_that_is_gone_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match="cannot truncate to 0x4"):
        truncate(MemoryDisk(), DIRECTORIES, 4)


@pytest.mark.parametrize("what", ["sync_fails", "truncate_fails"])
def test_a_disk_that_fails_is_a_storage_error_and_it_may_be_repeated(what: str) -> None:
    disk = FailingDisk()
    disk.make_directory(VERSION_2)
    put_history(disk)
    setattr(disk, what, True)
    with pytest.raises(StorageError, match=r"Input/output error\. Repair the disk"):
        truncate(disk, DIRECTORIES, 17)
    setattr(disk, what, False)
    truncate(disk, DIRECTORIES, 17)
    assert last_zxid(disk) == 17


class _PowerCut(OSError):
    pass


class _CountedFile:
    def __init__(self, disk: "CrashingDisk", file: WriteFile) -> None:
        self._disk = disk
        self._file = file

    def truncate(self, size: int) -> None:
        self._disk.step()
        self._file.truncate(size)

    def sync(self) -> None:
        self._disk.step()
        self._file.sync()

    def close(self) -> None:
        self._file.close()


class CrashingDisk(MemoryDisk):
    """A disk whose power goes before one of the steps that change it; `steps` are still allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 1 << 30

    def step(self) -> None:
        if self.steps == 0:
            raise _PowerCut(errno.EIO, "power cut")
        self.steps -= 1

    def open_write(self, path: str) -> WriteFile:
        return _CountedFile(self, super().open_write(path))  # type: ignore[return-value]

    def rename(self, old: str, new: str) -> None:
        self.step()
        super().rename(old, new)

    def remove(self, path: str) -> None:
        self.step()
        super().remove(path)

    def sync_directory(self, path: str) -> None:
        self.step()
        super().sync_directory(path)


@settings(max_examples=examples(100))
@given(st.integers(0, 42), st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=4))
def test_wherever_it_is_cut_off_a_start_succeeds_and_repeating_completes_it(
    zxid: int, cuts: list[tuple[int, bool]]
) -> None:
    """Each cut comes after so many steps; what was not synced is lost, or all of it reached the disk."""
    disk = CrashingDisk()
    disk.make_directory(VERSION_2)
    put_history(disk)
    for first in (31, 36, 41):
        put_log(disk, first, log_of(first, min(first + 4, 42)))
    for steps, is_kept in cuts:
        disk.steps = steps
        try:
            truncate(disk, DIRECTORIES, zxid)
        except StorageError:
            assert disk.steps == 0
        disk.steps = 1 << 30
        if not is_kept:
            disk.crash()
        assert zxid <= last_zxid(disk)
    truncate(disk, DIRECTORIES, zxid)
    disk.crash()
    assert last_zxid(disk) == zxid


@given(st.integers(1, 16))
def test_a_received_snapshot_never_leaves_a_gap_behind_it(steps: int) -> None:
    """Its records are in no log, so the later epoch must be gone before it is."""
    disk = CrashingDisk()
    disk.make_directory(VERSION_2)
    put_snapshot(disk, 0)
    put_log(disk, 1, log_of(1, 5))
    put_snapshot(disk, SECOND_EPOCH + 7, tree_at(5))
    put_log(disk, SECOND_EPOCH + 8, log_of(SECOND_EPOCH + 8, SECOND_EPOCH + 9))
    put_log(disk, 2 * SECOND_EPOCH + 1, log_of(2 * SECOND_EPOCH + 1, 2 * SECOND_EPOCH + 2))
    disk.steps = steps
    try:
        truncate(disk, DIRECTORIES, 4)
    except StorageError:
        assert disk.steps == 0
    disk.steps = 1 << 30
    disk.crash()
    recovered = load(disk, DIRECTORIES, DataTree())
    reached = (4, SECOND_EPOCH + 7, SECOND_EPOCH + 9, 2 * SECOND_EPOCH + 2)
    assert recovered.last_zxid in reached
    truncate(disk, DIRECTORIES, 4)
    assert load(disk, DIRECTORIES, DataTree()).last_zxid == 4
