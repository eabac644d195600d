"""ClosePreparation: the close of a session with many ephemerals is put together before it gets its zxid.

Their order and their encoding take several turns, in which everybody else's writes go on. The session is closing from
the beginning, so it makes no more ephemerals; if others have deleted some meanwhile, all is done again, at once.
"""

from collections import deque
from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64, trait

from pyzoo.datatree.java_order import copy_buckets
from pyzoo.datatree.ownership import SessionPaths
from pyzoo.datatree.sliced_order import SlicedOrder
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.primitives import write_ustring
from pyzoo.jute.records import CloseSessionTxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.close_sums import CloseSums, Disposal
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.sessions import SessionTracker
from pyzoo.server.slices import SlicedWork, SliceQueue

UNITS_A_PATH: Final = 2
"""For finding the bucket of a path, and as much for encoding it."""


@trait
class CloseOwner:
    """What the preparation of closes tells its server."""

    def write_delayed(self, request: Request) -> None:
        """A closeSession will take several turns; a leader has to think of the learner that it came through."""

    def submit_prepared(self, request: Request) -> None:
        """A closeSession that took several turns may get its zxid."""
        raise NotImplementedError


@final
class SlowCloses:
    """The closes that are being prepared, by session; those in `waiting` have their sums taken one after the other."""

    def __init__(
        self, owner: CloseOwner, outstanding: OutstandingChanges, sessions: SessionTracker, slices: SliceQueue
    ) -> None:
        self.owner = owner
        self.outstanding = outstanding
        self.preparing: dict[int, None] = {}
        self.waiting: deque[SlicedWork] = deque()
        self._tree: DataTree = outstanding.tree
        self._sessions = sessions
        self._slices = slices

    def begin(self, request: Request) -> bool:
        """Whether a closeSession is one to be prepared over several turns, which has begun then."""
        session_id = request.session_id
        if session_id in self.preparing:
            # The client and its time may end a session both.
            return request.cnxn is None and request.owner == 0
        session = self._tree.ownership.sessions.get(session_id)
        if session is None or len(session.paths) * 2 * UNITS_A_PATH <= self._slices.units:
            return False
        if not self.outstanding.has_all(session_id, session):
            return False
        self.preparing[session_id] = None
        self._sessions.set_closing(session_id)
        self.owner.write_delayed(request)
        self._slices.add(ClosePreparation(self, request, session))
        return True

    def ended(self, request: Request) -> None:
        """A closeSession gets its zxid now."""
        del self.preparing[request.session_id]
        sums = self.outstanding.sums
        if sums is not None and sums.is_verified:
            request.parents = sums.parent_paths()

    def go_on(self) -> None:
        """Go on with the close of another large session that waits for the one before."""
        if self.outstanding.lost:
            self._slices.add(Disposal(self.outstanding.lost))
            self.outstanding.lost = {}
        if self.waiting and self.outstanding.may_begin_sums:
            self._slices.go_on(self.waiting.popleft())


@final
class ClosePreparation(SlicedWork):
    """The work on one closeSession."""

    def __init__(self, closes: SlowCloses, request: Request, session: SessionPaths) -> None:
        super().__init__()
        self._closes = closes
        self._request = request
        self._session = session
        self._changes: i64 = session.changes
        paths = session.paths_as_cloned()
        count: i64 = len(paths)
        self._sums: CloseSums | None = None
        self._order = SlicedOrder(paths, 0, copy_buckets(count))
        self._names: list[str | None] = []
        self._out = BytesWriter()
        write_i32_be(self._out, i32(count))

    def step(self, units: i64) -> i64:
        order = self._order
        used: i64 = 0
        while used < units and not order.is_distributed:
            most = (units - used) // UNITS_A_PATH + 1
            order.distribute(most)
            used += most * UNITS_A_PATH
        while used < units and order.has_more:
            paths = order.next_bin()
            for path in paths:
                write_ustring(self._out, path)
            self._names.extend(paths)
            used += 1 + UNITS_A_PATH * len(paths)
        if order.is_distributed and not order.has_more:
            return used + self._sum_up(units - used)
        return used

    def _sum_up(self, units: i64) -> i64:
        sums = self._sums
        if sums is None:
            outstanding = self._closes.outstanding
            if not outstanding.may_begin_sums:
                self.is_stalled = True
                self._closes.waiting.append(self)
                return 0
            sums = outstanding.begin_sums(self._request.session_id, self._session)
            self._sums = sums
        used = sums.step(units)
        if sums.is_done:
            self.is_done = True
            self._hand_over(sums)
        return used

    def _hand_over(self, sums: CloseSums) -> None:
        request = self._request
        outstanding = self._closes.outstanding
        if self._session.changes == self._changes and outstanding.has_all(request.session_id, self._session):
            request.txn = CloseSessionTxn(self._names)
            request.encoded_txn = self._out.getvalue()
            sums.is_verified = True
        else:
            outstanding.sums = None
        self._closes.owner.submit_prepared(request)
