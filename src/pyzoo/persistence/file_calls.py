"""System calls of files where systems differ: Linux, macOS and the BSDs, Windows.

All raise OSError. What Windows has another way: no descriptor is inherited unless it is wanted, text is not bytes
unless that is said, files that are open keep their names, and a directory is opened by a call of its own.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from pyzoo.portable import is_portable

OPEN_FLAGS: Final[int] = sum(getattr(os, f"O_{name}", 0) for name in ("CLOEXEC", "NONBLOCK", "BINARY", "NOINHERIT"))
"""For every file: it is ours alone, bytes, and should it be a pipe nobody waits for it."""

HAS_POSIX_NAMES: Final = hasattr(os, "O_DIRECTORY")
"""Whether names are apart from files: a file that is open may be renamed and removed, and a directory synced."""


def _seek_and_write(fd: int, data: bytes | memoryview, offset: int) -> int:
    """For who writes to a descriptor alone."""
    os.lseek(fd, offset, os.SEEK_SET)
    return os.write(fd, data)


def _seek_and_read(fd: int, size: int, offset: int) -> bytes:
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, size)


pwrite: Final[Callable[[int, bytes | memoryview, int], int]] = getattr(os, "pwrite", _seek_and_write)
"""Write at an offset; returns how many bytes that were. The place of the next read or write may change."""


def _write_joined(fd: int, pieces: Sequence[bytes], offset: int) -> int:
    return pwrite(fd, b"".join(pieces), offset)


pwritev: Final[Callable[[int, Sequence[bytes], int], int]] = getattr(os, "pwritev", _write_joined)
"""Write MOST_PIECES at the most, one behind the other; likewise."""
MOST_PIECES: Final = 1024

pread: Final[Callable[[int, int, int], bytes]] = getattr(os, "pread", _seek_and_read)
"""Read at an offset; likewise."""


def sync_file(fd: int) -> None:
    """Make contents and attributes of a file safe (fsync), through the cache of the disk too."""
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        except OSError:
            os.fsync(fd)  # not every file system knows the other one
    else:
        os.fsync(fd)


def data_sync() -> Callable[[int], None]:
    """What makes contents and size of a file safe."""
    fdatasync: Callable[[int], None] = getattr(os, "fdatasync", sync_file)
    return sync_file if is_portable() else fdatasync


def sync_directory(path: str) -> None:
    """Make safe which names a directory has."""
    if sys.platform == "win32":
        _flush_directory(path)
    elif HAS_POSIX_NAMES:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sync_file(fd)
        finally:
            close(fd)


def close(fd: int) -> None:
    """Close what is safe already, or was only read: an error says nothing then."""
    try:
        os.close(fd)
    except OSError:
        pass


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _GENERIC_WRITE = 0x40000000
    _SHARED = 1 | 2 | 4  # for readers, writers and removal
    _OPEN_EXISTING = 3
    _BACKUP_SEMANTICS = 0x02000000  # without it no directory is opened
    _INVALID_HANDLE = wintypes.HANDLE(-1).value

    def _flush_directory(path: str) -> None:
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.CreateFileW.restype = wintypes.HANDLE
        handle = kernel32.CreateFileW(
            path, _GENERIC_WRITE, _SHARED, None, _OPEN_EXISTING, _BACKUP_SEMANTICS, wintypes.HANDLE(0)
        )
        if handle == _INVALID_HANDLE:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            if not kernel32.FlushFileBuffers(wintypes.HANDLE(handle)):
                raise ctypes.WinError(ctypes.get_last_error())
        finally:
            kernel32.CloseHandle(wintypes.HANDLE(handle))
