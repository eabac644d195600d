"""LongGetEphemerals: the paths of a session that has very many ephemerals."""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64

from pyzoo.datatree.java_order import copy_buckets
from pyzoo.datatree.sliced_order import SlicedOrder
from pyzoo.jute.primitives import write_ustring
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner

_UNITS_A_PATH: Final = 1
_PART_BYTES: Final = 1 << 16
_JAVA_BLANKS: Final = "".join([chr(code) for code in range(33)])
"""What String.trim takes away."""


def wanted_prefix(asked: str | None) -> str:
    """The beginning that getEphemerals asks for; empty for all."""
    trimmed = "" if asked is None else asked.strip(_JAVA_BLANKS)
    return "" if asked is None or trimmed in ("", "/") else asked


@final
class LongGetEphemerals(LongRead):
    """getEphemerals: the paths as they are at the first step, in the order of Java's table, then of its clone's."""

    def __init__(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__(owner, request, cnxn)
        self._prefix = wanted_prefix(request.body.read_ustring())
        self._order: SlicedOrder | None = None
        self._ordered: list[str] = []
        self._is_cloned = False
        self._count: i64 = 0
        self._out = BytesWriter()
        self._encoded: list[bytes] = [b""]

    def prepare(self, units: i64) -> i64:
        order = self._order
        if order is None:
            order = self._look_at_session()
        done: i64 = 0
        while done < units:
            if not order.is_distributed:
                most = (units - done) // _UNITS_A_PATH + 1
                order.distribute(most)
                done += most * _UNITS_A_PATH
            elif order.has_more:
                done += self._take(order.next_bin())
            elif self._is_cloned:
                self._finish()
                break
            else:
                order = SlicedOrder(self._ordered, 0, copy_buckets(len(self._ordered)))
                self._order = order
                self._ordered = []
                self._is_cloned = True
        return done

    def _look_at_session(self) -> SlicedOrder:
        self.look()
        paths, buckets = self.reads.tree.ownership.table_of(self.request.session_id)
        cloned = copy_buckets(len(paths))
        # In a clone that is not smaller, what is in one bucket was so before.
        self._is_cloned = cloned >= buckets
        order = SlicedOrder(paths, 0, cloned if self._is_cloned else buckets)
        self._order = order
        return order

    def _take(self, paths: list[str]) -> i64:
        """Keep the next paths, or encode them when they are in their last order."""
        count: i64 = len(paths)
        if not self._is_cloned:
            self._ordered += paths
            return 1 + count * _UNITS_A_PATH
        prefix = self._prefix
        out = self._out
        for path in paths:
            if not prefix or path.startswith(prefix):
                write_ustring(out, path)
                self._count += 1
        if len(out) >= _PART_BYTES:
            self._encoded.append(out.getvalue())
            self._out = BytesWriter()
        return 1 + 2 * count * _UNITS_A_PATH

    def _finish(self) -> None:
        head = BytesWriter()
        write_i32_be(head, i32(self._count))
        self._encoded[0] = head.getvalue()
        self._encoded.append(self._out.getvalue())
        self.answer(self._encoded)
