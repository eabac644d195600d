"""Requests that fail although nothing is wrong with them, and what a test calls an opcode and an error."""

from typing import Any, Final

from attrs import frozen

from pyzoo import errors as err
from pyzoo.errors import NOTREADONLY
from pyzoo.jute import opcodes as op
from pyzoo.server.clients.admission import RequestFaults
from pyzoo.server.requests.operations.operation import UNKNOWN, WRITE
from pyzoo.server.requests.operations.table import OPERATIONS, operation_of

ErrorReference = int | str | type[Exception] | Exception
"""An error: its code, its name as KeeperException.Code has it, or an exception of kazoo."""

FAMILIES: Final = {
    "create": ("create", "create2", "createContainer", "createTTL"),
    "getChildren": ("getChildren", "getChildren2"),
    "setWatches": ("setWatches", "setWatches2"),
}
"""Which of these a client sends depends on its arguments, so the first name stands for all."""

FIRST_CODE: Final = -2000
CODES: Final[dict[str, int]] = {
    name: value for name, value in vars(err).items() if name.isupper() and isinstance(value, int) and value < 0
}
ENDINGS: Final = ("EXCEPTION", "ERROR")


class InjectedFaults(RequestFaults):
    """What requests of one server are to fail with."""

    def __init__(self) -> None:
        self.refuses_writes = False
        self._next: list[_NextFailure] = []

    def fail_next(self, opcodes: frozenset[int], code: int) -> None:
        """The next request with one of these opcodes that nothing else fails."""
        self._next.append(_NextFailure(opcodes, code))

    def heal(self) -> None:
        """Let all pass."""
        self.refuses_writes = False
        self._next.clear()

    def error_of(self, opcode: int) -> int:
        for failure in self._next:
            if opcode in failure.opcodes:
                self._next.remove(failure)
                return failure.code
        # Who leaves changes nothing that a test would want to protect.
        if self.refuses_writes and opcode != op.CLOSE_SESSION and operation_of(opcode).kind == WRITE:
            return NOTREADONLY
        return 0


@frozen
class _NextFailure:
    opcodes: frozenset[int]
    code: int


def opcodes_of(name: int | str) -> frozenset[int]:
    """The opcodes of a name ("create", "getData", "multi"), or the number itself.

    Raises ValueError, with all names, for what no client may ask, or is not a request of its own.
    """
    known = {
        operation.name: int(operation.opcode)
        for operation in OPERATIONS
        if operation.kind != UNKNOWN and operation.opcode != op.CREATE_SESSION
    }
    if isinstance(name, str) and name in known:
        return frozenset(known[each] for each in FAMILIES.get(name, (name,)))
    if name in known.values():
        return frozenset([int(name)])
    raise ValueError(f"{name!r} is no request that can fail: give the number or the name of one of {', '.join(known)}")


def code_of(error: ErrorReference) -> int:
    """The code of an error.

    Raises ValueError, with all names, for one that is unknown, and TypeError for an exception without a code.
    """
    if isinstance(error, str):
        found = CODES.get(_plain(error))
        if found is None:
            raise ValueError(f"{error!r} is no error: give a code, or one of {', '.join(CODES)}")
        return found
    code: Any = getattr(error, "code", error)
    if not isinstance(code, int):
        raise TypeError(f"{error!r} has no code of ZooKeeper: give a code, a name, or an exception such as NoNodeError")
    if not FIRST_CODE < code < 0:
        raise ValueError(f"{code} is no error: codes of ZooKeeper are negative, such as -101 for NONODE")
    return code


def _plain(name: str) -> str:
    """`NONODE` of NoNode, NoNodeError and NoNodeException."""
    plain = name.replace("_", "").upper()
    for ending in ENDINGS:
        # SYSTEMERROR and its like are whole names.
        if plain not in CODES:
            plain = plain.removesuffix(ending)
    return plain
