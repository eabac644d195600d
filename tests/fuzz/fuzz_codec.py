"""Frames and records: what is under everything that comes over a network."""

from typing import Any

import construct as c

from pyzoo.errors import MalformedRecord, ProtocolViolation
from pyzoo.jute import records
from pyzoo.jute.framing import FrameBuffer
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.schema.records import RECORDS
from tests.fuzz.mutators import framed
from tests.fuzz.pieces import arrivals, head_and_rest, join_frames
from tests.fuzz.target import Target
from tests.support.codec import as_plain, encoded, from_container

MOST = 1000
NAMES = sorted(RECORDS)


def fuzz_frames(data: bytes) -> None:
    """Frames come out as they went in, in any split, and no more is held than one frame and what came last."""
    how, wire = head_and_rest(data)
    buffer = FrameBuffer(MOST)
    found: list[bytes] = []
    violated = False
    for number, piece in enumerate(arrivals(wire, how)):
        buffer.append(piece)
        if number % 5 < how >> 5:
            # Back-pressure: nobody asks for frames now.
            continue
        violated = _take_all(buffer, found)
        if violated:
            break
        assert buffer.waiting() <= MOST + 4
        assert len(buffer.rest()) == buffer.waiting()
    violated = violated or _take_all(buffer, found)
    expected, ends_badly = _frames_of(wire)
    assert expected == found
    assert violated == ends_badly


def _take_all(buffer: FrameBuffer, found: list[bytes]) -> bool:
    """Whether a frame is a violation."""
    try:
        while buffer.take():
            found.append(buffer.data[buffer.start : buffer.end])
    except ProtocolViolation:
        return True
    return False


def _frames_of(wire: bytes) -> tuple[list[bytes], bool]:
    found: list[bytes] = []
    at = 0
    while len(wire) - at >= 4:
        length = int.from_bytes(wire[at : at + 4], "big", signed=True)
        if not 0 <= length <= MOST:
            return found, True
        if len(wire) - at - 4 < length:
            break
        found.append(wire[at + 4 : at + 4 + length])
        at += 4 + length
    return found, False


def fuzz_records(data: bytes) -> None:
    """Both codecs read the same or refuse both; what was read is written as by both, and reads back the same."""
    which, body = head_and_rest(data)
    name = NAMES[which % len(NAMES)]
    kind = getattr(records, name)
    archive = InputArchive(body)
    try:
        record = kind.decode(archive)
    except MalformedRecord:
        assert _construct_refuses(name, body)
        return
    plain = as_plain(record)
    assert from_container(RECORDS[name].parse(body)) == plain
    whole = encoded(record)
    assert RECORDS[name].build(plain) == whole
    # Text beyond the BMP goes out as two surrogates each, which nobody reads back.
    again = kind.decode(InputArchive(whole))
    assert encoded(again) == whole or _is_beyond_the_bmp(plain)
    assert repr(record)


def _is_beyond_the_bmp(value: Any) -> bool:
    if isinstance(value, str):
        return max(value, default="") > "\uffff"
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and any(map(_is_beyond_the_bmp, value))


def _construct_refuses(name: str, body: bytes) -> bool:
    try:
        RECORDS[name].parse(body)
    except c.ConstructError:
        return True
    return False


def _frame_seeds() -> list[bytes]:
    wire = join_frames([b"", b"a", bytes(40), b"b" * MOST])
    return [bytes([how]) + wire for how in (0, 1, 7)] + [b"\0" + (MOST + 1).to_bytes(4, "big"), b"\2\xff\xff\xff\xff"]


def _record_seeds() -> list[bytes]:
    """A record of zeros, of nulls and of a short text each."""
    fills = (bytes(200), b"\xff" * 200, b"\0\0\0\1/" * 40, b"\0\0\0\1" + b"\0\0\0\2ab" * 40)
    return [bytes([number]) + fill for number in range(len(NAMES)) for fill in fills]


TARGETS = (
    Target(fuzz_frames, _frame_seeds, mutator=framed(1, [b"", b"abc", bytes(300)])),
    Target(fuzz_records, _record_seeds, words=[b"\xff\xff\xff\xff", b"\0\0\0\1", b"\xed\xa0\xbd", b"\xf0\x9f\x98\x80"]),
)
