"""A disk in memory: for servers that keep nothing, for tests, and for simulated crashes.

What was written is there for every reader at once; `crash` takes away what was not synced, as a power cut
does. The rule: contents belong to the file, names to the directory, and each is safe only after its own sync.
"""

import errno
from collections.abc import Callable
from pathlib import PurePosixPath

from pyzoo.persistence.disk import ReadFile, WriteFile

# (path, bytes written since the last sync) -> how many of them, oldest first, reach the disk all the same
KeepBytes = Callable[[str, int], int]


class _Change:
    """One unsynced write or change of size, with what it takes to undo it."""

    def __init__(self, offset: int, data: bytes, size: int, old_data: bytes, old_size: int) -> None:
        self.offset = offset
        self.data = data
        self.size = size
        self.old_data = old_data
        self.old_size = old_size


class _Contents:
    """The bytes of a file; those between the end of `data` and `size` are zeros that use no memory."""

    def __init__(self, crashable: bool) -> None:
        self.data = bytearray()
        self.size = 0
        self.unsynced: list[_Change] | None = [] if crashable else None

    def write_at(self, offset: int, data: bytes) -> None:
        size = max(self.size, offset + len(data))
        if self.unsynced is not None:
            self.unsynced.append(_Change(offset, data, size, self.read(offset, len(data)), self.size))
        self._put(offset, data, size)

    def resize(self, size: int) -> None:
        if self.unsynced is not None:
            self.unsynced.append(_Change(size, b"", size, bytes(self.data[size:]), self.size))
        self._put(size, b"", size)

    def _put(self, offset: int, data: bytes, size: int) -> None:
        if data and len(self.data) < offset:
            self.data.extend(bytes(offset - len(self.data)))
        self.data[offset : offset + len(data)] = data
        self.size = size
        del self.data[size:]

    def read(self, offset: int, size: int) -> bytes:
        size = max(0, min(size, self.size - offset))
        return bytes(self.data[offset : offset + size]).ljust(size, b"\x00")

    def lose_unsynced(self, path: str, keep: KeepBytes | None) -> None:
        changes = self.unsynced or []
        for change in reversed(changes):
            self._put(change.offset, change.old_data, change.old_size)
        kept = 0 if keep is None else keep(path, sum(len(change.data) for change in changes))
        for change in changes:
            if not change.data and kept > 0:
                self._put(change.offset, b"", change.size)
            elif kept > 0:
                part = change.data[:kept]
                self._put(change.offset, part, max(self.size, change.offset + len(part)))
            kept -= len(change.data)
        self.sync()

    def sync(self) -> None:
        if self.unsynced is not None:
            self.unsynced = []


class _MemoryWriteFile:
    def __init__(self, contents: _Contents) -> None:
        self._contents = contents

    def write_at(self, offset: int, *pieces: bytes) -> None:
        self._contents.write_at(offset, b"".join(pieces))

    def extend(self, size: int) -> None:
        if self._contents.size < size:
            self._contents.resize(size)

    def truncate(self, size: int) -> None:
        self._contents.resize(size)

    def sync_data(self) -> None:
        self._contents.sync()

    def sync(self) -> None:
        self._contents.sync()

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Nothing to release."""


class _MemoryReadFile:
    def __init__(self, contents: _Contents) -> None:
        self._contents = contents
        self._pos = 0

    def read(self, size: int) -> bytes:
        data = self._contents.read(self._pos, size)
        self._pos += len(data)
        return data

    def seek(self, offset: int) -> None:
        self._pos = offset

    def close(self) -> None:
        """Nothing to release."""


class MemoryDisk:
    """Files in memory; directories need no sync to exist.

    With `crashable` off nothing is kept for `crash`, which then loses only names: the form for a server
    without files.
    """

    def __init__(self, crashable: bool = True) -> None:
        self._crashable = crashable
        self._files: dict[str, _Contents] = {}
        self._durable: dict[str, _Contents] = {}
        self._directories: dict[str, None] = {"/": None}

    def crash(self, keep: KeepBytes | None = None) -> None:
        """Lose what was not synced; `keep` may save some of it, in the order of writing (a torn write)."""
        self._files = dict(self._durable)
        for path, contents in self._files.items():
            contents.lose_unsynced(path, keep)

    def list(self, directory: str) -> list[str]:
        directory = directory.rstrip("/") or "/"
        if directory not in self._directories:
            raise FileNotFoundError(errno.ENOENT, "no such directory", directory)
        names = [*self._files, *self._directories]
        return sorted(path.rpartition("/")[2] for path in names if path != "/" and _parent(path) == directory)

    def exists(self, path: str) -> bool:
        return path in self._files or (path.rstrip("/") or "/") in self._directories

    def is_file(self, path: str) -> bool:
        return path in self._files

    def make_directory(self, path: str) -> None:
        pure = PurePosixPath(path)
        for directory in (pure, *pure.parents):
            self._directories[str(directory)] = None

    def is_writable(self, directory: str) -> bool:
        return (directory.rstrip("/") or "/") in self._directories

    def size(self, path: str) -> int:
        return self._get(path).size

    def create(self, path: str) -> WriteFile:
        if not self.exists(_parent(path)):
            raise FileNotFoundError(errno.ENOENT, "no such directory", path)
        contents = self._files.setdefault(path, _Contents(self._crashable))
        if contents.size:
            contents.resize(0)
        return _MemoryWriteFile(contents)

    def open_write(self, path: str) -> WriteFile:
        return _MemoryWriteFile(self._get(path))

    def open_read(self, path: str) -> ReadFile:
        return _MemoryReadFile(self._get(path))

    def rename(self, old: str, new: str) -> None:
        self._files[new] = self._get(old)
        del self._files[old]

    def rename_open(self, file: WriteFile, old: str, new: str) -> WriteFile:
        self.rename(old, new)
        return file

    def remove(self, path: str) -> None:
        self._get(path)
        del self._files[path]

    def sync_directory(self, path: str) -> None:
        directory = path.rstrip("/") or "/"
        self._durable = {name: contents for name, contents in self._durable.items() if _parent(name) != directory}
        self._durable.update((name, contents) for name, contents in self._files.items() if _parent(name) == directory)

    def _get(self, path: str) -> _Contents:
        contents = self._files.get(path)
        if contents is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        return contents


def _parent(path: str) -> str:
    """The directory of a path; a path object for each would take a third of a simulated run."""
    return path.rpartition("/")[0] or "/"
