"""Snapshots beside a server that goes on."""

import gc
import threading
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import trio

from pyzoo.errors import StorageError
from pyzoo.runtime.snapshotting import SNAPSHOT_CHUNK_BYTES, save_snapshot_beside
from pyzoo.server.metrics import ServerMetrics


class FullDisk:
    """A snapshot file that takes nothing."""

    def write(self, _chunk: bytes) -> None:
        raise StorageError("the disk is full")

    def abandon(self) -> None:
        """There is nothing to remove."""


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def test_one_that_fails_leaves_nothing_in_memory() -> None:
    """A full disk fails every snapshot, and the collector hardly ever looks at a running server."""
    files: list[weakref.ref[FullDisk]] = []

    def open_file(_zxid: int) -> FullDisk:
        file = FullDisk()
        files.append(weakref.ref(file))
        return file

    storage: Any = SimpleNamespace(
        saving=trio.Lock(), snapshot_file=open_file, snapshot_chunks=lambda _database: iter([b"x" * 2_000_000])
    )
    database: Any = SimpleNamespace(last_processed_zxid=1)
    server: Any = SimpleNamespace(snapshot_epoch=0)
    with pytest.raises(StorageError, match="the disk is full") as caught:
        await save_snapshot_beside(storage, database, server)
    del caught
    with trio.fail_after(60):
        while files[0]() is not None:  # the thread lets go of its work a moment later
            await trio.lowlevel.checkpoint()


class SlowDisk:
    """A snapshot file whose first piece is written when the second one has been made, and not before."""

    def __init__(self) -> None:
        self.second_is_made = threading.Event()
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        if not self.pieces:
            assert self.second_is_made.wait(60), "nothing was made meanwhile"
        self.pieces.append(piece)

    def save(self) -> str:
        return "snapshot.1"

    def abandon(self) -> None:
        """Nothing is abandoned."""


async def test_a_piece_is_made_while_the_one_before_is_written() -> None:
    file = SlowDisk()

    def chunks(_database: object) -> Iterator[bytes]:
        yield b"1" * SNAPSHOT_CHUNK_BYTES
        file.second_is_made.set()
        yield b"2" * SNAPSHOT_CHUNK_BYTES
        yield b"end"

    storage: Any = SimpleNamespace(saving=trio.Lock(), snapshot_file=lambda _zxid: file, snapshot_chunks=chunks)
    database: Any = SimpleNamespace(last_processed_zxid=1)
    server: Any = SimpleNamespace(snapshot_epoch=0, metrics=ServerMetrics())
    assert "snapshot.1" == await save_snapshot_beside(storage, database, server)
    assert [b"1", b"2", b"e"] == [piece[:1] for piece in file.pieces]
