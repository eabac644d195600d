"""LogTail: what is added to the logs of a directory, from one look to the next."""

from contextlib import closing, suppress
from typing import Final

from pyzoo.errors import CorruptStorage
from pyzoo.history.log_walk import LogWalk, Wanted
from pyzoo.history.reach import read_record
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.txnlog import list_logs

_GONE: Final = OSError, CorruptStorage


class LogTail:
    """Remembers how far it has read; to be used by one thread at a time."""

    def __init__(self, disk: Disk, directory: str) -> None:
        self._disk = disk
        self._directory = directory
        self._name = ""
        self._offset = 0

    def read_new(self, after: int, most: int) -> tuple[list[bytes], bool]:
        """The payloads behind a zxid, oldest first, at most so many of the newest; whether that is all of them.

        Nothing where a file is gone meanwhile.
        """
        found: list[bytes] = []
        is_whole = True
        logs = list_logs(self._disk, self._directory)
        newest_before = max((zxid for zxid, _ in logs if zxid <= after + 1), default=0)
        for _, name in [(zxid, name) for zxid, name in logs if zxid >= newest_before]:
            with suppress(*_GONE):
                payloads, all_of_it = self._of_file(name, after, most)
                found += payloads
                is_whole &= all_of_it
        return found[-most:], is_whole and len(found) <= most

    def _of_file(self, name: str, after: int, most: int) -> tuple[list[bytes], bool]:
        begin = self._offset if name == self._name else 0
        path = join(self._directory, name)
        with closing(self._disk.open_read(path)) as file:
            file.seek(begin)
            walk = LogWalk(file.read, Wanted(from_zxid=after + 1), b"", most, begin)
            walk.run(lambda: True)
            payloads = []
            for offset in walk.found:
                file.seek(offset)
                payloads.append(read_record(file.read, path, offset))
        self._name, self._offset = name, walk.offset
        return payloads, not walk.left_out
