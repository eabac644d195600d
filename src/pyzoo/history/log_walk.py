"""Going through a log by the lengths of its records, to find a few among millions.

Nothing is decoded but what stands at a fixed place in each record, and no checksum is looked at: who reads what was
found does that.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, final

from librt.strings import read_i32_be, read_i64_be
from mypy_extensions import i32, i64

from pyzoo.jute.primitives import field_limit
from pyzoo.persistence.log_format import (
    END_OF_RECORD,
    HEADER_LENGTH,
    LOG_MAGIC,
    RECORD_OVERHEAD,
    TXN_HEADER_LENGTH,
)

PIECE: Final = 1 << 20
"""Bytes of a log that are read at a time."""
NO_SESSION: Final = -0x8000000000000000
"""No session has this id."""

_RECORD_START: Final = 12
_TO_ZXID: Final = 12
_TO_TIME: Final = 20
_TO_TYPE: Final = 28
_ANY_TYPE: Final = 0x7FFFFFFF
_TO_LENGTH: Final = 8
_MOST: Final = 0x7FFFFFFFFFFFFFFF
_UNKNOWN: Final = -1
_NOWHERE: Final = 0x7FFFFFFFFFFFFFFF


@final
class Wanted:
    """Which records are wanted: all bounds count as within; times in ms since 1970.

    `session` is NO_SESSION and `type` ANY_TYPE where they do not matter.
    """

    def __init__(
        self,
        from_zxid: i64 = 0,
        to_zxid: i64 = _MOST,
        since: i64 = -_MOST,
        until: i64 = _MOST,
        session: i64 = NO_SESSION,
        without_type: i32 = _ANY_TYPE,
    ) -> None:
        self.from_zxid: i64 = from_zxid
        self.to_zxid: i64 = to_zxid
        self.since: i64 = since
        self.until: i64 = until
        self.session: i64 = session
        self.without_type: i32 = without_type


@final
class LogWalk:
    """One way through a log from its start; `read(size)` gives its next bytes, none at the end.

    With `begin` it goes on from that byte, where a record ends. With a `needle` only records that have these bytes are
    wanted. After `run`, `found` has where the last of the wanted records begin, at most `most` of them, oldest first,
    and `left_out` says whether there were more. `first_zxid` is that of the first record and `first_time` its time, -1
    where there is none; `last_zxid` is the highest. `is_damaged` says that it ended where no server ends a log, at
    byte `offset`.
    """

    def __init__(self, read: Callable[[int], bytes], wanted: Wanted, needle: bytes, most: i64, begin: i64 = 0) -> None:
        self._read = read
        self._wanted = wanted
        self._needle = needle
        self._most: i64 = most
        self._data = b""
        self._pos: i64 = 0
        self._begin: i64 = begin
        self._base: i64 = begin
        self._hit: i64 = _UNKNOWN if needle else i64(0)
        self._limit: i64 = field_limit()
        self.found: deque[int] = deque()
        self.left_out = False
        self.first_zxid: i64 = -1
        self.first_time: i64 = -1
        self.last_zxid: i64 = -1
        self.is_damaged = False

    @property
    def offset(self) -> int:
        """How far it went."""
        return self._base + self._pos

    def run(self, goes_on: Callable[[], bool]) -> bool:
        """Walk until the end; `goes_on` is asked for each piece: False when it says no."""
        if self._begin == 0:
            if not self._have(HEADER_LENGTH) or read_i32_be(self._data, 0) != LOG_MAGIC:
                return True
            self._pos = HEADER_LENGTH
        while goes_on():
            if not self._walk_piece():
                return True
        return False

    def _have(self, size: i64) -> bool:
        """Have so many bytes from here on; False at the end of the file."""
        while len(self._data) - self._pos < size:
            chunk = self._read(max(size, PIECE))
            if not chunk:
                return False
            self._base += self._pos
            self._data = self._data[self._pos :] + chunk
            self._pos = 0
            if self._needle:
                self._hit = _UNKNOWN
        return True

    def _walk_piece(self) -> bool:
        """Walk through what was read, and one record more; False at the end of the log."""
        limit = self._limit
        while True:
            if len(self._data) - self._pos < _RECORD_START and not self._have(_RECORD_START):
                return False
            length = i64(read_i32_be(self._data, self._pos + _TO_LENGTH))
            if length < TXN_HEADER_LENGTH or length > limit:
                # Zeros are what a server has not written yet.
                self.is_damaged = length != 0
                return False
            needs_more = len(self._data) - self._pos < length + RECORD_OVERHEAD
            if needs_more and not self._have(length + RECORD_OVERHEAD):
                return False
            start = self._pos + _RECORD_START
            end = start + length + 1
            if self._data[end - 1] != END_OF_RECORD:
                # It is being written, or was when the server died.
                return False
            self._record(start, end)
            self._pos = end
            if needs_more:
                return True

    def _record(self, start: i64, end: i64) -> None:
        data = self._data
        zxid = read_i64_be(data, start + _TO_ZXID)
        time = read_i64_be(data, start + _TO_TIME)
        if self.first_zxid < 0:
            self.first_zxid = zxid
            self.first_time = time
        if zxid > self.last_zxid:
            self.last_zxid = zxid
        if self._needle:
            if self._hit < start:
                at: i64 = data.find(self._needle, start)
                self._hit = _NOWHERE if at < 0 else at
            if self._hit >= end:
                return
        wanted = self._wanted
        if zxid > wanted.to_zxid or zxid < wanted.from_zxid or time < wanted.since or time > wanted.until:
            return
        if wanted.session != NO_SESSION and read_i64_be(data, start) != wanted.session:
            return
        if wanted.without_type != _ANY_TYPE and read_i32_be(data, start + _TO_TYPE) == wanted.without_type:
            return
        self.found.append(self._base + self._pos)
        if len(self.found) > self._most:
            self.found.popleft()
            self.left_out = True


@final
class ByteSearch:
    """Whether some bytes are in a log; `tail` is the end of it then, at most two pieces, where it was read that far."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.tail = b""

    def has(self, needle: bytes, goes_on: Callable[[], bool]) -> bool:
        """True too when `goes_on`, which is asked for each piece, says no.

        Behind more zeros than any record may have nothing is expected: that is where a server has not written yet.
        """
        keep: i64 = len(needle) - 1
        limit: i64 = field_limit()
        data = b""
        zeros: i64 = 0
        while zeros <= limit:
            if not goes_on():
                return True
            chunk = self._read(PIECE)
            if not chunk:
                return False
            if chunk[len(chunk) - 1] == 0 and chunk.count(0) == len(chunk):
                zeros += len(chunk)
                continue
            if zeros > 0:
                data += bytes(zeros)
                zeros = 0
            self.tail = data[max(len(data) - PIECE, 0) :] + chunk
            if len(data) > keep:
                data = data[len(data) - keep :]
            data += chunk
            if data.find(needle) >= 0:
                return True
        return False
