"""The parts of a multi or multiRead: which there are, and how they are read.

(MultiOperationRecord; the normalisation of creates is Op.create's.)
"""

from typing import Final

from mypy_extensions import i32

from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import CheckVersionRequest, CreateTTLRequest, DeleteRequest, SetDataRequest
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.operations.changes import Check, Delete, SetData
from pyzoo.server.requests.operations.child_reads import GetChildren
from pyzoo.server.requests.operations.creates import Create, CreateTTL
from pyzoo.server.requests.operations.node_reads import GetData
from pyzoo.server.requests.operations.operation import Operation

PARTS: Final[list[Operation]] = [
    Create(op.CREATE, "create"),
    Create(op.CREATE2, "create2"),
    Create(op.CREATE_CONTAINER, "createContainer"),
    CreateTTL(),
    Delete(),
    SetData(),
    Check(),
    GetChildren(op.GET_CHILDREN, "getChildren"),
    GetData(),
]
"""Every operation that may be a part."""

_PART_OF: Final[dict[int, Operation]] = {int(part.opcode): part for part in PARTS}


def part_of(opcode: i32) -> Operation | None:
    """The operation that a part is; None for one that no multi has."""
    return _PART_OF.get(opcode)


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
    part = part_of(type)
    if part is None:
        raise MalformedRecord(f"operation {type} cannot be part of a multi")
    ops.append(part.decode_part(archive))
    return True


def check_parts(ops: list[MultiOp]) -> None:
    """Raise MalformedRecord for reads and writes together."""
    reads = 0
    for part in ops:
        if part.is_read:
            reads += 1
    if reads != 0 and reads != len(ops):
        raise MalformedRecord("a multi mixes reads and writes")


def holds_reads(ops: list[MultiOp]) -> bool:
    """Whether these parts are reads; an empty multi is not."""
    return len(ops) > 0 and ops[0].is_read


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
