"""The log records of a turn, each encoded once, and when the log is rolled for a snapshot."""

from collections.abc import Callable
from typing import Final, final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.digest import DIGEST_VERSION
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record, write_ustring
from pyzoo.jute.records import CreateTxn, SetDataTxn, TxnHeader
from pyzoo.persistence.log_format import RECORD_OVERHEAD, append_record, begin_record, end_record
from pyzoo.server.effects import LogBatch
from pyzoo.server.requests.open_acl import write_create, write_create_end

_KEEP_WRITER: Final = 1 << 20
LARGE: Final = 1 << 12
"""Bytes from which on it costs less to write something from where it is than to copy it to the records beside it."""


@final
class LogBatcher:
    """Collects records; `take` gives them as one batch.

    The log rolls, and a snapshot begins, somewhere between half of snapCount transactions and all of it, or
    likewise for bytes and snapSizeLimitInKb: drawn anew each time, so that the servers of an ensemble do not
    all save at once (SyncRequestProcessor.shouldSnapshot).
    """

    def __init__(self, config: ServerConfig, draw: Callable[[int], int]) -> None:
        self._draw = draw
        self._snap_count: int = config.snap_count
        self._size_limit: int = config.snap_size_limit_kb * 1024
        self._digest_enabled: bool = config.digest_enabled
        self._close_session_body: bool = config.close_session_txn_enabled
        self._out = BytesWriter()
        self._records = BytesWriter()
        self._pieces: list[bytes] = []  # before what is in `_records`
        self._waiting: i64 = 0
        self._first_zxid: i64 = 0
        self._last_zxid: i64 = 0
        self._txns: i64 = 0
        self._bytes: i64 = 0
        self._roll_after_txns: i64 = 0
        self._roll_after_bytes: i64 = 0
        self._draw_roll_points()

    def _draw_roll_points(self) -> None:
        self._txns = 0
        self._bytes = 0
        half = max(self._snap_count // 2, 1)
        self._roll_after_txns = half + self._draw(half)
        limit = self._size_limit
        self._roll_after_bytes = limit // 2 + self._draw(limit // 2) if limit > 1 else 0

    def encode(self, header: TxnHeader, txn: Record, tree_digest: i64, encoded_txn: bytes | None = None) -> bytes:
        """A transaction with, unless it is an error, the digest of the tree after it: logged and proposed as it is.

        `encoded_txn` is what `txn` would be, where that is known already.
        """
        out = self._out
        out.truncate(0)
        header.encode(out)
        if header.type != op.CLOSE_SESSION or self._close_session_body:
            if isinstance(txn, CreateTxn):
                write_create(out, txn)
            elif encoded_txn is None:
                txn.encode(out)
            else:
                out.write(encoded_txn)
        if self._digest_enabled and header.type != op.ERROR:
            write_i32_be(out, DIGEST_VERSION)
            write_i64_be(out, tree_digest)
        return out.getvalue()

    def append(self, zxid: i64, payload: bytes) -> None:
        """Add an encoded transaction."""
        length: i64 = len(payload)
        if length < LARGE:
            append_record(self._records, payload)
        else:
            begin_record(self._records, payload)
            self._add_piece(payload)
            end_record(self._records)
        self._count(zxid, length)

    def append_data(self, header: TxnHeader, txn: Record, tree_digest: i64) -> bool:
        """Add a transaction with much data, which nobody copies then; False, with nothing done, for another one."""
        if isinstance(txn, SetDataTxn):
            data, path = txn.data, txn.path
        elif isinstance(txn, CreateTxn):
            data, path = txn.data, txn.path
        else:
            return False
        if data is None or len(data) < LARGE:
            return False
        out = self._out
        out.truncate(0)
        header.encode(out)
        write_ustring(out, path)
        write_i32_be(out, i32(i64(len(data))))
        begin = out.getvalue()
        out.truncate(0)
        if isinstance(txn, SetDataTxn):
            write_i32_be(out, txn.version)
        elif isinstance(txn, CreateTxn):
            write_create_end(out, txn)
        if self._digest_enabled:
            write_i32_be(out, DIGEST_VERSION)
            write_i64_be(out, tree_digest)
        end = out.getvalue()
        records = self._records
        begin_record(records, begin, data, end)
        records.write(begin)
        self._add_piece(data)
        records.write(end)
        end_record(records)
        self._count(header.zxid, len(begin) + len(data) + len(end))
        return True

    def _count(self, zxid: i64, length: i64) -> None:
        """A record was added, whose payload has so many bytes."""
        if self._waiting == 0:
            self._first_zxid = zxid
        self._waiting += 1
        self._last_zxid = zxid
        self._bytes += RECORD_OVERHEAD + length

    def _add_piece(self, piece: bytes) -> None:
        """Add what is written from where it is."""
        pieces, records = self._pieces, self._records
        pieces.append(records.getvalue())
        records.truncate(0)
        pieces.append(piece)

    @property
    def has_records(self) -> bool:
        """Whether something waits to be taken."""
        return self._waiting > 0

    def take(self) -> LogBatch | None:
        """Everything since the last call, or None."""
        if self._waiting == 0:
            return None
        self._txns += self._waiting
        roll = self._txns > self._roll_after_txns or 0 < self._roll_after_bytes < self._bytes
        records = self._records.getvalue()
        pieces = self._pieces
        if len(pieces) == 0:
            pieces = [records]
        else:
            pieces.append(records)
            self._pieces = []
        batch = LogBatch(self._first_zxid, self._last_zxid, pieces, roll, self._waiting)
        if len(records) > _KEEP_WRITER:
            self._records = BytesWriter()
        else:
            # Grown already.
            self._records.truncate(0)
        self._waiting = 0
        if roll:
            self._draw_roll_points()
        return batch
