"""The epochs of a quorum peer: what a start takes from the files, and promises that survive a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.errors import CorruptStorage, StorageError
from pyzoo.persistence.disk import join
from pyzoo.persistence.epochs import EpochFiles
from pyzoo.persistence.memory_disk import MemoryDisk
from tests.support.persistence_cases import VERSION_2, FailingDisk, all_files, put


def put_epochs(disk: MemoryDisk, accepted: bytes, current: bytes) -> None:
    put(disk, join(VERSION_2, "acceptedEpoch"), accepted)
    put(disk, join(VERSION_2, "currentEpoch"), current)


def read(disk: MemoryDisk, last_zxid: int) -> tuple[int, int]:
    epochs = EpochFiles(disk, VERSION_2)
    epochs.read(last_zxid)
    return epochs.accepted, epochs.current


@pytest.mark.parametrize(("last_zxid", "epoch"), [(0, 0), (0x7B, 0), (0x300000005, 3), (-1, -1)])
def test_missing_files_are_made_with_the_epoch_of_the_last_zxid(disk: MemoryDisk, last_zxid: int, epoch: int) -> None:
    assert read(disk, last_zxid) == (epoch, epoch)
    text = b"%d" % epoch
    assert all_files(disk) == {"acceptedEpoch": text, "currentEpoch": text}
    assert read(disk, last_zxid) == (epoch, epoch)


@pytest.mark.parametrize("text", [b"7", b"7\n", b"7\r\nmore", b"+7", b"007"])
def test_the_first_line_counts(disk: MemoryDisk, text: bytes) -> None:
    put_epochs(disk, text, b"5")
    assert read(disk, 0x500000001) == (7, 5)


def test_the_current_epoch_may_be_larger_than_that_of_the_last_zxid(disk: MemoryDisk) -> None:
    put_epochs(disk, b"6", b"6")
    assert read(disk, 0x500000001) == (6, 6)


@pytest.mark.parametrize("text", [b"", b"\n5", b" 5", b"5 ", b"five", b"5_0", b"\xd9\xa5", b"-2", b"2147483648"])
@pytest.mark.parametrize("name", ["acceptedEpoch", "currentEpoch"])
def test_a_file_that_is_no_epoch_stops_the_start(disk: MemoryDisk, name: str, text: bytes) -> None:
    put_epochs(disk, b"5", b"5")
    put(disk, join(VERSION_2, name), text)
    with pytest.raises(CorruptStorage, match=f"{name}: at byte 0: Found"):
        read(disk, 0)


def test_an_accepted_epoch_below_the_current_one_stops_the_start(disk: MemoryDisk) -> None:
    put_epochs(disk, b"4", b"5")
    with pytest.raises(StorageError, match="The accepted epoch, 4 is less than the current epoch, 5"):
        read(disk, 0)


def test_a_last_zxid_of_an_epoch_that_was_never_promised_stops_the_start(disk: MemoryDisk) -> None:
    put_epochs(disk, b"4", b"4")
    with pytest.raises(StorageError, match="The current epoch, 4, is older than the last zxid, 0x500000001"):
        read(disk, 0x500000001)
    assert all_files(disk) == {"acceptedEpoch": b"4", "currentEpoch": b"4"}


def test_a_transaction_of_the_promised_epoch_says_that_the_server_is_in_it(disk: MemoryDisk) -> None:
    put_epochs(disk, b"5", b"4")
    assert read(disk, 0x500000001) == (5, 5)
    disk.crash()
    assert all_files(disk) == {"acceptedEpoch": b"5", "currentEpoch": b"5"}


def test_a_save_that_lacks_only_the_rename_is_completed(disk: MemoryDisk) -> None:
    put_epochs(disk, b"5", b"4")
    put(disk, join(VERSION_2, "currentEpoch.tmp"), b"5")
    assert read(disk, 0x500000001) == (5, 5)
    disk.crash()
    assert all_files(disk) == {"acceptedEpoch": b"5", "currentEpoch": b"5"}


@pytest.mark.parametrize("text", [b"", b"4", b"x"])
def test_a_temporary_file_that_does_not_help_stops_the_start(disk: MemoryDisk, text: bytes) -> None:
    put_epochs(disk, b"4", b"4")
    put(disk, join(VERSION_2, "currentEpoch.tmp"), text)
    with pytest.raises(StorageError, match="is older than the last zxid"):
        read(disk, 0x500000001)
    assert all_files(disk)["currentEpoch.tmp"] == text


def test_a_temporary_file_is_not_looked_at_without_need(disk: MemoryDisk) -> None:
    put_epochs(disk, b"5", b"4")
    put(disk, join(VERSION_2, "currentEpoch.tmp"), b"5")
    assert read(disk, 0x400000001) == (5, 4)


class SyncCounter(MemoryDisk):
    """How often something was made safe: names, and contents with their size."""

    names = 0

    def sync_directory(self, path: str) -> None:
        self.names += 1
        super().sync_directory(path)


def test_the_next_epoch_takes_no_new_file_unless_more_than_its_last_digit_changes() -> None:
    disk = SyncCounter()
    disk.make_directory(VERSION_2)
    put_epochs(disk, b"7", b"7")
    epochs = EpochFiles(disk, VERSION_2)
    epochs.read(0)
    disk.names = 0
    for epoch in (8, 9):
        epochs.save_accepted(epoch)
        epochs.save_current(epoch)
    assert disk.names == 0
    disk.crash()
    assert read(disk, 0) == (9, 9)
    epochs.save_accepted(10)
    assert disk.names == 1
    epochs.save_accepted(11)
    assert disk.names == 1
    disk.crash()
    assert read(disk, 0) == (11, 9)


@pytest.mark.parametrize("text", [b"7\n", b"07", b"+7"])
def test_a_file_that_others_have_written_differently_is_replaced(disk: MemoryDisk, text: bytes) -> None:
    put_epochs(disk, text, text)
    epochs = EpochFiles(disk, VERSION_2)
    epochs.read(0)
    epochs.save_accepted(18)
    epochs.save_current(8)
    disk.crash()
    assert all_files(disk) == {"acceptedEpoch": b"18", "currentEpoch": b"8"}


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 1000), st.none() | st.integers(0, 4)), max_size=8))
def test_an_epoch_that_was_saved_survives_every_crash(steps: list[tuple[bool, int, int | None]]) -> None:
    """Each step saves one of the epochs; with a number the disk has room for so many bytes only, then crashes."""
    disk = FailingDisk()
    disk.make_directory(VERSION_2)
    epochs = EpochFiles(disk, VERSION_2)
    epochs.read(0)
    accepted = current = 0
    for is_accepted, step, room in steps:
        disk.room = room
        epoch = max(accepted, current) + step if is_accepted else accepted
        try:
            if is_accepted:
                epochs.save_accepted(epoch)
                accepted = epoch
            else:
                epochs.save_current(epoch)
                current = epoch
        except StorageError:
            pass
        assert (epochs.accepted, epochs.current) == (accepted, current)
        disk.room = None
        disk.crash()
        assert read(disk, 0) == (accepted, current)


def test_a_sync_that_fails_promises_nothing() -> None:
    disk = FailingDisk()
    disk.make_directory(VERSION_2)
    epochs = EpochFiles(disk, VERSION_2)
    epochs.read(0)
    disk.sync_fails = True
    with pytest.raises(StorageError, match="cannot save the epoch 3 in /data/version-2/acceptedEpoch"):
        epochs.save_accepted(3)
    assert epochs.accepted == 0
    assert read(disk, 0) == (0, 0)


def test_a_directory_that_is_gone_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match="cannot save the epoch 0"):
        EpochFiles(MemoryDisk(), VERSION_2).read(0)
