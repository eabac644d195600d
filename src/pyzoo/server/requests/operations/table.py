"""Every operation there is, by its opcode."""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.jute import opcodes as op
from pyzoo.server.requests.operations.changes import Reconfig, SetACL
from pyzoo.server.requests.operations.child_reads import GetAllChildrenNumber, GetChildren
from pyzoo.server.requests.operations.multi_read import MultiRead
from pyzoo.server.requests.operations.multi_write import Multi
from pyzoo.server.requests.operations.node_reads import Exists, GetACL
from pyzoo.server.requests.operations.operation import UNKNOWN, Operation
from pyzoo.server.requests.operations.parts import PARTS
from pyzoo.server.requests.operations.session_reads import GetEphemerals, Ping, Sync, WhoAmI
from pyzoo.server.requests.operations.session_writes import CloseSession, CreateSession, DeleteContainer
from pyzoo.server.requests.operations.watch_reads import AddWatch, FindWatches, SetWatches


@final
class NoOperation(Operation):
    """What no server knows."""

    def __init__(self) -> None:
        super().__init__(0, UNKNOWN, "unknown", "NA")


OPERATIONS: Final[list[Operation]] = [
    *PARTS,
    Multi(),
    SetACL(),
    Reconfig(),
    CreateSession(),
    CloseSession(),
    DeleteContainer(),
    Exists(),
    GetACL(),
    GetChildren(op.GET_CHILDREN2, "getChildren2"),
    GetAllChildrenNumber(),
    GetEphemerals(),
    MultiRead(),
    Ping(),
    Sync(),
    WhoAmI(),
    AddWatch(),
    FindWatches(op.CHECK_WATCHES, "checkWatches", "CHKW"),
    FindWatches(op.REMOVE_WATCHES, "removeWatches", "REMW"),
    SetWatches(op.SET_WATCHES, "setWatches", "SETW"),
    SetWatches(op.SET_WATCHES2, "setWatches2", "STW2"),
]

_NONE: Final[Operation] = NoOperation()
_COMMON: Final = 128
_TABLE: Final[list[Operation]] = [_NONE] * _COMMON
"""Those with small opcodes, which a list finds fastest."""
_OTHERS: Final[dict[int, Operation]] = {}


def _enter() -> None:
    for operation in OPERATIONS:
        if 0 <= operation.opcode < _COMMON:
            _TABLE[operation.opcode] = operation
        else:
            _OTHERS[int(operation.opcode)] = operation


_enter()


def operation_of(opcode: i32) -> Operation:
    """What is known of an opcode; an operation of the kind UNKNOWN where that is nothing."""
    if 0 <= opcode < _COMMON:
        return _TABLE[i64(opcode)]
    found = _OTHERS.get(int(opcode))
    return _NONE if found is None else found
