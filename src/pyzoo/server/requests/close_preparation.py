"""ClosePreparation: the close of a session with many ephemerals is put together before it gets its zxid.

Their order and their encoding take several turns, in which everybody else's writes go on. The session is closing from
the beginning, so it makes no more ephemerals; if others have deleted some meanwhile, all is done again, at once.
"""

from typing import TYPE_CHECKING, Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64

from pyzoo.datatree.java_order import copy_buckets
from pyzoo.datatree.ownership import SessionPaths
from pyzoo.datatree.sliced_order import SlicedOrder
from pyzoo.jute.primitives import write_ustring
from pyzoo.jute.records import CloseSessionTxn
from pyzoo.server.requests.close_sums import CloseSums
from pyzoo.server.requests.request import Request
from pyzoo.server.slices import SlicedWork

if TYPE_CHECKING:
    from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

UNITS_A_PATH: Final = 2
"""For finding the bucket of a path, and as much for encoding it."""


@final
class ClosePreparation(SlicedWork):
    """The work on one closeSession."""

    def __init__(self, server: "ZooKeeperServer", request: Request, session: SessionPaths) -> None:
        super().__init__()
        self._server = server
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
            outstanding = self._server.outstanding
            if not outstanding.may_begin_sums:
                self.is_stalled = True
                self._server.waiting_closes.append(self)
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
        outstanding = self._server.outstanding
        if self._session.changes == self._changes and outstanding.has_all(request.session_id, self._session):
            request.txn = CloseSessionTxn(self._names)
            request.encoded_txn = self._out.getvalue()
            sums.is_verified = True
        else:
            outstanding.sums = None
        self._server.submit_prepared(request)


def prepares_slowly(server: "ZooKeeperServer", request: Request) -> bool:
    """Whether a closeSession is one to be prepared over several turns, which has begun then."""
    session_id = request.session_id
    if session_id in server.preparing:
        # The client and its time may end a session both.
        return request.cnxn is None and request.owner == 0
    session = server.tree.ownership.sessions.get(session_id)
    if session is None or len(session.paths) * 2 * UNITS_A_PATH <= server.slices.units:
        return False
    if not server.outstanding.has_all(session_id, session):
        return False
    server.preparing[session_id] = None
    server.sessions.set_closing(session_id)
    server.close_delayed(request)
    server.slices.add(ClosePreparation(server, request, session))
    return True
