"""The disk as the rest of the room sees it, and the real one.

Everything that touches files goes through a Disk, so tests and the simulator can hand in another. All methods
raise OSError as the operating system would; the callers turn that into StorageError. The rule: nothing here
is durable until it is synced, a name not before the directory is.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Final, Protocol, final

from mypy_extensions import mypyc_attr

from pyzoo.persistence.file_calls import (
    HAS_POSIX_NAMES,
    MOST_PIECES,
    OPEN_FLAGS,
    data_sync,
    pwrite,
    pwritev,
    sync_directory,
)
from pyzoo.persistence.file_calls import sync_file as sync_descriptor

TEMPORARY_SUFFIX: Final = ".tmp"
"""Ends the name of a file that is to take the place of another one."""
BACKUP_SUFFIX: Final = ".bak"
"""Ends the name of a copy."""
FILE_MODE: Final = 0o640
DIRECTORY_MODE: Final = 0o750
"""Of what is made here, less what the umask takes: it holds what ACLs may hide. Java makes it readable by everybody."""


class WriteFile(Protocol):
    """A file open for writing at any place."""

    def write_at(self, offset: int, *pieces: bytes) -> None:
        """Write all of these, one behind the other; bytes between the old end and `offset` read as zeros."""

    def extend(self, size: int) -> None:
        """Let the file read as zeros up to `size` without using space; never shortens."""

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes."""

    def sync_data(self) -> None:
        """Contents and size are safe after it (fdatasync)."""

    def sync(self) -> None:
        """Contents, size and all other attributes are safe after it (fsync)."""

    def fileno(self) -> int:
        """The file descriptor, -1 where there is none."""

    def close(self) -> None:
        """Release the file; it may be called again."""


class ReadFile(Protocol):
    """A file open for reading from its start."""

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""

    def seek(self, offset: int) -> None:
        """Go on reading at `offset`."""

    def close(self) -> None:
        """Release the file."""


class Disk(Protocol):
    """Files by their path."""

    def list(self, directory: str) -> list[str]:
        """The names in a directory, sorted."""

    def exists(self, path: str) -> bool:
        """Whether a file or directory is there."""

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there, perhaps through a link: nothing else is ever opened."""

    def make_directory(self, path: str) -> None:
        """Create a directory with its parents; fine when it is there."""

    def is_writable(self, directory: str) -> bool:
        """Whether files can be created there."""

    def size(self, path: str) -> int:
        """Length of a file in bytes."""

    def create(self, path: str) -> WriteFile:
        """Open an empty file for writing; an existing one is emptied."""

    def open_write(self, path: str) -> WriteFile:
        """Open an existing file for writing, its contents kept."""

    def open_read(self, path: str) -> ReadFile:
        """Open a file for reading."""

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, in place of whatever has it; on Windows nobody may have either open."""

    def rename_open(self, file: WriteFile, old: str, new: str) -> WriteFile:
        """The same for a file that is open for writing; returns it, opened anew where that is needed."""

    def remove(self, path: str) -> None:
        """Remove a file; on Windows nobody may have it open."""

    def sync_directory(self, path: str) -> None:
        """Make creations, renames and removals in a directory safe."""


def join(directory: str, name: str) -> str:
    """The path of `name` in `directory`."""
    return f"{directory.rstrip('/')}/{name}"


def directory_of(path: str) -> str:
    """The directory that `path` is in."""
    return os.path.dirname(path) or "/"


def sync_file(disk: Disk, path: str) -> None:
    """Make safe what a file holds."""
    with closing(disk.open_write(path)) as file:
        file.sync()


def replace_file(disk: Disk, path: str, data: bytes) -> None:
    """Let a file hold `data`, all or nothing of it whenever the machine dies; on the way it is TEMPORARY_SUFFIX."""
    with closing(disk.create(path + TEMPORARY_SUFFIX)) as file:
        file.write_at(0, data)
        file.sync()
    put_in_place(disk, path)


