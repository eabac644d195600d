"""MultiReply: the answer to a multi of very many parts, written while these are applied."""

from typing import final

from librt.strings import BytesWriter

from pyzoo.datatree.txn_result import PartSink, ProcessTxnResult
from pyzoo.jute import opcodes as op
from pyzoo.server.requests.multi import write_multi_end, write_multi_error
from pyzoo.server.requests.operations.multi_write import write_part


@final
class MultiReply(PartSink):
    """One result for each part; after a failure all of them are error results."""

    def __init__(self, keeps: bool) -> None:
        super().__init__(keeps)
        self._out = BytesWriter()
        self._errors: list[int] = []
        self._has_failed = False

    def add(self, part: ProcessTxnResult) -> None:
        self._errors.append(part.err)
        if part.type == op.ERROR or part.err != 0:
            self._has_failed = True
        if not self._has_failed:
            write_part(part, self._out)

    def write(self, out: BytesWriter) -> None:
        if self._has_failed:
            for error in self._errors:
                write_multi_error(out, error)
        else:
            out.write(self._out.getvalue())
        write_multi_end(out)
