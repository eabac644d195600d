"""Proposals out of the logs, for learners that are further behind than the memory of the leader.

(ZKDatabase.getProposalsFromTxnLog.) The rule: what is handed out is a history without a hole. Where that is in
doubt there is none, and the learner gets a snapshot: Apache's server sends on what it finds, also over the hole
that a received snapshot leaves in a log (ZOOKEEPER-2846).
"""

from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Final

from librt.strings import read_i32_be, read_i64_be

from pyzoo.errors import CorruptStorage
from pyzoo.jute.opcodes import ERROR
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.log_format import NO_HEADER, TORN, TXN_HEADER_LENGTH, LogReader
from pyzoo.persistence.snapshot.saved import list_snapshots
from pyzoo.persistence.txnlog import list_logs
from pyzoo.quorum.history import Proposal
from pyzoo.zxid import counter_of, epoch_of

_ZXID_AT: Final = 12
_TYPE_AT: Final = 28


def zxid_of(reader: LogReader, payload: bytes) -> int:
    """The zxid of the record that `reader` gave last; raises CorruptStorage for one without a header."""
    if len(payload) < TXN_HEADER_LENGTH:
        raise CorruptStorage(reader.path, reader.offset, "unreadable transaction: its header is too short")
    return read_i64_be(payload, _ZXID_AT)


def proposals_for_sync(
    disk: Disk, directories: Directories, from_zxid: int, to_zxid: int, size_factor: float
) -> list[Proposal] | None:
    """What the logs have of this range; None where the newest snapshot is the better way (snapshotSizeFactor)."""
    snapshots = list_snapshots(disk, directories.snapshots)
    newest = disk.size(join(directories.snapshots, snapshots[0][1])) if snapshots else 0
    zxids = [zxid for zxid, _ in snapshots]
    return read_proposals(disk, directories.logs, from_zxid, to_zxid, int(newest * size_factor), zxids)


def read_proposals(
    disk: Disk,
    directory: str,
    from_zxid: int,
    to_zxid: int,
    size_limit: int,
    snapshot_zxids: Sequence[int] = (),
) -> list[Proposal] | None:
    """The logged proposals with from_zxid <= zxid <= to_zxid in order, payloads as in the files.

    None when the logs do not reach back to `from_zxid` or cannot be read without doubt: a hole, damage, a torn
    file that is followed by others. None too when the payloads have more than `size_limit` bytes; 0 is no
    limit. `snapshot_zxids` are those of the snapshots at hand: one that lies between two logged epochs was
    received, and tells of a hole that the logs alone do not show. The list may end before `to_zxid`.

    The log may be appended to meanwhile. `directory` is the version-2 directory of the logs.
    """
    with suppress(OSError, CorruptStorage):
        logs = list_logs(disk, directory)
        first = max((zxid for zxid, _ in logs if zxid <= from_zxid), default=None)
        if first is not None:
            names = [name for zxid, name in logs if first <= zxid <= to_zxid]
            return _Scan(from_zxid, to_zxid, size_limit, snapshot_zxids).read(disk, directory, names, logs[-1][1])
    return None


class _Scan:
    """One reading of the logs, oldest first, until a record is newer than the range."""

    def __init__(self, from_zxid: int, to_zxid: int, size_limit: int, snapshot_zxids: Sequence[int]) -> None:
        self._from_zxid = from_zxid
        self._to_zxid = to_zxid
        self._size_limit = size_limit
        self._snapshot_zxids = snapshot_zxids
        self._found: dict[int, bytes] = {}
        self._size = 0
        self._highest: int | None = None
        self._over = False

    def read(self, disk: Disk, directory: str, names: list[str], newest: str) -> list[Proposal] | None:
        """All records of these files that are in the range."""
        for name in names:
            if not self._file(disk, join(directory, name), name == newest):
                return None
            if self._over:
                break
        if self._highest is None:
            return None
        return [Proposal(zxid, payload) for zxid, payload in self._found.items()]

    def _file(self, disk: Disk, path: str, is_newest: bool) -> bool:
        with closing(disk.open_read(path)) as source:
            reader = LogReader(source.read, path)
            while (payload := reader.next_payload()) is not None:
                zxid = zxid_of(reader, payload)
                if self._highest is None and zxid > self._from_zxid:
                    return False
                if zxid > self._to_zxid:
                    self._over = True
                    return True
                if not self._record(zxid, payload):
                    return False
        return is_newest or reader.ending not in (TORN, NO_HEADER)

    def _record(self, zxid: int, payload: bytes) -> bool:
        previous = self._highest
        if previous is None or zxid > previous:
            if previous is not None and zxid > self._from_zxid and not self._follows(previous, zxid):
                return False
            self._highest = zxid
        elif zxid >= self._from_zxid:
            if zxid not in self._found:
                return False
            if read_i32_be(payload, _TYPE_AT) == ERROR:
                # Apache logs a request that it cannot decode as an error with the zxid before it.
                return True
        if zxid >= self._from_zxid:
            self._size += len(payload) - len(self._found.get(zxid, b""))
            self._found[zxid] = payload
        return self._size_limit == 0 or self._size <= self._size_limit

    def _follows(self, previous: int, zxid: int) -> bool:
        """Whether nothing was committed between the two."""
        if epoch_of(zxid) == epoch_of(previous):
            return zxid == previous + 1
        return counter_of(zxid) == 1 and not any(previous < other < zxid for other in self._snapshot_zxids)
