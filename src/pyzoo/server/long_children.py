"""LongGetChildren: the children of a node that has very many."""

from typing import TYPE_CHECKING, final

from mypy_extensions import i32, i64

from pyzoo.datatree.listing import CrowdedListing
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
        self._crowd: CrowdedListing | None = None

    def prepare(self, units: i64) -> i64:
        server, request = self.server, self.request
        node = server.reads.readable(self._path, request.ids)
        crowd = server.tree.crowd_of(node)
        self._keep(crowd)
        done: i64 = 1
        if crowd is not None:
            done += crowd.work(units)
            if not crowd.is_ready:
                return done
        self._keep(None)
        self.answer(server.reads.children_parts(request.type, self._path, self._watch, request.ids, self.cnxn))
        return done

    def _keep(self, crowd: CrowdedListing | None) -> None:
        """Let the tree know which listing is being worked at."""
        if self._crowd is not None:
            self._crowd.readers -= 1
        if crowd is not None:
            crowd.readers += 1
        self._crowd = crowd

    def abandon(self) -> None:
        self._keep(None)
        super().abandon()

    def refuse(self, code: i32) -> None:
        self._keep(None)
        super().refuse(code)
