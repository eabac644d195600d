"""A tiny disk with files in it, and the records that the tests of this room are made of."""

import errno
from pathlib import Path

from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import ACL, CreateTxn, TxnDigest, TxnHeader
from pyzoo.persistence.disk import WriteFile, join
from pyzoo.persistence.log_format import encode_file_header
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.snapshot.saved import save_snapshot
from tests.support.codec import encode_record, encode_txn

DATA = "/data"
VERSION_2 = "/data/version-2"
OPEN_ACL = [ACL(31, "world", "anyone")]


def put(disk: MemoryDisk, path: str, contents: bytes) -> None:
    file = disk.create(path)
    file.write_at(0, contents)
    file.sync()
    directory = path.rsplit("/", 1)[0]
    disk.sync_directory(directory)


def get(disk: MemoryDisk, path: str) -> bytes:
    return disk.open_read(path).read(disk.size(path))


def create_payload(zxid: int, path: str, digest: TxnDigest | None = None) -> bytes:
    header = TxnHeader(0, 0, zxid, 1_500_000_000_000, 1)
    return encode_txn(header, CreateTxn(path, b"data", OPEN_ACL, False, -1), digest)


def creates(first_zxid: int, last_zxid: int) -> list[bytes]:
    """Whole records that create /n<zxid>."""
    return [encode_record(create_payload(zxid, f"/n{zxid}")) for zxid in range(first_zxid, last_zxid + 1)]


def log_of(first_zxid: int, last_zxid: int, padding: int = 0) -> bytes:
    return encode_file_header() + b"".join(creates(first_zxid, last_zxid)) + bytes(padding)


def put_log(disk: MemoryDisk, first_zxid: int, contents: bytes) -> str:
    path = join(VERSION_2, f"log.{first_zxid:x}")
    put(disk, path, contents)
    return path


def put_snapshot(disk: MemoryDisk, zxid: int, tree: DataTree | None = None, method: str = "") -> str:
    """Save a snapshot of `tree` as if it were at `zxid`."""
    tree = tree or DataTree()
    tree.last_processed_zxid = zxid
    return save_snapshot(disk, VERSION_2, tree, {}, method)


def disk_of(directory: Path) -> MemoryDisk:
    """A disk in memory with the files of a real directory under /data."""
    disk = MemoryDisk()
    for path in sorted(directory.rglob("*")):
        target = DATA + "/" + str(path.relative_to(directory))
        if path.is_dir():
            disk.make_directory(target)
        else:
            put(disk, target, path.read_bytes())
    return disk


def all_files(disk: MemoryDisk, directory: str = VERSION_2) -> dict[str, bytes]:
    return {name: get(disk, join(directory, name)) for name in disk.list(directory)}


class _FailingFile:
    def __init__(self, disk: "FailingDisk", file: WriteFile) -> None:
        self._disk = disk
        self._file = file
        self._allocated = 0

    def write_at(self, offset: int, *pieces: bytes) -> None:
        data = b"".join(pieces)
        room = self._disk.room
        in_place = max(self._allocated - offset, 0)
        if room is not None and len(data) > in_place + room:
            self._disk.room = 0
            self._put(offset, data[: in_place + room])
            raise OSError(errno.ENOSPC, "No space left on device")
        if room is not None:
            self._disk.room = room - max(len(data) - in_place, 0)
        self._put(offset, data)

    def _put(self, offset: int, data: bytes) -> None:
        self._allocated = max(self._allocated, offset + len(data))
        self._file.write_at(offset, data)

    def extend(self, size: int) -> None:
        self._file.extend(size)

    def truncate(self, size: int) -> None:
        if self._disk.truncate_fails:
            raise OSError(errno.EIO, "Input/output error")
        self._allocated = min(self._allocated, size)
        self._file.truncate(size)

    def sync_data(self) -> None:
        if self._disk.sync_fails:
            raise OSError(errno.EIO, "Input/output error")
        self._file.sync_data()

    def sync(self) -> None:
        if self._disk.sync_fails:
            raise OSError(errno.EIO, "Input/output error")
        self._file.sync()

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


class FailingDisk(MemoryDisk):
    """A disk with `room` bytes left (None: enough), whose syncs and truncations may fail."""

    def __init__(self) -> None:
        super().__init__()
        self.room: int | None = None
        self.sync_fails = False
        self.truncate_fails = False

    def create(self, path: str) -> WriteFile:
        return _FailingFile(self, super().create(path))

    def open_write(self, path: str) -> WriteFile:
        return _FailingFile(self, super().open_write(path))
