"""Which requests may take longer than a turn, and what then works at them."""

from typing import TYPE_CHECKING, Final

from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.server.cnxn import ServerCnxn
from pyzoo.server.long_children import LongGetChildren
from pyzoo.server.long_count import LongAllChildrenNumber
from pyzoo.server.long_ephemerals import LongGetEphemerals
from pyzoo.server.long_multi_read import LongMultiRead
from pyzoo.server.long_reads import LongRead
from pyzoo.server.long_watches import LongSetWatches
from pyzoo.server.request import Request

if TYPE_CHECKING:
    from pyzoo.server.standalone import ZooKeeperServer


ALWAYS: Final = frozenset(
    {op.MULTI_READ, op.GET_EPHEMERALS, op.GET_ALL_CHILDREN_NUMBER, op.SET_WATCHES, op.SET_WATCHES2}
)
"""Reads that are rare enough for nobody to miss what could come behind them."""


def may_take_long(server: "ZooKeeperServer", request: Request) -> bool:
    """Whether a read that has to wait may turn out to be long: nothing of its connection is to come behind it then."""
    type = request.type
    if type in ALWAYS:
        return True
    if type != op.GET_CHILDREN and type != op.GET_CHILDREN2:
        return False
    body = request.body
    try:
        path = InputArchive(body.data, body.pos, body.end).read_ustring()
    except MalformedRecord:
        return False
    node = None if path is None else server.tree.get_node(path)
    # While it waits some children may come.
    return node is not None and 2 * node.num_children > server.reads.few_names


def begin_long_read(server: "ZooKeeperServer", request: Request, cnxn: ServerCnxn) -> None:
    """Answer a read bit by bit; `Reads` has left it untouched but for the position in its body."""
    request.body.pos = request.body_start
    work = long_read_of(server, request, cnxn)
    cnxn.work = work
    cnxn.is_busy = True
    server.slices.begin(work, server.now_ms)


def long_read_of(server: "ZooKeeperServer", request: Request, cnxn: ServerCnxn) -> LongRead:
    """The work that a request is."""
    type = request.type
    if type == op.MULTI_READ:
        return LongMultiRead(server, request, cnxn)
    if type == op.GET_EPHEMERALS:
        return LongGetEphemerals(server, request, cnxn)
    if type == op.GET_ALL_CHILDREN_NUMBER:
        return LongAllChildrenNumber(server, request, cnxn)
    if type == op.SET_WATCHES or type == op.SET_WATCHES2:
        return LongSetWatches(server, request, cnxn)
    return LongGetChildren(server, request, cnxn)
