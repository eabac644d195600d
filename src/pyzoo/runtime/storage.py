"""What a server keeps on disk, put together: directories, their lock, recovery, the log, snapshots, purging."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress

import trio
from attrs import define, field, frozen

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import StorageError
from pyzoo.persistence.directories import Directories, open_directories
from pyzoo.persistence.disk import Disk, RealDisk, join
from pyzoo.persistence.file_calls import OPEN_FLAGS, pread, pwrite
from pyzoo.persistence.proposals import proposals_for_sync
from pyzoo.persistence.purge import purge
from pyzoo.persistence.recovery import load, sync_newest_log
from pyzoo.persistence.snapshot.file import snapshot_chunks
from pyzoo.persistence.snapshot.saved import SnapshotFile, save_snapshot
from pyzoo.persistence.txnlog import TxnLog
from pyzoo.quorum.history import Proposal
from pyzoo.runtime.file_lock import lock
from pyzoo.runtime.log_thread import LogThread
from pyzoo.server.database import ZKDatabase, new_tree, recovery_settings
from pyzoo.server.member.storage import PeerStorage
from pyzoo.server.metrics import ServerMetrics
from pyzoo.zxid import zxid_text

logger = logging.getLogger(__name__)

AT_LEAST_RETAINED = 3
LOCK_NAME = ".pyzoo.lock"


@frozen
class LoadTimes:
    """How long the start took, in ms, and how many transactions were replayed."""

    snapshot_ms: int
    replay_ms: int
    txn_count: int

    def count(self, metrics: ServerMetrics) -> None:
        """Show them in `mntr`."""
        metrics.loaded(self.snapshot_ms, self.replay_ms, self.txn_count)


@define
class Storage:
    """The files of one server, the locks on their directories, and the log thread."""

    config: ServerConfig
    disk: Disk
    directories: Directories
    log_thread: LogThread
    locks: list[int]
    load_times: LoadTimes
    #: Whether programs of this machine can look at the files.
    is_on_disk: bool = True
    #: Whether a snapshot is to be saved as soon as the server serves, for the next start not to replay the same logs.
    snapshot_due: bool = False
    #: That snapshot is saved, or could not be.
    due_is_over: trio.Event = field(factory=trio.Event, init=False)
    #: Held by whoever writes a snapshot: two of the same zxid would write into one file.
    saving: trio.Lock = field(factory=trio.Lock, init=False)

    def snapshot_file(self, zxid: int) -> SnapshotFile:
        """A snapshot to be filled."""
        return SnapshotFile(self.disk, self.directories.snapshots, zxid, self.config.snapshot_compression)

    def snapshot_chunks(self, database: ZKDatabase) -> Iterator[bytes]:
        """The bytes of a snapshot, made a slice at a time.

        A generator, so that the sessions are those of the very zxid that the first chunk is made at.
        """
        yield from snapshot_chunks(database.tree, dict(database.sessions), self.config.serialize_last_processed_zxid)

    def proposals(self, from_zxid: int, to_zxid: int) -> list[Proposal] | None:
        """What the log has of this range; None where a snapshot is the better way (snapshotSizeFactor)."""
        return proposals_for_sync(self.disk, self.directories, from_zxid, to_zxid, self.config.snapshot_size_factor)

    def purge(self) -> None:
        """Remove old snapshots and logs, as many as autopurge.* says."""
        removed, failed = purge(
            self.disk, self.directories, max(self.config.autopurge_snap_retain_count, AT_LEAST_RETAINED)
        )
        for path in removed:
            logger.info("Removing file: %s", path)
        for path in failed:
            logger.error("Failed to remove %s", path)

    def close(self) -> None:
        """Log what was submitted, then let go of everything."""
        try:
            self.log_thread.stop()
        finally:
            unlock(self.locks)


def lock_directories(directories: Directories) -> list[int]:
    """Keep other servers out until these files are closed: two that write into one log destroy it.

    Raises StorageError when another one is in there. Apache's server knows nothing of this lock.
    """
    locks: list[int] = []
    try:
        for directory in dict.fromkeys(map(os.path.realpath, (directories.data_dir, directories.data_log_dir))):
            lock_file = lock_directory(directory)
            if lock_file is not None:
                locks.append(lock_file)
    except StorageError:
        unlock(locks)
        raise
    return locks


def lock_directory(directory: str) -> int | None:
    """Lock one directory; None, with a warning, where that is not possible."""
    path = join(directory, LOCK_NAME)
    fd = -1
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, 0o644)
        lock(fd)
    except BlockingIOError:
        error = in_use(directory, _pid_in(fd))
        os.close(fd)
        raise error from None
    except OSError as error:
        if fd >= 0:
            os.close(fd)
        logger.warning("Cannot lock %s, so take care that no other server uses it: %s", path, error.strerror)
        return None
    with suppress(OSError):
        os.ftruncate(fd, 0)
        pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def in_use(directory: str, pid: str) -> StorageError:
    """What a server says that finds another one in its directory."""
    return StorageError(
        f"{directory} is in use by another server (process {pid}); stop that one, or "
        "give this one a directory of its own"
    )


def server_of(directory: str) -> int | None:
    """The process of the server that runs on a data directory, 0 when its number is not known; None without one."""
    try:
        fd = os.open(join(directory, LOCK_NAME), os.O_RDONLY | OPEN_FLAGS)
    except OSError:
        return None
    try:
        lock(fd, shared=True)
    except BlockingIOError:
        pid = _pid_in(fd)
        return int(pid) if pid.isdecimal() else 0
    except OSError:
        return None
    finally:
        os.close(fd)
    return None


def _pid_in(lock_file: int) -> str:
    """The process that an open lock file names."""
    return pread(lock_file, 32, 0).decode("ascii", "replace").strip() or "unknown"


def unlock(locks: list[int]) -> None:
    """Let other servers in."""
    while locks:
        os.close(locks.pop())


def open_peer_storage(config: ServerConfig, own_disk: Disk | None = None) -> tuple[Storage, PeerStorage]:
    """Lock a member's data directories and make them ready; the peer loads them. Raises StorageError.

    All is on `own_disk` where that is given, such as one in memory: nobody else can be in there.
    """
    disk = RealDisk() if own_disk is None else own_disk
    directories = open_directories(disk, config.data_dir, config.data_log_dir, config.datadir_autocreate)
    locks = lock_directories(directories) if own_disk is None else []
    log = open_log(config, disk, directories)
    log_thread = LogThread(log, config.fsync_warning_threshold_ms)
    files = PeerStorage(config, disk, directories, time.monotonic_ns)
    files.working_directory = os.getcwd()
    files.roll_log = log.roll
    load_times = LoadTimes(0, 0, 0)
    return Storage(config, disk, directories, log_thread, locks, load_times, own_disk is None), files


def open_log(config: ServerConfig, disk: Disk, directories: Directories) -> TxnLog:
    """The log as the settings want it."""
    return TxnLog(
        disk,
        directories.logs,
        config.pre_alloc_size_kb,
        config.force_sync,
        config.txn_log_size_limit_kb,
        time.monotonic_ns,
    )


def open_in_memory(config: ServerConfig) -> ZKDatabase:
    """A database that no file knows of."""
    return ZKDatabase(new_tree(config), {})


def open_storage(config: ServerConfig) -> tuple[Storage, ZKDatabase]:
    """Lock the data directories, load what they hold and make them ready for writing.

    Raises StorageError or CorruptStorage; no file of ZooKeeper's has changed then.
    """
    disk = RealDisk()
    directories = open_directories(disk, config.data_dir, config.data_log_dir, config.datadir_autocreate)
    locks = lock_directories(directories)
    try:
        database, load_times, snapshot_due = load_database(config, disk, directories)
    except BaseException:
        unlock(locks)
        raise
    log_thread = LogThread(open_log(config, disk, directories), config.fsync_warning_threshold_ms)
    return Storage(config, disk, directories, log_thread, locks, load_times, snapshot_due=snapshot_due), database


def load_database(config: ServerConfig, disk: Disk, directories: Directories) -> tuple[ZKDatabase, LoadTimes, bool]:
    """What the files say, and whether it should be saved as a snapshot, beside those who are served by then.

    Where the next start would not find the same in the files it is saved at once; raises StorageError.
    """
    recovered = load(
        disk,
        directories,
        new_tree(config),
        recovery_settings(config, is_member=False),
        time.monotonic_ns,
    )
    for warning in recovered.warnings:
        logger.warning("%s", warning)
    times = LoadTimes(
        recovered.snapshot_load_ns // 1_000_000, recovered.replay_ns // 1_000_000, recovered.replayed.txn_count
    )
    logger.info(
        "Snapshot loaded in %d ms, %d txns replayed in %d ms, highest zxid is %s, digest is %d",
        times.snapshot_ms,
        times.txn_count,
        times.replay_ms,
        zxid_text(recovered.last_zxid),
        recovered.tree.tree_digest,
    )
    if not recovered.snapshot_needed:
        return ZKDatabase(recovered.tree, recovered.sessions), times, False
    if recovered.is_on_disk:
        sync_newest_log(disk, directories, recovered)
    else:
        save_snapshot(
            disk,
            directories.snapshots,
            recovered.tree,
            recovered.sessions,
            config.snapshot_compression,
            config.serialize_last_processed_zxid,
        )
    return ZKDatabase(recovered.tree, recovered.sessions), times, recovered.is_on_disk
