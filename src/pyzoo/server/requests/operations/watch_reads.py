"""What a client asks about its watches: addWatch, checkWatches, removeWatches, setWatches, setWatches2."""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32

from pyzoo import errors as err
from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watches import PERSISTENT, PERSISTENT_RECURSIVE, STANDARD, WatchManager
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import AddWatchRequest, CheckWatchesRequest
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner
from pyzoo.server.requests.operations.long_watches import LongSetWatches
from pyzoo.server.requests.operations.operation import READ, Operation
from pyzoo.server.requests.operations.wanted_watches import NULL_PATH, WantedWatches
from pyzoo.server.requests.reads import BODY_BYTES_A_UNIT, TAKES_LONGER, Reads

WATCHER_CHILDREN: Final = 1
WATCHER_DATA: Final = 2
WATCHER_ANY: Final = 3
WATCHER_PERSISTENT: Final = 4
WATCHER_PERSISTENT_RECURSIVE: Final = 5

ADD_WATCH_PERSISTENT: Final = 0
ADD_WATCH_RECURSIVE: Final = 1


@final
class AddWatch(Operation):
    """addWatch."""

    def __init__(self) -> None:
        super().__init__(op.ADD_WATCH, READ, "addWatch", "ADDW")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        wanted = AddWatchRequest.decode(request.body)
        path = NULL_PATH if wanted.path is None else wanted.path
        tree = reads.tree
        if wanted.mode == ADD_WATCH_PERSISTENT:
            tree.data_watches.add(path, cnxn, PERSISTENT)
            tree.child_watches.add(path, cnxn, PERSISTENT)
        elif wanted.mode == ADD_WATCH_RECURSIVE:
            tree.data_watches.add(path, cnxn, PERSISTENT_RECURSIVE)
        else:
            raise KeeperError(err.MARSHALLINGERROR)
        write_i32_be(out, 0)
        return 0


@final
class FindWatches(Operation):
    """checkWatches and removeWatches: those of one type on a path; none of them is NOWATCHER."""

    def __init__(self, opcode: i32, name: str, short_name: str) -> None:
        super().__init__(opcode, READ, name, short_name)

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        wanted = CheckWatchesRequest.decode(request.body)
        path = NULL_PATH if wanted.path is None else wanted.path
        found = False
        for watches, mode in watches_of_type(reads.tree, wanted.type):
            if self.opcode == op.REMOVE_WATCHES:
                found = watches.remove(path, cnxn, mode) or found
            else:
                found = watches.contains(path, cnxn, mode) or found
        if not found:
            raise KeeperError(err.NOWATCHER)
        return 0


def watches_of_type(tree: DataTree, type: i32) -> list[tuple[WatchManager, int | None]]:
    """Where watches of a type (Watcher.WatcherType) are, and of which mode, None for any; raises KeeperError."""
    data, child = tree.data_watches, tree.child_watches
    if type == WATCHER_CHILDREN:
        return [(child, STANDARD)]
    if type == WATCHER_DATA:
        return [(data, STANDARD)]
    if type == WATCHER_ANY:
        return [(data, None), (child, None)]
    if type == WATCHER_PERSISTENT:
        return [(data, PERSISTENT), (child, PERSISTENT)]
    if type == WATCHER_PERSISTENT_RECURSIVE:
        return [(data, PERSISTENT_RECURSIVE)]
    raise KeeperError(err.MARSHALLINGERROR)


@final
class SetWatches(Operation):
    """setWatches and setWatches2: the events of what changed meanwhile go out before the reply.

    A null list stops it, with the lists before it already in force.
    """

    def __init__(self, opcode: i32, name: str, short_name: str) -> None:
        super().__init__(opcode, READ, name, short_name)
        self.events_first = True

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        body = request.body
        if body.end - body.pos > reads.most_units * BODY_BYTES_A_UNIT:
            return TAKES_LONGER
        wanted = WantedWatches(self.opcode, body)
        wanted.read(body.end)
        paths = wanted.paths
        reads.tree.set_watches(cnxn, wanted.relative_zxid, paths[0], paths[1], paths[2], paths[3], paths[4])
        return err.MARSHALLINGERROR if wanted.is_broken else 0

    def may_take_long(self, reads: Reads, request: Request) -> bool:
        return True

    def long_read(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> LongRead:
        return LongSetWatches(owner, request, cnxn)
