"""Frames, however the bytes arrive."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.framing import FrameBuffer, begin_frame, end_frame


def frames_of(buffer: FrameBuffer) -> list[bytes]:
    found = []
    while buffer.take():
        found.append(buffer.data[buffer.start : buffer.end])
    return found


@given(st.lists(st.binary(max_size=50), max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_frames_do_not_depend_on_how_the_bytes_arrive(payloads: list[bytes], steps: list[int]) -> None:
    wire = b"".join(struct.pack(">i", len(payload)) + payload for payload in payloads)
    buffer = FrameBuffer(1000)
    found = []
    at = turn = 0
    while at < len(wire):
        step = steps[turn % len(steps)]
        buffer.append(wire[at : at + step])
        found += frames_of(buffer)
        at += step
        turn += 1
    assert payloads == found
    assert buffer.waiting() == 0


def test_frames_that_wait_until_somebody_asks_are_found_in_all_that_has_arrived() -> None:
    buffer = FrameBuffer(100)
    buffer.append(struct.pack(">i", 50) + bytes(49))
    assert not buffer.take()
    buffer.append(bytes(1))
    assert buffer.take()
    for byte in struct.pack(">i", 2) + b"ab" + struct.pack(">i", 0):
        buffer.append(bytes([byte]))
    assert buffer.peek_word() == 2
    assert frames_of(buffer) == [b"ab", b""]


@pytest.mark.parametrize("length", [-1, -(2**31), 101, 2**31 - 1])
def test_a_length_outside_the_limit_is_a_violation(length: int) -> None:
    buffer = FrameBuffer(100)
    buffer.append(struct.pack(">i", length))
    with pytest.raises(ProtocolViolation):
        buffer.take()


def test_a_frame_of_exactly_the_limit_is_taken() -> None:
    buffer = FrameBuffer(100)
    buffer.append(struct.pack(">i", 100) + b"x" * 100)
    assert buffer.take()


def test_the_next_word_can_be_looked_at_without_taking_it() -> None:
    buffer = FrameBuffer(100)
    buffer.append(b"ru")
    assert buffer.peek_word() == -1
    buffer.append(b"ok")
    assert int.from_bytes(b"ruok", "big") == buffer.peek_word()
    assert buffer.rest() == b"ruok"


def test_the_length_of_a_frame_is_filled_in_at_its_end() -> None:
    out = BytesWriter()
    out.write(b"before")
    start = begin_frame(out)
    out.write(b"x" * 70_000)
    assert end_frame(out, start) == 70_000
    assert out.getvalue()[6:10] == struct.pack(">i", 70_000)
