"""Directories and their lock, as servers in one process see them."""

from pathlib import Path

import pytest

from pyzoo.errors import StorageError
from pyzoo.persistence.directories import Directories
from pyzoo.runtime import storage
from pyzoo.runtime.storage import LOCK_NAME, lock_directories, unlock
from pyzoo.testing import EmbeddedServer


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
