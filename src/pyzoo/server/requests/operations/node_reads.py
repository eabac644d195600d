"""Reads of one node: getData, exists, getACL."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i32

from pyzoo import errors as err
from pyzoo.datatree.acl import ADMIN, READ
from pyzoo.datatree.long_txn import LongTxn
from pyzoo.datatree.watches import STANDARD
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ACL, GetDataRequest, write_vector_of_acl
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.operations import operation as kinds
from pyzoo.server.requests.operations.operation import Operation
from pyzoo.server.requests.reads import Reads


def peek_path(request: Request) -> str | None:
    """The path at the beginning of a body that is to be read again; None where there is none."""
    try:
        return request.body_again().read_ustring()
    except MalformedRecord:
        return None


def hides_path(closing: LongTxn, request: Request) -> bool:
    """Whether the node that a body names first is one of those that are being deleted, or of their parents."""
    path = peek_path(request)
    return path is not None and closing.hides(path or "/")  # the root has two names


@final
class GetData(Operation):
    """getData."""

    def __init__(self) -> None:
        super().__init__(op.GET_DATA, kinds.READ, "getData", "GETD")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        body = request.body
        path = body.read_ustring()
        watch = body.read_bool()
        node = reads.readable(path, request.ids)
        if watch and path is not None:
            reads.tree.data_watches.add(path, cnxn, STANDARD)
        reads.metrics.path_read(path or "", node.data_length)
        node.write_data(out)
        node.write_stat(out)
        return 0

    def sees(self, closing: LongTxn, request: Request) -> bool:
        return hides_path(closing, request)

    def decode_part(self, archive: InputArchive) -> MultiOp:
        return MultiOp(op.GET_DATA, GetDataRequest.decode(archive), True)


@final
class Exists(Operation):
    """exists."""

    def __init__(self) -> None:
        super().__init__(op.EXISTS, kinds.READ, "exists", "EXIS")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        body = request.body
        path = body.read_ustring()
        watch = body.read_bool()
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        if "\0" in path:
            raise KeeperError(err.BADARGUMENTS)
        tree = reads.tree
        node = tree.get_node(path)
        if node is not None and not reads.may_read(node, request.ids):
            raise KeeperError(err.NOAUTH)
        if watch:
            tree.data_watches.add(path, cnxn, STANDARD)
        if node is None:
            raise KeeperError(err.NONODE)
        reads.metrics.path_read(path, 0)
        node.write_stat(out)
        return 0

    def sees(self, closing: LongTxn, request: Request) -> bool:
        return hides_path(closing, request)


@final
class GetACL(Operation):
    """getACL."""

    def __init__(self) -> None:
        super().__init__(op.GET_ACL, kinds.READ, "getACL", "GETA")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        node = reads.node(request.body.read_ustring())
        acl = reads.tree.acl_of(node)
        if not reads.access.allows(acl, READ | ADMIN, request.ids):
            raise KeeperError(err.NOAUTH)
        if not reads.access.allows(acl, ADMIN, request.ids):
            acl = masked_acl(acl)
        write_vector_of_acl(out, acl)
        node.write_stat(out)
        return 0

    def sees(self, closing: LongTxn, request: Request) -> bool:
        return hides_path(closing, request)


def masked_acl(acl: list[ACL]) -> list[ACL]:
    """What a client without ADMIN sees: the hash of a digest id becomes an x (ZOOKEEPER-1392)."""
    masked: list[ACL] = []
    for entry in acl:
        if entry.scheme == "digest" and entry.id is not None and ":" in entry.id:
            masked.append(ACL(entry.perms, entry.scheme, entry.id.split(":", 1)[0] + ":x"))
        else:
            masked.append(entry)
    return masked
