"""Replies: to reads from the tree as it is, to writes once they are applied (FinalRequestProcessor)."""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64, u8

from pyzoo import errors as err
from pyzoo.datatree.txn_result import ProcessTxnResult, decode_parts
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    CloseSessionTxn,
    CreateContainerTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetDataTxn,
)
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.requests.operations.operation import Operation
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.reads import KEEP_BODY, TAKES_LONGER, Reads
from pyzoo.server.requests.request import Request
from pyzoo.server.slices import SlicedWork, SliceQueue

PING_XID: Final = -2
"""The xid of every answer to a ping, whatever the request had."""
_UNITS_A_COUNT: Final = 4
"""For a path with a namespace of its own."""


def answer_read(operation: Operation, reads: Reads, request: Request, cnxn: ServerCnxn) -> i32:
    """Write the whole reply to a read; returns its error code, or TAKES_LONGER, and then nothing has happened."""
    zxid = reads.tree.answer_zxid
    if operation.events_first:
        return _answer_after_events(operation, reads, request, cnxn, zxid)
    out = cnxn.out
    start: i64 = len(out)
    xid: i32 = PING_XID if request.type == op.PING else request.cxid
    written = cnxn.reply_begin(xid, zxid, 0)
    try:
        code = operation.answer(reads, request, cnxn, out)
    except KeeperError as error:
        code = error.code
    except MalformedRecord:
        code = err.MARSHALLINGERROR
    if code != 0:
        if code == TAKES_LONGER:
            out.truncate(start)
            return code
        if code < KEEP_BODY:
            code -= KEEP_BODY
            _patch_error(out, start, code)
        else:
            out.truncate(start)
            written = cnxn.reply_begin(xid, zxid, code)
    cnxn.frame_written(written)
    return code


def _answer_after_events(operation: Operation, reads: Reads, request: Request, cnxn: ServerCnxn, zxid: i64) -> i32:
    try:
        code = operation.answer(reads, request, cnxn, cnxn.out)
    except MalformedRecord:
        code = err.MARSHALLINGERROR
    if code != TAKES_LONGER and not cnxn.closing:
        cnxn.reply_empty(request.cxid, zxid, code)
    return code


def _patch_error(out: BytesWriter, start: i64, code: i32) -> None:
    """Put an error code into the reply header whose frame begins at `start`."""
    at: i64 = start + 16
    out[at] = u8((code >> 24) & 0xFF)
    out[at + 1] = u8((code >> 16) & 0xFF)
    out[at + 2] = u8((code >> 8) & 0xFF)
    out[at + 3] = u8(code & 0xFF)


def write_reply(request: Request, result: ProcessTxnResult, cnxn: ServerCnxn, zxid: i64) -> i32:
    """Write the whole reply of an applied write; returns its error code."""
    header = request.header
    assert header is not None
    code: i32 = 0
    if header.type == op.ERROR:
        txn = request.txn
        code = txn.err if isinstance(txn, ErrorTxn) else err.SYSTEMERROR
    elif header.type != op.MULTI:
        code = result.err
    start = cnxn.reply_begin(request.cxid, zxid, code)
    if code == 0:
        operation_of(header.type).write_reply(request, result, cnxn.out)
    cnxn.frame_written(start)
    return code


def count_written(metrics: ServerMetrics, slices: SliceQueue, request: Request) -> None:
    """Count the bytes of an applied write for its namespace (DataTree.updateWriteStat)."""
    header = request.header
    if header is None or header.type == op.ERROR:
        return
    txns = request.sub_txns
    if txns is None:
        if request.txn is not None:
            count_txn(metrics, slices, request.txn)
    elif request.sub_types is None or op.ERROR not in request.sub_types:
        for txn in txns:
            count_txn(metrics, slices, txn)


def count_txn(metrics: ServerMetrics, slices: SliceQueue, txn: Record) -> None:
    """Count one transaction: its data, or nothing but the path for a delete. A large close is counted in slices."""
    if isinstance(txn, SetDataTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, CreateTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, DeleteTxn):
        count_path(metrics, txn.path, None)
    elif isinstance(txn, CloseSessionTxn):
        count = PathCount(metrics, txn.paths2_delete or [])
        count.step(slices.units)
        if not count.is_done:
            slices.add(count)
    elif isinstance(txn, CreateContainerTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, CreateTTLTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, MultiTxn):
        types: list[int] = []
        parts: list[Record] = []
        if decode_parts(txn, types, parts):
            for part in parts:
                count_txn(metrics, slices, part)


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
