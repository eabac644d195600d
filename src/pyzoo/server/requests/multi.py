"""The framing of multi and multiRead: a MultiHeader before every part and result, and one with `done` at the end."""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, mypyc_attr

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record, write_bool

MULTI_END: Final = b"\xff\xff\xff\xff\x01\xff\xff\xff\xff"


@final
@mypyc_attr(acyclic=True)
class MultiOp:
    """One part: its normalised operation and its decoded body; reads and writes are never together."""

    def __init__(self, type: i32, body: Record, is_read: bool = False) -> None:
        self.type: i32 = type
        self.body = body
        self.is_read = is_read


def write_multi_header(out: BytesWriter, type: i32, err_code: i32) -> None:
    """The header of one result."""
    write_i32_be(out, type)
    write_bool(out, False)
    write_i32_be(out, err_code)


def write_multi_error(out: BytesWriter, err_code: i32) -> None:
    """One result that is an error."""
    write_multi_header(out, op.ERROR, err_code)
    write_i32_be(out, err_code)


def write_multi_end(out: BytesWriter) -> None:
    """The header that ends the results."""
    out.write(MULTI_END)
