"""What is said of good, torn and damaged files, and whether a server would start."""

from pathlib import Path

import pytest

from pyzoo.filetools.verify_directory import DirectoryCheck
from pyzoo.filetools.verify_files import Soundness, verify_log, verify_snapshot
from pyzoo.persistence.memory_disk import MemoryDisk
from tests.support.persistence_cases import DATA, VERSION_2, all_files, disk_of, put
from tests.support.recordings import FIXTURES, flipped

SNAPSHOT = f"{VERSION_2}/snapshot.a5"
LOG = f"{VERSION_2}/log.a7"


@pytest.fixture
def disk() -> MemoryDisk:
    return disk_of(FIXTURES / "standalone-3.9.5")


def contents(disk: MemoryDisk, path: str) -> bytes:
    return disk.open_read(path).read(disk.size(path))


def verified(disk: MemoryDisk) -> tuple[bool, list[str]]:
    """Whether all is well, and the lines; nothing may have changed."""
    before = all_files(disk)
    check = DirectoryCheck(disk, DATA, DATA)
    lines = list(check.run())
    assert all_files(disk) == before
    return check.is_sound, [line.rstrip("\n") for line in lines]


# --- files


@pytest.mark.parametrize("name", ["snapshot.a5", "snapshot.21.gz", "snapshot.38.snappy"])
def test_a_good_snapshot_has_the_right_digest(disk: MemoryDisk, name: str) -> None:
    report = verify_snapshot(disk, f"{VERSION_2}/{name}")
    assert (report.soundness, report.facts[-1]) == (Soundness.GOOD, "the digest is right")


def test_the_digest_of_a_fuzzy_snapshot_waits_for_the_log(disk: MemoryDisk) -> None:
    assert verify_snapshot(disk, f"{VERSION_2}/snapshot.4f").facts == [
        "zxid 0x4f, 44 nodes, 3 sessions",
        "its digest needs the log up to 0x50",
    ]


@pytest.mark.parametrize("size", [0, 4, 1000, -1])
def test_a_snapshot_that_was_cut_is_bad(disk: MemoryDisk, size: int) -> None:
    put(disk, SNAPSHOT, contents(disk, SNAPSHOT)[:size])
    assert verify_snapshot(disk, SNAPSHOT).soundness is Soundness.BAD


def test_a_turned_bit_in_a_snapshot_is_found(disk: MemoryDisk) -> None:
    data = contents(disk, SNAPSHOT)
    put(disk, SNAPSHOT, flipped(data, data.index(b"root data")))
    assert "CRC corruption" in str(verify_snapshot(disk, SNAPSHOT))


def test_a_log_is_good_torn_or_bad(disk: MemoryDisk) -> None:
    assert str(verify_log(disk, LOG)) == "log.a7: good: 16 transactions, 0xa7 to 0xb6\n"
    data = contents(disk, LOG).rstrip(b"\0")
    put(disk, LOG, data[:-10])
    assert str(verify_log(disk, LOG)).startswith("log.a7: torn: 15 transactions, 0xa7 to 0xb5, after byte ")
    put(disk, LOG, flipped(data, 40))
    assert "CRC check failed" in str(verify_log(disk, LOG))
    put(disk, LOG, b"")
    assert str(verify_log(disk, LOG)) == "log.a7: torn: the file ends inside its header\n"


def test_records_behind_a_torn_one_are_bad(disk: MemoryDisk) -> None:
    data = bytearray(contents(disk, LOG))
    data[data.index(b"B", 130)] = 0
    put(disk, LOG, bytes(data))
    report = verify_log(disk, LOG)
    assert (report.soundness, report.facts[-1].split(",")[0]) == (Soundness.BAD, "whole records follow the torn one")


# --- directories


def test_a_directory_of_a_real_server_would_start(disk: MemoryDisk) -> None:
    is_sound, lines = verified(disk)
    assert is_sound
    assert len(lines) == 22
    assert lines[-1] == (
        "A server would start at zxid 0xb6 with 96 nodes and 3 sessions: snapshot.a5 and 17 transactions after it"
    )


def test_a_torn_end_is_a_warning_and_no_more() -> None:
    is_sound, lines = verified(disk_of(FIXTURES / "torn-tail-3.9.5"))
    assert is_sound
    assert lines[2].startswith("log.a7: torn: ")
    assert lines[3].startswith("warning: ")
    assert lines[-1].startswith("A server would start at zxid 0xb5 ")


def test_a_member_has_epochs() -> None:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    for path in Path(FIXTURES / "ensemble-3.9.5" / "s2").glob("*/version-2/*"):
        put(disk, f"{VERSION_2}/{path.name}", path.read_bytes())
    assert verified(disk)[1][-1].endswith(", in epoch 2 (accepted 2)")
    put(disk, f"{VERSION_2}/acceptedEpoch", b"1")
    is_sound, lines = verified(disk)
    assert not is_sound
    assert lines[-1].startswith("A server would not start: The accepted epoch, 1 is less than the current epoch, 2")


def test_a_damaged_log_that_a_start_needs_is_told_twice(disk: MemoryDisk) -> None:
    put(disk, LOG, flipped(contents(disk, LOG), 40))
    is_sound, lines = verified(disk)
    assert not is_sound
    assert lines[-2].startswith("log.a7: BAD: ")
    assert lines[-1].startswith(f"A server would not start: {LOG}: at byte 16: CRC check failed")


def test_a_server_would_start_beside_a_damaged_old_file_but_all_is_not_well(disk: MemoryDisk) -> None:
    put(disk, f"{VERSION_2}/log.22", b"nonsense, and more of it")
    is_sound, lines = verified(disk)
    assert not is_sound
    assert lines[-1].startswith("A server would start at zxid 0xb6 ")


def test_logs_without_a_snapshot_would_not_start(disk: MemoryDisk) -> None:
    for name in disk.list(VERSION_2):
        if name.startswith("snapshot."):
            disk.remove(f"{VERSION_2}/{name}")
    is_sound, lines = verified(disk)
    assert not is_sound
    assert "No snapshot found" in lines[-1]


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "log.b7: torn: the file ends inside its header"), (7, "log.b7: BAD: the file ends inside its header")],
)
def test_what_is_said_of_a_newest_log_without_its_header_is_what_a_start_does(
    disk: MemoryDisk, size: int, said: str
) -> None:
    put(disk, f"{VERSION_2}/log.b7", contents(disk, LOG)[:size])
    sound, lines = verified(disk)
    assert sound == (size == 0)
    assert any(line.startswith(said) for line in lines)
    assert lines[-1].startswith("A server would " + ("start at" if sound else "not start: "))


def test_an_empty_directory_is_a_new_database() -> None:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    assert verified(disk) == (True, ["A server would start with an empty database"])


def test_what_is_no_data_directory_is_said_so() -> None:
    check = DirectoryCheck(MemoryDisk(), DATA, DATA)
    assert list(check.run()) == [f"{DATA} is no data directory: it has no version-2\n"]
    assert not check.is_sound
