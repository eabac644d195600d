"""multiRead: several reads at one moment, each with a result of its own."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import write_buffer
from pyzoo.jute.records import GetChildrenRequest, GetDataRequest, Id
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner
from pyzoo.server.requests.multi import write_multi_end, write_multi_error, write_multi_header
from pyzoo.server.requests.operations.long_multi_read import LongMultiRead
from pyzoo.server.requests.operations.operation import READ, Operation
from pyzoo.server.requests.operations.parts import decode_multi, holds_reads
from pyzoo.server.requests.reads import BODY_BYTES_A_UNIT, KEEP_BODY, TAKES_LONGER, PathsRead, Reads


@final
class MultiRead(Operation):
    """multiRead: errors of single reads are results; a write, or a null path, ends the reply early with -5."""

    def __init__(self) -> None:
        super().__init__(op.MULTI_READ, READ, "multiRead", "MLTR")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        body = request.body
        if body.end - body.pos > reads.most_units * BODY_BYTES_A_UNIT:
            return TAKES_LONGER
        begun: i64 = len(out)
        left = reads.most_units
        ops = decode_multi(body)
        if ops and not holds_reads(ops):
            write_multi_end(out)
            return KEEP_BODY + err.MARSHALLINGERROR
        read = PathsRead()
        for part in ops:
            start: i64 = len(out)
            try:
                left -= read_part(reads, part.body, request.ids, out, left, read)
            except KeeperError as error:
                out.truncate(start)
                if error.code == err.MARSHALLINGERROR:
                    read.count(reads.metrics)
                    write_multi_end(out)
                    return KEEP_BODY + err.MARSHALLINGERROR
                write_multi_error(out, error.code)
            if left < 0 or len(out) - begun > reads.most_bytes:
                return TAKES_LONGER
        read.count(reads.metrics)
        write_multi_end(out)
        return 0

    def may_take_long(self, reads: Reads, request: Request) -> bool:
        return True

    def long_read(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> LongRead:
        return LongMultiRead(owner, request, cnxn)


def read_part(reads: Reads, body: object, ids: list[Id], out: BytesWriter, most: i64, read: PathsRead) -> i64:
    """Append the result of one read, unless it is more than `most` units of work; returns how many it is."""
    units: i64 = 0
    if isinstance(body, GetDataRequest):
        node = reads.readable(body.path, ids)
        write_multi_header(out, op.GET_DATA, 0)
        data = node.data
        write_buffer(out, data)
        node.write_stat(out)
        read.add(body.path, 0 if data is None else len(data))
    elif isinstance(body, GetChildrenRequest):
        node = reads.readable(body.path, ids)
        units = reads.tree.listings.units(node)
        if units <= most:
            write_multi_header(out, op.GET_CHILDREN, 0)
            encoded = reads.tree.listings.encoded(node)
            out.write(encoded)
            read.add(body.path, len(encoded) - 4 * (node.num_children + 1))
    return units
