"""A page of a history, newest first, out of the logs of a directory, which may be written and purged meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

from attrs import define, evolve, field

from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.history.change import Change, changes_of
from pyzoo.history.json_form import MOST_DATA
from pyzoo.history.log_walk import ByteSearch, LogWalk, Wanted
from pyzoo.history.query import NEWEST, Cursor, HistoryQuery
from pyzoo.history.reach import NO_ZXID, LogReach, first_record, is_hole, last_zxid, read_record
from pyzoo.jute.records import ACL
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.log_format import decode_txn
from pyzoo.persistence.snapshot.saved import list_snapshots
from pyzoo.persistence.txnlog import list_logs
from pyzoo.zxid import zxid_text

GoesOn = Callable[[], bool]
"""Says no when it has taken too long."""

_MOST_NOTES: Final = 20
_MOST_OLDER: Final = 10_000
_AT_ONCE: Final = 1 << 16
"""Records of a file whose places are kept, 2 MiB of memory."""
_CLOCKS_DIFFER_MS: Final = 3_600_000
"""By how much a leader's clock may be behind that of the one before it, where files are passed over by their times."""


def always() -> bool:
    """For who has all the time that it takes."""
    return True


@define
class HistoryPage:
    """What there is of a history on one page; `cursor` is for the next one, None where nothing older is in the logs.

    `older` is what was read beyond the page: of the wanted path alone, until its ACL at the time of the page's last
    change is known. `holes` are the last transactions before those that are missing.
    """

    reach: LogReach
    changes: list[Change] = field(factory=list)
    cursor: Cursor | None = None
    stopped_early: bool = False
    notes: list[str] = field(factory=list)
    older: list[Change] = field(factory=list)
    holes: list[int] = field(factory=list)

    def acl_then(self, change: Change) -> list[ACL] | None:
        """The ACL of the node of a change right after it, or of a deletion right before it; None if not known."""
        place = (change.zxid, change.index)
        for other in (*self.changes, *self.older):
            if other.path == change.path and (other.zxid, other.index) <= place:
                if any(other.zxid <= hole < change.zxid for hole in self.holes):
                    # Nobody knows what became of it in between.
                    return None
                if other.sets_acl:
                    return other.acl
                if other.is_delete and other is not change:
                    return None
        return None


def read_page(disk: Disk, directories: Directories, query: HistoryQuery, goes_on: GoesOn = always) -> HistoryPage:
    """The newest changes that are asked for. Raises OSError."""
    return _Reading(disk, directories, query, goes_on).run()


class _Reading:
    def __init__(self, disk: Disk, directories: Directories, query: HistoryQuery, goes_on: GoesOn) -> None:
        self._disk = disk
        self._directory = directories.logs
        self._query = query
        self._goes_on = goes_on
        self._needle = query.needle()
        self._logs = list_logs(disk, directories.logs)
        self._snapshots = [zxid for zxid, _ in list_snapshots(disk, directories.snapshots)]
        self._page = HistoryPage(LogReach.of(disk, directories.logs, self._logs))
        self._is_over = False
        self._reached = min(query.last_zxid, NEWEST - 1) + 1
        self._read_beyond = 0

    def run(self) -> HistoryPage:
        page = self._page
        for change in self._changes():
            if len(page.changes) < self._query.limit:
                page.changes.append(_cut(change))
                continue
            if page.cursor is None:
                last = page.changes[-1]
                page.cursor = Cursor(last.zxid, last.index)
            if change.sets_acl or change.is_delete:
                page.older.append(evolve(change, data=None))
            self._read_beyond += 1
            if not self._wants_older(change):
                break
        if self._is_over and page.cursor is None:
            page.stopped_early = True
            page.cursor = Cursor(self._reached, 0)
        return page

    def _wants_older(self, newest: Change) -> bool:
        """Whether the ACL of the path at the end of the page may be known by what is older than this."""
        query, page = self._query, self._page
        if query.path is None or query.subtree or self._read_beyond == _MOST_OLDER or newest.is_create:
            return False
        return page.acl_then(page.changes[-1]) is None

    def _changes(self) -> Iterator[Change]:
        """All that are wanted, newest first, as far as time allows."""
        newer_zxid, newer_time = None, None
        for zxid, name in reversed(self._logs):
            if newer_zxid is not None and newer_zxid <= self._query.from_zxid:
                return
            since = self._query.since_ms
            if since is not None and newer_time is not None and newer_time < since - _CLOCKS_DIFFER_MS:
                return
            path = join(self._directory, name)
            try:
                if zxid <= self._query.last_zxid:
                    yield from self._of_file(path, NO_ZXID if newer_zxid is None else newer_zxid)
            except FileNotFoundError:
                self._note(f"{name} and all that is older was purged while it was read")
                return
            if self._is_over:
                return
            self._reached = min(self._reached, max(zxid, 0))
            newer_zxid, newer_time = zxid, first_record(self._disk, path)[1]

    def _look_for_hole(self, last: int, first_of_newer: int) -> None:
        if is_hole(last, first_of_newer, self._snapshots):
            self._page.holes.append(last)
            self._note(
                f"between {zxid_text(last)} and {zxid_text(first_of_newer)} transactions are missing in the logs of "
                "this server: it got what they did as a snapshot"
            )

    def _of_file(self, path: str, first_of_newer: int) -> Iterator[Change]:
        if self._needle is not None:
            with closing(self._disk.open_read(path)) as file:
                search = ByteSearch(file.read)
                if not search.has(self._needle, self._goes_on):
                    if first_of_newer != NO_ZXID and (first_of_newer - 1).to_bytes(8, "big") not in search.tail:
                        self._look_for_hole(last_zxid(self._disk, path), first_of_newer)
                    return
        wanted = self._query.wanted()
        while True:
            with closing(self._disk.open_read(path)) as file:
                walk = LogWalk(file.read, wanted, self._needle or b"", _AT_ONCE)
                if not walk.run(self._goes_on):
                    self._stop()
                    return
                if walk.is_damaged:
                    self._note(f"{path}: what is behind byte {walk.offset} is no record: it is not looked at")
                self._look_for_hole(int(walk.last_zxid), first_of_newer)
                newest = wanted.to_zxid
                yield from self._of_records(file.seek, file.read, path, walk, wanted)
            if self._is_over or not walk.left_out or wanted.to_zxid == newest:
                return

    def _of_records(
        self, seek: Callable[[int], None], read: Callable[[int], bytes], path: str, walk: LogWalk, wanted: Wanted
    ) -> Iterator[Change]:
        while walk.found:
            if not self._goes_on():
                self._stop()
                return
            offset = walk.found.pop()
            seek(offset)
            try:
                header, txn, _ = decode_txn(read_record(read, path, offset))
            except (CorruptStorage, MalformedRecord) as error:
                self._note(f"a record was left out: {error}")
                continue
            # Where the reading goes on when not all places could be kept.
            wanted.to_zxid = header.zxid - 1
            changes = [change for change in changes_of(header, txn) if self._query.matches(change)]
            yield from reversed(changes)
            self._reached = min(self._reached, header.zxid)

    def _stop(self) -> None:
        self._is_over = True

    def _note(self, text: str) -> None:
        if text not in self._page.notes and len(self._page.notes) < _MOST_NOTES:
            self._page.notes.append(text)


def _cut(change: Change) -> Change:
    """A page may have the data of many."""
    data = change.data
    return change if data is None or len(data) <= MOST_DATA else evolve(change, data=data[:MOST_DATA])
