"""LongAllChildrenNumber: how many nodes are below one that has very many."""

from typing import final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64

from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner


@final
class LongAllChildrenNumber(LongRead):
    """getAllChildrenNumber: of all paths as they are at the first step, those that begin so (as Apache counts)."""

    def __init__(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__(owner, request, cnxn)
        self._path = request.body.read_ustring() or ""
        self._paths: list[str] | None = None
        self._next: i64 = 0
        self._count: i64 = 0

    def prepare(self, units: i64) -> i64:
        paths = self._paths
        if paths is None:
            self.reads.readable(self._path, self.request.ids)
            self.look()
            paths = list(self.reads.tree.nodes)
            self._paths = paths
        begin = self._next
        end = begin + units
        if end > len(paths):
            end = len(paths)
        prefix = self._path + "/"
        for at in range(begin, end):
            if paths[at].startswith(prefix):
                self._count += 1
        self._next = end
        if end == len(paths):
            out = BytesWriter()
            write_i32_be(out, i32(self._count))
            self._paths = []
            self.answer([out.getvalue()])
        return end - begin + 1
