"""A disk on which a server's start can be tried: everything is read, and every change is dropped."""

import errno
from typing import Final, final

from pyzoo.persistence.disk import Disk, ReadFile, WriteFile

_NOT_A_DIRECTORY: Final = "Not a directory"
_NOT_ALLOWED: Final = "Permission denied"


@final
class _NoFile:
    """A file for writing that goes nowhere."""

    def write_at(self, offset: int, *pieces: bytes) -> None:
        pass

    def extend(self, size: int) -> None:
        pass

    def truncate(self, size: int) -> None:
        pass

    def sync_data(self) -> None:
        pass

    def sync(self) -> None:
        pass

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        pass


@final
class UntouchedDisk:
    """Another disk without its changes. Directories that would be made look empty, if they could be made.

    Without `must_be_writable` it does not matter who may write there, as for a copy that is only looked at.
    """

    def __init__(self, disk: Disk, must_be_writable: bool = True) -> None:
        self._disk = disk
        self._must_be_writable = must_be_writable
        self._imagined: set[str] = set()

    def list(self, directory: str) -> "list[str]":
        return [] if directory in self._imagined else self._disk.list(directory)

    def exists(self, path: str) -> bool:
        return path in self._imagined or self._disk.exists(path)

    def is_file(self, path: str) -> bool:
        return self._disk.is_file(path)

    def size(self, path: str) -> int:
        return self._disk.size(path)

    def open_read(self, path: str) -> ReadFile:
        return self._disk.open_read(path)

    def is_writable(self, directory: str) -> bool:
        return not self._must_be_writable or directory in self._imagined or self._disk.is_writable(directory)

    def make_directory(self, path: str) -> None:
        if self._disk.exists(path):
            return
        above = path.rstrip("/").rpartition("/")[0] or ("/" if path.startswith("/") else ".")
        while not self._disk.exists(above):
            above = above.rpartition("/")[0] or ("/" if above.startswith("/") else ".")
        try:
            self._disk.list(above)
        except NotADirectoryError:
            raise NotADirectoryError(errno.ENOTDIR, _NOT_A_DIRECTORY, path) from None
        if not self.is_writable(above):
            raise PermissionError(errno.EACCES, _NOT_ALLOWED, path)
        self._imagined.add(path)

    def create(self, path: str) -> WriteFile:
        return _NoFile()

    def open_write(self, path: str) -> WriteFile:
        return _NoFile()

    def rename(self, old: str, new: str) -> None:
        pass

    def rename_open(self, file: WriteFile, old: str, new: str) -> WriteFile:
        return file

    def remove(self, path: str) -> None:
        pass

    def sync_directory(self, path: str) -> None:
        pass
