"""LongAllChildrenNumber: how many nodes are below one that has very many."""

from typing import final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64

from pyzoo.datatree.node import DataNode
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner


@final
class LongAllChildrenNumber(LongRead):
    """getAllChildrenNumber: of all paths as they are at the first step, those that begin so (as Apache counts)."""

    def __init__(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__(owner, request, cnxn)
        self._path = request.body.read_ustring() or ""
        self._nodes: list[DataNode] | None = None
        self._next: i64 = 0
        self._count: i64 = 0

    def prepare(self, units: i64) -> i64:
        nodes = self._nodes
        if nodes is None:
            self.reads.readable(self._path, self.request.ids)
            self.look()
            nodes = self.reads.tree.nodes.values()
            self._nodes = nodes
            # Its other name, which only its own children have as a beginning.
            self._count = 1 if self._path == "" else 0
        begin = self._next
        end = begin + units
        if end > len(nodes):
            end = len(nodes)
        prefix = (self._path + "/").encode()
        for at in range(begin, end):
            if nodes[at].key.startswith(prefix):
                self._count += 1
        self._next = end
        if end == len(nodes):
            out = BytesWriter()
            write_i32_be(out, i32(self._count))
            self._nodes = []
            self.answer([out.getvalue()])
        return end - begin + 1
