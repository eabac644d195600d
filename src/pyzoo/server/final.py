"""Replies to writes, once they are applied (the write half of FinalRequestProcessor)."""

from librt.strings import BytesWriter
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.datatree.txn_result import ProcessTxnResult, decode_parts
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record, write_buffer, write_ustring
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
from pyzoo.server.cnxn import ServerCnxn
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.multi import write_multi_end, write_multi_error, write_multi_header
from pyzoo.server.request import Request


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
        write_body(request, header.type, result, cnxn.out)
    cnxn.frame_written(start)
    return code


def write_body(request: Request, type: i32, result: ProcessTxnResult, out: BytesWriter) -> None:
    """The body of a reply to a write that went well."""
    if type == op.CREATE:
        write_ustring(out, result.path)
    elif type == op.CREATE2 or type == op.CREATE_CONTAINER or type == op.CREATE_TTL:
        write_ustring(out, result.path)
        write_stat(result, out)
    elif type == op.SET_DATA or type == op.SET_ACL:
        write_stat(result, out)
    elif type == op.MULTI:
        write_multi_results(result, out)
    elif type == op.RECONFIG:
        txn = request.txn
        write_buffer(out, txn.data if isinstance(txn, SetDataTxn) else None)
        write_stat(result, out)


def write_stat(result: ProcessTxnResult, out: BytesWriter) -> None:
    """The Stat as the operation left it."""
    stat = result.stat
    assert stat is not None
    stat.encode(out)


def write_multi_results(result: ProcessTxnResult, out: BytesWriter) -> None:
    """One result for each part; after a failure all of them are error results."""
    results = result.results
    assert results is not None
    failed = False
    for part in results:
        if part.type == op.ERROR or part.err != 0:
            failed = True
    for part in results:
        if failed:
            write_multi_error(out, part.err)
        else:
            write_multi_part(part, out)
    write_multi_end(out)


def write_multi_part(part: ProcessTxnResult, out: BytesWriter) -> None:
    """The result of a part that went well; all creates but the plain one answer as create2."""
    type = part.type
    if type == op.CREATE_CONTAINER or type == op.CREATE_TTL:
        type = op.CREATE2
    write_multi_header(out, type, 0)
    if type == op.CREATE:
        write_ustring(out, part.path)
    elif type == op.CREATE2:
        write_ustring(out, part.path)
        write_stat(part, out)
    elif type == op.SET_DATA:
        write_stat(part, out)


def count_written(metrics: ServerMetrics, request: Request) -> None:
    """Count the bytes of an applied write for its namespace (DataTree.updateWriteStat)."""
    header = request.header
    if header is None or header.type == op.ERROR:
        return
    txns = request.sub_txns
    if txns is None:
        if request.txn is not None:
            count_txn(metrics, request.txn)
    elif request.sub_types is None or op.ERROR not in request.sub_types:
        for txn in txns:
            count_txn(metrics, txn)


def count_txn(metrics: ServerMetrics, txn: Record) -> None:
    """Count one transaction: its data, or nothing but the path for a delete."""
    if isinstance(txn, SetDataTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, CreateTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, DeleteTxn):
        count_path(metrics, txn.path, None)
    elif isinstance(txn, CloseSessionTxn):
        for path in txn.paths2_delete or []:
            count_path(metrics, path, None)
    elif isinstance(txn, CreateContainerTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, CreateTTLTxn):
        count_path(metrics, txn.path, txn.data)
    elif isinstance(txn, MultiTxn):
        types: list[int] = []
        parts: list[Record] = []
        if decode_parts(txn, types, parts):
            for part in parts:
                count_txn(metrics, part)


def count_path(metrics: ServerMetrics, path: str | None, data: bytes | None) -> None:
    """Count one node."""
    if path is not None:
        metrics.path_written(path, 0 if data is None else len(data))
