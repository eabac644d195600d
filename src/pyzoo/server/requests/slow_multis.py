"""SlowMultis: multis of very many parts, one of which is prepared at a time, and the writes that wait for it."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.paths import path_above
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.multi_preparation import MultiOwner, MultiPreparation, PreparedMulti
from pyzoo.server.requests.operations.node_reads import peek_path
from pyzoo.server.requests.operations.parts import decode_multi, path_of
from pyzoo.server.requests.prep import PrepRequestProcessor
from pyzoo.server.slices import SliceQueue

BYTES_A_UNIT: Final = 5
"""Of a multi, that one may have without being prepared over several turns."""
FEW_BYTES: Final = 1000
"""So many are no matter, however much was prepared in the same turn."""


@final
class SlowMultis(MultiOwner):
    """The multi that is being prepared, if any, and who waits for it."""

    def __init__(self, owner: MultiOwner, prep: PrepRequestProcessor, slices: SliceQueue) -> None:
        self._owner = owner
        self._prep = prep
        self.is_preparing = False
        self.held: list[Request] = []
        self.waiting: dict[ServerCnxn, None] = {}
        self._slices = slices
        self._session_id: i64 = 0
        self._paths: dict[str, None] = {}
        self._left: i64 = 0

    def begin_turn(self) -> None:
        """What multis may cost that are prepared at once."""
        self._left = self._slices.units * BYTES_A_UNIT

    def is_large(self, request: Request) -> bool:
        """Whether a multi is to be prepared over several turns: it is more than may be done at once in this one."""
        size = self._size_of(request)
        return size > self._left and (size > FEW_BYTES or self._slices.units < FEW_BYTES)

    def done_at_once(self, request: Request) -> None:
        """Count one that is prepared in this turn."""
        size = self._size_of(request)
        if size > FEW_BYTES or self._slices.units < FEW_BYTES:
            self._left -= size

    def _size_of(self, request: Request) -> i64:
        size: i64 = request.body.end - request.body_start
        return size

    def begin(self, request: Request, wall_ms: i64) -> None:
        """Begin with one; no other is being prepared."""
        self.is_preparing = True
        self._session_id = request.session_id
        self._paths = {}
        self._slices.add(MultiPreparation(self, self._prep, request, self._paths, wall_ms))

    def multi_prepared(self, request: Request, multi: PreparedMulti, time_ms: i64) -> None:
        self.multi_abandoned()
        self._owner.multi_prepared(request, multi, time_ms)

    def multi_broken(self, request: Request) -> None:
        self.multi_abandoned()
        self._owner.multi_broken(request)

    def multi_abandoned(self) -> None:
        self.is_preparing = False
        self._paths = {}

    def holds(self, request: Request) -> bool:
        """Whether another write has to wait for the one that is being prepared."""
        type = request.type
        if type == op.CREATE_SESSION:
            return False
        if request.session_id == self._session_id:
            return True
        if type == op.CLOSE_SESSION:
            return self._prep.outstanding.may_have_ephemerals(request.session_id)
        if type == op.MULTI:
            return self.is_large(request) or self._touches_parts(request)
        if type == op.SET_DATA or type == op.SET_ACL:
            return self._names(peek_path(request))
        return type == op.RECONFIG or self._touches(peek_path(request))

    def _touches_parts(self, request: Request) -> bool:
        try:
            parts = decode_multi(request.body_again())
        except (MalformedRecord, KeeperError):
            return False
        for part in parts:
            path = path_of(part.body)
            is_change = part.type == op.SET_DATA or part.type == op.CHECK
            if self._names(path) or (not is_change and self._touches(path)):
                return True
        return False

    def _names(self, path: str | None) -> bool:
        """Whether it is about this node, or a child of it."""
        return path is not None and (path or "/") in self._paths

    def _touches(self, path: str | None) -> bool:
        """Whether it is about this node or its parent, which change when the node comes or goes, or a child of it."""
        return self._names(path) or (path is not None and path_above(path) in self._paths)

    def concerns(self, path: str) -> bool:
        """Whether the one that is being prepared is about this node, its parent or a child of it."""
        return self.is_preparing and self._touches(path)
