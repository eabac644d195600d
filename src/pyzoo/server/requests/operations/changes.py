"""What changes a node that is there: delete, setData, setACL, reconfig; and check, which only looks."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.datatree.acl import ADMIN, DELETE, WRITE
from pyzoo.datatree.paths import parent_and_validate
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record, write_buffer
from pyzoo.jute.records import (
    CheckVersionRequest,
    DeleteRequest,
    ReconfigRequest,
    SetACLRequest,
    SetDataRequest,
    SetDataTxn,
)
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.operations import operation as kinds
from pyzoo.server.requests.operations.operation import NO_FLAGS, Asked, Operation, Wanted
from pyzoo.server.requests.prep import PrepRequestProcessor


@final
class Delete(Operation):
    """delete: the permission is the parent's."""

    def __init__(self) -> None:
        super().__init__(op.DELETE, kinds.WRITE, "delete", "DELE", "delete")

    def check(self, body: InputArchive) -> None:
        DeleteRequest.decode(body)

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        txn = prep.delete(DeleteRequest.decode(request.body))
        request.foreseen, request.foreseen_parent = prep.record, prep.parent_record
        return txn

    def wanted(self, body: InputArchive) -> Wanted | None:
        return Wanted(parent_and_validate(DeleteRequest.decode(body).path or ""), DELETE, None, False)

    def asked(self, body: InputArchive) -> Asked:
        return Asked(DeleteRequest.decode(body).path)

    def decode_part(self, archive: InputArchive) -> MultiOp:
        return MultiOp(op.DELETE, DeleteRequest.decode(archive))


@final
class SetData(Operation):
    """setData."""

    def __init__(self) -> None:
        super().__init__(op.SET_DATA, kinds.WRITE, "setData", "SETD", "setData")

    def check(self, body: InputArchive) -> None:
        SetDataRequest.decode(body)

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        txn = prep.set_data(SetDataRequest.decode(request.body))
        request.foreseen = prep.record
        return txn

    def write_reply(self, request: Request, result: ProcessTxnResult, out: BytesWriter) -> None:
        result.write_stat(out)

    def write_result(self, part: ProcessTxnResult, out: BytesWriter) -> None:
        part.write_stat(out)

    def wanted(self, body: InputArchive) -> Wanted | None:
        return Wanted(SetDataRequest.decode(body).path, WRITE, None, False)

    def asked(self, body: InputArchive) -> Asked:
        return Asked(SetDataRequest.decode(body).path)

    def decode_part(self, archive: InputArchive) -> MultiOp:
        return MultiOp(op.SET_DATA, SetDataRequest.decode(archive))


@final
class SetACL(Operation):
    """setACL."""

    def __init__(self) -> None:
        super().__init__(op.SET_ACL, kinds.WRITE, "setACL", "SETA", "setAcl")

    def check(self, body: InputArchive) -> None:
        SetACLRequest.decode(body)

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        return prep.set_acl(SetACLRequest.decode(request.body))

    def write_reply(self, request: Request, result: ProcessTxnResult, out: BytesWriter) -> None:
        result.write_stat(out)

    def wanted(self, body: InputArchive) -> Wanted | None:
        request = SetACLRequest.decode(body)
        return Wanted(request.path, ADMIN, request.acl, True)

    def asked(self, body: InputArchive) -> Asked:
        request = SetACLRequest.decode(body)
        return Asked(request.path, NO_FLAGS, request.acl or [])


@final
class Check(Operation):
    """check: a version is as expected. Only inside a multi."""

    def __init__(self) -> None:
        super().__init__(op.CHECK, kinds.UNKNOWN, "check", "CHEC")

    def decode_part(self, archive: InputArchive) -> MultiOp:
        return MultiOp(op.CHECK, CheckVersionRequest.decode(archive))


@final
class Reconfig(Operation):
    """reconfig, which leaders make the transaction of themselves: it depends on their followers."""

    def __init__(self) -> None:
        super().__init__(op.RECONFIG, kinds.WRITE, "reconfig", "RECO", "reconfig")

    def check(self, body: InputArchive) -> None:
        ReconfigRequest.decode(body)

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        ReconfigRequest.decode(request.body)
        raise KeeperError(err.UNIMPLEMENTED if prep.reconfig_enabled else err.RECONFIGDISABLED)

    def write_reply(self, request: Request, result: ProcessTxnResult, out: BytesWriter) -> None:
        txn = request.txn
        write_buffer(out, txn.data if isinstance(txn, SetDataTxn) else None)
        result.write_stat(out)
