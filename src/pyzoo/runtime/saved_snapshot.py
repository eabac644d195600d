"""Snapshots that the admin server hands out."""

import os
import tempfile
from typing import IO

import trio

from pyzoo.admin.host import SavedSnapshot
from pyzoo.persistence.snapshot.file import snapshot_chunks
from pyzoo.runtime.upload import PIECE_BYTES
from pyzoo.server.database import ZKDatabase


class SnapshotOfFile(SavedSnapshot):
    """A snapshot in a file that stays open, and can be read, also when it is purged."""

    def __init__(self, file: IO[bytes], zxid: int) -> None:
        super().__init__(zxid, os.fstat(file.fileno()).st_size)
        self._file = file

    async def read(self) -> bytes:
        return await trio.to_thread.run_sync(self._file.read, PIECE_BYTES)

    def close(self) -> None:
        self._file.close()


def without_disk(database: ZKDatabase) -> SnapshotOfFile:
    """A snapshot of a server that keeps nothing, made in one go: no log will make up for what changes meanwhile."""
    database.settle()
    file = tempfile.TemporaryFile()
    for chunk in snapshot_chunks(database.tree, dict(database.sessions)):
        file.write(chunk)
    file.seek(0)
    return SnapshotOfFile(file, int(database.last_zxid))
