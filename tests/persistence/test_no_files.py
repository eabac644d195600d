"""What lies in a data directory and is no file: it is passed over or named, and nobody waits for it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import StorageError
from pyzoo.filetools.verify_directory import DirectoryCheck
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import RealDisk
from pyzoo.persistence.epochs import EpochFiles
from pyzoo.persistence.proposals import read_proposals
from pyzoo.persistence.purge import files_to_purge
from pyzoo.persistence.recovery import Recovered, load
from pyzoo.persistence.snapshot.saved import list_no_snapshots, list_valid_snapshots, remove_temporaries, save_snapshot
from pyzoo.persistence.txnlog import TxnLog
from tests.support.persistence_cases import creates

DISK = RealDisk()
Make = Callable[[Path], None]


def make_socket(path: Path) -> None:
    # The name of a socket must be short.
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Make] = {
    "directory": lambda path: path.mkdir(),
    "fifo": lambda path: os.mkfifo(path),
    "socket": make_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "dangling": lambda path: path.symlink_to("/nowhere/at/all"),
}


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    return KINDS[request.param]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A version-2 directory with the nodes /n1 to /n3."""
    version_2 = tmp_path / "version-2"
    version_2.mkdir()
    save_snapshot(DISK, str(version_2), DataTree(), {})
    log = TxnLog(DISK, str(version_2), pre_alloc_size_kb=0)
    log.append(1, b"".join(creates(1, 3)))
    log.close()
    return version_2


def directories(directory: Path) -> Directories:
    return Directories(str(directory.parent), str(directory.parent))


def start(directory: Path) -> Recovered:
    return load(DISK, directories(directory), DataTree())


def verified(directory: Path) -> list[str]:
    return list(DirectoryCheck(DISK, str(directory.parent), str(directory.parent)).run())


def test_what_is_called_a_snapshot_and_is_none_is_passed_over(directory: Path, make: Make) -> None:
    make(directory / "snapshot.bad")
    recovered = start(directory)
    assert 3 == recovered.last_zxid
    [said] = recovered.skipped_snapshots
    assert said.startswith(f"Invalid snapshot {directory}/snapshot.bad: it is ")
    assert ["snapshot.bad"] == list_no_snapshots(DISK, str(directory))
    assert [(0, "snapshot.0")] == list_valid_snapshots(DISK, str(directory), 5)
    assert verified(directory)[-1].startswith("A server would start at zxid 0x3")


def test_what_is_called_a_log_and_is_none_is_named(directory: Path, make: Make) -> None:
    make(directory / "log.bad")
    with pytest.raises(StorageError, match=r"log\.bad: "):
        start(directory)
    assert verified(directory)[-1].startswith("A server would not start: ")
    # To a learner goes a snapshot.
    assert read_proposals(DISK, str(directory), 1, 0x2000, 0, []) is None


def test_what_is_called_a_log_and_is_not_needed_does_not_matter(directory: Path, make: Make) -> None:
    (directory / "log.1").rename(directory / "log.0")
    tree = start(directory).tree
    save_snapshot(DISK, str(directory), tree, {})
    (directory / "log.0").unlink()
    make(directory / "log.1")
    make(directory / "log.2")
    log = TxnLog(DISK, str(directory), pre_alloc_size_kb=0)
    log.append(4, b"".join(creates(4, 5)))
    log.close()
    assert 5 == start(directory).last_zxid


def test_a_purge_leaves_alone_what_is_no_file(directory: Path, make: Make) -> None:
    tree = start(directory).tree
    for zxid in (1, 2, 3):
        tree.last_processed_zxid = zxid
        save_snapshot(DISK, str(directory), tree, {})
    for name in ("snapshot.0b", "log.0b", "snapshot.junk"):
        make(directory / name)
    assert [f"{directory}/snapshot.0"] == files_to_purge(DISK, directories(directory), 3)


def test_what_is_called_unfinished_and_is_no_file_stays(directory: Path, make: Make) -> None:
    make(directory / "tmp.snapshot.5")
    remove_temporaries(DISK, str(directory))
    assert os.path.lexists(directory / "tmp.snapshot.5")


def test_an_epoch_that_is_no_file_is_named(directory: Path, make: Make) -> None:
    make(directory / "currentEpoch")
    make(directory / "acceptedEpoch")
    if (directory / "currentEpoch").exists():
        with pytest.raises(StorageError, match="currentEpoch"):
            EpochFiles(DISK, str(directory)).read(3)


def test_a_log_that_is_a_link_to_a_file_is_read(directory: Path) -> None:
    elsewhere = directory.parent / "elsewhere"
    (directory / "log.1").rename(elsewhere)
    (directory / "log.1").symlink_to(elsewhere)
    assert 3 == start(directory).last_zxid


def test_a_new_log_does_not_wait_for_a_pipe_of_its_name(directory: Path, make: Make) -> None:
    make(directory / "tmp.log.9")
    log = TxnLog(DISK, str(directory))
    if (directory / "tmp.log.9").exists():
        with pytest.raises(StorageError, match="cannot write to the transaction log"):
            log.append(9, b"".join(creates(9, 9)))


def test_a_snapshot_elsewhere_that_cannot_be_reached_is_not_taken_for_none(tmp_path: Path) -> None:
    version_2 = tmp_path / "version-2"
    version_2.mkdir()
    KINDS["directory"](version_2 / "snapshot.bad")
    KINDS["dangling"](version_2 / "snapshot.50")
    with pytest.raises(StorageError, match=r"snapshot\.50: it is a link to nothing, .*: this is no new database"):
        start(version_2)
