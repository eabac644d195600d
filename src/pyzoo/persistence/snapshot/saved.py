"""Snapshot files: their names, which of them look whole, and how a new one is saved.

    snapshot.<hex zxid>[.gz|.snappy]

The rule: a file has such a name only when it is complete and synced. What is being written is called
`tmp.snapshot...`, for servers take the zxid from the second part of a name and would load a half one.
"""

from contextlib import closing, suppress
from typing import Final

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import StorageError
from pyzoo.persistence.compression import (
    GZ,
    GZIP_MAGIC,
    PLAIN,
    SNAPPY,
    SNAPPY_MAGIC,
    Compressor,
    compressor_for,
)
from pyzoo.persistence.disk import Disk, WriteFile, join
from pyzoo.persistence.names import TEMPORARY_PREFIX, is_temporary, method_of_name, snapshot_name, snapshot_zxid
from pyzoo.persistence.snapshot.file import snapshot_chunks
from pyzoo.persistence.snapshot.layout import END_OF_SECTION

# How many of the newest files are tried (FileSnap.deserialize).
CANDIDATE_LIMIT: Final = 100

SYNC_BYTES: Final = 1 << 22
"""So much at a time is synced: a disk that gets hundreds of megabytes at the end keeps the log waiting."""

_MIN_LENGTH: Final = 10


def list_snapshots(disk: Disk, directory: str) -> list[tuple[int, str]]:
    """(zxid, name) of all files named as snapshots, newest first, whole or not."""
    return [entry for entry in _named_as_snapshots(disk, directory) if disk.is_file(join(directory, entry[1]))]


def list_no_snapshots(disk: Disk, directory: str) -> list[str]:
    """The names of what is called a snapshot and is no file, such as a directory `snapshot.bad`, newest first."""
    return [name for _, name in _named_as_snapshots(disk, directory) if not disk.is_file(join(directory, name))]


def _named_as_snapshots(disk: Disk, directory: str) -> list[tuple[int, str]]:
    found = [(snapshot_zxid(name), name) for name in disk.list(directory)]
    return sorted((entry for entry in found if entry[0] >= 0), reverse=True)


def looks_valid(disk: Disk, path: str) -> bool:
    """The quick test before loading: the end mark of a plain file, the magic of a compressed one.

    (SnapStream.isValidSnapshot.) Raises OSError.
    """
    method = method_of_name(path)
    size = disk.size(path)
    with closing(disk.open_read(path)) as file:
        if method == GZ:
            return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        if method == SNAPPY:
            return file.read(len(SNAPPY_MAGIC)) == SNAPPY_MAGIC
        if size < _MIN_LENGTH:
            return False
        file.seek(size - len(END_OF_SECTION))
        return file.read(len(END_OF_SECTION)) == END_OF_SECTION


def list_valid_snapshots(disk: Disk, directory: str, limit: int) -> list[tuple[int, str]]:
    """The `limit` newest (zxid, name) that pass the quick test, newest first."""
    valid: list[tuple[int, str]] = []
    for zxid, name in list_snapshots(disk, directory):
        if len(valid) == limit:
            break
        if looks_valid(disk, join(directory, name)):
            valid.append((zxid, name))
    return valid


class SnapshotFile:
    """A snapshot that is being saved: `write` its chunks, then `save` or `abandon`.

    The file gets its name in `save`, after it was synced. Whatever fails raises StorageError and leaves
    nothing behind. To be used by one thread at a time.
    """

    def __init__(self, disk: Disk, directory: str, zxid: int, method: str = PLAIN) -> None:
        name = snapshot_name(zxid, method)
        self._method = method
        self.path = join(directory, name)
        self.bytes_written = 0
        self._synced = 0
        self._disk = disk
        self._directory = directory
        self._temporary = join(directory, TEMPORARY_PREFIX + name)
        self._compressor: Compressor = compressor_for(method)
        try:
            self._file: WriteFile = disk.create(self._temporary)
        except OSError as error:
            raise self._failure(error) from error

    def write(self, *chunks: bytes) -> None:
        """Add uncompressed bytes, all that have gathered."""
        self._write(*(chunks if self._method == PLAIN else [self._compressor.compress(b"".join(chunks))]))

    def save(self) -> str:
        """Make the file durable under its name, replacing a snapshot of the same zxid; returns the path."""
        self._write(self._compressor.finish())
        try:
            self._file.sync()
            self._file.close()
            self._disk.rename(self._temporary, self.path)
            self._disk.sync_directory(self._directory)
        except OSError as error:
            self.abandon()
            raise self._failure(error) from error
        return self.path

    def sync(self) -> None:
        """Make safe what is written so far, so that `save` takes no time; raises StorageError."""
        try:
            self._file.sync()
        except OSError as error:
            self.abandon()
            raise self._failure(error) from error

    def save_as(self, zxid: int) -> str:
        """Like `save`, under the name of another zxid than it began with."""
        self.path = join(self._directory, snapshot_name(zxid, self._method))
        return self.save()

    def abandon(self) -> None:
        """Remove what was written; never fails."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._disk.remove(self._temporary)

    def _write(self, *pieces: bytes) -> None:
        size = sum(map(len, pieces))
        if size == 0:
            return
        try:
            self._file.write_at(self.bytes_written, *pieces)
            self.bytes_written += size
            if self.bytes_written - self._synced >= SYNC_BYTES:
                self._file.sync_data()
                self._synced = self.bytes_written
        except OSError as error:
            self.abandon()
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot save the snapshot {self.path}: {error.strerror or error}; the older ones are untouched. "
            "Free space or repair the disk"
        )


def save_snapshot(
    disk: Disk,
    directory: str,
    tree: DataTree,
    sessions: dict[int, int],
    method: str = PLAIN,
    last_zxid: bool = True,
) -> str:
    """Save `tree` as it is, in one go; returns the path. For the start of a server, when nobody waits."""
    file = SnapshotFile(disk, directory, tree.last_processed_zxid, method)
    try:
        for chunk in snapshot_chunks(tree, sessions, last_zxid):
            file.write(chunk)
    except BaseException:
        file.abandon()
        raise
    return file.save()


def remove_temporaries(disk: Disk, directory: str) -> None:
    """Remove what was being written when the process died: nothing in it was acknowledged."""
    for name in disk.list(directory):
        if is_temporary(name) and disk.is_file(join(directory, name)):
            disk.remove(join(directory, name))
