"""The bytes that are written, counted for the namespace of each path (DataTree.updateWriteStat)."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.txn_result import decode_part
from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    CloseSessionTxn,
    CreateContainerTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    MultiTxn,
    SetDataTxn,
    Txn,
)
from pyzoo.server.clients.request import Request
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.slices import SlicedWork, SliceQueue

_PART_OF_A_SLICE: Final = 8
_UNITS_A_COUNT: Final = 4
"""For a path with a namespace of its own."""


def count_written(metrics: ServerMetrics, slices: SliceQueue, request: Request) -> None:
    """Count an applied write."""
    header = request.header
    if header is None or header.type == op.ERROR:
        return
    txns = request.sub_txns
    if txns is None:
        if request.txn is not None:
            count_txn(metrics, slices, request.txn)
    elif request.sub_types is None or op.ERROR not in request.sub_types:
        _count_soon(PartCount(metrics, slices, txns), slices)


def count_txn(metrics: ServerMetrics, slices: SliceQueue, txn: Record) -> None:
    """Count one transaction: its data, or nothing but the path for a delete. A large close is counted in slices."""
    if isinstance(txn, SetDataTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, CreateTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, DeleteTxn):
        count_path(metrics, txn.path, None)
    elif isinstance(txn, CloseSessionTxn):
        _count_soon(PathCount(metrics, txn.paths2_delete or []), slices)
    elif isinstance(txn, CreateContainerTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, CreateTTLTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, MultiTxn):
        _count_soon(MultiCount(metrics, slices, txn.txns or []), slices)


def _count_soon(count: SlicedWork, slices: SliceQueue) -> None:
    """Count some now, and the rest in slices."""
    count.step(slices.units // _PART_OF_A_SLICE)
    if not count.is_done:
        slices.add(count)


def count_path(metrics: ServerMetrics, path: str | None, data: bytes | None) -> None:
    """Count one node."""
    if path is not None:
        metrics.path_written(path, 0 if data is None else len(data))


@final
class PathCount(SlicedWork):
    """Counts the deletes of a close, whose paths may each be a namespace of its own."""

    def __init__(self, metrics: ServerMetrics, paths: list[str | None]) -> None:
        super().__init__()
        self._metrics = metrics
        self._paths = paths
        self._done: i64 = 0

    def step(self, units: i64) -> i64:
        metrics = self._metrics
        paths = self._paths
        begin: i64 = self._done
        end: i64 = min(begin + units // _UNITS_A_COUNT + 1, len(paths))
        at: i64 = begin
        while at < end:
            count_path(metrics, paths[at], None)
            at += 1
        self._done = at
        self.is_done = at == len(paths)
        return (at - begin) * _UNITS_A_COUNT

    def abandon(self) -> None:
        self.step(len(self._paths) * _UNITS_A_COUNT)


@final
class PartCount(SlicedWork):
    """Counts the parts of a multi, and gives them back one by one: nobody else needs them any more."""

    def __init__(self, metrics: ServerMetrics, slices: SliceQueue, parts: list[Record]) -> None:
        super().__init__()
        self._metrics = metrics
        self._slices = slices
        self._parts = parts
        parts.reverse()

    def step(self, units: i64) -> i64:
        parts = self._parts
        used: i64 = 0
        while parts and used <= units:
            count_txn(self._metrics, self._slices, parts.pop())
            used += _UNITS_A_COUNT
        self.is_done = not parts
        return used

    def abandon(self) -> None:
        self.step(len(self._parts) * _UNITS_A_COUNT)


@final
class MultiCount(SlicedWork):
    """The same for a multi that came as bytes."""

    def __init__(self, metrics: ServerMetrics, slices: SliceQueue, parts: list[Txn]) -> None:
        super().__init__()
        self._metrics = metrics
        self._slices = slices
        self._parts = parts
        self._done: i64 = 0

    def step(self, units: i64) -> i64:
        parts = self._parts
        used: i64 = 0
        at: i64 = self._done
        count: i64 = len(parts)
        while at < count and used <= units:
            part = parts[at]
            try:
                count_txn(self._metrics, self._slices, decode_part(part.type, part.data))
            except MalformedRecord:
                at = count  # such a multi has no effect
                break
            used += 2 * _UNITS_A_COUNT
            at += 1
        self._done = at
        self.is_done = at == count
        return used

    def abandon(self) -> None:
        self.step(2 * len(self._parts) * _UNITS_A_COUNT)
