"""What the data directories must look like, and what may be removed from them."""

from pathlib import Path

import pytest

from pyzoo.errors import StorageError
from pyzoo.persistence.directories import DataDirectoryError, Directories, open_directories
from pyzoo.persistence.disk import RealDisk
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.purge import files_to_purge, purge
from tests.support.persistence_cases import DATA, VERSION_2, log_of, put, put_log, put_snapshot

BOTH = Directories(DATA, DATA)


def test_missing_directories_are_created() -> None:
    disk = MemoryDisk()
    directories = open_directories(disk, "/a/data", "/b/log")
    assert (directories.snapshots, directories.logs) == ("/a/data/version-2", "/b/log/version-2")
    assert disk.exists(directories.snapshots)
    assert disk.exists(directories.logs)


def test_logs_are_beside_the_snapshots_unless_told_otherwise() -> None:
    assert open_directories(MemoryDisk(), "/data").logs == "/data/version-2"


def test_missing_directories_are_refused_when_they_must_not_be_created() -> None:
    with pytest.raises(DataDirectoryError, match=r"Missing log directory /data/version-2.*manually"):
        open_directories(MemoryDisk(), "/data", autocreate=False)


def test_a_directory_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirectoryError, match="Unable to create log directory"):
        open_directories(RealDisk(), str(tmp_path / "file"))


def test_a_directory_that_cannot_be_written_is_refused() -> None:
    class ReadOnly(MemoryDisk):
        def is_writable(self, directory: str) -> bool:
            return False

    with pytest.raises(DataDirectoryError, match="Cannot write to log directory"):
        open_directories(ReadOnly(), "/data")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/data/version-2/log.1", "Snapshot directory has log files"),
        ("/data/version-2/log.junk", "Snapshot directory has log files"),
        ("/log/version-2/snapshot.1", "Log directory has snapshot files"),
    ],
)
def test_files_in_the_other_directory_are_refused(path: str, message: str) -> None:
    disk = MemoryDisk()
    open_directories(disk, "/data", "/log")
    put(disk, path, b"")
    with pytest.raises(DataDirectoryError, match=message):
        open_directories(disk, "/data", "/log")


def test_both_kinds_may_share_a_directory(disk: MemoryDisk) -> None:
    put(disk, f"{VERSION_2}/log.1", b"")
    put(disk, f"{VERSION_2}/snapshot.1", b"")
    open_directories(disk, DATA, DATA)


def names_to_purge(disk: MemoryDisk, count: int = 3) -> list[str]:
    return [path.rsplit("/", 1)[-1] for path in files_to_purge(disk, BOTH, count)]


def fill(disk: MemoryDisk, snapshots: list[int], logs: list[int]) -> None:
    for zxid in snapshots:
        put_snapshot(disk, zxid)
    for zxid in logs:
        put_log(disk, zxid, log_of(zxid, zxid))


def test_the_newest_snapshots_and_their_logs_stay(disk: MemoryDisk) -> None:
    fill(disk, [0, 0x10, 0x20, 0x30, 0x40], [1, 0x0F, 0x1F, 0x21, 0x2F, 0x41])
    # A start from snapshot.20 reads log.1f first.
    assert names_to_purge(disk) == ["log.1", "log.f", "snapshot.0", "snapshot.10"]


def test_snapshots_that_do_not_look_whole_do_not_count(disk: MemoryDisk) -> None:
    fill(disk, [1, 2, 3, 4], [])
    put(disk, f"{VERSION_2}/snapshot.5", b"half")
    put(disk, f"{VERSION_2}/snapshot.0", b"half")
    assert names_to_purge(disk) == ["snapshot.0", "snapshot.1"]


def test_too_few_snapshots_keep_all_from_the_oldest_on(disk: MemoryDisk) -> None:
    fill(disk, [0x10, 0x20], [1, 5, 0x11])
    assert names_to_purge(disk) == ["log.1"]


def test_nothing_goes_without_a_snapshot_that_looks_whole(disk: MemoryDisk) -> None:
    fill(disk, [], [1, 2, 3])
    put(disk, f"{VERSION_2}/snapshot.5", b"half")
    assert names_to_purge(disk) == []


def test_names_without_a_zxid_count_as_old_and_other_names_are_left_alone(disk: MemoryDisk) -> None:
    fill(disk, [1, 2, 3], [1])
    for name in ("log.junk", "snapshot.junk", "currentEpoch", "set-aside.log.1"):
        put(disk, f"{VERSION_2}/{name}", b"")
    assert names_to_purge(disk) == ["log.junk", "snapshot.junk"]


def test_fewer_than_three_cannot_be_kept(disk: MemoryDisk) -> None:
    with pytest.raises(ValueError, match="greater than or equal to 3"):
        files_to_purge(disk, BOTH, 2)


def test_a_directory_that_cannot_be_read_is_a_storage_error() -> None:
    with pytest.raises(StorageError):
        files_to_purge(MemoryDisk(), BOTH, 3)


def test_purging_removes_the_files_and_names_those_it_cannot(disk: MemoryDisk) -> None:
    fill(disk, [1, 2, 3, 4, 5], [])

    class Stubborn(MemoryDisk):
        def remove(self, path: str) -> None:
            if path.endswith(".1"):
                raise PermissionError(path)
            super().remove(path)

    disk.__class__ = Stubborn
    assert purge(disk, BOTH, 3) == ([f"{VERSION_2}/snapshot.2"], [f"{VERSION_2}/snapshot.1"])
    assert disk.list(VERSION_2) == ["snapshot.1", "snapshot.3", "snapshot.4", "snapshot.5"]
