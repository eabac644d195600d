"""The transaction log as it is written: whole records in batches, one sync for each, a new file now and then.

The rules: what `commit` returned for is on disk; a file has another name until its header and its first records are
safe, because a log without them stops the next start of a real server (of 3.9 too, unless it is empty); after an error
the file is cut back to what was synced, and writing goes on in a new one; a file that may hold records is never
overwritten (FileTxnLog, FilePadding).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pyzoo.errors import StorageError
from pyzoo.persistence.disk import Disk, WriteFile, join
from pyzoo.persistence.log_format import HEADER_LENGTH, encode_file_header
from pyzoo.persistence.names import TEMPORARY_PREFIX, log_name, log_zxid

SET_ASIDE_PREFIX: Final = "set-aside."
# A file grows when less than this is left of it (FilePadding.calculateFileSizeWithPadding).
_PADDING_MARGIN: Final = 4096
_FILL_MARGIN: Final = 1 << 14
_MOST_FILL: Final = 1 << 18
_LARGE_APPEND: Final = 1 << 16
"""What is so large takes nearly as much room as can be had ahead, and would only be written twice."""
# Written in one piece, a larger part becomes one unit of the page cache, and each sync searches all of it.
_ZEROS: Final = bytes(1 << 16)


def list_logs(disk: Disk, directory: str) -> list[tuple[int, str]]:
    """(zxid, name) of all logs, oldest first."""
    found = [(log_zxid(name), name) for name in disk.list(directory)]
    return sorted(entry for entry in found if entry[0] >= 0)


def set_aside(disk: Disk, directory: str, name: str) -> str:
    """Rename a file to what no server takes for a log, keeping its bytes; returns the new path."""
    target = join(directory, SET_ASIDE_PREFIX + name)
    number = 0
    while disk.exists(target):
        number += 1
        target = join(directory, f"{SET_ASIDE_PREFIX}{name}.{number}")
    disk.rename(join(directory, name), target)
    disk.sync_directory(directory)
    return target


def padded_size(position: int, size: int, pre_alloc: int) -> int:
    """The size that a file gets before something is written at `position`; all in bytes."""
    if pre_alloc <= 0 or position + _PADDING_MARGIN < size:
        return size
    if position > size:
        grown = position + pre_alloc
        return grown - grown % pre_alloc
    return size + pre_alloc


class _LogFile:
    """One open file: `end` of the records written, `synced` of that, `padded` as Apache counts the padding.

    Up to `filled` zeros were written ahead of the records. It is at `place` now, and at `path` in the end.
    """

    def __init__(self, path: str, place: str, file: WriteFile) -> None:
        self.path = path
        self.place = place
        self.file = file
        self.end = 0
        self.synced = 0
        self.padded = HEADER_LENGTH
        self.filled = 0

    @property
    def size(self) -> int:
        return max(self.padded, self.end)


class TxnLog:
    """Appends batches of records: `append` any number of times, then `commit`.

    One thread at a time. Every method raises StorageError when the disk fails. Nothing since the last commit
    is then kept, and the next append, perhaps of the same batch, goes to a new file; it fails again as long
    as the old file cannot be cut back.
    """

    def __init__(
        self,
        disk: Disk,
        directory: str,
        pre_alloc_size_kb: int = 65536,
        force_sync: bool = True,
        txn_log_size_limit_kb: int = -1,
        clock_ns: Callable[[], int] | None = None,
    ) -> None:
        self._disk = disk
        self._directory = directory
        self._pre_alloc = pre_alloc_size_kb * 1024
        self._force_sync = force_sync
        self._size_limit = txn_log_size_limit_kb * 1024
        self._clock_ns = clock_ns
        self._current: _LogFile | None = None
        self._broken: _LogFile | None = None  # to be cut back before anything else

    def append(self, first_zxid: int, *records: bytes) -> None:
        """Write whole records, in pieces that may end anywhere; they are safe only after `commit`.

        A new file is named after `first_zxid`.
        """
        try:
            self._mend()
            log = self._current
            if log is None:
                log = self._create(first_zxid)
                records = (encode_file_header(), *records)
            elif log.synced > 0:
                self._pad(log, log.synced)
            log.file.write_at(log.end, *records)
        except OSError as error:
            raise self._fail("write to", error) from error
        length = 0
        for piece in records:
            length += len(piece)
        log.end += length
        if log.synced > 0 and self._force_sync and length < _LARGE_APPEND:
            self._fill(log)

    def commit(self) -> int:
        """Make everything appended so far safe; returns the nanoseconds that the sync took.

        Without a clock, without anything to do, or with force_sync off, that is 0.
        """
        log = self._current
        if log is None or log.synced == log.end:
            return 0
        is_new = log.synced == 0
        try:
            took_ns = self._sync(log, is_new)
        except OSError as error:
            raise self.sync_failed(error) from error
        if is_new:
            # Not before the first sync, so that no crash leaves zeros in place of the header. The records are
            # safe already: should this fail, the next append tries again.
            with suppress(OSError):
                self._pad(log, HEADER_LENGTH)
        self.synced()
        return took_ns

    def descriptor_to_sync(self) -> int:
        """The file whose fdatasync makes everything appended so far safe; -1 where that takes a `commit`.

        Whoever syncs it calls `synced` or `sync_failed` before anything else.
        """
        log = self._current
        if log is None or log.synced in (0, log.end) or not self._force_sync:
            return -1
        return log.file.fileno()

    def synced(self) -> None:
        """Everything appended so far is safe."""
        log = self._current
        assert log is not None
        log.synced = log.end
        if 0 < self._size_limit < log.size:
            self.roll()

    def sync_failed(self, error: OSError) -> StorageError:
        """Nothing since the last commit will be kept; returns what to say."""
        return self._fail("sync", error)

    def roll(self) -> None:
        """Let the next append begin a new file. Everything must be committed."""
        log = self._current
        if log is None:
            return
        assert log.synced == log.end, "roll of a log with records that are not committed"
        self._current = None
        with suppress(OSError):
            log.file.close()

    def close(self) -> None:
        """Commit and let go of the file."""
        self.commit()
        self.roll()

    def _create(self, first_zxid: int) -> _LogFile:
        name = log_name(first_zxid)
        path = join(self._directory, name)
        if self._disk.exists(path) and (not self._disk.is_file(path) or self._disk.size(path) > HEADER_LENGTH):
            # Nothing usable is in it, or this zxid would not come again; its bytes are kept even so.
            set_aside(self._disk, self._directory, name)
        temporary = join(self._directory, TEMPORARY_PREFIX + name)
        log = _LogFile(path, temporary, self._disk.create(temporary))
        self._current = log
        return log

    def _pad(self, log: _LogFile, position: int) -> None:
        padded = padded_size(position, log.padded, self._pre_alloc)
        if padded > log.size:
            log.file.extend(padded)
        log.padded = padded

    def _fill(self, log: _LogFile) -> None:
        """Have zeros on disk where the next records go: a sync that need not find room for them is faster.

        As much again as the file has, within limits. A full disk is for the records to find out.
        """
        if log.end + _FILL_MARGIN <= log.filled:
            return
        start = max(log.filled, log.end)
        log.filled = min(start + max(min(log.end, _MOST_FILL), len(_ZEROS)), max(log.padded, start))
        with suppress(OSError):
            for offset in range(start, log.filled, len(_ZEROS)):
                left = log.filled - offset
                log.file.write_at(offset, _ZEROS if left >= len(_ZEROS) else _ZEROS[:left])

    def _sync(self, log: _LogFile, is_new: bool) -> int:
        if not self._force_sync:
            if is_new:
                self._publish(log)
            return 0
        before = 0 if self._clock_ns is None else self._clock_ns()
        log.file.sync_data()
        if is_new:
            self._publish(log)
            self._disk.sync_directory(self._directory)
        return 0 if self._clock_ns is None else self._clock_ns() - before

    def _publish(self, log: _LogFile) -> None:
        """Give a new file the name by which others find it."""
        log.file = self._disk.rename_open(log.file, log.place, log.path)
        log.place = log.path

    def _fail(self, verb: str, error: OSError) -> StorageError:
        """Everything that is not synced has to go: half a record must not stand before a later one."""
        log = self._current or self._broken
        self._broken = log
        self._current = None
        path = self._directory if log is None else log.path
        return StorageError(
            f"cannot {verb} the transaction log {path}: {error.strerror or error}; nothing that was "
            "acknowledged is lost. Free space or repair the disk"
        )

    def _mend(self) -> None:
        """Cut a broken file back to what was synced, durably, so that no record can come to stand twice."""
        log = self._broken
        if log is None:
            return
        if log.synced > 0:
            log.file.truncate(log.synced)
            log.file.sync()
            self._let_go(log)
        else:
            # Windows removes nothing that is open.
            self._let_go(log)
            # Renamed but not opened again, it is there under its name already.
            place = log.place if self._disk.exists(log.place) else log.path
            if self._disk.exists(place):
                self._disk.remove(place)
                self._disk.sync_directory(self._directory)
        self._broken = None

    def _let_go(self, log: _LogFile) -> None:
        with suppress(OSError):
            log.file.close()