def put_in_place(disk: Disk, path: str) -> None:
    """Let the temporary file of `replace_file`, safe as it is, be the file."""
    disk.rename(path + TEMPORARY_SUFFIX, path)
    disk.sync_directory(directory_of(path))


def _open_regular(path: str, flags: int, mode: int = FILE_MODE) -> int:
    """Open a file that is one: a pipe would let us wait for ever, and a device may do anything."""
    fd = os.open(path, flags | OPEN_FLAGS, mode)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise OSError(errno.EINVAL, "it is not a regular file; move it away", path)


def _mode_like(path: str) -> int:
    """The mode of the file whose place a new one will take, or whose copy it is: a zoo.cfg may have passwords."""
    final_path = path.removesuffix(TEMPORARY_SUFFIX)
    for original in (final_path, final_path.removesuffix(BACKUP_SUFFIX)):
        with suppress(OSError):
            return stat.S_IMODE(os.stat(original).st_mode)
    return FILE_MODE


@final
class _RealWriteFile:
    def __init__(self, path: str, flags: int, mode: int = FILE_MODE) -> None:
        self._fd = _open_regular(path, flags, mode)
        self._sync_data: Callable[[int], None] = data_sync()

    def write_at(self, offset: int, *pieces: bytes) -> None:
        if len(pieces) == 1:
            self._write(offset, pieces[0], 0)
            return
        for begin in range(0, len(pieces), MOST_PIECES):
            some = pieces[begin : begin + MOST_PIECES]
            written = pwritev(self._fd, some, offset)
            length = sum([len(piece) for piece in some])
            if written < length:
                self._write(offset, b"".join(some), written)
            offset += length

    def _write(self, offset: int, data: bytes, written: int) -> None:
        """Write what is left of `data` after so many bytes."""
        if written == 0:
            written = pwrite(self._fd, data, offset)
        while written < len(data):
            written += pwrite(self._fd, memoryview(data)[written:], offset + written)

    def extend(self, size: int) -> None:
        if os.fstat(self._fd).st_size < size:
            os.ftruncate(self._fd, size)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)

    def sync_data(self) -> None:
        self._sync_data(self._fd)

    def sync(self) -> None:
        sync_descriptor(self._fd)

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


@final
class _RealReadFile:
    def __init__(self, path: str) -> None:
        self._fd = _open_regular(path, os.O_RDONLY)

    def read(self, size: int) -> bytes:
        return os.read(self._fd, size)

    def seek(self, offset: int) -> None:
        os.lseek(self._fd, offset, os.SEEK_SET)

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


@mypyc_attr(allow_interpreted_subclasses=True)
class RealDisk:
    """The file system of this machine."""

    def list(self, directory: str) -> list[str]:
        return sorted(os.listdir(directory))

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def is_file(self, path: str) -> bool:
        return os.path.isfile(path)

    def make_directory(self, path: str) -> None:
        os.makedirs(path, DIRECTORY_MODE, exist_ok=True)

    def is_writable(self, directory: str) -> bool:
        return os.access(directory, os.W_OK | os.X_OK)

    def size(self, path: str) -> int:
        return os.stat(path).st_size

    def create(self, path: str) -> WriteFile:
        return _RealWriteFile(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _mode_like(path))

    def open_write(self, path: str) -> WriteFile:
        return _RealWriteFile(path, os.O_WRONLY)

    def open_read(self, path: str) -> ReadFile:
        return _RealReadFile(path)

    def rename(self, old: str, new: str) -> None:
        os.replace(old, new)

    def rename_open(self, file: WriteFile, old: str, new: str) -> WriteFile:
        if not HAS_POSIX_NAMES:
            file.close()
        self.rename(old, new)
        return file if HAS_POSIX_NAMES else self.open_write(new)

    def remove(self, path: str) -> None:
        os.remove(path)

    def sync_directory(self, path: str) -> None:
        sync_directory(path)
