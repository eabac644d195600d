"""Snapshots of a running server: slices between the turns, the writing in a thread."""

import logging
from collections.abc import Iterator

import trio

from pyzoo.errors import StorageError
from pyzoo.persistence.snapshot.saved import SnapshotFile
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.workers import in_thread
from pyzoo.server.core import Core
from pyzoo.server.database import ZKDatabase

logger = logging.getLogger(__name__)

SNAPSHOT_CHUNK_BYTES = 1 << 20


async def save_snapshot_beside(
    storage: Storage, database: ZKDatabase, server: Core, slice_bytes: int = 0
) -> str | None:
    """Save a fuzzy snapshot while the server goes on; returns the path, None when it became worthless meanwhile.

    The server has its turn after each `slice_bytes`, or a little more.
    """
    async with storage.saving:
        return await _save(storage, database, server, slice_bytes)


async def _save(storage: Storage, database: ZKDatabase, server: Core, slice_bytes: int) -> str | None:
    begun_ms = elapsed_ms()
    epoch = server.snapshot_epoch
    zxid = database.last_processed_zxid
    chunks = storage.snapshot_chunks(database)
    file = await in_thread(storage.snapshot_file, zxid)
    try:
        piece = await next_piece(chunks, slice_bytes)
        while piece and server.snapshot_epoch == epoch:
            piece = await next_beside(chunks, slice_bytes, file, piece)
        if server.snapshot_epoch != epoch:
            file.abandon()
            return None
        path = await in_thread(file.save)
    except BaseException:
        file.abandon()
        raise
    server.metrics.snapshottime.add(elapsed_ms() - begun_ms)
    logger.info("Snapshot saved: %s", path)
    return path


class _Writing:
    """The writing of one piece, and what has become of it."""

    def __init__(self, file: SnapshotFile, piece: bytes) -> None:
        self._file = file
        self._piece = piece
        self._error: StorageError | None = None

    async def run(self) -> None:
        try:
            await in_thread(self._file.write, self._piece)
        except StorageError as error:
            self._error = error

    def look(self) -> None:
        """Raise what has gone wrong, once it is over, and keep nothing of that."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error


async def next_beside(chunks: Iterator[bytes], slice_bytes: int, file: SnapshotFile, piece: bytes) -> bytes:
    """The next piece, which is made while this one is written; raises StorageError."""
    writing = _Writing(file, piece)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writing.run)
        following = await next_piece(chunks, slice_bytes)
    writing.look()
    return following


async def next_piece(chunks: Iterator[bytes], slice_bytes: int) -> bytes:
    """About a megabyte, with a checkpoint after each slice; empty at the end."""
    pieces: list[bytes] = []
    size = slice_begin = 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size >= SNAPSHOT_CHUNK_BYTES:
            break
        if size - slice_begin >= slice_bytes:
            slice_begin = size
            await trio.lowlevel.checkpoint()
    return b"".join(pieces)
