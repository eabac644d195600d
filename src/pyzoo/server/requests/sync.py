"""SyncRequestProcessor: a write gets its zxid and its transaction, which goes to the log.

(PrepRequestProcessor.pRequest, SyncRequestProcessor.) A write that fails its checks becomes an error transaction.
"""

from typing import final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import ErrorTxn, TxnHeader
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.log_batch import LARGE, LogBatcher
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.prep import PrepRequestProcessor


class SyncRequestProcessor:
    """Hands out the zxids of a server; what it logs is safe some time later."""

    def __init__(self, prep: PrepRequestProcessor, log: LogBatcher, next_zxid: i64) -> None:
        self.prep = prep
        self.log = log
        self.next_zxid: i64 = next_zxid

    def prepare(self, request: Request, now_ms: i64, wall_ms: i64) -> bool:
        """Make the transaction and log it; False when the request cannot be read and takes no zxid."""
        zxid = self.next_zxid
        type = request.type
        prep = self.prep
        metrics = prep.metrics
        metrics.prep_processor_request_queued += 1
        prep.begin(zxid, wall_ms, request.session_id, request.ids)
        txn: Record
        try:
            txn = self.make_txn(request, now_ms)
        except MalformedRecord:
            if self.may_refuse(request) and not operation_of(type).unreadable_takes_zxid:
                return False
            type = op.ERROR
            txn = ErrorTxn(err.MARSHALLINGERROR)
        except KeeperError as error:
            if request.error != 0 and self.may_refuse(request):
                return False
            type = op.ERROR
            txn = ErrorTxn(error.code)
        self.next_zxid = zxid + 1
        request.zxid = zxid
        request.txn = txn
        header = TxnHeader(request.session_id, request.cxid, zxid, wall_ms, type)
        request.header = header
        self.log_txn(request, header, txn)
        metrics.sync_processor_request_queued += 1
        return True

    def make_txn(self, request: Request, now_ms: i64) -> Record:
        """The body of the transaction; raises KeeperError or MalformedRecord."""
        return operation_of(request.type).make_txn(self.prep, request, now_ms)

    def may_refuse(self, request: Request) -> bool:
        """Whether somebody waits who can be told that a request cannot be read."""
        return request.cnxn is not None

    def log_txn(self, request: Request, header: TxnHeader, txn: Record) -> None:
        """Leave a transaction to the log; a leader proposes it too."""
        body = request.body
        if body.end - request.body_start >= LARGE:
            if self.log.append_data(header, txn, self.prep.outstanding.tree_digest):
                return
        self.log_encoded(request, header, txn)

    @final
    def log_encoded(self, request: Request, header: TxnHeader, txn: Record) -> bytes:
        """The same of what others than the log need too; returns its encoding."""
        log = self.log
        payload = log.encode(header, txn, self.prep.outstanding.tree_digest, request.encoded_txn)
        log.append(header.zxid, payload)
        return payload
