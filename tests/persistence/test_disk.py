"""Both disks behave alike; the one in memory also forgets like a real one that loses power."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.persistence import disk as room
from pyzoo.persistence.disk import Disk, RealDisk, join
from pyzoo.persistence.memory_disk import MemoryDisk


@pytest.fixture(params=["real", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Disk, str]:
    if request.param == "real":
        return RealDisk(), str(tmp_path)
    disk = MemoryDisk()
    disk.make_directory("/here")
    return disk, "/here"


def contents(disk: Disk, path: str) -> bytes:
    file = disk.open_read(path)
    found = b""
    while piece := file.read(7):
        found += piece
    file.close()
    return found


def test_what_is_written_is_read(place: tuple[Disk, str]) -> None:
    disk, directory = place
    path = join(directory, "a")
    file = disk.create(path)
    file.write_at(0, b"hello")
    file.write_at(7, b"you")
    file.sync_data()
    file.sync()
    file.close()
    file.close()
    assert contents(disk, path) == b"hello\x00\x00you"
    assert disk.size(path) == 10


def test_pieces_are_written_one_behind_the_other(place: tuple[Disk, str]) -> None:
    disk, directory = place
    path = join(directory, "a")
    pieces = [b"%d " % number for number in range(2500)]
    file = disk.create(path)
    file.write_at(1, *pieces)
    file.write_at(0)
    file.close()
    assert b"\x00" + b"".join(pieces) == contents(disk, path)


def test_of_pieces_the_system_may_take_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "pwritev", lambda fd, pieces, offset: os.pwrite(fd, b"".join(pieces)[:4], offset))
    path = str(tmp_path / "a")
    file = RealDisk().create(path)
    file.write_at(0, b"abc", b"", b"def", b"gh")
    file.close()
    assert b"abcdefgh" == contents(RealDisk(), path)


def test_an_extended_file_ends_in_zeros_until_it_is_cut(place: tuple[Disk, str]) -> None:
    disk, directory = place
    path = join(directory, "a")
    file = disk.create(path)
    file.write_at(0, b"abc")
    file.extend(10)
    file.extend(5)
    assert contents(disk, path) == b"abc" + bytes(7)
    file.write_at(3, b"d")
    file.truncate(2)
    file.extend(4)
    file.close()
    assert contents(disk, path) == b"ab\x00\x00"


def test_reading_can_begin_anywhere(place: tuple[Disk, str]) -> None:
    disk, directory = place
    path = join(directory, "a")
    writing = disk.create(path)
    writing.write_at(0, b"0123456789")
    writing.close()
    reading = disk.open_read(path)
    reading.seek(8)
    assert reading.read(100) == b"89"
    assert reading.read(100) == b""
    reading.close()


def test_creating_again_empties_and_opening_keeps(place: tuple[Disk, str]) -> None:
    disk, directory = place
    path = join(directory, "a")
    for open_file in (disk.create, disk.open_write):
        file = open_file(path)
        file.write_at(3, b"x")
        file.close()
    assert contents(disk, path) == b"\x00\x00\x00x"
    disk.create(path).close()
    assert disk.size(path) == 0


def test_names_can_change_and_go(place: tuple[Disk, str]) -> None:
    disk, directory = place
    for name in ("b", "a"):
        disk.create(join(directory, name)).close()
    disk.make_directory(join(directory, "deep/er"))
    assert disk.list(directory) == ["a", "b", "deep"]
    disk.rename(join(directory, "a"), join(directory, "b"))
    disk.sync_directory(directory)
    assert disk.list(directory) == ["b", "deep"]
    disk.remove(join(directory, "b"))
    assert not disk.exists(join(directory, "b"))
    assert disk.exists(join(directory, "deep/er"))
    assert disk.is_writable(directory)


def test_what_is_not_there_raises_as_the_system_does(place: tuple[Disk, str]) -> None:
    disk, directory = place
    missing = join(directory, "no")
    for call in (disk.size, disk.open_read, disk.open_write, disk.remove, disk.list):
        with pytest.raises(FileNotFoundError):
            call(missing)
    with pytest.raises(FileNotFoundError):
        disk.rename(missing, directory + "/b")
    with pytest.raises(FileNotFoundError):
        disk.create(missing + "/below")
    assert not disk.is_writable(missing)


def test_a_crash_loses_names_that_were_not_synced() -> None:
    disk = MemoryDisk()
    disk.make_directory("/d")
    disk.create("/d/old").write_at(0, b"old")
    disk.sync_directory("/d")
    file = disk.create("/d/new")
    file.write_at(0, b"new")
    file.sync()
    disk.remove("/d/old")
    disk.crash()
    assert disk.list("/d") == ["old"]


def test_a_crash_loses_bytes_that_were_not_synced() -> None:
    disk = MemoryDisk()
    disk.make_directory("/d")
    file = disk.create("/d/a")
    disk.sync_directory("/d")
    file.write_at(0, b"safe")
    file.extend(100)
    file.sync_data()
    file.write_at(2, b"REST")
    file.truncate(3)
    disk.crash()
    assert contents(disk, "/d/a") == b"safe".ljust(100, b"\x00")


def test_a_crash_may_tear_a_write() -> None:
    disk = MemoryDisk()
    disk.make_directory("/d")
    file = disk.create("/d/a")
    disk.sync_directory("/d")
    file.write_at(0, b"one")
    file.write_at(3, b"two")
    asked = []

    def keep(path: str, unsynced: int) -> int:
        asked.append((path, unsynced))
        return 4

    disk.crash(keep)
    assert asked == [("/d/a", 6)]
    assert contents(disk, "/d/a") == b"onet"
    disk.crash()
    assert contents(disk, "/d/a") == b"onet"


writes = st.lists(
    st.tuples(st.sampled_from(["write", "truncate", "extend"]), st.integers(0, 20), st.binary(max_size=8))
)


@given(writes, writes)
def test_a_crash_brings_back_exactly_what_was_synced(
    before: list[tuple[str, int, bytes]], after: list[tuple[str, int, bytes]]
) -> None:
    disk = MemoryDisk()
    file = disk.create("/a")
    disk.sync_directory("/")
    for steps in (before, after):
        file.sync()
        synced = contents(disk, "/a")
        for kind, at, data in steps:
            if kind == "write":
                file.write_at(at, data)
            elif kind == "truncate":
                file.truncate(at)
            else:
                file.extend(at)
    disk.crash()
    assert contents(disk, "/a") == synced


def test_a_disk_that_need_not_crash_keeps_no_old_bytes() -> None:
    disk = MemoryDisk(crashable=False)
    file = disk.create("/a")
    disk.sync_directory("/")
    file.write_at(0, b"kept")
    disk.crash()
    assert contents(disk, "/a") == b"kept"
