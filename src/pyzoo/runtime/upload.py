"""Snapshots that somebody asks for or sends over the network: how much disk they may take, and how they get there."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import IO, Final

from attrs import frozen

from pyzoo.config.admin_settings import AdminSettings
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import NoRoomOnDisk, StorageError, UploadTooLarge
from pyzoo.runtime.workers import in_thread

PIECE_BYTES: Final = 1 << 20
MULTIPLE: Final = 8
AT_LEAST_BYTES: Final = 256 << 20
KEPT_PART: Final = 10
KEPT_BYTES: Final = 1 << 30
NODE_BYTES: Final = 76
"""What a node has in a snapshot beside its path and data."""


@frozen
class UploadRoom:
    """The most bytes that an upload may have, and how many stay free of the disk below `directory`."""

    limit: int
    directory: str
    kept_bytes: int

    def check_size(self, size: int) -> None:
        """Raise UploadTooLarge for more than the limit."""
        if size > self.limit:
            raise UploadTooLarge(
                f"a snapshot to be restored may have {self.limit} bytes; if it is genuine raise admin.restore.maxBytes"
            )

    def check_disk(self, size: int) -> None:
        """Raise NoRoomOnDisk when `size` more bytes would take what stays free; it looks at the disk."""
        _check_free(self.directory, size, self.kept_bytes, max, "admin.restore.minFreeBytes")


def check_room_for_snapshot(settings: AdminSettings, tree: DataTree, directory: str) -> None:
    """Raise NoRoomOnDisk when a snapshot would take what stays free: whoever may ask for one may do so very often.

    That is a gigabyte at most, for a small disk has room for snapshots of little data.
    """
    kept = settings.snapshot_min_free_bytes
    _check_free(directory, _present_bytes(tree), kept, min, "admin.snapshot.minFreeBytes")


def _check_free(directory: str, size: int, kept: int, choose: Callable[[int, int], int], key: str) -> None:
    """With `kept` below 0 it is chosen of a tenth of the disk and a gigabyte."""
    found = shutil.disk_usage(directory)
    if kept < 0:
        kept = choose(found.total // KEPT_PART, KEPT_BYTES)
    if found.free - size < kept:
        raise NoRoomOnDisk(
            f"{directory} has {found.free} bytes free, of which {kept} are kept for the server itself: "
            f"make room, or lower {key}"
        )


def _present_bytes(tree: DataTree) -> int:
    """About the size of a snapshot of it."""
    return int(tree.approximate_data_size) + NODE_BYTES * len(tree.nodes)


def room_for(settings: AdminSettings, tree: DataTree, directory: str | None) -> UploadRoom:
    """What may take the place of `tree`; without a data directory it goes through that of temporary files."""
    limit = settings.restore_max_bytes or max(MULTIPLE * _present_bytes(tree), AT_LEAST_BYTES)
    return UploadRoom(limit, directory or tempfile.gettempdir(), settings.restore_min_free_bytes)


async def spool(body: AsyncIterator[bytes], announced: int, room: UploadRoom, file: IO[bytes]) -> None:
    """Write a body to a file, a megabyte at a time, and go back to its beginning.

    Raises UploadTooLarge or NoRoomOnDisk as soon as that is known: before anything is read where the size is
    `announced`. Raises StorageError where the disk fails.
    """
    room.check_size(announced)
    waiting: list[bytes] = []
    waiting_size, size = 0, 0

    def write(data: bytes) -> None:
        room.check_disk(len(data))
        file.write(data)
        file.flush()

    try:
        await in_thread(room.check_disk, announced)
        async for chunk in body:
            size += len(chunk)
            room.check_size(size)
            waiting.append(chunk)
            waiting_size += len(chunk)
            if waiting_size >= PIECE_BYTES:
                await in_thread(write, b"".join(waiting))
                waiting, waiting_size = [], 0
        await in_thread(write, b"".join(waiting))
        file.seek(0)
    except OSError as error:
        raise StorageError(f"the uploaded snapshot cannot be kept: {error.strerror or error}") from error
