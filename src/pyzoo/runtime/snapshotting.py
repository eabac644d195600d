"""Snapshots of a running server: slices between the turns, the writing in a thread."""

import logging
from collections.abc import Iterator

import trio

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
        while True:
            piece = await next_piece(chunks, slice_bytes)
            if not piece:
                break
            await in_thread(file.write, piece)
            if server.snapshot_epoch != epoch:
                file.abandon()
                return None
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
