"""What the writer and its workers tell each other beside the packets between a leader and its observers.

They are packets of the same kind, with types that no ensemble has. What may be long goes in pieces.
"""

import json
from typing import Any, Final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.errors import MalformedRecord
from pyzoo.quorum.packets import packet

MOVED: Final = 100
"""A client has come with a session: whoever has another connection of it closes that."""
LOOK: Final = 101
"""To a worker: tell what operators want to know; the zxid is the number of the look."""
REPORT: Final = 102
"""To the writer: a piece of the answer."""
WORD: Final = 103
"""To the writer: a client has sent a four-letter word; the zxid is the number of the question."""
ANSWER: Final = 104
"""To a worker: a piece of the answer."""
RESET: Final = 105
"""To a worker: set the statistics of all connections back."""

REFUSED: Final = 106
"""To a worker: a request that it has forwarded cannot be read, and becomes no transaction."""

PIECE_BYTES: Final = 1 << 18
_LAST: Final = b"\x01"
_MORE: Final = b"\x00"


def moved_packet(session_id: i64) -> bytes:
    """A MOVED."""
    out = BytesWriter()
    write_i64_be(out, session_id)
    return packet(MOVED, -1, out.getvalue())


def session_of(data: bytes | None) -> i64:
    """The session of a MOVED."""
    if data is None or len(data) != 8:
        raise MalformedRecord("MOVED without a session")
    return read_i64_be(data, 0)


def refused_packet(session_id: i64, cxid: i32, code: i32) -> bytes:
    """A REFUSED with the number that its client gave the request, and the error."""
    out = BytesWriter()
    write_i64_be(out, session_id)
    write_i32_be(out, cxid)
    write_i32_be(out, code)
    return packet(REFUSED, -1, out.getvalue())


def refused_of(data: bytes | None) -> tuple[int, int, int]:
    """Session, number and error of a REFUSED."""
    if data is None or len(data) != 16:
        raise MalformedRecord("REFUSED without a request")
    return read_i64_be(data, 0), read_i32_be(data, 8), read_i32_be(data, 12)


def look_packet(number: i64, wants_watches: bool) -> bytes:
    """A LOOK."""
    return packet(LOOK, number, b"\x01" if wants_watches else b"\x00")


def pieces(type: i32, number: i64, data: bytes) -> list[bytes]:
    """REPORTs of these bytes, the last of which says so."""
    found: list[bytes] = []
    begin = 0
    while len(data) - begin > PIECE_BYTES:
        found.append(packet(type, number, _MORE + data[begin : begin + PIECE_BYTES]))
        begin += PIECE_BYTES
    found.append(packet(type, number, _LAST + data[begin:]))
    return found


def piece(type: i32, number: i64, data: bytes, is_last: bool) -> bytes:
    """One piece, such as of an ANSWER."""
    return packet(type, number, (_LAST if is_last else _MORE) + data)


def is_last_piece(data: bytes | None) -> bool:
    """Whether no other follows."""
    return not data or data[0] != 0


def piece_of(data: bytes | None) -> bytes:
    """Its bytes."""
    return b"" if data is None else data[1:]


def word_packet(number: i64, address: str, port: int, secure: bool, data: bytes) -> bytes:
    """A WORD of the client at this address, with all that it has sent."""
    asked = {"address": address, "port": port, "secure": secure, "data": data.hex()}
    return packet(WORD, number, json.dumps(asked).encode())


def word_asked(data: bytes | None) -> dict[str, Any]:
    """What a WORD says."""
    asked: dict[str, Any] = json.loads(data or b"{}")
    return asked
