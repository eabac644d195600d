"""The records of a log one by one, the broken ones too: for tools, where a server would stop.

A record is handed out whether or not its checksum holds; who reads it decides. Only a length that nothing can have ends
the reading with an error, for behind it no record can be found.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

from attrs import frozen

from pyzoo.checksums import adler32
from pyzoo.errors import MalformedRecord, ToolError
from pyzoo.jute.primitives import Record, field_limit
from pyzoo.jute.records import TxnHeader
from pyzoo.persistence.log_format import (
    END_OF_RECORD,
    HEADER_LENGTH,
    LOG_MAGIC,
    LogReader,
    decode_txn,
    encode_file_header,
)

UNEXPECTED_ERROR: Final = 1
INVALID_INVOCATION: Final = 2
PARTIAL: Final = "Last transaction was partial."

_CHUNK: Final = 1 << 20
_RECORD_START: Final = 12
_SCAN_LIMIT: Final = 4 << 20


@frozen
class LogHeader:
    """The first bytes of a file; neither number means anything to a server."""

    data: bytes

    def __str__(self) -> str:
        version, dbid = (int.from_bytes(part, "big", signed=True) for part in (self.data[4:8], self.data[8:]))
        return f"ZooKeeper Transactional Log File with dbid {dbid} txnlog format version {version}\n"


@frozen
class LogRecord:
    """A record that begins at byte `offset`; `is_ended` says whether its end mark is there."""

    offset: int
    checksum: int
    payload: bytes
    is_ended: bool

    @property
    def right_checksum(self) -> int:
        """What the checksum of these bytes is."""
        return adler32(self.payload)

    @property
    def is_intact(self) -> bool:
        """Whether its bytes are those that were written."""
        return self.checksum == self.right_checksum

    def encoded(self, checksum: int) -> bytes:
        """The whole record, with this checksum."""
        start = checksum.to_bytes(8, "big") + len(self.payload).to_bytes(4, "big")
        return b"".join((start, self.payload, END_OF_RECORD.to_bytes(1, "big")))

    def decoded(self) -> tuple[TxnHeader, Record | None]:
        """The transaction. Raises ToolError when its bytes are none."""
        try:
            header, txn, _ = decode_txn(self.payload)
        except MalformedRecord as error:
            raise ToolError(f"The record at byte {self.offset} is no transaction: {error}") from error
        return header, txn


class LogFile:
    """A log that is read once from its start, one chunk at a time; `read(size)` gives its next bytes."""

    def __init__(self, read: Callable[[int], bytes], name: str) -> None:
        self._read = read
        self._name = name
        self._data = b""
        self._pos = 0
        self._base = 0

    @property
    def offset(self) -> int:
        """How far it was read."""
        return self._base + self._pos

    def _take(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end of the file."""
        if len(self._data) - self._pos < size:
            pieces = [self._data[self._pos :]]
            have = len(pieces[0])
            while have < size and (chunk := self._read(max(size - have, _CHUNK))):
                pieces.append(chunk)
                have += len(chunk)
            self._base += self._pos
            self._data = b"".join(pieces)
            self._pos = 0
        piece = self._data[self._pos : self._pos + size]
        self._pos += len(piece)
        return piece

    def header(self) -> LogHeader:
        """The file header, to be read first. Raises ToolError for what is no log."""
        start = self._take(HEADER_LENGTH)
        if start[:4] != LOG_MAGIC.to_bytes(4, "big") and len(start) >= 4:
            raise ToolError(f"Invalid magic number for {self._name}", INVALID_INVOCATION)
        if len(start) < HEADER_LENGTH:
            raise ToolError(f"{self._name} is not a transaction log: it ends inside its header", UNEXPECTED_ERROR)
        return LogHeader(start)

    def records(self) -> Iterator[LogRecord]:
        """All records up to the padding or the end of the file. Raises ToolError for an impossible length."""
        while True:
            offset = self.offset
            start = self._take(_RECORD_START)
            length = int.from_bytes(start[8:], "big", signed=True)
            if len(start) < _RECORD_START or length == 0:
                return
            if length < 0 or length > field_limit():
                raise ToolError(
                    f"Unreasonable length = {length} of the record at byte {offset} of {self._name}; "
                    "if it is genuine raise jute.maxbuffer"
                )
            payload = self._take(length)
            if len(payload) < length:
                return
            is_ended = self._take(1) == END_OF_RECORD.to_bytes(1, "big")
            yield LogRecord(offset, int.from_bytes(start[:8], "big"), payload, is_ended)

    def has_records_behind(self, swallowed: bytes) -> bool:
        """Whether a whole record begins within the next 4 MiB, or in what a bad record seemed to hold."""
        data = b"".join((encode_file_header(), b"\0", swallowed, self._take(_SCAN_LIMIT)))
        scanner = LogReader(BytesIO(data).read, self._name)
        scanner.read_header()
        return scanner.find_record_after_torn() >= 0
