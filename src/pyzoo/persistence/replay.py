"""Bringing a loaded snapshot up to date from the logs (FileTxnSnapLog.fastForwardFromEdits, ZKDatabase).

The rules: every record that is read has a good checksum; a torn end of a file is only as harmless as what follows
it shows. Nothing on disk is changed here.
"""

from contextlib import closing
from typing import Final

from attrs import define, field, frozen

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.log_format import HEADER_LENGTH, NO_HEADER, TORN, LogReader
from pyzoo.persistence.log_replay import LogReplay
from pyzoo.persistence.txnlog import list_logs
from pyzoo.quorum.history import Proposal as Proposal

NO_ZXID: Final = -1


@frozen
class TornFile:
    """A log whose end was being written when a server died; `offset` is where its last whole record ends.

    `next_record_offset` is not -1 where the newest log has whole records behind the torn one: then it may have
    been damaged after it was written, which the format cannot tell from a write that came to the disk in part.
    """

    path: str
    offset: int
    reason: str
    is_last: bool
    next_record_offset: int = -1

    def __str__(self) -> str:
        text = f"{self.path}: Last transaction was partial: {self.reason}, after byte {self.offset}"
        if self.next_record_offset >= 0:
            text += (
                f"; whole records follow from byte {self.next_record_offset} on and are not applied: if this "
                "server did not crash while it wrote them, stop it and repair the file"
            )
        return text


@define
class Replayed:
    """What `replay` did.

    `unusable_tail` names a newest log without its header, for `tail_reason`; `tail_is_empty` says it has not one byte.
    """

    txn_count: int = 0
    highest_zxid: int = NO_ZXID
    out_of_order_count: int = 0
    digests_compared: int = 0
    digest_mismatch_count: int = 0
    first_mismatch_zxid: int | None = None
    snapshot_digest_reached: bool = True
    files: list[str] = field(factory=list)
    torn: list[TornFile] = field(factory=list)
    unusable_tail: str | None = None
    tail_is_empty: bool = False
    tail_reason: str = ""
    proposals: list[Proposal] = field(factory=list)


@frozen
class SnapshotDigest:
    """The digest section of a snapshot: once `zxid` is applied the tree must have this digest."""

    zxid: int
    version: int
    digest: int


class Replayer:
    """Applies the records of log files after `snapshot_zxid` to a tree and a session map."""

    def __init__(
        self,
        tree: DataTree,
        sessions: dict[int, int],
        snapshot_zxid: int,
        digest: SnapshotDigest | None,
        commit_log_count: int,
    ) -> None:
        self.result = Replayed()
        self._tree = tree
        self._start_zxid = snapshot_zxid + 1
        self._mismatches_before = tree.digests.mismatches
        self._replay = LogReplay(tree, sessions, snapshot_zxid, commit_log_count)
        tree.last_processed_zxid = snapshot_zxid
        if digest is not None:
            tree.set_snapshot_digest(digest.zxid, digest.version, digest.digest)
            self._replay.look_for_mismatch(snapshot_zxid)

    def replay(self, disk: Disk, directory: str) -> Replayed:
        """Read all files that may hold records from the start zxid on, oldest first.

        Raises CorruptStorage, and OSError as the disk does.
        """
        names = _files_from(list_logs(disk, directory), self._start_zxid)
        for name in names:
            self._file(disk, join(directory, name), name == names[-1])
        result, replay, digests = self.result, self._replay, self._tree.digests
        result.txn_count = replay.txn_count
        result.highest_zxid = replay.highest_zxid
        result.out_of_order_count = replay.out_of_order_count
        result.digests_compared = replay.digests_compared
        result.first_mismatch_zxid = replay.first_mismatch_zxid if replay.first_mismatch_zxid >= 0 else None
        result.proposals = replay.proposals
        result.digest_mismatch_count = digests.mismatches - self._mismatches_before
        result.snapshot_digest_reached = digests.waiting_zxid == 0
        return result

    def _file(self, disk: Disk, path: str, is_last: bool) -> None:
        with closing(disk.open_read(path)) as source:
            reader = LogReader(source.read, path)
            self._replay.apply_all(reader)
            behind = reader.find_record_after_torn() if is_last and reader.ending == TORN else -1
        self.result.files.append(path)
        if reader.ending == NO_HEADER:
            self._no_header(path, reader.reason, is_last, disk.size(path))
        elif reader.ending == TORN:
            torn = TornFile(path, reader.end_offset, reader.reason, is_last, behind)
            self.result.torn.append(torn)
            self._replay.after_torn = f" ({torn})"

    def _no_header(self, path: str, reason: str, is_last: bool, size: int) -> None:
        if not is_last:
            raise CorruptStorage(path, min(size, HEADER_LENGTH), f"{reason}, but it is not the newest log")
        self.result.unusable_tail = path
        self.result.tail_is_empty = size == 0
        self.result.tail_reason = reason


def _files_from(logs: list[tuple[int, str]], start_zxid: int) -> list[str]:
    """All logs from `start_zxid` on and the newest before it, which may hold it (FileTxnLog.getLogFiles)."""
    first = max((zxid for zxid, _ in logs if zxid <= start_zxid), default=0)
    return [name for zxid, name in logs if zxid >= first]
