"""The transaction log, byte by byte, without files.

    header    int magic "ZKLG" | int version 2 | long dbid 0
    record*   long Adler-32 of the payload | int length | payload | byte 'B'
    zeros     optional, up to the preallocated size

    payload   TxnHeader | body by type | TxnDigest (not after an error)

The rule that keeps it right: a reader accepts no record whose checksum it has not seen hold, and says where
and why it stopped (FileTxnLog.FileTxnIterator, SerializeUtils).
"""

from collections.abc import Callable
from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.checksums import adler32
from pyzoo.datatree.digest import DIGEST_VERSION
from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.jute.opcodes import (
    CLOSE_SESSION,
    CREATE,
    CREATE2,
    CREATE_CONTAINER,
    CREATE_SESSION,
    CREATE_TTL,
    DELETE,
    DELETE_CONTAINER,
    ERROR,
    MULTI,
    RECONFIG,
    SET_ACL,
    SET_DATA,
)
from pyzoo.jute.primitives import InputArchive, Record, field_limit
from pyzoo.jute.records import (
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    CreateTxnV0,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    TxnDigest,
    TxnHeader,
)

LOG_MAGIC: Final = 0x5A4B4C47
LOG_VERSION: Final = 2
HEADER_LENGTH: Final = 16
# Checksum, length and end mark around a payload.
RECORD_OVERHEAD: Final = 13
END_OF_RECORD: Final = 0x42
DIGEST_LENGTH: Final = 12

# How the reading of a file ended.
READING: Final = 0
END_OF_FILE: Final = 1  # right after a record
PADDING: Final = 2  # at zeros
TORN: Final = 3  # inside a record: it was being written when the server died
NO_HEADER: Final = 4  # fewer than 16 bytes, or nothing but zeros

TXN_HEADER_LENGTH: Final = 32

# A constant of this module: what another one has is looked up by its name for each record.
_adler32: Final = adler32
_CHUNK: Final = 1 << 20
_SCAN_LIMIT: Final = 4 << 20
_SUMMED_LIMIT: Final = 256 << 20
"""Bytes of what looks like records, each within the others, that are summed up at the most."""
_BODY: Final[dict[int, Callable[[InputArchive], Record]]] = {
    CREATE2: CreateTxn.decode,
    CREATE_CONTAINER: CreateContainerTxn.decode,
    CREATE_TTL: CreateTTLTxn.decode,
    DELETE: DeleteTxn.decode,
    DELETE_CONTAINER: DeleteTxn.decode,
    SET_DATA: SetDataTxn.decode,
    RECONFIG: SetDataTxn.decode,
    SET_ACL: SetACLTxn.decode,
    CREATE_SESSION: CreateSessionTxn.decode,
    ERROR: ErrorTxn.decode,
    MULTI: MultiTxn.decode,
}


def encode_file_header() -> bytes:
    """The first 16 bytes of every log."""
    out = BytesWriter()
    write_i32_be(out, LOG_MAGIC)
    write_i32_be(out, LOG_VERSION)
    write_i64_be(out, 0)
    return out.getvalue()


def append_record(out: BytesWriter, payload: bytes) -> None:
    """Append a whole record to `out`, for the records of one batch."""
    length: i64 = len(payload)
    # As a native integer: with what may be anything, compiled code would look the next function up by its name.
    checksum: i64 = _adler32(payload)
    write_i64_be(out, checksum)
    write_i32_be(out, i32(length))
    out.write(payload)
    out.append(END_OF_RECORD)


def begin_record(out: BytesWriter, *pieces: bytes) -> None:
    """Append what is before a payload, which these pieces are; they are to follow, and `end_record`."""
    checksum: i64 = 1
    length: i64 = 0
    for piece in pieces:
        checksum = _adler32(piece, checksum)
        length += len(piece)
    write_i64_be(out, checksum)
    write_i32_be(out, i32(length))


def end_record(out: BytesWriter) -> None:
    """Append what is behind a payload."""
    out.append(END_OF_RECORD)


def decode_txn(payload: bytes) -> tuple[TxnHeader, Record | None, TxnDigest | None]:
    """Take a payload apart; the body is None only for a closeSession without one.

    A create of servers before 3.4 comes back as CreateTxn with parent_cversion -1, which means "one more than
    now". Raises MalformedRecord when the body ends early or its type is not one that a log can hold.
    """
    archive = InputArchive(payload)
    header = TxnHeader.decode(archive)
    txn: Record | None = None
    if header.type == CREATE:
        txn = _decode_create(archive)
    elif header.type == CLOSE_SESSION:
        txn = _decode_close_session(archive)
    else:
        decode = _BODY.get(header.type)
        if decode is None:
            raise MalformedRecord(f"unsupported transaction type {header.type}")
        txn = decode(archive)
    if archive.end - archive.pos < DIGEST_LENGTH:
        return header, txn, None
    return header, txn, TxnDigest.decode(archive)


def _decode_create(archive: InputArchive) -> Record:
    start = archive.pos
    try:
        return CreateTxn.decode(archive)
    except MalformedRecord:
        archive.pos = start
    old = CreateTxnV0.decode(archive)
    return CreateTxn(old.path, old.data, old.acl, old.ephemeral, -1)


