"""Files that are made here are for their owner and the group, less what the umask takes."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pyzoo.persistence.disk import RealDisk, replace_file
from pyzoo.testing import EmbeddedServer

OTHERS = 0o007


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The one that most systems have."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_in_a_data_directory_is_for_others_but_the_lock(tmp_path: Path) -> None:
    home = tmp_path / "data"
    with EmbeddedServer(data_dir=home):
        pass
    made = {path.relative_to(home).as_posix(): mode_of(path) for path in home.rglob("*")}
    assert {"version-2", ".pyzoo.lock"} < set(made)
    assert [".pyzoo.lock"] == [name for name, mode in made.items() if mode & OTHERS]
    assert {0o640, 0o750} == {mode for name, mode in made.items() if name != ".pyzoo.lock"}


def test_the_umask_may_take_more(tmp_path: Path) -> None:
    os.umask(0o077)
    disk = RealDisk()
    disk.make_directory(str(tmp_path / "made"))
    disk.create(str(tmp_path / "made" / "file")).close()
    assert (0o700, 0o600) == (mode_of(tmp_path / "made"), mode_of(tmp_path / "made" / "file"))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_who_may_read_a_file_does_not_change_when_it_is_rewritten(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "zoo.cfg"
    path.write_text("ssl.keyStore.password=secret\n")
    path.chmod(mode)
    replace_file(RealDisk(), str(path), b"ssl.keyStore.password=secret\nclientPort=1\n")
    assert mode == mode_of(path)


def test_a_copy_is_for_whom_its_original_is(tmp_path: Path) -> None:
    path = tmp_path / "zoo.cfg"
    path.touch()
    path.chmod(0o600)
    replace_file(RealDisk(), f"{path}.bak", b"ssl.keyStore.password=secret\n")
    assert 0o600 == mode_of(tmp_path / "zoo.cfg.bak")


def test_what_is_written_on_the_way_is_for_no_others_either(tmp_path: Path) -> None:
    path = tmp_path / "zoo.cfg"
    path.touch()
    path.chmod(0o600)
    with closing(RealDisk().create(f"{path}.tmp")):
        assert 0o600 == mode_of(tmp_path / "zoo.cfg.tmp")
