"""multi: all of its parts or none (PrepRequestProcessor.pRequest2Txn, MultiResponse)."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import JAVA_REPLACE, InputArchive, Record, encode_ustring
from pyzoo.jute.records import (
    ACL,
    CheckVersionRequest,
    CreateTTLRequest,
    DeleteRequest,
    ErrorTxn,
    MultiTxn,
    SetDataRequest,
    Txn,
)
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.multi import MultiOp, write_multi_end, write_multi_error, write_multi_header
from pyzoo.server.requests.operations.operation import WRITE, Operation
from pyzoo.server.requests.operations.parts import decode_multi, holds_reads, part_of, path_of
from pyzoo.server.requests.prep import PrepRequestProcessor, is_ephemeral_mode


@final
class Multi(Operation):
    """multi; a part that fails makes a transaction of errors of all."""

    def __init__(self) -> None:
        super().__init__(op.MULTI, WRITE, "multi", "MULT", "multiOperation")
        self.unreadable_takes_zxid = True

    def check(self, body: InputArchive) -> None:
        check_writes(decode_multi(body))

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        prepared = request.prepared
        if prepared is not None:
            return prepared.txn(request, prep.zxid)
        try:
            ops = decode_multi(request.body)
        except KeeperError as error:
            request.error = error.code
            raise
        check_writes(ops)
        return prepare_multi(prep, request, ops)

    def write_reply(self, request: Request, result: ProcessTxnResult, out: BytesWriter) -> None:
        write_multi_results(result, out)

    def makes_ephemeral(self, body: InputArchive) -> bool:
        for part in decode_multi(body):
            made = part.body
            if isinstance(made, CreateTTLRequest) and is_ephemeral_mode(made.flags):
                # A container with an ephemeral flag is none.
                if part.type == op.CREATE or part.type == op.CREATE2:
                    return True
        return False


def check_writes(ops: list[MultiOp]) -> None:
    """Raise KeeperError or MalformedRecord unless all of these may be parts of a write."""
    if holds_reads(ops):
        raise KeeperError(err.MARSHALLINGERROR)
    for part in ops:
        if path_of(part.body) is None:
            raise MalformedRecord("a part of a multi has no path")


def prepare_multi(prep: PrepRequestProcessor, request: Request, ops: list[MultiOp]) -> Record:
    """Prepare all parts or none; fills `sub_types` and `sub_txns`, returns the transaction to log.

    Raises KeeperError only for what spoils the whole request.
    """
    prep.outstanding.begin_multi()
    types: list[int] = []
    txns: list[Record] = []
    failed = True
    try:
        failed = _prepare_parts(prep, ops, types, txns)
    finally:
        prep.outstanding.end_multi(failed)
    request.sub_types = types
    request.sub_txns = txns
    as_create = prep.create2_as_create
    return MultiTxn([logged_part(type, txn, as_create) for type, txn in zip(types, txns, strict=True)])


def _prepare_parts(prep: PrepRequestProcessor, ops: list[MultiOp], types: list[int], txns: list[Record]) -> bool:
    """True when some part failed."""
    failed = False
    before = prep.access.grown
    for part in ops:
        if failed:
            types.append(op.ERROR)
            txns.append(ErrorTxn(err.RUNTIMEINCONSISTENCY))
            continue
        try:
            txn = prepare_part(prep, part)
            prep.access.check_growth(before)
            txns.append(txn)
            types.append(part.type)
        except KeeperError as error:
            if error.code == err.MARSHALLINGERROR:
                raise
            failed = True
            types.append(op.ERROR)
            txns.append(ErrorTxn(error.code))
    return failed


def prepare_part(prep: PrepRequestProcessor, part: MultiOp) -> Record:
    """The transaction of one part."""
    body = part.body
    if isinstance(body, CreateTTLRequest):
        if body.acl is not None:
            body.acl = [reread(entry) for entry in body.acl]
        return prep.create(part.type, body.path, body.data, body.acl, body.flags, body.ttl)
    if isinstance(body, DeleteRequest):
        return prep.delete(body)
    if isinstance(body, SetDataRequest):
        return prep.set_data(body)
    if isinstance(body, CheckVersionRequest):
        return prep.check(body)
    raise KeeperError(err.MARSHALLINGERROR)


def reread(entry: ACL) -> ACL:
    """An ACL entry as it is after it was written and read: Apache applies the parts of a multi from their bytes."""
    id = entry.id
    if id is None or id.isascii():
        return entry
    return ACL(entry.perms, entry.scheme, encode_ustring(id).decode("utf-8", JAVA_REPLACE))


def logged_part(type: int, txn: Record, create2_as_create: bool) -> Txn:
    """The part as the log and the learners get it: a learner answers by this type (ZOOKEEPER-4026)."""
    out = BytesWriter()
    txn.encode(out)
    return Txn(op.CREATE if create2_as_create and type == op.CREATE2 else type, out.getvalue())


def write_multi_results(result: ProcessTxnResult, out: BytesWriter) -> None:
    """One result for each part; after a failure all of them are error results."""
    if result.sink is not None:
        result.sink.write(out)
        return
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
            write_part(part, out)
    write_multi_end(out)


def write_part(part: ProcessTxnResult, out: BytesWriter) -> None:
    """The result of a part that went well; all creates but the plain one answer as create2."""
    type: i32 = part.type
    if type == op.CREATE_CONTAINER or type == op.CREATE_TTL:
        type = op.CREATE2
    write_multi_header(out, type, 0)
    operation = part_of(type)
    if operation is not None:
        operation.write_result(part, out)
