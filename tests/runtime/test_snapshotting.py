"""Snapshots beside a server that goes on."""

import threading
import weakref
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import trio

from pyzoo.errors import StorageError
from pyzoo.runtime import snapshotting as room
from pyzoo.runtime.snapshotting import (
    LONGEST_SLICE_NS,
    PIECE_BYTES,
    SHORTEST_SLICE_NS,
    save_snapshot_beside,
    slice_ns,
)
from pyzoo.server.metrics import ServerMetrics
from tests.support.collector import without_collector


def test_a_slice_is_as_long_as_others_had_the_loop() -> None:
    assert slice_ns(600_000) == 600_000


def test_a_slice_is_worth_its_turn_where_nobody_else_wants_the_loop() -> None:
    assert slice_ns(30_000) == SHORTEST_SLICE_NS


def test_a_slice_is_no_longer_than_others_can_wait() -> None:
    assert slice_ns(50_000_000) == LONGEST_SLICE_NS


def loop() -> Any:
    return SimpleNamespace(saves_snapshot=False)


class FullDisk:
    """A snapshot file that takes nothing."""

    def write(self, *_chunks: bytes) -> None:
        raise StorageError("the disk is full")

    def abandon(self) -> None:
        """There is nothing to remove."""


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    with without_collector():
        yield


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
        await save_snapshot_beside(storage, database, server, loop())
    del caught
    with trio.fail_after(60):
        while files[0]() is not None:  # the thread lets go of its work a moment later
            await trio.lowlevel.checkpoint()


class SlowDisk:
    """A snapshot file whose first piece is written when the second one has been made, and not before."""

    def __init__(self) -> None:
        self.second_is_made = threading.Event()
        self.pieces: list[bytes] = []

    def write(self, *chunks: bytes) -> None:
        if not self.pieces:
            assert self.second_is_made.wait(60), "nothing was made meanwhile"
        self.pieces.append(b"".join(chunks))

    def save(self) -> str:
        return "snapshot.1"

    def abandon(self) -> None:
        """Nothing is abandoned."""


async def test_a_piece_is_made_while_the_one_before_is_written() -> None:
    file = SlowDisk()

    def chunks(_database: object) -> Iterator[bytes]:
        yield b"1" * PIECE_BYTES
        file.second_is_made.set()
        yield b"2" * PIECE_BYTES
        yield b"end"

    assert await save(file, chunks) == "snapshot.1"
    assert [b"1", b"2", b"e"] == [piece[:1] for piece in file.pieces]


async def save(file: object, chunks: Callable[[object], Iterator[bytes]], turns: Any = None) -> str | None:
    storage: Any = SimpleNamespace(saving=trio.Lock(), snapshot_file=lambda _zxid: file, snapshot_chunks=chunks)
    database: Any = SimpleNamespace(last_processed_zxid=1)
    server: Any = SimpleNamespace(snapshot_epoch=0, metrics=ServerMetrics())
    return await save_snapshot_beside(storage, database, server, turns or loop())


class WillingDisk(SlowDisk):
    """A snapshot file that takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.second_is_made.set()


async def test_others_have_their_turn_after_each_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 0
    turns: list[int] = []

    def chunks(_database: object) -> Iterator[bytes]:
        nonlocal now_ns
        for _ in range(5):
            now_ns += SHORTEST_SLICE_NS // 2
            turns.append(0)
            yield b"x"

    async def take_turns() -> None:
        while True:
            if turns:
                turns[-1] += 1
            await trio.lowlevel.checkpoint()

    monkeypatch.setattr(room, "monotonic_ns", lambda: now_ns)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        await save(WillingDisk(), chunks)
        nursery.cancel_scope.cancel()
    assert [count > 0 for count in turns[:4]] == [False, True, False, True]


async def test_the_turns_know_of_a_snapshot_until_it_is_saved() -> None:
    turns = loop()
    known: list[bool] = []

    def chunks(_database: object) -> Iterator[bytes]:
        known.append(turns.saves_snapshot)
        yield b"x"

    await save(WillingDisk(), chunks, turns)
    assert [*known, turns.saves_snapshot] == [True, False]
