"""What a server keeps on disk, put together: directories, recovery, the log, snapshots, purging."""

import logging
import time
from collections.abc import Iterator

from attrs import define

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.persistence.directories import Directories, open_directories
from pyzoo.persistence.disk import Disk, RealDisk
from pyzoo.persistence.purge import purge
from pyzoo.persistence.recovery import RecoverySettings, load
from pyzoo.persistence.snapshots import SnapshotFile, save_snapshot, snapshot_chunks
from pyzoo.persistence.txnlog import TxnLog
from pyzoo.runtime.log_thread import LogThread
from pyzoo.server.database import ZKDatabase
from pyzoo.zxid import zxid_text

logger = logging.getLogger(__name__)

AT_LEAST_RETAINED = 3


@define
class Storage:
    """The files of one server and its log thread."""

    config: ServerConfig
    disk: Disk
    directories: Directories
    log_thread: LogThread
    last_snapshot_zxid: int = -1

    def snapshot_file(self, zxid: int) -> SnapshotFile:
        """A snapshot to be filled."""
        return SnapshotFile(self.disk, self.directories.snapshots, zxid, self.config.snapshot_compression)

    def snapshot_chunks(self, database: ZKDatabase) -> Iterator[bytes]:
        """The bytes of a snapshot, made a slice at a time."""
        return iter(
            snapshot_chunks(
                database.tree,
                dict(database.sessions),
                self.config.serialize_last_processed_zxid,
            )
        )

    def purge(self) -> None:
        """Remove old snapshots and logs, as many as autopurge.* says."""
        removed, failed = purge(
            self.disk, self.directories, max(self.config.autopurge_snap_retain_count, AT_LEAST_RETAINED)
        )
        for path in removed:
            logger.info("Removing file: %s", path)
        for path in failed:
            logger.error("Failed to remove %s", path)


def new_tree(config: ServerConfig) -> DataTree:
    """An empty tree with the server's settings."""
    return DataTree(config.extended_types_enabled, config.emulate_353_ttl_nodes, config.digest_enabled)


def open_in_memory(config: ServerConfig) -> ZKDatabase:
    """A database that no file knows of."""
    return ZKDatabase(new_tree(config), {})


def open_storage(config: ServerConfig) -> tuple[Storage, ZKDatabase]:
    """Load what the data directories hold and make them ready for writing.

    Raises StorageError or CorruptStorage; nothing on disk has changed then.
    """
    disk = RealDisk()
    directories = open_directories(disk, config.data_dir, config.data_log_dir, config.datadir_autocreate)
    recovered = load(
        disk,
        directories,
        new_tree(config),
        RecoverySettings(
            trust_empty_snapshot=config.snapshot_trust_empty,
            db_autocreate=config.db_autocreate,
            commit_log_count=0,
            compression_method=config.snapshot_compression,
            last_zxid=config.serialize_last_processed_zxid,
        ),
        time.monotonic_ns,
    )
    for warning in recovered.warnings:
        logger.warning("%s", warning)
    logger.info(
        "Snapshot loaded in %d ms, %d txns replayed in %d ms, highest zxid is %s, digest is %d",
        recovered.snapshot_load_ns // 1_000_000,
        recovered.replayed.txn_count,
        recovered.replay_ns // 1_000_000,
        zxid_text(recovered.last_zxid),
        recovered.tree.tree_digest,
    )
    database = ZKDatabase(recovered.tree, recovered.sessions)
    if recovered.snapshot_needed or recovered.orphan_count:
        save_snapshot(
            disk,
            directories.snapshots,
            recovered.tree,
            recovered.sessions,
            config.snapshot_compression,
            config.serialize_last_processed_zxid,
        )
    log = TxnLog(
        disk,
        directories.logs,
        config.pre_alloc_size_kb,
        config.force_sync,
        config.txn_log_size_limit_kb,
        time.monotonic_ns,
    )
    return Storage(config, disk, directories, LogThread(log, config.fsync_warning_threshold_ms)), database
