"""What came of a transaction, and the parts of a multi."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i32, mypyc_attr

from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import (
    CheckVersionTxn,
    CreateContainerTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetDataTxn,
    Stat,
)


class PartSink:
    """Who takes the result of each part of a multi that is applied over several turns.

    With `keeps` they are among the `results` of the multi all the same.
    """

    def __init__(self, keeps: bool) -> None:
        self.keeps = keeps

    def add(self, part: "ProcessTxnResult") -> None:
        """The next part is applied."""
        raise NotImplementedError

    def write(self, out: BytesWriter) -> None:
        """The answer to all of them."""
        raise NotImplementedError


@final
@mypyc_attr(acyclic=True)
class ProcessTxnResult:
    """What came of a transaction or of one part of a multi; `type` and `err` are those of its reply.

    `stat` is there after every create but plain create, and after setData, setACL and reconfig: the Stat as
    that operation left it. `results` are the parts of a multi, unless a `sink` has taken them.
    """

    __slots__ = ("err", "path", "results", "sink", "stat", "type")

    def __init__(self, type: i32) -> None:
        self.err: i32 = 0
        self.type: i32 = type
        self.path: str | None = None
        self.stat: Stat | None = None
        self.results: list[ProcessTxnResult] | None = None
        self.sink: PartSink | None = None

    def write_stat(self, out: BytesWriter) -> None:
        """The Stat, which has to be there."""
        stat = self.stat
        assert stat is not None
        stat.encode(out)


def decode_part(type: i32, data: bytes | None) -> Record:
    """Decode the body of one part; raises MalformedRecord, also for a type that no multi has."""
    archive = InputArchive(b"" if data is None else data)
    if type == op.CREATE or type == op.CREATE2:
        return CreateTxn.decode(archive)
    if type == op.DELETE or type == op.DELETE_CONTAINER:
        return DeleteTxn.decode(archive)
    if type == op.SET_DATA:
        return SetDataTxn.decode(archive)
    if type == op.CHECK:
        return CheckVersionTxn.decode(archive)
    if type == op.CREATE_CONTAINER:
        return CreateContainerTxn.decode(archive)
    if type == op.CREATE_TTL:
        return CreateTTLTxn.decode(archive)
    if type == op.ERROR:
        return ErrorTxn.decode(archive)
    raise MalformedRecord(f"transaction type {type} cannot be part of a multi")


def decode_parts(multi: MultiTxn, types: list[int], txns: list[Record]) -> bool:
    """Append the types and bodies of all parts; False, with nothing appended, when one is not readable.

    Such a multi has no effect (the exception is swallowed in DataTree.processTxn).
    """
    bodies: list[Record] = []
    numbers: list[int] = []
    for txn in multi.txns or []:
        try:
            bodies.append(decode_part(txn.type, txn.data))
        except MalformedRecord:
            return False
        numbers.append(txn.type)
    types.extend(numbers)
    txns.extend(bodies)
    return True
