"""Whether a server would start from a data directory, and with what."""

from collections.abc import Callable, Iterator

from attrs import define

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import PyzooError
from pyzoo.filetools.verify_files import FileReport, Soundness, verify_log, verify_snapshot
from pyzoo.persistence.directories import VERSION_DIRECTORY, Directories, open_directories
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.epochs import ACCEPTED_EPOCH, CURRENT_EPOCH, EpochFiles
from pyzoo.persistence.recovery import Recovered, RecoverySettings, load
from pyzoo.persistence.snapshot.saved import list_snapshots
from pyzoo.persistence.txnlog import list_logs
from pyzoo.persistence.untouched_disk import UntouchedDisk
from pyzoo.zxid import zxid_text


@define
class DirectoryCheck:
    """Reads everything and changes nothing; after `run`, `is_sound` says that all of it is as it should be.

    `log_dir` is the dataLogDir, which may be `data_dir`.
    """

    disk: Disk
    data_dir: str
    log_dir: str
    is_sound: bool = True
    #: Whether somebody has said that the logs are there; otherwise, where there are none, they may be elsewhere.
    log_dir_is_named: bool = True
    start: str = "A server would start"

    def run(self) -> Iterator[str]:
        """A line for each file, then what a start gives. Raises OSError."""
        disk = UntouchedDisk(self.disk, must_be_writable=False)
        for directory in (self.data_dir, self.log_dir):
            if not disk.exists(join(directory, VERSION_DIRECTORY)):
                self.is_sound = False
                yield f"{directory} is no data directory: it has no {VERSION_DIRECTORY}\n"
                return
        try:
            directories = open_directories(disk, self.data_dir, self.log_dir, autocreate=False)
        except PyzooError as error:
            self.is_sound = False
            yield f"A server would not start: {error}\n"
            return
        for _, name in reversed(list_snapshots(disk, directories.snapshots)):
            yield self._told(verify_snapshot, join(directories.snapshots, name))
        logs = list_logs(disk, directories.logs)
        for _, name in logs:
            yield self._told(verify_log, join(directories.logs, name))
        snapshots = list_snapshots(disk, directories.snapshots)
        if snapshots and not logs:
            # What snapshots hold once stood in a log; one without transactions may be that of a fresh server.
            self.is_sound &= self.log_dir_is_named or snapshots[0][0] == 0
            self.start = "With the snapshots alone a server would start"
            yield (
                f"warning: there is no log in {directories.logs}: if the logs are elsewhere (dataLogDir), what they "
                "hold is not counted; say where with --data-log-dir\n"
            )
        try:
            yield from self._start(disk, directories)
        except PyzooError as error:
            self.is_sound = False
            yield f"A server would not start: {error}\n"

    def _told(self, verify: Callable[[Disk, str], FileReport], path: str) -> str:
        try:
            report = verify(self.disk, path)
        except OSError as error:
            report = FileReport(path.rsplit("/", 1)[-1]).found(error.strerror or str(error))
        self.is_sound &= report.soundness is not Soundness.BAD
        return str(report)

    def _start(self, disk: Disk, directories: Directories) -> Iterator[str]:
        # Of what depends on settings only the directory matters here.
        settings = RecoverySettings(commit_log_count=0, remove_orphans=False)
        recovered = load(disk, directories, DataTree(extended_types=True), settings)
        epochs = self._epochs(disk, directories, recovered)
        if recovered.replayed.digest_mismatch_count:
            self.is_sound = False
        for warning in recovered.warnings:
            yield f"warning: {warning}\n"
        if recovered.tree.ownership.ttls:
            count = len(recovered.tree.ownership.ttls)
            yield f"hint: {count} nodes have a time to live: the server needs extendedTypesEnabled=true\n"
        yield f"{self.start}{_from_text(recovered)}{epochs}\n"

    def _epochs(self, disk: Disk, directories: Directories, recovered: Recovered) -> str:
        """The epochs of a member of an ensemble. Raises StorageError where they cannot be."""
        files = (join(directories.snapshots, name) for name in (CURRENT_EPOCH, ACCEPTED_EPOCH))
        if not any(disk.exists(path) for path in files):
            return ""
        epochs = EpochFiles(disk, directories.snapshots)
        epochs.read(recovered.last_zxid)
        return f", in epoch {epochs.current} (accepted {epochs.accepted})"


def _from_text(recovered: Recovered) -> str:
    nodes = recovered.tree.node_count - 1
    if recovered.snapshot_path is None or recovered.snapshot_zxid == 0 == recovered.last_zxid:
        return " with an empty database" if recovered.last_zxid <= 0 else f" at zxid {zxid_text(recovered.last_zxid)}"
    return (
        f" at zxid {zxid_text(recovered.last_zxid)} with {nodes} nodes and {len(recovered.sessions)} sessions: "
        f"{recovered.snapshot_path.rsplit('/', 1)[-1]} and {recovered.replayed.txn_count} transactions after it"
    )
