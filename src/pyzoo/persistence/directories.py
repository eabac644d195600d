"""dataDir and dataLogDir: the version-2 directories in them, and what must not lie there (FileTxnSnapLog).

A server that finds them unusable ends with exit code 3; DataDirectoryError is for exactly those cases.
"""

from typing import Final

from attrs import frozen

from pyzoo.errors import StorageError
from pyzoo.persistence.disk import Disk, join

VERSION_DIRECTORY: Final = "version-2"


class DataDirectoryError(StorageError):
    """A data directory is missing, cannot be created or written, or holds the other one's files."""


@frozen
class Directories:
    """Where snapshots and logs are, the version-2 part included, and the directories above them."""

    data_dir: str
    data_log_dir: str

    @property
    def snapshots(self) -> str:
        return join(self.data_dir, VERSION_DIRECTORY)

    @property
    def logs(self) -> str:
        return join(self.data_log_dir, VERSION_DIRECTORY)


def open_directories(
    disk: Disk, data_dir: str, data_log_dir: str | None = None, autocreate: bool = True
) -> Directories:
    """Check both directories and create what is missing, unless `autocreate` (datadir.autocreate) is off.

    Raises DataDirectoryError.
    """
    directories = Directories(data_dir, data_log_dir or data_dir)
    for role, path in (("log", directories.logs), ("snapshot", directories.snapshots)):
        _open(disk, role, path, autocreate)
    if directories.logs != directories.snapshots:
        _refuse(disk, "Log", "snapshot", directories.logs)
        _refuse(disk, "Snapshot", "log", directories.snapshots)
    return directories


def _open(disk: Disk, role: str, path: str, autocreate: bool) -> None:
    try:
        if not disk.exists(path):
            if not autocreate:
                raise DataDirectoryError(
                    f"Missing {role} directory {path}; automatic data directory creation is disabled "
                    "(zookeeper.datadir.autocreate). Please create this directory manually."
                )
            disk.make_directory(path)
        if not disk.is_writable(path):
            raise DataDirectoryError(f"Cannot write to {role} directory {path}; check its owner and mode")
    except OSError as error:
        raise DataDirectoryError(f"Unable to create {role} directory {path}: {error.strerror or error}") from error


def _refuse(disk: Disk, role: str, prefix: str, path: str) -> None:
    try:
        names = disk.list(path)
    except OSError as error:
        raise DataDirectoryError(f"Cannot read {path}: {error.strerror or error}") from error
    if any(name.startswith(f"{prefix}.") for name in names):
        raise DataDirectoryError(
            f"{role} directory has {prefix} files: {path}. Check if dataLogDir and dataDir configuration is correct."
        )
