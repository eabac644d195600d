"""Reads of what is below a node: getChildren, getChildren2, getAllChildrenNumber."""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32

from pyzoo.datatree.long_txn import LongTxn
from pyzoo.datatree.watches import STANDARD
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import GetChildrenRequest
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.operations import operation as kinds
from pyzoo.server.requests.operations.long_children import LongGetChildren
from pyzoo.server.requests.operations.long_count import LongAllChildrenNumber
from pyzoo.server.requests.operations.node_reads import hides_path, peek_path
from pyzoo.server.requests.operations.operation import Operation
from pyzoo.server.requests.reads import TAKES_LONGER, Reads

_UNITS_A_NODE: Final = 2
"""To count it."""


@final
class GetChildren(Operation):
    """getChildren and getChildren2, which has the Stat too."""

    def __init__(self, opcode: i32, name: str) -> None:
        super().__init__(opcode, kinds.READ, name, "GETC")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        body = request.body
        path = body.read_ustring()
        watch = body.read_bool()
        node = reads.readable(path, request.ids)
        tree = reads.tree
        is_large = node.num_children > reads.few_names and tree.listings.units(node) > reads.most_units
        if is_large and not reads.all_at_once:
            return TAKES_LONGER
        if watch and path is not None:
            tree.child_watches.add(path, cnxn, STANDARD)
        encoded = tree.listings.encoded(node)
        # Java counts the names alone: the vector is their bytes, four for each and four for their number.
        reads.metrics.path_read(path or "", len(encoded) - 4 * (node.num_children + 1))
        out.write(encoded)
        if self.opcode == op.GET_CHILDREN2:
            node.write_stat(out)
        return 0

    def may_take_long(self, reads: Reads, request: Request) -> bool:
        path = peek_path(request)
        node = None if path is None else reads.tree.get_node(path)
        # While it waits some children may come.
        return node is not None and 2 * node.num_children > reads.few_names

    def long_read(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> LongRead:
        return LongGetChildren(owner, request, cnxn)

    def sees(self, closing: LongTxn, request: Request) -> bool:
        return hides_path(closing, request)

    def decode_part(self, archive: InputArchive) -> MultiOp:
        return MultiOp(op.GET_CHILDREN, GetChildrenRequest.decode(archive), True)


@final
class GetAllChildrenNumber(Operation):
    """getAllChildrenNumber."""

    def __init__(self) -> None:
        super().__init__(op.GET_ALL_CHILDREN_NUMBER, kinds.READ, "getAllChildrenNumber", "GETACN")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        asked = request.body.read_ustring()
        reads.readable(asked, request.ids)
        path = asked or ""
        if len(path) > 1 and reads.tree.has_more_below(path, reads.most_units // _UNITS_A_NODE):
            return TAKES_LONGER
        write_i32_be(out, reads.tree.all_children_number(path))
        return 0

    def may_take_long(self, reads: Reads, request: Request) -> bool:
        return True

    def long_read(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> LongRead:
        return LongAllChildrenNumber(owner, request, cnxn)
