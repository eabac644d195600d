"""A disk that is full: the log cannot go on, and no snapshot can be saved, until there is room again."""

import errno
import os
from typing import Any, Final, NoReturn, cast

from pyzoo.errors import StorageError
from pyzoo.persistence.disk import Disk
from pyzoo.runtime.log_thread import Log
from pyzoo.runtime.server_tasks import ServerTasks

RETRY_SECONDS: Final = 0.02
NO_SPACE: Final = os.strerror(errno.ENOSPC)


class FullLog:
    """The log of a server, which takes nothing more."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def append(self, first_zxid: int, *records: bytes) -> None:
        """There is no room."""
        raise StorageError(f"cannot write the transaction log: {NO_SPACE}; the test has called disk_full()")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


class FullDisk:
    """The disk of a server, on which no new file can be made."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def create(self, path: str) -> NoReturn:
        """There is no room."""
        raise OSError(errno.ENOSPC, NO_SPACE, path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.disk, name)


def fill(tasks: ServerTasks) -> None:
    """Let nothing be written any more; what is full stays so."""
    storage = tasks.storage
    if storage is None:
        tasks.loop.fill_memory()
        return
    thread = storage.log_thread
    if not isinstance(thread.log, FullLog):
        thread.retry_seconds = RETRY_SECONDS
        thread.log = cast(Log, FullLog(thread.log))
        storage.disk = cast(Disk, FullDisk(storage.disk))


def make_room(tasks: ServerTasks) -> None:
    """Undo it; what has waited is written soon."""
    storage = tasks.storage
    if storage is None:
        tasks.loop.make_room()
        return
    thread, disk = storage.log_thread, storage.disk
    if isinstance(thread.log, FullLog):
        thread.log = thread.log.log
    if isinstance(disk, FullDisk):
        storage.disk = disk.disk


def is_stalled(tasks: ServerTasks) -> bool:
    """Whether something waits that could not be written."""
    storage = tasks.storage
    return storage is not None and storage.log_thread.stalled and not isinstance(storage.log_thread.log, FullLog)
