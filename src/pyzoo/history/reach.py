"""How far back logs go, and where something is missing in them."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Final

from attrs import define

from pyzoo.checksums import adler32
from pyzoo.errors import CorruptStorage
from pyzoo.history.log_walk import LogWalk, Wanted
from pyzoo.jute.primitives import field_limit
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.log_format import END_OF_RECORD, HEADER_LENGTH, RECORD_OVERHEAD, TXN_HEADER_LENGTH
from pyzoo.zxid import counter_of, first_zxid, zxid_text

NO_ZXID: Final = -1

_RECORD_START: Final = 12
_FIRST: Final = (1, first_zxid(1) + 1)
"""What the first transaction ever was called: of a server that is alone, of an ensemble."""


def read_record(read: Callable[[int], bytes], path: str, offset: int) -> bytes:
    """The payload of the record here, at byte `offset`. Raises CorruptStorage where its checksum does not hold."""
    start = _read(read, _RECORD_START)
    length = int.from_bytes(start[8:], "big", signed=True)
    if len(start) < _RECORD_START or not TXN_HEADER_LENGTH <= length <= field_limit():
        raise CorruptStorage(path, offset, "no record begins here any more")
    payload = _read(read, length + 1)
    if payload[length:] != END_OF_RECORD.to_bytes(1, "big") or adler32(payload[:length]) != int.from_bytes(start[:8]):
        raise CorruptStorage(path, offset, "CRC check failed")
    return payload[:length]


def _read(read: Callable[[int], bytes], size: int) -> bytes:
    """So many bytes, fewer only at the end of the file."""
    data = read(size)
    while len(data) < size and (chunk := read(size - len(data))):
        data += chunk
    return data


def first_record(disk: Disk, path: str) -> tuple[int, int | None]:
    """Zxid and time of the first record of a log; NO_ZXID and None where there is none, or the file is gone."""
    try:
        with closing(disk.open_read(path)) as file:
            start = _read(file.read, HEADER_LENGTH + RECORD_OVERHEAD + TXN_HEADER_LENGTH)
    except FileNotFoundError:
        return NO_ZXID, None
    payload = start[HEADER_LENGTH + _RECORD_START :]
    if len(payload) < TXN_HEADER_LENGTH or not any(payload[:TXN_HEADER_LENGTH]):
        return NO_ZXID, None
    return int.from_bytes(payload[12:20], "big", signed=True), int.from_bytes(payload[20:28], "big", signed=True)


@define
class LogReach:
    """What the logs of a directory hold from `first_zxid` (of the time `first_time_ms`) on; NO_ZXID for none."""

    first_zxid: int = NO_ZXID
    first_time_ms: int | None = None

    @classmethod
    def of(cls, disk: Disk, directory: str, logs: Sequence[tuple[int, str]]) -> "LogReach":
        """`logs` as of list_logs."""
        for _, name in logs:
            zxid, time_ms = first_record(disk, join(directory, name))
            if zxid != NO_ZXID:
                return cls(zxid, time_ms)
        return cls()

    @property
    def is_whole(self) -> bool:
        """Whether they begin with the first transaction that there ever was."""
        return self.first_zxid in _FIRST

    def __str__(self) -> str:
        if self.first_zxid == NO_ZXID:
            return "there are no transactions in the logs"
        if self.is_whole:
            return "the logs begin with the first transaction"
        return f"the logs begin with {zxid_text(self.first_zxid)}: what was before is not there any more (purged)"


def is_hole(last: int, first_of_newer: int, snapshot_zxids: Sequence[int]) -> bool:
    """Whether transactions are missing between a log that ends with `last` and the next one.

    A member that is far behind gets a snapshot, and what that holds was never in its logs. `snapshot_zxids` tell of
    such a one where an epoch has ended in between.
    """
    if NO_ZXID in (last, first_of_newer) or last >= first_of_newer - 1:
        return False
    if counter_of(first_of_newer) != 1:
        return True
    return any(last < zxid < first_of_newer for zxid in snapshot_zxids)


def last_zxid(disk: Disk, path: str) -> int:
    """The newest transaction of a log, NO_ZXID for none."""
    with closing(disk.open_read(path)) as file:
        walk = LogWalk(file.read, Wanted(), b"", 0)
        walk.run(lambda: True)
    return int(walk.last_zxid)
