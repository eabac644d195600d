"""Reads of what belongs to a connection or its session: ping, sync, whoAmI, getEphemerals."""

from typing import final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64

from pyzoo.datatree.java_order import ephemerals_copy_order
from pyzoo.datatree.long_txn import LongTxn
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, write_ustring
from pyzoo.jute.records import SyncRequest, write_vector_of_ustring
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner
from pyzoo.server.requests.operations.long_ephemerals import LongGetEphemerals, wanted_prefix
from pyzoo.server.requests.operations.operation import READ, Operation
from pyzoo.server.requests.reads import TAKES_LONGER, Reads


@final
class Ping(Operation):
    """ping."""

    def __init__(self) -> None:
        super().__init__(op.PING, READ, "ping", "PING")
        self.may_be_throttled = False

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        return 0

    def sees(self, closing: LongTxn, request: Request) -> bool:
        return False


@final
class Sync(Operation):
    """sync: answered by a leader when all that it knows to be committed is on its way to whoever asks."""

    def __init__(self) -> None:
        super().__init__(op.SYNC, READ, "sync", "SYNC")
        self.needs_leader = True

    def check(self, body: InputArchive) -> None:
        SyncRequest.decode(body)

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        write_ustring(out, request.body.read_ustring())
        return 0


@final
class WhoAmI(Operation):
    """whoAmI: the identities of the connection."""

    def __init__(self) -> None:
        super().__init__(op.WHO_AM_I, READ, "whoAmI", "HOMI")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        ids = request.ids
        count: i64 = len(ids)
        write_i32_be(out, i32(count))
        for id in ids:
            write_ustring(out, id.scheme)
            write_ustring(out, reads.access.user_name(id))
        return 0

    def sees(self, closing: LongTxn, request: Request) -> bool:
        return False


@final
class GetEphemerals(Operation):
    """getEphemerals: those of the session whose paths begin so."""

    def __init__(self) -> None:
        super().__init__(op.GET_EPHEMERALS, READ, "getEphemerals", "GETE")

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        prefix = wanted_prefix(request.body.read_ustring())
        if reads.tree.ownership.count_of(request.session_id) > reads.few_names:
            return TAKES_LONGER
        paths = ephemerals_copy_order(reads.tree.ephemerals_of(request.session_id))
        if prefix:
            paths = [path for path in paths if path.startswith(prefix)]
        names: list[str | None] = []
        names.extend(paths)
        write_vector_of_ustring(out, names)
        return 0

    def may_take_long(self, reads: Reads, request: Request) -> bool:
        return True

    def long_read(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> LongRead:
        return LongGetEphemerals(owner, request, cnxn)
