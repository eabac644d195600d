"""What a server has after a start: the newest snapshot that loads, the logs after it, and clean sessions.

(FileTxnSnapLog.restore, ZKDatabase.loadDataBase, ZooKeeperServer.loadData.) The rule: nothing on disk is
changed before everything was read well; what cannot be read well stops the start and is named.
"""

from collections.abc import Callable
from contextlib import closing
from typing import Final

from attrs import define, field, frozen

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import PyzooError, StorageError
from pyzoo.persistence.compression import PLAIN, source_for
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, join, sync_file
from pyzoo.persistence.names import log_zxid, method_of_name
from pyzoo.persistence.replay import NO_ZXID, Proposal, Replayed, Replayer, SnapshotDigest
from pyzoo.persistence.snapshot.file import SnapshotReader
from pyzoo.persistence.snapshot.saved import (
    CANDIDATE_LIMIT,
    list_no_snapshots,
    list_snapshots,
    looks_valid,
    remove_temporaries,
    save_snapshot,
)
from pyzoo.persistence.txnlog import list_logs, set_aside
from pyzoo.zxid import counter_of, epoch_of, zxid_text

INITIALIZE: Final = "initialize"
# The top 24 bits of a TTL owner: type 0xff, then a feature number of 16 bits that is 0.
_TTL_OWNER_TOP: Final = 0xFF0000


@frozen
class RecoverySettings:
    """Settings by the names of zoo.cfg and the properties.

    trust_empty_snapshot       snapshot.trust.empty: logs without any snapshot are replayed from the start
    trust_cut_log              log.trust.cut: a newest log without its header counts as one that held nothing
    db_autocreate              db.autocreate: an empty directory is a new database, not a lost one
    commit_log_count           commitLogCount: how many of the last proposals to remember; 0 for none
    compression_method, last_zxid    how a first snapshot.0 is written
    remove_orphans             remove ephemerals whose session is gone; in an ensemble only the log may do that
    drop_ttl_nodes             let TTL nodes be removed where extended types are off, as Apache does silently
    """

    trust_empty_snapshot: bool = False
    trust_cut_log: bool = False
    db_autocreate: bool = True
    commit_log_count: int = 500
    compression_method: str = PLAIN
    last_zxid: bool = True
    remove_orphans: bool = True
    drop_ttl_nodes: bool = False


@define
class Recovered:
    """The database as it is after the start, and what an operator wants to read about it.

    `snapshot_needed`: the tree is not what the newest snapshot holds, so the server should save one: before it serves,
    unless the next start would find the same without it (`is_on_disk`). `last_zxid` is -1 when there was nothing and
    db.autocreate is off.
    """

    tree: DataTree
    sessions: dict[int, int]
    last_zxid: int
    snapshot_path: str | None
    snapshot_zxid: int
    replayed: Replayed
    snapshot_load_ns: int
    replay_ns: int
    snapshot_needed: bool
    orphan_count: int = 0
    skipped_snapshots: list[str] = field(factory=list)
    warnings: list[str] = field(factory=list)

    @property
    def is_on_disk(self) -> bool:
        """Whether a snapshot and the logs after it tell all of this tree, once the newest log is synced."""
        return self.snapshot_path is not None and self.orphan_count == 0

    @property
    def committed(self) -> list[Proposal]:
        """The last proposals, oldest first."""
        return self.replayed.proposals


@define
class _LoadedSnapshot:
    path: str | None = None
    zxid: int = NO_ZXID
    sessions: dict[int, int] = field(factory=dict)
    digest: SnapshotDigest | None = None
    skipped: list[str] = field(factory=list)
    incomplete: str = ""  # what is said of a file that may once have been a snapshot of some data


def _no_clock() -> int:
    return 0


def load(
    disk: Disk,
    directories: Directories,
    tree: DataTree,
    settings: RecoverySettings | None = None,
    clock_ns: Callable[[], int] = _no_clock,
) -> Recovered:
    """Fill `tree` (fresh, made with the server's settings) from the directories.

    Raises CorruptStorage for a damaged file and StorageError for everything else that forbids a start; then
    nothing on disk has changed.
    """
    settings = settings or RecoverySettings()
    try:
        return _load(disk, directories, tree, settings, clock_ns)
    except OSError as error:
        where = error.filename or directories.snapshots
        raise StorageError(f"cannot load the database: {where}: {error.strerror or error}") from error


