"""Data of a node in a form, and back: nothing of it is lost on the way.

A browser sends every end of a line as CR LF, so how they were is said beside the text. What cannot be text in a form
without loss is hex or base64.
"""

import base64
import binascii
from typing import Final

from attrs import frozen

from pyzoo.console.nodes.data_text import is_text
from pyzoo.errors import MalformedInput

TEXT: Final = "text"
CRLF: Final = "crlf"
HEX: Final = "hex"
BASE64: Final = "base64"
MOST_HEX: Final = 64 << 10
"""Bytes that are offered in hex; more are base64, which is shorter."""
_ROW: Final = 32


@frozen
class TypedData:
    """What stands in a form: `data` written as text (with line feeds), crlf, hex or base64."""

    data: str
    encoding: str

    @classmethod
    def of(cls, data: bytes, encoding: str = "") -> "TypedData":
        """Data as it is offered to be edited, in the encoding that was asked for if that can have it."""
        possible = _possible(data)
        chosen = encoding if encoding in possible else possible[0]
        if chosen in (TEXT, CRLF):
            return cls(_with_line_feeds(data.decode()), chosen)
        if chosen == HEX:
            return cls("\n".join(data[at : at + _ROW].hex(" ") for at in range(0, len(data), _ROW)), HEX)
        return cls(base64.encodebytes(data).decode("ascii"), BASE64)

    def to_bytes(self) -> bytes:
        """The data. Raises MalformedInput."""
        if self.encoding == HEX:
            return _of_hex(self.data)
        if self.encoding == BASE64:
            return _of_base64(self.data)
        text = _with_line_feeds(self.data)
        try:
            return (text.replace("\n", "\r\n") if self.encoding == CRLF else text).encode()
        except UnicodeEncodeError as error:
            raise MalformedInput(f"The text has half a character at {error.start}, which UTF-8 cannot say.") from None


def _possible(data: bytes) -> list[str]:
    found = [HEX, BASE64] if len(data) <= MOST_HEX else [BASE64, HEX]
    if is_text(data):
        if b"\r" not in data:
            found.insert(0, TEXT)
        rest = data.replace(b"\r\n", b"")
        if b"\r" not in rest and b"\n" not in rest:
            found.insert(1 if found[0] == TEXT else 0, CRLF)
    return found


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _of_hex(text: str) -> bytes:
    try:
        return bytes.fromhex("".join(text.split()))
    except ValueError:
        raise MalformedInput("This is no hex: it has two of 0-9 and a-f for each byte.") from None


def _of_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedInput("This is no base64.") from None
