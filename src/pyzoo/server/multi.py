"""multi and multiRead: their framing, and what each part of a multi becomes.

Framing is a MultiHeader before every part and one with `done` at the end. The normalisation of creates is
Op.create's; which failures spoil the whole request is in MultiOperationRecord.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32

from pyzoo import errors as err
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import JAVA_REPLACE, InputArchive, Record, encode_ustring, write_bool
from pyzoo.jute.records import (
    ACL,
    CheckVersionRequest,
    CreateRequest,
    CreateTTLRequest,
    DeleteRequest,
    ErrorTxn,
    GetChildrenRequest,
    GetDataRequest,
    MultiTxn,
    SetDataRequest,
    Txn,
)
from pyzoo.server.prep import MODE_CONTAINER, MODE_SEQUENTIAL_TTL, PrepRequestProcessor, is_ttl_mode
from pyzoo.server.request import Request


@final
class MultiOp:
    """One part: its normalised operation and its decoded body."""

    def __init__(self, type: i32, body: Record) -> None:
        self.type: i32 = type
        self.body = body


def decode_multi(archive: InputArchive) -> list[MultiOp]:
    """The parts of a multi or multiRead.

    Raises MalformedRecord when the request as a whole makes no sense, and KeeperError when it does but has a
    create without an ACL: the first uses up a zxid, the second does not.
    """
    ops: list[MultiOp] = []
    while decode_part(archive, ops):
        pass
    check_parts(ops)
    return ops


def decode_part(archive: InputArchive, ops: list[MultiOp]) -> bool:
    """Add the next part; False when there are no more, and `check_parts` has to follow."""
    type = archive.read_int()
    done = archive.read_bool()
    archive.read_int()
    if done:
        return False
    ops.append(_decode_op(type, archive))
    return True


def check_parts(ops: list[MultiOp]) -> None:
    """Raise MalformedRecord for reads and writes together."""
    reads = 0
    for part in ops:
        if part.type == op.GET_DATA or part.type == op.GET_CHILDREN:
            reads += 1
    if reads != 0 and reads != len(ops):
        raise MalformedRecord("a multi mixes reads and writes")


def holds_reads(ops: list[MultiOp]) -> bool:
    """Whether these parts are reads; an empty multi is not."""
    return len(ops) > 0 and (ops[0].type == op.GET_DATA or ops[0].type == op.GET_CHILDREN)


def _decode_op(type: i32, archive: InputArchive) -> MultiOp:
    if type == op.CREATE or type == op.CREATE2 or type == op.CREATE_CONTAINER:
        return _create_op(type, CreateRequest.decode(archive))
    if type == op.CREATE_TTL:
        return _create_ttl_op(CreateTTLRequest.decode(archive))
    if type == op.DELETE:
        return MultiOp(type, DeleteRequest.decode(archive))
    if type == op.SET_DATA:
        return MultiOp(type, SetDataRequest.decode(archive))
    if type == op.CHECK:
        return MultiOp(type, CheckVersionRequest.decode(archive))
    if type == op.GET_CHILDREN:
        return MultiOp(type, GetChildrenRequest.decode(archive))
    if type == op.GET_DATA:
        return MultiOp(type, GetDataRequest.decode(archive))
    raise MalformedRecord(f"operation {type} cannot be part of a multi")


def _create_op(type: i32, request: CreateRequest) -> MultiOp:
    # The order of these decides whether the request takes a zxid.
    flags = request.flags
    if flags < 0 or flags > MODE_SEQUENTIAL_TTL:
        raise MalformedRecord(f"create flags {flags} cannot be part of a multi")
    if request.acl is None:
        raise KeeperError(err.MARSHALLINGERROR)
    if is_ttl_mode(flags):
        raise MalformedRecord(f"create flags {flags} cannot be part of a multi")
    if flags == MODE_CONTAINER:
        type = op.CREATE_CONTAINER
    return MultiOp(type, CreateTTLRequest(request.path, request.data, request.acl, flags, -1))


def _create_ttl_op(request: CreateTTLRequest) -> MultiOp:
    if is_ttl_mode(request.flags):
        return MultiOp(op.CREATE_TTL, request)
    type: i32 = op.CREATE_CONTAINER if request.flags == MODE_CONTAINER else op.CREATE
    return MultiOp(type, CreateTTLRequest(request.path, request.data, request.acl, request.flags, -1))


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
    return MultiTxn([_logged(type, txn, as_create) for type, txn in zip(types, txns, strict=True)])


def _prepare_parts(prep: PrepRequestProcessor, ops: list[MultiOp], types: list[int], txns: list[Record]) -> bool:
    """True when some part failed."""
    failed = False
    for part in ops:
        if failed:
            types.append(op.ERROR)
            txns.append(ErrorTxn(err.RUNTIMEINCONSISTENCY))
            continue
        try:
            txns.append(prepare_part(prep, part))
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


def path_of(body: Record) -> str | None:
    """The path that a part of a multi is about."""
    if isinstance(body, CreateTTLRequest):
        return body.path
    if isinstance(body, DeleteRequest):
        return body.path
    if isinstance(body, SetDataRequest):
        return body.path
    if isinstance(body, CheckVersionRequest):
        return body.path
    return None


def _logged(type: int, txn: Record, create2_as_create: bool) -> Txn:
    """The part as the log and the learners get it: a learner answers by this type (ZOOKEEPER-4026)."""
    out = BytesWriter()
    txn.encode(out)
    return Txn(op.CREATE if create2_as_create and type == op.CREATE2 else type, out.getvalue())


def write_multi_header(out: BytesWriter, type: i32, err_code: i32) -> None:
    """The header of one result."""
    write_i32_be(out, type)
    write_bool(out, False)
    write_i32_be(out, err_code)


def write_multi_error(out: BytesWriter, err_code: i32) -> None:
    """One result that is an error."""
    write_multi_header(out, op.ERROR, err_code)
    write_i32_be(out, err_code)


def write_multi_end(out: BytesWriter) -> None:
    """The header that ends the results."""
    out.write(MULTI_END)


MULTI_END: Final = b"\xff\xff\xff\xff\x01\xff\xff\xff\xff"
