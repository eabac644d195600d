"""Directories and their lock, as servers in one process see them."""

from pathlib import Path

import pytest

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import StorageError
from pyzoo.jute.records import CreateTxn, TxnHeader
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.runtime import storage
from pyzoo.runtime.storage import LOCK_NAME, lock_directories, unlock
from pyzoo.testing import EmbeddedServer
from tests.support.codec import encode_record, encode_txn
from tests.support.persistence_cases import DATA, OPEN_ACL, VERSION_2, all_files, log_of, put_log, put_snapshot


def test_a_directory_is_free_again_when_its_server_has_stopped(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            EmbeddedServer(data_dir=str(tmp_path)),
            pytest.raises(StorageError, match="is in use by another server"),
            EmbeddedServer(data_dir=str(tmp_path)),
        ):
            pass


def test_a_directory_is_free_again_when_the_start_failed(tmp_path: Path) -> None:
    with EmbeddedServer() as other, pytest.raises(OSError, match="Address already in use"):
        EmbeddedServer(port=other.port, data_dir=str(tmp_path)).start()
    with EmbeddedServer(data_dir=str(tmp_path)):
        pass


def test_the_same_directory_under_two_names_is_locked_once(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    locks = lock_directories(Directories(str(tmp_path), str(link)))
    assert 1 == len(locks)
    unlock(locks)
    assert [] == locks


def test_both_locks_are_given_back_when_one_is_held(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for directory in (one, two, three):
        directory.mkdir()
    held = lock_directories(Directories(str(two), str(two)))
    with pytest.raises(StorageError, match="two is in use"):
        lock_directories(Directories(str(one), str(two)))
    others = lock_directories(Directories(str(one), str(three)))
    assert 2 == len(others)
    unlock(held)
    unlock(others)


def test_where_locking_is_impossible_a_warning_has_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / LOCK_NAME).mkdir()
    assert [] == lock_directories(Directories(str(tmp_path), str(tmp_path)))
    [warning] = [record.getMessage() for record in caplog.records if record.name == storage.__name__]
    assert f"Cannot lock {tmp_path}/{LOCK_NAME}, so take care that no other server uses it" in warning


def test_what_the_next_start_would_find_again_is_saved_later_but_synced_at_once() -> None:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    put_snapshot(disk, 0)
    file = disk.create(f"{VERSION_2}/log.1")
    file.write_at(0, log_of(1, 3))
    before = all_files(disk)
    _, times, snapshot_due = storage.load_database(ServerConfig(data_dir=DATA), disk, Directories(DATA, DATA))
    assert (3, True) == (times.txn_count, snapshot_due)
    assert before == all_files(disk)
    disk.crash()
    assert before == all_files(disk)


def test_nothing_is_due_where_the_newest_snapshot_has_it_all() -> None:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    put_snapshot(disk, 3)
    put_log(disk, 1, log_of(1, 3))
    database, _, snapshot_due = storage.load_database(ServerConfig(data_dir=DATA), disk, Directories(DATA, DATA))
    assert (3, False) == (database.last_processed_zxid, snapshot_due)


def test_what_the_next_start_would_not_find_is_saved_before_anybody_is_served() -> None:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    put_snapshot(disk, 0)
    ephemeral = CreateTxn("/orphan", b"", OPEN_ACL, True, 1)
    put_log(disk, 1, log_of(1, 1) + encode_record(encode_txn(TxnHeader(7, 0, 2, 2, 1), ephemeral, None)))
    _, _, snapshot_due = storage.load_database(ServerConfig(data_dir=DATA), disk, Directories(DATA, DATA))
    assert not snapshot_due
    assert "snapshot.2" in disk.list(VERSION_2)
