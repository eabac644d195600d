"""The pid file of a running server, and stopping the server that it names.

A server holds a lock on its pid file for as long as it lives. On Linux that is a record lock, and the kernel tells
whose it is; elsewhere the number in the file is believed as long as there is a lock. So a number that was left behind,
or that belongs to another process by now, is never taken for a server.
"""

import errno
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

from attrs import frozen

from pyzoo.errors import StorageError
from pyzoo.persistence.file_calls import OPEN_FLAGS, pwrite
from pyzoo.runtime.file_lock import lock
from pyzoo.runtime.other_process import OtherProcess, is_alive

if sys.platform == "linux":
    import fcntl

#: struct flock of Linux: type, whence, start, length, pid; the struct ends on a multiple of eight.
_FLOCK = struct.Struct("@hhqqi0q")


class Stopped(Enum):
    """How an attempt to stop a server ended."""

    NO_FILE = "there is no pid file"
    NOT_RUNNING = "the process that the file names is gone"
    NOT_OURS = "the process that the file names is no pyzoo server that holds this file"
    ENDED = "it ended"
    KILLED = "it did not end, and was killed"
    STILL_RUNNING = "it was asked to end and has not"


@frozen
class StopResult:
    """What `stop` did, and with which process where there was one."""

    how: Stopped
    pid: int | None = None


@contextmanager
def held(path: str) -> Iterator[None]:
    """Write this process's number to `path` and hold the file; it is removed at the end.

    The directories above it are made. Raises StorageError when another server holds it or it cannot be written.
    """
    try:
        fd = _lock(path)
    except OSError as error:
        raise StorageError(_reason(path, error)) from error
    try:
        os.ftruncate(fd, 0)
        pwrite(fd, str(os.getpid()).encode(), 0)
        yield
    finally:
        _remove(path, fd)


def _remove(path: str, fd: int) -> None:
    """The name goes first, so that nobody else's is removed; but Windows removes nothing that is open."""
    if sys.platform == "win32":
        os.close(fd)
    with suppress(OSError):
        os.unlink(path)
    if sys.platform != "win32":
        os.close(fd)


def _reason(path: str, error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EAGAIN):
        with suppress(OSError):
            pid = holder(path)
            if pid is not None:
                return f"a server is running already as process {pid}, it holds {path}"
    return f"cannot write the pid file {path}: {error.strerror}"


def _lock(path: str) -> int:
    """An open, locked file that still has this name: a server that ends removes its own."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, 0o644)
        try:
            if sys.platform == "linux":
                fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                lock(fd)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), os.stat(path)):
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def holder(path: str) -> int | None:
    """The process that holds a pid file; None when nobody does. Raises OSError when it cannot be opened."""
    fd = os.open(path, os.O_RDWR | OPEN_FLAGS if sys.platform == "win32" else os.O_RDONLY | OPEN_FLAGS)
    try:
        if sys.platform == "linux":
            answer = fcntl.fcntl(fd, fcntl.F_GETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
            kind, _, _, _, pid = _FLOCK.unpack(answer)
            return None if kind == fcntl.F_UNLCK or pid <= 0 else pid
        try:
            lock(fd, shared=True)
        except BlockingIOError:
            return written_pid(path)
        return None
    finally:
        os.close(fd)


def written_pid(path: str) -> int | None:
    """The number in a pid file, None when there is none. Raises OSError when it cannot be read."""
    text = Path(path).read_text(errors="replace").strip()
    return int(text) if text.isdecimal() else None


def stop(path: str, timeout_s: float, kill: bool = False) -> StopResult:
    """Ask the server that holds `path` to end (SIGTERM) and wait for it; with `kill` it ends for sure.

    On Windows it ends as by a power cut: what it has acknowledged is safe.

    Raises OSError when the file or the process may not be touched.
    """
    try:
        pid = holder(path)
        if pid is None:
            return _nobody_holds(path)
    except FileNotFoundError:
        return StopResult(Stopped.NO_FILE)
    try:
        process = OtherProcess(pid)
    except ProcessLookupError:
        return StopResult(Stopped.ENDED, pid)
    try:
        return StopResult(_end(path, pid, process, timeout_s, kill), pid)
    finally:
        process.close()


def _nobody_holds(path: str) -> StopResult:
    pid = written_pid(path)
    if pid is not None and is_alive(pid):
        return StopResult(Stopped.NOT_OURS, pid)
    return StopResult(Stopped.NOT_RUNNING, pid)


def _end(path: str, pid: int, process: OtherProcess, timeout_s: float, kill: bool) -> Stopped:
    # The process that `process` stands for is the one that held the file if that holds it now.
    try:
        if holder(path) != pid:
            return Stopped.ENDED
    except FileNotFoundError:
        return Stopped.ENDED
    process.terminate()
    if process.wait(timeout_s):
        return Stopped.ENDED
    if not kill:
        return Stopped.STILL_RUNNING
    process.kill()
    process.wait()
    Path(path).unlink(missing_ok=True)
    return Stopped.KILLED