def _load(
    disk: Disk,
    directories: Directories,
    tree: DataTree,
    settings: RecoverySettings,
    clock_ns: Callable[[], int],
) -> Recovered:
    begun = clock_ns()
    snapshot = load_newest_snapshot(disk, directories.snapshots, tree)
    loaded = clock_ns()
    initialize = _initialize_files(disk, directories)
    is_new = False
    if snapshot.path is None:
        is_new = _without_snapshot(disk, directories, snapshot, settings, bool(initialize))
    replayer = Replayer(tree, snapshot.sessions, snapshot.zxid, snapshot.digest, settings.commit_log_count)
    replayed = replayer.replay(disk, directories.logs)
    refuse_cut_log(replayed, settings)
    refuse_lost_ttl_nodes(tree, snapshot.sessions, settings)
    recovered = Recovered(
        tree=tree,
        sessions=snapshot.sessions,
        last_zxid=replayed.highest_zxid,
        snapshot_path=snapshot.path,
        snapshot_zxid=snapshot.zxid,
        replayed=replayed,
        snapshot_load_ns=loaded - begun,
        replay_ns=clock_ns() - loaded,
        snapshot_needed=replayed.txn_count > 0 or (snapshot.path is None and not is_new),
        skipped_snapshots=snapshot.skipped,
    )
    recovered.warnings = _warnings(recovered, snapshot.digest)
    _tidy(disk, directories, recovered, initialize)
    if is_new:
        recovered.snapshot_path = save_snapshot(
            disk,
            directories.snapshots,
            tree,
            snapshot.sessions,
            settings.compression_method,
            settings.last_zxid,
        )
    if settings.remove_orphans:
        _remove_orphans(recovered)
    return recovered


def load_newest_snapshot(disk: Disk, directory: str, tree: DataTree) -> _LoadedSnapshot:
    """Try the newest snapshots that pass the quick test, in order; `path` is None when there is none.

    Raises StorageError when there are some and none loads.
    """
    result = _LoadedSnapshot()
    for name in list_no_snapshots(disk, directory):
        path = join(directory, name)
        # A link may lead to a snapshot that is somewhere else.
        leads_nowhere = not disk.exists(path)
        reason = "it is a link to nothing" if leads_nowhere else "it is not a regular file"
        result.skipped.append(f"Invalid snapshot {path}: {reason}")
        if leads_nowhere and not result.incomplete:
            result.incomplete = result.skipped[-1]
    no_files = len(result.skipped)
    tried = 0
    for zxid, name in list_snapshots(disk, directory):
        path = join(directory, name)
        if tried == CANDIDATE_LIMIT:
            break
        if not looks_valid(disk, path):
            result.skipped.append(f"Invalid snapshot {path}: it is not complete")
            if zxid > 0 and disk.size(path) > 0 and not result.incomplete:
                result.incomplete = result.skipped[-1]
            continue
        tried += 1
        try:
            reader = _read_snapshot(disk, path, tree)
        except (PyzooError, OSError) as error:
            result.skipped.append(f"problem reading snap file {path}: {error}")
            continue
        result.path = path
        result.zxid = zxid
        result.sessions = reader.sessions
        if reader.has_digest:
            result.digest = SnapshotDigest(reader.digest_zxid, reader.digest_version, reader.digest)
        return result
    if tried > 0:
        raise StorageError(
            f"Not able to find valid snapshots in {directory}; put a good one there: {result.skipped[no_files]}"
        )
    return result


def _read_snapshot(disk: Disk, path: str, tree: DataTree) -> SnapshotReader:
    with closing(disk.open_read(path)) as file:
        reader = SnapshotReader(source_for(method_of_name(path), file.read, path), path)
        reader.load(tree)
        return reader


def _initialize_files(disk: Disk, directories: Directories) -> list[str]:
    """The marker of zkServer-initialize.sh; the script puts it into dataDir, Apache looks in dataLogDir."""
    places = dict.fromkeys((directories.data_log_dir, directories.data_dir))
    return [join(place, INITIALIZE) for place in places if disk.exists(join(place, INITIALIZE))]


def _without_snapshot(
    disk: Disk, directories: Directories, snapshot: _LoadedSnapshot, settings: RecoverySettings, marked: bool
) -> bool:
    """Decide what no snapshot means; True for a new database, which gets a snapshot.0."""
    if any(disk.size(join(directories.logs, name)) > 0 for _, name in list_logs(disk, directories.logs)):
        if not settings.trust_empty_snapshot:
            raise StorageError(
                f"No snapshot found in {directories.snapshots}, but there are log entries in "
                f"{directories.logs}. Something is broken! Put the snapshots back; only if there "
                "never was one, start once with zookeeper.snapshot.trust.empty=true"
            )
        snapshot.zxid = 0
        return False
    if snapshot.incomplete and not marked:
        raise StorageError(
            f"{snapshot.incomplete}, and there is no other and no log: this is no new database. Put the "
            "files back, or move this one away to start with an empty tree"
        )
    if settings.db_autocreate or marked:
        snapshot.zxid = 0
        return True
    return False


