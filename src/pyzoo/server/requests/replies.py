"""Replies: to reads from the tree as it is, to writes once they are applied."""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64, u8

from pyzoo import errors as err
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import (
    ErrorTxn,
)
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.operations.operation import Operation
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.reads import KEEP_BODY, TAKES_LONGER, Reads

PING_XID: Final = -2
"""The xid of every answer to a ping, whatever the request had."""


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
