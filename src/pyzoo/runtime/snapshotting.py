"""Snapshots of a running server: slices between the turns, the writing in a thread."""

import logging
from collections.abc import Iterator
from typing import Final

import trio

from pyzoo.errors import StorageError
from pyzoo.persistence.snapshot.saved import SnapshotFile
from pyzoo.runtime.clock import elapsed_ms, monotonic_ns
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.turn import TurnLoop
from pyzoo.runtime.workers import in_thread
from pyzoo.server.core import Core
from pyzoo.server.database import ZKDatabase

logger = logging.getLogger(__name__)

PIECE_BYTES: Final = 4 << 20
"""So much at a time is for the thread, which has to get the interpreter from a busy loop twice for each."""
SHORTEST_SLICE_NS: Final = 500_000
"""Going around once costs a fifth of this."""
LONGEST_SLICE_NS: Final = 800_000
"""Who asks may have to wait so long, and for a pass."""


def slice_ns(others_ns: int) -> int:
    """How long a slice may take, when everything else had the loop for so long since the last one.

    A loop that is busy shares its time equally; one that is not has nobody who would want it.
    """
    return min(max(others_ns, SHORTEST_SLICE_NS), LONGEST_SLICE_NS)


async def save_snapshot_beside(storage: Storage, database: ZKDatabase, server: Core, loop: TurnLoop) -> str | None:
    """Save a fuzzy snapshot while the server goes on; returns the path, None when it became worthless meanwhile."""
    async with storage.saving:
        loop.saves_snapshot = True
        try:
            return await _save(storage, database, server)
        finally:
            loop.saves_snapshot = False


async def _save(storage: Storage, database: ZKDatabase, server: Core) -> str | None:
    begun_ms = elapsed_ms()
    epoch = server.snapshot_epoch
    zxid = database.last_processed_zxid
    chunks = storage.snapshot_chunks(database)
    file = await in_thread(storage.snapshot_file, zxid)
    try:
        piece = await next_piece(chunks)
        while piece and server.snapshot_epoch == epoch:
            piece = await next_beside(chunks, file, piece)
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

    def __init__(self, file: SnapshotFile, piece: list[bytes]) -> None:
        self._file = file
        self._piece = piece
        self._error: StorageError | None = None

    async def run(self) -> None:
        try:
            await in_thread(self._file.write, *self._piece)
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


async def next_beside(chunks: Iterator[bytes], file: SnapshotFile, piece: list[bytes]) -> list[bytes]:
    """The next piece, which is made while this one is written; raises StorageError."""
    writing = _Writing(file, piece)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writing.run)
        following = await next_piece(chunks)
    writing.look()
    return following


async def _let_others_run() -> None:
    """Trio wakes those who are ready in any order: after one checkpoint the next slice could come before them."""
    await trio.lowlevel.checkpoint()
    await trio.lowlevel.checkpoint()


async def next_piece(chunks: Iterator[bytes]) -> list[bytes]:
    """Chunks of about PIECE_BYTES, others having their turn after each slice; none at the end."""
    piece: list[bytes] = []
    size = 0
    end_ns = monotonic_ns() + slice_ns(0)
    for chunk in chunks:
        piece.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES:
            break
        now_ns = monotonic_ns()
        if now_ns >= end_ns:
            await _let_others_run()
            begin_ns = monotonic_ns()
            end_ns = begin_ns + slice_ns(begin_ns - now_ns)
    return piece
