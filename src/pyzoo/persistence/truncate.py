"""Taking back what was never committed, when a leader says so (FileTxnLog.truncate, TRUNC).

The rules: everything is checked before anything is changed; files go newest first, each safely before the next,
so that a crash leaves a history that is too long, never one with a gap, and the same call completes it. The
logs are cut before the snapshots go: a snapshot that came from a leader has no records below it, and without it
those above it would follow a gap. (ZOOKEEPER-1154, 1156.)
"""

from contextlib import closing

from attrs import define, frozen

from pyzoo.errors import StorageError
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, join, sync_file
from pyzoo.persistence.log_format import HEADER_LENGTH, NO_HEADER, LogReader
from pyzoo.persistence.proposals import zxid_of
from pyzoo.persistence.snapshot.saved import list_snapshots, looks_valid
from pyzoo.persistence.txnlog import list_logs, set_aside
from pyzoo.zxid import epoch_of, zxid_text


@frozen
class _Cut:
    """What stays of a log: its first `size` bytes, nothing when it has no record that stays."""

    name: str
    size: int


@define
class _Plan:
    """What has to go, files in the order of their zxids."""

    cut: _Cut | None
    logs: list[str]
    snapshots: list[str]


def truncate(disk: Disk, directories: Directories, zxid: int) -> list[str]:
    """Cut the logs after the last record up to `zxid`, and set newer snapshots aside; returns what was done.

    The result has a line for people for each file. A start from what is left has the newest transaction up to
    `zxid` that was here; that may be an older one, so compare. No log may be open for writing.

    Raises StorageError when `zxid` cannot be reached: no snapshot is at or below it, or transactions between that
    and `zxid` are missing. Then nothing was changed. When the disk fails on the way it raises it too.
    """
    try:
        plan = _plan(disk, directories, zxid)
    except OSError as error:
        raise StorageError(f"cannot truncate to {zxid_text(zxid)}: {error.strerror or error}") from error
    try:
        return _carry_out(disk, directories, plan)
    except OSError as error:
        raise StorageError(
            f"cannot truncate to {zxid_text(zxid)}: {error.strerror or error}. Repair the disk and start again"
        ) from error


def _plan(disk: Disk, directories: Directories, zxid: int) -> _Plan:
    snapshots = list_snapshots(disk, directories.snapshots)
    newer = [name for own, name in reversed(snapshots) if own > zxid]
    base = _base_zxid(disk, directories.snapshots, snapshots, zxid)
    logs = list_logs(disk, directories.logs)
    first = max((own for own, _ in logs if own <= min(base + 1, zxid)), default=0)
    read = [name for own, name in logs if first <= own <= zxid]
    plan = _Plan(None, [name for own, name in logs if own > zxid], newer)
    highest = base
    for at, name in enumerate(read):
        highest, cut = _read_file(disk, join(directories.logs, name), highest, zxid, name == logs[-1][1])
        if cut is not None:
            plan.cut = _Cut(name, cut)
            plan.logs = read[at + 1 :] + plan.logs
            break
    if not snapshots and highest == 0 and zxid > 0:
        raise StorageError(f"cannot truncate to {zxid_text(zxid)}: there is neither a snapshot nor a log up to it")
    return plan


def _base_zxid(disk: Disk, directory: str, snapshots: list[tuple[int, str]], zxid: int) -> int:
    """The zxid from which a start would go on; that of a database without any snapshot begins at 0."""
    for own, name in snapshots:
        if own <= zxid and looks_valid(disk, join(directory, name)):
            return own
    if snapshots:
        raise StorageError(
            f"cannot truncate to {zxid_text(zxid)}: {directory} has no whole snapshot at or below it. Move the data "
            "away, so that this server gets all from the leader"
        )
    return 0


def _read_file(disk: Disk, path: str, highest: int, zxid: int, is_newest: bool) -> tuple[int, int | None]:
    """The newest zxid that stays, and the bytes of the file that stay when it has to be cut."""
    with closing(disk.open_read(path)) as source:
        reader = LogReader(source.read, path)
        while (payload := reader.next_payload()) is not None:
            found = zxid_of(reader, payload)
            if found > zxid:
                return highest, reader.offset
            if found > highest + 1 and epoch_of(found) == epoch_of(highest):
                raise StorageError(
                    f"cannot truncate to {zxid_text(zxid)}: {path} has no transaction between {zxid_text(highest)} "
                    f"and {zxid_text(found)}. Move the data away, so that this server gets all from the leader"
                )
            highest = max(highest, found)
    if reader.ending == NO_HEADER and not is_newest:
        raise StorageError(f"cannot truncate to {zxid_text(zxid)}: {path}: {reader.reason}, but it is not the newest")
    return highest, None


def _carry_out(disk: Disk, directories: Directories, plan: _Plan) -> list[str]:
    _sync(disk, directories)
    done = []
    for name in reversed(plan.logs):
        done.append(_remove_log(disk, directories.logs, name))
    cut = plan.cut
    if cut is not None and cut.size <= HEADER_LENGTH:
        done.append(_remove_log(disk, directories.logs, cut.name))
    elif cut is not None:
        path = join(directories.logs, cut.name)
        with closing(disk.open_write(path)) as file:
            file.truncate(cut.size)
            file.sync()
        done.append(f"{path}: cut after byte {cut.size}")
    for name in reversed(plan.snapshots):
        target = set_aside(disk, directories.snapshots, name)
        done.append(f"{join(directories.snapshots, name)}: it holds what was taken back; it is now {target}")
    return done


def _sync(disk: Disk, directories: Directories) -> None:
    """Make safe what an earlier call may have done before its process died: it cannot be seen any more."""
    disk.sync_directory(directories.logs)
    disk.sync_directory(directories.snapshots)
    logs = list_logs(disk, directories.logs)
    if logs:
        sync_file(disk, join(directories.logs, logs[-1][1]))


def _remove_log(disk: Disk, directory: str, name: str) -> str:
    path = join(directory, name)
    disk.remove(path)
    disk.sync_directory(directory)
    return f"{path}: removed"
