"""MultiCheck: a multi of very many parts is looked through over several turns before another member gets it.

A learner forwards no multi that its leader could not answer, and a local session may have to become a global one for a
part of it. Until then its connection waits, and nobody else.
"""

from typing import Final, final

from mypy_extensions import i32, i64, trait

from pyzoo import errors as err
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateTTLRequest
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.operations.parts import decode_part, path_of
from pyzoo.server.requests.prep import is_ephemeral_mode
from pyzoo.server.requests.slow_multis import BYTES_A_UNIT
from pyzoo.server.slices import SlicedWork, SliceQueue

_PART_UNITS: Final = 8


@trait
class CheckOwner:
    """What the checks of multis tell their server."""

    def multi_checked(self, cnxn: ServerCnxn) -> None:
        """The multi that this connection waits for is looked through."""
        raise NotImplementedError


@final
class MultiCheck(SlicedWork):
    """The work on one; `error` is what is wrong with it, `makes_ephemeral` says whether a part makes such a node."""

    def __init__(self, owner: CheckOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__()
        self.request = request
        self.error: i32 = 0
        self.makes_ephemeral = False
        self._owner = owner
        self._cnxn = cnxn
        self._archive = request.body_again()
        self._has_reads = False
        self._is_readable = True

    def step(self, units: i64) -> i64:
        used: i64 = 0
        try:
            while used < units and not self.is_done:
                used += _PART_UNITS
                self._look_at_next()
        except MalformedRecord:
            self._end(err.MARSHALLINGERROR)
        except KeeperError as error:
            self._end(error.code)
        if self.is_done:
            self._owner.multi_checked(self._cnxn)
        return used

    def _look_at_next(self) -> None:
        parts: list[MultiOp] = []
        if not decode_part(self._archive, parts):
            spoiled = self._has_reads or not self._is_readable
            self._end(err.MARSHALLINGERROR if spoiled else 0)
            return
        part = parts[0]
        if part.is_read:
            self._has_reads = True
            return
        body = part.body
        if path_of(body) is None:
            self._is_readable = False
        if isinstance(body, CreateTTLRequest) and (part.type == op.CREATE or part.type == op.CREATE2):
            # A container with an ephemeral flag is none.
            self.makes_ephemeral = self.makes_ephemeral or is_ephemeral_mode(body.flags)

    def _end(self, error: i32) -> None:
        self.error = error
        self.is_done = True


@final
class MultiChecks:
    """The multis that are looked through, one a connection, and those that are and have not gone on yet."""

    def __init__(self, owner: CheckOwner, slices: SliceQueue) -> None:
        self._owner = owner
        self._slices = slices
        self._by_cnxn: dict[ServerCnxn, MultiCheck] = {}

    def is_large(self, request: Request) -> bool:
        """Whether a multi is more than may be looked through at once."""
        size: i64 = request.body.end - request.body_start
        return size > self._slices.units * BYTES_A_UNIT

    def result_of(self, request: Request, cnxn: ServerCnxn) -> MultiCheck | None:
        """What there is to know of a large multi, once; None while it has to wait for that, which has begun then."""
        check = self._by_cnxn.get(cnxn)
        if check is None:
            check = MultiCheck(self._owner, request, cnxn)
            self._by_cnxn[cnxn] = check
            self._slices.add(check)
        if not check.is_done:
            return None
        del self._by_cnxn[cnxn]
        return check

    def forget(self, cnxn: ServerCnxn) -> None:
        """The connection is gone, and with it what it has waited for."""
        check = self._by_cnxn.pop(cnxn, None)
        if check is not None:
            self._slices.drop(check)
