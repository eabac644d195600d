"""The tree as it was at a zxid: the newest snapshot that is not beyond it, and the logged transactions up to it.

A snapshot is written while transactions go on, so it has effects of some that are behind the zxid in its name: all are
replayed from that zxid on. It says with which zxid it was finished; one that was finished behind the wanted zxid holds
what was not there yet, and an older one is taken.
"""

from collections.abc import Callable
from contextlib import closing

from attrs import define, field

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, HistoryError, PyzooError
from pyzoo.history.playback import CheckTime, LoggedTxn, logged_txns, newest_zxid
from pyzoo.history.reach import NO_ZXID, LogReach
from pyzoo.persistence.compression import PLAIN, source_for
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.names import method_of_name
from pyzoo.persistence.snapshot.file import SnapshotReader
from pyzoo.persistence.snapshot.layout import DIGEST_LENGTH, END_OF_SECTION, LAST_ZXID_LENGTH, SEAL_LENGTH
from pyzoo.persistence.snapshot.saved import list_snapshots, looks_valid
from pyzoo.persistence.txnlog import list_logs
from pyzoo.zxid import zxid_text

Watch = Callable[[DataTree, LoggedTxn], None]
"""Sees each transaction before the tree gets it."""


def no_hurry() -> None:
    """For who has all the time that it takes."""


@define
class PastTree:
    """A tree as it was right after `zxid`, whose time is `time_ms` where its transaction was read.

    It was made of `snapshot`, "" for an empty tree, and `txn_count` transactions after it.
    """

    tree: DataTree
    zxid: int
    snapshot: str = ""
    time_ms: int | None = None
    txn_count: int = 0
    compared: int = 0
    notes: list[str] = field(factory=list)

    @property
    def is_verified(self) -> bool | None:
        """Whether digests that were logged with transactions, or saved with the snapshot, agree; None without any."""
        if self.tree.digests.mismatches:
            return False
        return True if self.compared else None

    def advance(
        self, disk: Disk, directory: str, zxid: int, check_time: CheckTime = no_hurry, watch: Watch | None = None
    ) -> None:
        """Go on to a later zxid. Raises HistoryError and OSError."""
        for logged in logged_txns(disk, directory, self.zxid, zxid, check_time):
            if watch is not None:
                watch(self.tree, logged)
            self.tree.process_txn(logged.header, logged.txn)
            self.compared += logged.digest is not None and self.tree.digests.waiting_zxid == 0
            self.tree.compare_digest(logged.digest)
            self.time_ms = logged.header.time
            self.txn_count += 1
        self.zxid = zxid


def tree_at(
    disk: Disk,
    directories: Directories,
    zxid: int,
    check_time: CheckTime = no_hurry,
    extended_types: bool = True,
) -> PastTree:
    """The tree right after a zxid. Raises HistoryError where the files do not tell, and OSError."""
    check_is_there(disk, directories, zxid)
    past = _base(disk, directories, zxid, check_time, extended_types)
    past.advance(disk, directories.logs, zxid, check_time)
    if past.is_verified is False:
        past.notes.append("the digests in the files do not agree: the tree may have been another one")
    return past


def check_is_there(disk: Disk, directories: Directories, zxid: int) -> None:
    """Raise HistoryError for a zxid that is not reached yet."""
    snapshots = list_snapshots(disk, directories.snapshots)
    newest = max(newest_zxid(disk, directories.logs), snapshots[0][0] if snapshots else NO_ZXID)
    if zxid > newest:
        newest_text = "there is none" if newest == NO_ZXID else f"the newest is {zxid_text(newest)}"
        raise HistoryError(f"there is no transaction {zxid_text(zxid)} yet: {newest_text}")


def _base(disk: Disk, directories: Directories, zxid: int, check_time: CheckTime, extended_types: bool) -> PastTree:
    reasons: list[str] = []
    for named, name in list_snapshots(disk, directories.snapshots):
        if named > zxid:
            continue
        path = join(directories.snapshots, name)
        try:
            past = _load(disk, path, named, zxid, check_time, extended_types)
        except HistoryError:
            raise
        except (PyzooError, OSError) as error:
            reasons.append(f"{name}: {error}")
            continue
        if past is not None:
            return past
        reasons.append(f"{name} was still being written at {zxid_text(zxid)}")
    reach = LogReach.of(disk, directories.logs, list_logs(disk, directories.logs))
    if reach.is_whole:
        return PastTree(DataTree(extended_types), 0)
    why = f"; {'; '.join(reasons[:3])}" if reasons else ""
    raise HistoryError(f"no snapshot is there from which {zxid_text(zxid)} could be reached, and {reach}{why}")


def _load(disk: Disk, path: str, named: int, zxid: int, check_time: CheckTime, extended_types: bool) -> PastTree | None:
    """The tree of a snapshot; None where it was finished too late."""
    name = path.rsplit("/", 1)[-1]
    if not looks_valid(disk, path):
        raise CorruptStorage(path, disk.size(path), "the snapshot is not complete")
    if finished_at(disk, path) > zxid:
        return None

    def read(size: int) -> bytes:
        check_time()
        return file.read(size)

    tree = DataTree(extended_types)
    with closing(disk.open_read(path)) as file:
        reader = SnapshotReader(source_for(method_of_name(name), read, path), path)
        reader.load(tree)
    if reader.has_digest and reader.digest_zxid > zxid:
        return None
    past = PastTree(tree, named, name)
    tree.last_processed_zxid = named
    if reader.has_digest:
        tree.set_snapshot_digest(reader.digest_zxid, reader.digest_version, reader.digest)
        past.compared += reader.digest_zxid == named
    elif named > 0:
        past.notes.append(f"{name} does not tell when it was finished: it may have some changes that came later")
    return past


def finished_at(disk: Disk, path: str) -> int:
    """The zxid that a plain snapshot was finished with, as its end says; NO_ZXID where only reading it all tells."""
    if method_of_name(path) != PLAIN:
        return NO_ZXID
    mark = len(END_OF_SECTION)
    last_section = LAST_ZXID_LENGTH + SEAL_LENGTH
    size = SEAL_LENGTH + DIGEST_LENGTH + mark
    with closing(disk.open_read(path)) as file:
        file.seek(max(disk.size(path) - size - last_section, 0))
        end = file.read(size + last_section)
    for section in (end[: len(end) - last_section], end):
        digest = section[-SEAL_LENGTH - DIGEST_LENGTH : -SEAL_LENGTH]
        before = section[-SEAL_LENGTH - DIGEST_LENGTH - mark : -SEAL_LENGTH - DIGEST_LENGTH]
        if len(digest) == DIGEST_LENGTH and before == END_OF_SECTION == section[-mark:]:
            return int.from_bytes(digest[:8], "big", signed=True)
    return NO_ZXID
