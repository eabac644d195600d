"""PeerStorage: what a member of an ensemble keeps beside its log, on whatever disk it is given.

Synchronous, and used only while no log batch is on its way: at the start, and between one role and the next.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from typing import Final

from mypy_extensions import mypyc_attr

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import StorageError
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, directory_of, join, replace_file
from pyzoo.persistence.epochs import EpochFiles
from pyzoo.persistence.recovery import Recovered, load, sync_newest_log
from pyzoo.persistence.truncate import truncate
from pyzoo.quorum.history import CommittedLog
from pyzoo.server.database import ZKDatabase, new_tree, recovery_settings
from pyzoo.zxid import zxid_text

logger: Final = logging.getLogger(__name__)


def no_clock() -> int:
    return 0


@mypyc_attr(allow_interpreted_subclasses=True)
class PeerStorage:
    """Log, snapshots, epochs and configuration files of one member.

    The shell sets `working_directory`, which relative paths begin at, and `roll_log`, which lets the log go of
    its file.
    """

    def __init__(
        self,
        config: ServerConfig,
        disk: Disk,
        directories: Directories,
        clock_ns: Callable[[], int] = no_clock,
    ) -> None:
        self.config = config
        self.disk = disk
        self.directories = directories
        self.epochs = EpochFiles(disk, directories.snapshots)
        self.recovered: Recovered | None = None
        self.roll_log: Callable[[], None] | None = None
        self.working_directory = "/"
        self._clock_ns = clock_ns

    def load(self) -> ZKDatabase:
        """What the files say; raises StorageError. Nothing is saved: what is logged may be cut off again."""
        config = self.config
        tree = new_tree(config)
        recovered = load(self.disk, self.directories, tree, recovery_settings(config, is_member=True), self._clock_ns)
        for warning in recovered.warnings:
            logger.warning("%s", warning)
        logger.info("Database loaded, highest zxid is %s", zxid_text(recovered.last_zxid))
        sync_newest_log(self.disk, self.directories, recovered)
        self.recovered = recovered
        self.epochs.read(recovered.last_zxid)
        committed = CommittedLog(config.commit_log_count)
        for proposal in recovered.committed:
            committed.add(proposal.zxid, proposal.payload)
        return ZKDatabase(tree, recovered.sessions, committed)

    def truncate(self, zxid: int) -> ZKDatabase:
        """Cut the log after `zxid` and load what is left; raises StorageError."""
        self.cut(zxid)
        return self.load()

    def cut(self, zxid: int) -> None:
        """Cut the log after `zxid`; raises StorageError."""
        if self.roll_log is not None:
            self.roll_log()
        for path in truncate(self.disk, self.directories, zxid):
            logger.info("Cut after %s: %s", zxid_text(zxid), path)

    def save_accepted_epoch(self, epoch: int) -> None:
        """Promise an epoch; raises StorageError."""
        self.epochs.save_accepted(epoch)

    def save_current_epoch(self, epoch: int) -> None:
        """Take part in an epoch; raises StorageError."""
        self.epochs.save_current(epoch)

    # --- configuration files

    def absolute(self, path: str) -> str:
        """A path that does not depend on where the server was started."""
        return path if path.startswith("/") else join(self.working_directory, path)

    def read_text(self, path: str) -> str | None:
        """A configuration file in ISO-8859-1, None when it is missing."""
        if not self.disk.exists(path):
            return None
        with closing(self.disk.open_read(path)) as file:
            return file.read(self.disk.size(path)).decode("iso-8859-1")

    def write_text(self, path: str, text: str) -> None:
        """Replace a configuration file durably; raises StorageError."""
        try:
            replace_file(self.disk, path, text.encode("iso-8859-1", "replace"))
        except OSError as error:
            raise StorageError(
                f"cannot write {path}: {error.strerror or error}; make its directory writable"
            ) from error

    def remove_text(self, path: str) -> None:
        """Remove a configuration file that may be missing, durably; raises StorageError."""
        try:
            if self.disk.exists(path):
                self.disk.remove(path)
                self.disk.sync_directory(directory_of(path))
        except OSError as error:
            raise StorageError(f"cannot remove {path}: {error.strerror or error}") from error
