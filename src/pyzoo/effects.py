"""What a core asks its shell to do.

All effects of one batch may be carried out at once and in any order: whatever has to wait for the disk is
held back by the core and comes out of a later batch, after `persisted`.
"""

from typing import final

from mypy_extensions import i64


@final
class LogBatch:
    """Whole log records of `txns` transactions to append and sync together.

    `records` are complete (checksum, length, payload, end mark); a new file is named after `first_zxid`.
    With `roll_after` the next batch starts a new file. The core wants `persisted(last_zxid)` when they are safe.
    """

    def __init__(self, first_zxid: i64, last_zxid: i64, records: bytes, roll_after: bool, txns: i64 = 1) -> None:
        self.first_zxid: i64 = first_zxid
        self.last_zxid: i64 = last_zxid
        self.records = records
        self.roll_after = roll_after
        self.txns: i64 = txns


@final
class Effects:
    """One batch: log writes, and whether a snapshot should begin now.

    Connections with output are listed by the core itself, for they belong to its room.
    """

    def __init__(self, log: LogBatch | None, start_snapshot: bool) -> None:
        self.log = log
        self.start_snapshot = start_snapshot
