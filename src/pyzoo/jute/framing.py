"""Frames: a length and that many bytes, the same in both directions of the client port."""

from typing import final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from mypy_extensions import i64, u8

from pyzoo.errors import ProtocolViolation


def begin_frame(out: BytesWriter) -> i64:
    """Leave room for a length; give the result to `end_frame`."""
    start: i64 = len(out)
    write_i32_be(out, 0)
    return start


def end_frame(out: BytesWriter, start: i64) -> i64:
    """Fill in the length of the frame begun at `start`; returns it."""
    length: i64 = len(out) - start - 4
    out[start] = u8((length >> 24) & 0xFF)
    out[start + 1] = u8((length >> 16) & 0xFF)
    out[start + 2] = u8((length >> 8) & 0xFF)
    out[start + 3] = u8(length & 0xFF)
    return length


@final
class FrameBuffer:
    """Bytes that have arrived and are not used yet.

    `append` and then `take` until it is False; the frame is data[start:end]. Chunks are joined only when a
    whole frame is there, so bytes that trickle in cost no more than their number.
    """

    def __init__(self, max_frame: i64) -> None:
        self.max_frame: i64 = max_frame
        self.data: bytes = b""
        self.start: i64 = 0
        self.end: i64 = 0
        self._pos: i64 = 0
        self._need: i64 = 4
        self._chunks: list[bytes] = []
        self._chunk_bytes: i64 = 0

    def append(self, data: bytes) -> None:
        """Add what came from the network."""
        left: i64 = len(self.data) - self._pos
        if left == 0 and not self._chunks:
            self.data = data
            self._pos = 0
            return
        self._chunks.append(data)
        self._chunk_bytes += len(data)
        if left + self._chunk_bytes >= self._need:
            self._join()

    def waiting(self) -> i64:
        """How many bytes are held."""
        return len(self.data) - self._pos + self._chunk_bytes

    def peek_word(self) -> i64:
        """The next length word, or -1 when fewer than four bytes are there; as unsigned."""
        if len(self.data) - self._pos < 4:
            if self.waiting() < 4:
                return -1
            self._join()
        word = i64(read_i32_be(self.data, self._pos))
        return word & 0xFFFFFFFF

    def rest(self) -> bytes:
        """All that is held, without taking it."""
        return self.data[self._pos :] + b"".join(self._chunks)

    def take(self) -> bool:
        """Move to the next whole frame.

        Raises ProtocolViolation when its length is negative or over the limit.
        """
        pos = self._pos
        available: i64 = len(self.data) - pos
        if available < 4:
            return self._take_joined(4)
        length = i64(read_i32_be(self.data, pos))
        if length < 0 or length > self.max_frame:
            raise ProtocolViolation(f"a frame of {length} bytes is outside 0 to {self.max_frame}")
        if available < length + 4:
            return self._take_joined(length + 4)
        self.start = pos + 4
        self.end = pos + 4 + length
        self._pos = self.end
        return True

    def is_used_up(self) -> bool:
        """Whether nothing is held behind the last frame, of which no more is kept then."""
        if self._pos < len(self.data) or self._chunk_bytes > 0:
            return False
        self.data = b""
        self._pos = 0
        return True

    def _take_joined(self, need: i64) -> bool:
        """Of the next frame, `need` bytes or more, not all is in `data`: chunks that nobody asked for may have it."""
        self._need = need
        if self._chunks and self.waiting() >= need:
            self._join()
            return self.take()
        self._drop_used()
        return False

    def _join(self) -> None:
        self.data = self.data[self._pos :] + b"".join(self._chunks)
        self._pos = 0
        self._chunks = []
        self._chunk_bytes = 0

    def _drop_used(self) -> None:
        if self._pos == len(self.data):
            self.data = b""
            self._pos = 0
        elif self._pos > 0:
            self.data = self.data[self._pos :]
            self._pos = 0
