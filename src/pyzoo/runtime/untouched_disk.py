"""A disk on which a server can be tried out: it reads what is there, and what it writes goes nowhere."""

import errno
import os
from typing import final

from pyzoo.persistence.disk import RealDisk, WriteFile


@final
class _NoFile:
    """Takes everything and keeps nothing."""

    def write_at(self, offset: int, data: bytes) -> None:
        pass

    def extend(self, size: int) -> None:
        pass

    def truncate(self, size: int) -> None:
        pass

    def sync_data(self) -> None:
        pass

    def sync(self) -> None:
        pass

    def close(self) -> None:
        pass


@final
class UntouchedDisk(RealDisk):
    """Directories that would be made look empty, after a check that they could be made."""

    def __init__(self) -> None:
        self._imagined: set[str] = set()

    def list(self, directory: str) -> "list[str]":
        return [] if directory in self._imagined else super().list(directory)

    def exists(self, path: str) -> bool:
        return path in self._imagined or super().exists(path)

    def make_directory(self, path: str) -> None:
        if os.path.isdir(path):
            return
        existing = os.path.abspath(path)
        while not os.path.lexists(existing):
            existing = os.path.dirname(existing)
        if not os.path.isdir(existing):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        if not os.access(existing, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        self._imagined.add(path)

    def is_writable(self, directory: str) -> bool:
        return directory in self._imagined or super().is_writable(directory)

    def create(self, path: str) -> WriteFile:
        return _NoFile()

    def open_write(self, path: str) -> WriteFile:
        return _NoFile()

    def rename(self, old: str, new: str) -> None:
        pass

    def remove(self, path: str) -> None:
        pass

    def sync_directory(self, path: str) -> None:
        pass
