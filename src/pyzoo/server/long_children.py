"""LongGetChildren: the children of a node that has very many."""

from typing import TYPE_CHECKING, final

from mypy_extensions import i64

from pyzoo.server.cnxn import ServerCnxn
from pyzoo.server.long_reads import LongRead
from pyzoo.server.request import Request

if TYPE_CHECKING:
    from pyzoo.server.standalone import ZooKeeperServer


@final
class LongGetChildren(LongRead):
    """getChildren and getChildren2: the answer is the pieces of the listing when all are ready at one moment."""

    def __init__(self, server: "ZooKeeperServer", request: Request, cnxn: ServerCnxn) -> None:
        super().__init__(server, request, cnxn)
        body = request.body
        self._path = body.read_ustring()
        self._watch = body.read_bool()

    def prepare(self, units: i64) -> i64:
        server, request = self.server, self.request
        node = server.reads.readable(self._path, request.ids)
        crowd = server.tree.listings.crowd_of(node)
        self.keep(crowd)
        done: i64 = 1
        if crowd is not None:
            done += crowd.work(units)
            if not crowd.is_ready:
                return done
        self.keep(None)
        self.answer(server.reads.children_parts(request.type, self._path, self._watch, request.ids, self.cnxn))
        return done