def refuse_cut_log(replayed: Replayed, settings: RecoverySettings) -> None:
    """Without its header a newest log may have held transactions that were acknowledged.

    Apache's server leaves a file without a byte, named after the transaction that comes next, when it dies while it
    begins one. It starts from that, and from nothing else of this kind.
    """
    path = replayed.unusable_tail
    if path is None or settings.trust_cut_log:
        return
    why = replayed.tail_reason
    if replayed.tail_is_empty:
        zxid = log_zxid(path.rsplit("/", 1)[-1])
        if begins_after(zxid, replayed.highest_zxid):
            return
        why = f"it is empty, but does not begin after {zxid_text(replayed.highest_zxid)}, the last transaction there is"
    raise StorageError(
        f"{path}: {why}: transactions that were acknowledged may be missing. See `pyzoo snapshot verify`, and put the "
        "file back from a copy; only if what it held may be lost, start once with -Dzookeeper.log.trust.cut=true"
    )


def begins_after(zxid: int, last: int) -> bool:
    """Whether a transaction follows another one, or is the first of a later epoch."""
    return zxid == last + 1 or (epoch_of(zxid) > epoch_of(last) and counter_of(zxid) == 1)


def refuse_lost_ttl_nodes(tree: DataTree, sessions: dict[int, int], settings: RecoverySettings) -> None:
    """Without extended types a TTL node looks like an orphaned ephemeral, and would be removed."""
    if tree.extended_types or settings.drop_ttl_nodes:
        return
    for owner in tree.ownership.sessions:
        if (owner >> 40) & 0xFFFFFF == _TTL_OWNER_TOP and owner not in sessions:
            raise StorageError(
                f"{tree.ephemerals_of(owner)[0]} is a TTL node, but extended types are off, so that it and "
                "all others like it would be removed; set extendedTypesEnabled=true"
            )


def _remove_orphans(recovered: Recovered) -> None:
    """Ephemerals of sessions that are gone go without a transaction (ZooKeeperServer.loadData)."""
    tree = recovered.tree
    for owner in list(tree.ownership.sessions):
        if owner not in recovered.sessions:
            recovered.orphan_count += len(tree.ephemerals_of(owner))
            tree.kill_session(owner, recovered.last_zxid)
    if recovered.orphan_count:
        recovered.snapshot_needed = True


def sync_newest_log(disk: Disk, directories: Directories, recovered: Recovered) -> None:
    """What was read counts as history from now on, so it must not be in the system's memory alone.

    Raises StorageError.
    """
    files = recovered.replayed.files
    if not files or recovered.replayed.unusable_tail == files[-1]:
        return
    try:
        sync_file(disk, files[-1])
        disk.sync_directory(directories.logs)
    except OSError as error:
        raise StorageError(f"cannot sync {files[-1]}: {error.strerror or error}. Repair the disk") from error


def _warnings(recovered: Recovered, digest: SnapshotDigest | None) -> list[str]:
    replayed = recovered.replayed
    warnings = list(recovered.skipped_snapshots)
    warnings += [str(torn) for torn in replayed.torn]
    if replayed.out_of_order_count:
        warnings.append(f"{replayed.out_of_order_count} transactions were logged out of order; all are applied")
    if replayed.first_mismatch_zxid is not None:
        warnings.append(
            f"Digests are not matching: {replayed.digest_mismatch_count} of {replayed.digests_compared}, "
            f"the first at zxid {zxid_text(replayed.first_mismatch_zxid)}"
        )
    if digest is not None and not replayed.snapshot_digest_reached:
        warnings.append(
            f"Highest txn zxid {zxid_text(recovered.last_zxid)} is not covering the snapshot digest zxid "
            f"{zxid_text(digest.zxid)}"
        )
    return warnings


def _tidy(disk: Disk, directories: Directories, recovered: Recovered, initialize: list[str]) -> None:
    """Clear away what would hinder the next start; all of it is known to hold nothing."""
    tail = recovered.replayed.unusable_tail
    if tail is not None and recovered.replayed.tail_is_empty:
        disk.remove(tail)
        recovered.warnings.append(f"Delete empty tail log file to recover from corruption file: {tail}")
    elif tail is not None:
        target = set_aside(disk, directories.logs, tail.rsplit("/", 1)[-1])
        recovered.warnings.append(f"{tail} has no header and counts as empty (log.trust.cut); it is now {target}")
    for path in initialize:
        disk.remove(path)
    for directory in (directories.logs, directories.snapshots):
        remove_temporaries(disk, directory)
