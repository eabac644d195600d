"""Which transaction a write becomes: its body decoded, then handed to the preparation.

(PrepRequestProcessor.pRequest2Txn's switch.)
"""

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    CreateRequest,
    CreateTTLRequest,
    DeleteRequest,
    ReconfigRequest,
    SetACLRequest,
    SetDataRequest,
)
from pyzoo.server.multi import decode_multi, holds_reads, path_of, prepare_multi
from pyzoo.server.prep import PrepRequestProcessor
from pyzoo.server.request import Request


def make_txn(prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
    """The body of the transaction.

    Raises KeeperError for a check that fails, MalformedRecord for a body that cannot be read. With
    `request.error` set the failure takes no zxid.
    """
    type = request.type
    body = request.body
    if type == op.SET_DATA:
        return prep.set_data(SetDataRequest.decode(body))
    if type == op.CREATE or type == op.CREATE2 or type == op.CREATE_CONTAINER:
        create = CreateRequest.decode(body)
        return prep.create(type, create.path, create.data, create.acl, create.flags, -1)
    if type == op.DELETE:
        return prep.delete(DeleteRequest.decode(body))
    if type == op.MULTI:
        return _make_multi(prep, request)
    if type == op.CREATE_TTL:
        ttl = CreateTTLRequest.decode(body)
        return prep.create(type, ttl.path, ttl.data, ttl.acl, ttl.flags, ttl.ttl)
    if type == op.SET_ACL:
        return prep.set_acl(SetACLRequest.decode(body))
    return _make_rare_txn(prep, request, now_ms)


def _make_rare_txn(prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
    type = request.type
    if type == op.CREATE_SESSION:
        timeout_ms = request.body.read_int()
        prep.sessions.track(request.session_id, i64(timeout_ms), now_ms)
        return prep.create_session(timeout_ms)
    if type == op.CLOSE_SESSION:
        return prep.close_session(request.txn)
    if type == op.DELETE_CONTAINER:
        return prep.delete_container(request.body.read_ustring())
    if type == op.RECONFIG:
        ReconfigRequest.decode(request.body)
        if not prep.reconfig_enabled:
            raise KeeperError(err.RECONFIGDISABLED)
    raise KeeperError(err.UNIMPLEMENTED)


def _make_multi(prep: PrepRequestProcessor, request: Request) -> Record:
    try:
        ops = decode_multi(request.body)
    except KeeperError as error:
        request.error = error.code
        raise
    if holds_reads(ops):
        raise KeeperError(err.MARSHALLINGERROR)
    for part in ops:
        if path_of(part.body) is None:
            raise MalformedRecord("a part of a multi has no path")
    return prepare_multi(prep, request, ops)
