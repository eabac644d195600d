"""A disk on which a server's start can be tried: everything is read, and every change is dropped."""

from pyzoo.persistence.disk import Disk, ReadFile, WriteFile


class _NoFile:
    """A file for writing that goes nowhere."""

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


class UntouchedDisk:
    """Another disk without its changes; whether its directories can be written does not matter."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def list(self, directory: str) -> list[str]:
        return self._disk.list(directory)

    def exists(self, path: str) -> bool:
        return self._disk.exists(path)

    def size(self, path: str) -> int:
        return self._disk.size(path)

    def open_read(self, path: str) -> ReadFile:
        return self._disk.open_read(path)

    def is_writable(self, directory: str) -> bool:
        return True

    def make_directory(self, path: str) -> None:
        pass

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
