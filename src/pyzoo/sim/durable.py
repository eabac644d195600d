"""What the disk of a member is known to hold: kept beside it, from what was synced, cut and saved.

This is how checkers tell what a crash cannot take away, without believing what the member says.
"""

import zlib
from collections.abc import Callable

from pyzoo.config.settings import ServerConfig
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.log_format import HEADER_LENGTH, LogReader, encode_file_header
from pyzoo.persistence.proposals import zxid_of
from pyzoo.persistence.snapshot.saved import list_valid_snapshots
from pyzoo.persistence.txnlog import list_logs
from pyzoo.quorum.history import Proposal
from pyzoo.server.effects import LogBatch
from pyzoo.server.member.storage import PeerStorage


def fingerprint(payload: bytes) -> int:
    """Tells transactions with one zxid apart."""
    return zlib.crc32(payload)


def _reader_of(data: bytes) -> Callable[[int], bytes]:
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        piece = data[at : at + size]
        at += len(piece)
        return piece

    return read


class DurableHistory:
    """Transactions by zxid; everything up to `snapshot_zxid` is in a saved snapshot."""

    def __init__(self) -> None:
        self.logged: dict[int, bytes] = {}
        self.snapshot_zxid = 0

    def holds(self, zxid: int, payload_fingerprint: int) -> bool:
        """Whether a crash leaves this transaction."""
        if zxid <= self.snapshot_zxid:
            return True
        payload = self.logged.get(zxid)
        return payload is not None and fingerprint(payload) == payload_fingerprint

    def synced(self, batches: list[LogBatch]) -> None:
        """These batches are safe."""
        for batch in batches:
            self._read(encode_file_header() + batch.records, "a batch")

    def _read(self, data: bytes, path: str) -> None:
        reader = LogReader(_reader_of(data), path)
        while (payload := reader.next_payload()) is not None:
            self.logged[zxid_of(reader, payload)] = payload

    def between(self, after_zxid: int, up_to_zxid: int) -> list[Proposal]:
        """What is logged in this range, in order."""
        zxids = sorted(zxid for zxid in self.logged if after_zxid < zxid <= up_to_zxid)
        return [Proposal(zxid, self.logged[zxid]) for zxid in zxids]

    def cut(self, zxid: int) -> None:
        """Everything newer was taken back."""
        self.logged = {own: known for own, known in self.logged.items() if own <= zxid}
        self.snapshot_zxid = min(self.snapshot_zxid, zxid)

    def snapshot_saved(self, zxid: int) -> None:
        """A snapshot is safe."""
        self.snapshot_zxid = max(self.snapshot_zxid, zxid)

    def read(self, disk: Disk, directories: Directories) -> None:
        """At a start: what the files say."""
        self.logged = {}
        snapshots = list_valid_snapshots(disk, directories.snapshots, 1)
        self.snapshot_zxid = snapshots[0][0] if snapshots else 0
        for _, name in list_logs(disk, directories.logs):
            path = join(directories.logs, name)
            size = disk.size(path)
            if size > HEADER_LENGTH:
                file = disk.open_read(path)
                self._read(file.read(size), path)


class WatchedStorage(PeerStorage):
    """A PeerStorage whose cuts are known."""

    def __init__(self, config: ServerConfig, disk: Disk, directories: Directories, durable: DurableHistory) -> None:
        super().__init__(config, disk, directories)
        self.durable = durable

    def cut(self, zxid: int) -> None:
        super().cut(zxid)
        self.durable.cut(zxid)
