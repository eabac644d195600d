"""create, in all its forms (Op.create, PrepRequestProcessor.pRequest2TxnCreate)."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.datatree.acl import CREATE
from pyzoo.datatree.paths import parent_and_validate
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record, write_ustring
from pyzoo.jute.records import CreateRequest, CreateTTLRequest
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.open_acl import read_create
from pyzoo.server.requests.operations.operation import WRITE, Asked, Operation, Wanted
from pyzoo.server.requests.prep import (
    MODE_CONTAINER,
    MODE_SEQUENTIAL_TTL,
    PrepRequestProcessor,
    is_ephemeral_mode,
    is_ttl_mode,
)


@final
class Create(Operation):
    """create, create2 and createContainer: one body; they differ in the node that is made and in the reply."""

    def __init__(self, opcode: i32, name: str) -> None:
        super().__init__(opcode, WRITE, name, "CREA", "create")

    def check(self, body: InputArchive) -> None:
        CreateRequest.decode(body)

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        create = read_create(request.body)
        txn = prep.create(self.opcode, create.path, create.data, create.acl, create.flags, -1)
        request.foreseen, request.foreseen_parent = prep.record, prep.parent_record
        return txn

    def write_reply(self, request: Request, result: ProcessTxnResult, out: BytesWriter) -> None:
        self.write_result(result, out)

    def write_result(self, part: ProcessTxnResult, out: BytesWriter) -> None:
        write_ustring(out, part.path)
        if self.opcode != op.CREATE:
            part.write_stat(out)

    def wanted(self, body: InputArchive) -> Wanted | None:
        if self.opcode == op.CREATE_CONTAINER:
            return None
        create = CreateRequest.decode(body)
        return Wanted(parent_and_validate(create.path or ""), CREATE, create.acl, True)

    def asked(self, body: InputArchive) -> Asked:
        create = CreateRequest.decode(body)
        return Asked(create.path, create.flags)

    def makes_ephemeral(self, body: InputArchive) -> bool:
        # A container with an ephemeral flag is none (QuorumZooKeeperServer.checkUpgradeSession).
        return self.opcode != op.CREATE_CONTAINER and is_ephemeral_mode(CreateRequest.decode(body).flags)

    def decode_part(self, archive: InputArchive) -> MultiOp:
        # The order of these decides whether the request takes a zxid.
        request = CreateRequest.decode(archive)
        flags = request.flags
        if flags < 0 or flags > MODE_SEQUENTIAL_TTL:
            raise MalformedRecord(f"create flags {flags} cannot be part of a multi")
        if request.acl is None:
            raise KeeperError(err.MARSHALLINGERROR)
        if is_ttl_mode(flags):
            raise MalformedRecord(f"create flags {flags} cannot be part of a multi")
        type = op.CREATE_CONTAINER if flags == MODE_CONTAINER else self.opcode
        return MultiOp(type, CreateTTLRequest(request.path, request.data, request.acl, flags, -1))


@final
class CreateTTL(Operation):
    """createTTL."""

    def __init__(self) -> None:
        super().__init__(op.CREATE_TTL, WRITE, "createTTL", "CREA", "create")

    def check(self, body: InputArchive) -> None:
        if not is_ttl_mode(CreateTTLRequest.decode(body).flags):
            raise KeeperError(err.BADARGUMENTS)

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        ttl = CreateTTLRequest.decode(request.body)
        return prep.create(op.CREATE_TTL, ttl.path, ttl.data, ttl.acl, ttl.flags, ttl.ttl)

    def write_reply(self, request: Request, result: ProcessTxnResult, out: BytesWriter) -> None:
        self.write_result(result, out)

    def write_result(self, part: ProcessTxnResult, out: BytesWriter) -> None:
        write_ustring(out, part.path)
        part.write_stat(out)

    def asked(self, body: InputArchive) -> Asked:
        ttl = CreateTTLRequest.decode(body)
        return Asked(ttl.path, ttl.flags)

    def decode_part(self, archive: InputArchive) -> MultiOp:
        request = CreateTTLRequest.decode(archive)
        if is_ttl_mode(request.flags):
            return MultiOp(op.CREATE_TTL, request)
        type: i32 = op.CREATE_CONTAINER if request.flags == MODE_CONTAINER else op.CREATE
        return MultiOp(type, CreateTTLRequest(request.path, request.data, request.acl, request.flags, -1))
