"""Commits: what is committed and not applied yet, so that no turn applies more than others can wait for.

Transactions are applied strictly in order, some of them in each turn; the close of a session with many ephemerals may
take several turns, in which what has nothing to do with it passes it. Who reads what it changes waits for its end.
"""

from typing import TYPE_CHECKING, Final, final

from mypy_extensions import i64

from pyzoo.jute import opcodes as op
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.request import Request

if TYPE_CHECKING:
    from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

COMMIT_UNITS: Final = 25
"""Units of work (see slices.py) of a transaction with its answer."""
EVENT_UNITS: Final = 3
SLICES: Final = 2
"""Slices of work that a turn may spend on what is committed."""
_ALL: Final = 1 << 60


@final
class Commits:
    """The order of things after the commit; the server knows the transactions.

    `is_behind` tells that something is committed and not applied, or only in part, or that events of it are owed.
    """

    def __init__(self, server: "ZooKeeperServer", slice_units: i64) -> None:
        self._server = server
        self._units: i64 = slice_units * SLICES
        self._left: i64 = self._units
        self._waiting: dict[ServerCnxn, None] = {}
        self.is_behind = False
        server.tree.owed.many_parts = slice_units // COMMIT_UNITS

    def begin_turn(self) -> None:
        """Another turn: go on, if there is something left."""
        self._left = self._units
        if self.is_behind:
            # Half of the turn is for what is new.
            self._left -= self._server.tree.owed.tell(self._units // 2)
            if self._server.is_closing:
                # However much passes it, a close comes to its end.
                self._left -= self._step(self._left // 2)
            if self._left <= 0:
                # With slices so small that one event is more: something new has its turn all the same.
                self._left = 1
            self.go_on()

    def go_on(self) -> None:
        """Apply what is committed, as far as this turn may."""
        server = self._server
        owed = server.tree.owed
        had_all = self._left
        while self._left > 0:
            if server.is_closing and not server.next_may_pass():
                self._left -= self._step(self._left)
            elif server.has_committed:
                told = server.tree.events_told
                server.commit_next()
                if server.is_closing:
                    self.is_behind = True
                self._left -= COMMIT_UNITS + EVENT_UNITS * (server.tree.events_told - told)
            else:
                break
            if self._waiting and not server.is_closing:
                self._release()
        if self._waiting:
            self._release()
        if owed.is_pending and 0 < self._left < had_all:
            # What is few is told in the same turn.
            self._left -= owed.tell(self._left)
        self.is_behind = server.is_closing or server.has_committed or owed.is_pending
        # What looks at many nodes waits for the end of a close.
        server.slices.is_held = server.is_closing
        server.outstanding.settle()

    def finish(self) -> None:
        """Apply all that is committed now."""
        if self.is_behind:
            left = self._left
            self._left = _ALL
            self.go_on()
            self._server.tree.owed.tell_all()
            self._left = left
            self.is_behind = False

    def _step(self, units: i64) -> i64:
        closing = self._server.tree.closing
        used: i64 = 0 if closing is None else closing.step(units)
        if self._server.tree.closing is None:
            self._server.close_applied()
            # Reads that have waited for this are before the writes behind them.
            self._release()
        return used

    # --- reads that wait

    def holds(self, request: Request) -> bool:
        """Whether a read that has just come has to wait."""
        request.zxid = self._server.committed_zxid
        return self.hides(request)

    def hides(self, request: Request) -> bool:
        """Whether a read has to wait for what is committed and not wholly applied."""
        if request.error != 0 or request.throttled:
            return False
        if request.type == op.SYNC:
            # Who was told of a write by another server has to find it here: all that was committed when this came.
            return request.zxid > self._server.tree.answer_zxid
        closing = self._server.tree.closing
        return closing is not None and operation_of(request.type).sees(closing, request)

    def wait(self, cnxn: ServerCnxn) -> None:
        """The first request that this connection waits for is such a read."""
        self._waiting[cnxn] = None

    def forget(self, cnxn: ServerCnxn) -> None:
        """The connection is gone."""
        self._waiting.pop(cnxn, None)

    def _release(self) -> None:
        waiting = self._waiting
        self._waiting = {}
        for cnxn in waiting:
            self._server.drain(cnxn)
