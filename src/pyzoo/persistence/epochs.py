"""The promises of a quorum peer: acceptedEpoch and currentEpoch (QuorumPeer.loadDataBase, AtomicFileOutputStream).

    <dataDir>/version-2/acceptedEpoch    the newest epoch that a leader proposed and this server accepted
    <dataDir>/version-2/currentEpoch     the newest epoch whose history this server has

ASCII decimal, without a newline; readers take the first line. The rule: file first, memory second, so that no
promise is given that a crash could take back.

An ensemble without a leader waits for these files: where only the last digit changes it is written over in place, which
is safe with one sync of data, and one byte cannot be half written. A new file and its name take several syncs.
"""

import re
from contextlib import closing, suppress
from typing import Final

from pyzoo.errors import CorruptStorage, StorageError
from pyzoo.persistence.disk import TEMPORARY_SUFFIX, Disk, join, put_in_place, replace_file, sync_file
from pyzoo.zxid import epoch_of, zxid_text

ACCEPTED_EPOCH: Final = "acceptedEpoch"
CURRENT_EPOCH: Final = "currentEpoch"
NO_EPOCH: Final = -1
"""The epoch of zxid -1, which is that of a server that may not begin a database by itself."""

_MAX_EPOCH: Final = 0x7FFFFFFF
_MAX_LENGTH: Final = 64
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")


class EpochFiles:
    """Both epochs of a peer; `directory` is the version-2 directory of dataDir. Call `read` first."""

    def __init__(self, disk: Disk, directory: str) -> None:
        self.accepted = NO_EPOCH
        self.current = NO_EPOCH
        self._disk = disk
        self._directory = directory
        self._texts: dict[str, bytes] = {}
        """What the files hold, where that is certain."""

    def read(self, last_zxid: int) -> None:
        """Read both files, with the checks of a start; `last_zxid` is the newest that the database holds.

        A missing file is made with the epoch of `last_zxid`. Raises CorruptStorage for a file that is no
        number, and StorageError where the epochs cannot be those of this database or the disk fails.
        """
        epoch = epoch_of(last_zxid)
        current = self._read_or_create(CURRENT_EPOCH, epoch)
        accepted = self._read_or_create(ACCEPTED_EPOCH, epoch)
        if epoch > current:
            current = self._adopt(current, accepted, last_zxid)
        if accepted < current:
            raise StorageError(
                f"The accepted epoch, {accepted} is less than the current epoch, {current}: one of the files in "
                f"{self._directory} is not this server's. Move its data away, so that it gets all from the leader"
            )
        self.accepted = accepted
        self.current = current

    def save_accepted(self, epoch: int) -> None:
        """Promise durably to follow no leader of an older epoch; raises StorageError."""
        self._write(ACCEPTED_EPOCH, epoch)
        self.accepted = epoch

    def save_current(self, epoch: int) -> None:
        """Keep durably that the history of this epoch is here; raises StorageError."""
        self._write(CURRENT_EPOCH, epoch)
        self.current = epoch

    def _adopt(self, current: int, accepted: int, last_zxid: int) -> int:
        """The current epoch of a server that died while it came into step with a leader.

        A transaction of an epoch follows all of its initial history, so with the promise this server is in that
        epoch (Apache's refuses to start here). Where it died before a rename the temporary file tells.
        """
        found = NO_EPOCH
        name = CURRENT_EPOCH + TEMPORARY_SUFFIX
        if self._exists(name):
            try:
                found = self._read(name)
            except CorruptStorage:
                found = NO_EPOCH  # the write did not get that far
        if found < epoch_of(last_zxid) <= accepted:
            self._write(CURRENT_EPOCH, epoch_of(last_zxid))
            return epoch_of(last_zxid)
        if found < epoch_of(last_zxid):
            raise StorageError(
                f"The current epoch, {current}, is older than the last zxid, {zxid_text(last_zxid)}: "
                f"{join(self._directory, CURRENT_EPOCH)} does not belong to this data. Move the data away, so that "
                "this server gets all from the leader"
            )
        try:
            # Not written anew: until the rename it is the only place that has this number.
            sync_file(self._disk, join(self._directory, name))
            put_in_place(self._disk, join(self._directory, CURRENT_EPOCH))
        except OSError as error:
            raise self._failure(CURRENT_EPOCH, found, error) from error
        return found

    def _read_or_create(self, name: str, epoch: int) -> int:
        if self._exists(name):
            return self._read(name)
        self._write(name, epoch)
        return epoch

    def _exists(self, name: str) -> bool:
        return self._disk.exists(join(self._directory, name))

    def _read(self, name: str) -> int:
        path = join(self._directory, name)
        try:
            with closing(self._disk.open_read(path)) as file:
                data = file.read(_MAX_LENGTH)
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
        self._texts[name] = data
        line = re.split("[\r\n]", data.decode("ascii", "replace"), maxsplit=1)[0]
        epoch = int(line) if _NUMBER.fullmatch(line) else _MAX_EPOCH + 1
        if not NO_EPOCH <= epoch <= _MAX_EPOCH:
            raise CorruptStorage(
                path, 0, f"Found {line!r} in place of an epoch; move the data away, so that it comes from the leader"
            )
        return epoch

    def _write(self, name: str, epoch: int) -> None:
        path, text = join(self._directory, name), b"%d" % epoch
        before = self._texts.pop(name, b"")
        try:
            if len(text) == len(before) and text[:-1] == before[:-1]:
                self._write_last_digit(path, before, text)
            else:
                replace_file(self._disk, path, text)
        except OSError as error:
            raise self._failure(name, epoch, error) from error
        self._texts[name] = text

    def _write_last_digit(self, path: str, before: bytes, text: bytes) -> None:
        at = len(text) - 1
        with closing(self._disk.open_write(path)) as file:
            try:
                file.write_at(at, text[at:])
                file.sync_data()
            except OSError:
                # Nobody is told of the new epoch, so no reader shall find it.
                with suppress(OSError):
                    file.write_at(at, before[at:])
                raise

    def _failure(self, name: str, epoch: int, error: OSError) -> StorageError:
        path = join(self._directory, name)
        return StorageError(
            f"cannot save the epoch {epoch} in {path}: {error.strerror or error}. Free space or repair the disk"
        )
