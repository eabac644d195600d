"""Multis: many changes as one, all of them or none."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from attrs import frozen
from librt.strings import BytesWriter

from pyzoo.console.host import Body
from pyzoo.errors import OK
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import Create2Response, MultiHeader

Submit = Callable[[int, Body], Awaitable[InputArchive]]
"""Sends a request with the ids of the visitor; returns the body of the reply. Raises KeeperError and ChangeFailed."""

PARTS: Final = 200
"""Of one multi: few enough that nobody else waits for it."""
BYTES: Final = 256 << 10
"""Of one multi, as far as its parts can be cut; a request may have `jute.maxbuffer`."""


@frozen
class MultiBody:
    """The body of a multi of parts that are all of one kind, creates or deletes."""

    type: int
    parts: Sequence[Record]

    def encode(self, out: BytesWriter) -> None:
        """Append it."""
        for part in self.parts:
            MultiHeader(self.type, False, -1).encode(out)
            part.encode(out)
        MultiHeader(-1, True, -1).encode(out)


async def all_or_none(submit: Submit, type: int, parts: Sequence[Record]) -> bool:
    """Whether all were carried out; none was otherwise. Raises KeeperError and ChangeFailed as Submit does."""
    reply = await submit(op.MULTI, MultiBody(type, parts))
    while True:
        header = MultiHeader.decode(reply)
        if header.done:
            return True
        if header.type == op.ERROR:
            if reply.read_int() != OK:
                return False
        elif header.type in (op.CREATE2, op.CREATE):
            _skip_create(reply, header.type)


def _skip_create(reply: InputArchive, type: int) -> None:
    if type == op.CREATE2:
        Create2Response.decode(reply)
    else:
        reply.read_ustring()