def _decode_close_session(archive: InputArchive) -> Record | None:
    """The body, or None where a server wrote none.

    Twelve bytes that begin with 2 are a digest on its own: as a body they would be two empty paths.
    """
    start = archive.pos
    left = archive.end - start
    if left == DIGEST_LENGTH and read_i32_be(archive.data, start) == DIGEST_VERSION:
        return None
    try:
        return CloseSessionTxn.decode(archive)
    except MalformedRecord:
        archive.pos = archive.end
        return None


@final
class LogReader:
    """The records of one log file, in order.

    `read(size)` gives the next bytes of the file, at most `size`, and none at its end; `path` is for
    messages. Call `next_payload` until it gives None; then `ending` says why and `end_offset` is where the
    last whole record ends. `offset` is where the current record begins.
    """

    def __init__(self, read: Callable[[int], bytes], path: str) -> None:
        self._read = read
        self.path = path
        self.ending: i64 = READING
        self.offset: i64 = 0
        self.end_offset: i64 = 0
        self.reason = ""
        self.version: i32 = 0
        self.dbid: i64 = 0
        self._data = b""
        self._pos: i64 = 0
        self._base: i64 = 0
        self._limit: i64 = field_limit()

    def _have(self, size: i64) -> bool:
        """Make `size` bytes available from the current position; False at the end of the file."""
        while len(self._data) - self._pos < size:
            missing: i64 = size - (len(self._data) - self._pos)
            chunk = self._read(max(missing, _CHUNK))
            if not chunk:
                return False
            self._base += self._pos
            self._data = self._data[self._pos :] + chunk
            self._pos = 0
        return True

    def read_header(self) -> bool:
        """Check the start of the file; False, with `ending` NO_HEADER, when it never got there.

        Raises CorruptStorage for another magic number; version and dbid are only kept, as in Apache.
        """
        if not self._have(HEADER_LENGTH):
            self.ending = NO_HEADER
            self.reason = "the file ends inside its header"
            return False
        magic = read_i32_be(self._data, 0)
        if magic == 0 and self._only_zeros():
            self.ending = NO_HEADER
            self.reason = "the file holds nothing but zeros"
            return False
        if magic != LOG_MAGIC:
            raise CorruptStorage(self.path, 0, f"not a transaction log: magic number {magic} instead of {LOG_MAGIC}")
        self.version = read_i32_be(self._data, 4)
        self.dbid = read_i64_be(self._data, 8)
        self._pos = HEADER_LENGTH
        self.offset = HEADER_LENGTH
        self.end_offset = HEADER_LENGTH
        return True

    def _only_zeros(self) -> bool:
        chunk = self._data
        while chunk:
            if chunk.count(0) != len(chunk):
                return False
            chunk = self._read(_CHUNK)
        return True

    def next_payload(self) -> bytes | None:
        """The payload of the next record, its checksum verified; None at the end (see `ending`).

        Raises CorruptStorage for what a dying server cannot have left behind: a length out of bounds, or a
        record that is complete but does not match its checksum.
        """
        if self.ending != READING or (self.end_offset == 0 and not self.read_header()):
            return None
        self.offset = self.end_offset
        if len(self._data) - self._pos < 12 and not self._have(12):
            left = self._data[self._pos :]
            if left.count(0) == len(left):
                return self._stop(PADDING if left else END_OF_FILE, "")
            return self._stop(TORN, "the file ends inside a record")
        checksum = read_i64_be(self._data, self._pos)
        length = i64(read_i32_be(self._data, self._pos + 8))
        if length == 0:
            # A checksum that came without its length: the write stopped between the two.
            return self._stop(PADDING if checksum == 0 else TORN, "a record lacks its length")
        if length < 0 or length > self._limit:
            raise CorruptStorage(
                self.path,
                self.offset + 8,
                f"unreasonable record length {length}; if the record is genuine raise jute.maxbuffer",
            )
        if len(self._data) - self._pos < length + RECORD_OVERHEAD and not self._have(length + RECORD_OVERHEAD):
            return self._stop(TORN, "the file ends inside a record")
        start = self._pos + 12
        payload = self._data[start : start + length]
        if self._data[start + length] != END_OF_RECORD:
            return self._stop(TORN, "a record lacks its end mark")
        actual: i64 = _adler32(payload)
        if actual != checksum:
            raise CorruptStorage(
                self.path, self.offset, f"CRC check failed: the record says {checksum}, its bytes {actual}"
            )
        self._pos = start + length + 1
        self.end_offset = self._base + self._pos
        return payload

    def find_record_after_torn(self) -> i64:
        """Where a whole record begins behind the torn one, within 4 MiB; -1 for none.

        The disk may have kept the end of a last, unsynced write and not its start; otherwise it means that
        the file was damaged later, and that acknowledged records are behind the damage.
        """
        self._have(_SCAN_LIMIT)
        data = self._data.rstrip(b"\x00")
        end: i64 = len(data)
        pos: i64 = self._pos + 1
        left: i64 = _SUMMED_LIMIT
        while end - pos >= RECORD_OVERHEAD + TXN_HEADER_LENGTH and left > 0:
            # The upper half of a checksum is zero.
            if read_i32_be(data, pos) == 0:
                length = i64(read_i32_be(data, pos + 8))
                start = pos + 12
                if TXN_HEADER_LENGTH <= length < end - start and data[start + length] == END_OF_RECORD:
                    left -= length
                    checksum: i64 = _adler32(data[start : start + length])
                    if checksum == read_i64_be(data, pos):
                        return self._base + pos
            pos += 1
        return -1

    def _stop(self, ending: i64, reason: str) -> bytes | None:
        self.ending = ending
        self.reason = reason
        return None
