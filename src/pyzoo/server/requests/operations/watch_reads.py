"""What a client asks about its watches: addWatch, checkWatches, removeWatches, setWatches, setWatches2."""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32

from pyzoo import errors as err
from pyzoo.datatree.watches import PERSISTENT, PERSISTENT_RECURSIVE, STANDARD
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
class CheckWatches(Operation):
    """checkWatches."""

    def __init__(self) -> None:
        super().__init__(op.CHECK_WATCHES, READ, "checkWatches", "CHKW")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        wanted = CheckWatchesRequest.decode(request.body)
        path = NULL_PATH if wanted.path is None else wanted.path
        type = wanted.type
        data, child = reads.tree.data_watches, reads.tree.child_watches
        if type == WATCHER_CHILDREN:
            found = child.contains(path, cnxn, STANDARD)
        elif type == WATCHER_DATA:
            found = data.contains(path, cnxn, STANDARD)
        elif type == WATCHER_ANY:
            found = data.contains(path, cnxn, None) or child.contains(path, cnxn, None)
        elif type == WATCHER_PERSISTENT:
            found = data.contains(path, cnxn, PERSISTENT)
        elif type == WATCHER_PERSISTENT_RECURSIVE:
            found = data.contains(path, cnxn, PERSISTENT_RECURSIVE)
        else:
            raise KeeperError(err.MARSHALLINGERROR)
        if not found:
            raise KeeperError(err.NOWATCHER)
        return 0


@final
class RemoveWatches(Operation):
    """removeWatches."""

    def __init__(self) -> None:
        super().__init__(op.REMOVE_WATCHES, READ, "removeWatches", "REMW")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        wanted = CheckWatchesRequest.decode(request.body)
        path = NULL_PATH if wanted.path is None else wanted.path
        type = wanted.type
        data, child = reads.tree.data_watches, reads.tree.child_watches
        if type == WATCHER_CHILDREN:
            removed = child.remove(path, cnxn, STANDARD)
        elif type == WATCHER_DATA:
            removed = data.remove(path, cnxn, STANDARD)
        elif type == WATCHER_ANY:
            removed = data.remove(path, cnxn, None)
            removed = child.remove(path, cnxn, None) or removed
        elif type == WATCHER_PERSISTENT:
            removed = data.remove(path, cnxn, PERSISTENT)
            removed = child.remove(path, cnxn, PERSISTENT) or removed
        elif type == WATCHER_PERSISTENT_RECURSIVE:
            removed = data.remove(path, cnxn, PERSISTENT_RECURSIVE)
        else:
            raise KeeperError(err.MARSHALLINGERROR)
        if not removed:
            raise KeeperError(err.NOWATCHER)
        return 0


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
        paths = wanted.paths
        reads.tree.set_watches(cnxn, wanted.relative_zxid, paths[0], paths[1], paths[2], paths[3], paths[4])
        return err.MARSHALLINGERROR if wanted.is_broken else 0

    def may_take_long(self, reads: Reads, request: Request) -> bool:
        return True

    def long_read(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> LongRead:
        return LongSetWatches(owner, request, cnxn)
