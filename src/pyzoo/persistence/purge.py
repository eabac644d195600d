"""Removing old logs and snapshots (PurgeTxnLog, DatadirCleanupManager).

The rule: the newest snapshots that look whole stay, and with them every log that a start from the oldest of
them would read.
"""

from typing import Final

from pyzoo.errors import StorageError
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.names import LOG_PREFIX, SNAPSHOT_PREFIX, zxid_from_name
from pyzoo.persistence.snapshot.saved import list_valid_snapshots
from pyzoo.persistence.txnlog import list_logs

MIN_RETAIN_COUNT: Final = 3


def files_to_purge(disk: Disk, directories: Directories, retain_count: int) -> list[str]:
    """Paths of what may go, logs first; nothing when there is no snapshot that looks whole.

    Raises ValueError for a count below 3 and StorageError when the directories cannot be read.
    """
    if retain_count < MIN_RETAIN_COUNT:
        raise ValueError(f"count should be greater than or equal to {MIN_RETAIN_COUNT}")
    try:
        kept = list_valid_snapshots(disk, directories.snapshots, retain_count)
        if not kept:
            return []
        oldest_zxid = kept[-1][0]
        keep_names = {name for _, name in kept}
        # The log that was being written when the snapshot was taken may have begun long before.
        first_log = max((zxid for zxid, _ in list_logs(disk, directories.logs) if zxid <= oldest_zxid), default=-1)
        logs = _older(disk, directories.logs, LOG_PREFIX, first_log if first_log >= 0 else oldest_zxid)
        snapshots = _older(disk, directories.snapshots, SNAPSHOT_PREFIX, oldest_zxid)
    except OSError as error:
        raise StorageError(f"cannot look for old files: {error}") from error
    return [join(directories.logs, name) for name in logs] + [
        join(directories.snapshots, name) for name in snapshots if name not in keep_names
    ]


def _older(disk: Disk, directory: str, prefix: str, zxid: int) -> list[str]:
    """Files whose name begins with `prefix.` and has a lower zxid; those without a readable one count as lower."""
    return [
        name
        for name in disk.list(directory)
        if name.startswith(f"{prefix}.") and zxid_from_name(name, prefix) < zxid and disk.is_file(join(directory, name))
    ]


def purge(disk: Disk, directories: Directories, retain_count: int) -> tuple[list[str], list[str]]:
    """Remove them; returns the paths that are gone and those that could not be removed."""
    removed: list[str] = []
    failed: list[str] = []
    for path in files_to_purge(disk, directories, retain_count):
        try:
            disk.remove(path)
            removed.append(path)
        except OSError:
            failed.append(path)
    return removed, failed
