"""LongGetChildren: the children of a node that has very many."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i64

from pyzoo.datatree.node import DataNode
from pyzoo.datatree.watches import STANDARD
from pyzoo.jute import opcodes as op
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner


@final
class LongGetChildren(LongRead):
    """getChildren and getChildren2: the answer is the pieces of the listing when all are ready at one moment."""

    def __init__(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__(owner, request, cnxn)
        body = request.body
        self._path = body.read_ustring()
        self._watch = body.read_bool()

    def prepare(self, units: i64) -> i64:
        reads = self.reads
        node = reads.readable(self._path, self.request.ids)
        crowd = reads.tree.listings.crowd_of(node)
        self.keep(crowd)
        done: i64 = 1
        if crowd is not None:
            done += crowd.work(units)
            if not crowd.is_ready:
                return done
        self.keep(None)
        self.answer(self._parts_of(node))
        return done

    def _parts_of(self, node: DataNode) -> list[bytes]:
        """The body of the reply, for a node whose listing is ready."""
        tree = self.reads.tree
        if self._watch and self._path is not None:
            tree.child_watches.add(self._path, self.cnxn, STANDARD)
        parts = tree.listings.parts(node)
        size: i64 = 0
        for part in parts:
            size += len(part)
        self.reads.metrics.path_read(self._path or "", size - 4 * (node.num_children + 1))
        if self.request.type == op.GET_CHILDREN2:
            out = BytesWriter()
            node.write_stat(out)
            parts.append(out.getvalue())
        return parts
