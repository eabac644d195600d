"""Bringing a loaded snapshot up to date from the logs (FileTxnSnapLog.fastForwardFromEdits, ZKDatabase).

The rules: every record that is read has a good checksum; within an epoch the zxids of applied records follow
each other without a gap, the snapshot's included; a torn end of a file is only as harmless as what follows
it shows. Nothing on disk is changed here.
"""

from collections import deque
from contextlib import closing
from typing import Final

from attrs import define, field, frozen

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.jute.opcodes import CLOSE_SESSION, CREATE_SESSION
from pyzoo.jute.records import CreateSessionTxn, TxnDigest
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.log_format import (
    HEADER_LENGTH,
    NO_HEADER,
    TORN,
    LogReader,
    decode_txn,
)
from pyzoo.persistence.txnlog import list_logs
from pyzoo.quorum.history import Proposal as Proposal
from pyzoo.zxid import epoch_of, zxid_text

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
    """Applies the records of log files after `start_zxid` - 1 to a tree and a session map."""

    def __init__(
        self,
        tree: DataTree,
        sessions: dict[int, int],
        snapshot_zxid: int,
        digest: SnapshotDigest | None,
        commit_log_count: int,
    ) -> None:
        self.result = Replayed(highest_zxid=snapshot_zxid)
        self._tree = tree
        self._sessions = sessions
        self._start_zxid = snapshot_zxid + 1
        self._proposals: deque[Proposal] = deque(maxlen=commit_log_count)
        self._previous = snapshot_zxid
        self._previous_place = "the snapshot"
        self._after_torn = ""
        self._mismatches_before = tree.digests.mismatches
        tree.last_processed_zxid = snapshot_zxid
        if digest is not None:
            tree.set_snapshot_digest(digest.zxid, digest.version, digest.digest)
            self._compare(snapshot_zxid, None)

    def replay(self, disk: Disk, directory: str) -> Replayed:
        """Read all files that may hold records from the start zxid on, oldest first.

        Raises CorruptStorage, and OSError as the disk does.
        """
        names = _files_from(list_logs(disk, directory), self._start_zxid)
        for name in names:
            self._file(disk, join(directory, name), name == names[-1])
        self.result.proposals = list(self._proposals)
        self.result.digest_mismatch_count = self._tree.digests.mismatches - self._mismatches_before
        self.result.snapshot_digest_reached = self._tree.digests.waiting_zxid == 0
        return self.result

    def _file(self, disk: Disk, path: str, is_last: bool) -> None:
        with closing(disk.open_read(path)) as source:
            reader = LogReader(source.read, path)
            while (payload := reader.next_payload()) is not None:
                self._record(reader, payload)
            behind = reader.find_record_after_torn() if is_last and reader.ending == TORN else -1
        self.result.files.append(path)
        if reader.ending == NO_HEADER:
            self._no_header(path, reader.reason, is_last, disk.size(path))
        elif reader.ending == TORN:
            torn = TornFile(path, reader.end_offset, reader.reason, is_last, behind)
            self.result.torn.append(torn)
            self._after_torn = f" ({torn})"

    def _no_header(self, path: str, reason: str, is_last: bool, size: int) -> None:
        if not is_last:
            raise CorruptStorage(path, min(size, HEADER_LENGTH), f"{reason}, but it is not the newest log")
        self.result.unusable_tail = path
        self.result.tail_is_empty = size == 0
        self.result.tail_reason = reason

    def _record(self, reader: LogReader, payload: bytes) -> None:
        try:
            header, txn, digest = decode_txn(payload)
        except MalformedRecord as error:
            raise CorruptStorage(reader.path, reader.offset, f"unreadable transaction: {error}") from error
        if header.zxid < self._start_zxid:
            return
        self._check_order(reader, header.zxid)
        if header.type == CREATE_SESSION and isinstance(txn, CreateSessionTxn):
            self._sessions[header.client_id] = txn.time_out
        elif header.type == CLOSE_SESSION:
            self._sessions.pop(header.client_id, None)
        self._tree.process_txn(header, txn)
        self.result.txn_count += 1
        if header.zxid > self.result.highest_zxid:
            self.result.highest_zxid = header.zxid
            self._proposals.append(Proposal(header.zxid, payload))
        self._compare(header.zxid, digest)

    def _check_order(self, reader: LogReader, zxid: int) -> None:
        """A zxid may come again (a request that could not be decoded); it may not jump within its epoch."""
        previous = self._previous
        if zxid <= previous:
            if zxid < previous:
                self.result.out_of_order_count += 1
            return
        if zxid != previous + 1 and epoch_of(zxid) == epoch_of(previous):
            raise CorruptStorage(
                reader.path,
                reader.offset,
                f"transactions are missing: {zxid_text(zxid)} is not the next proposal of "
                f"{zxid_text(previous)} in {self._previous_place}{self._after_torn}",
            )
        self._previous = zxid
        self._previous_place = reader.path

    def _compare(self, zxid: int, digest: TxnDigest | None) -> None:
        """Count what does not agree; the server starts all the same, as Apache's does."""
        digests = self._tree.digests
        if digest is not None and digests.waiting_zxid == 0:
            self.result.digests_compared += 1
        self._tree.compare_digest(digest)
        if digests.mismatches != self._mismatches_before and self.result.first_mismatch_zxid is None:
            self.result.first_mismatch_zxid = zxid


def _files_from(logs: list[tuple[int, str]], start_zxid: int) -> list[str]:
    """All logs from `start_zxid` on and the newest before it, which may hold it (FileTxnLog.getLogFiles)."""
    first = max((zxid for zxid, _ in logs if zxid <= start_zxid), default=0)
    return [name for zxid, name in logs if zxid >= first]
