"""A snapshot that came from outside and is to replace the database.

First everything is read and checked, beside the database that still serves; then the file is written but for its end;
and when it is known which zxid the restored database gets, `complete` gives the file its end and its name. The order
is the rule: what cannot be read well has changed nothing, and a restored database is on disk before anybody sees it.
"""

from collections.abc import Callable

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, PyzooError, StorageError, UploadTooLarge
from pyzoo.persistence.compression import GZ, GZIP_MAGIC, PLAIN, SNAPPY, SNAPPY_MAGIC, source_for
from pyzoo.persistence.recovery import RecoverySettings, refuse_lost_ttl_nodes
from pyzoo.persistence.snapshot.file import SnapshotReader, SnapshotWriter
from pyzoo.persistence.snapshot.saved import SnapshotFile
from pyzoo.zxid import zxid_text

HIGHEST_ZXID = 0x7FFFFFFE_FFFFFFFF
"""Above it there would be no epoch left for the next leader."""
UPLOADED = "the uploaded snapshot"

Read = Callable[[int], bytes]


class RestoredSnapshot:
    """The tree and the sessions of a snapshot; `zxid` is its own, and that of `tree` is set by `complete`."""

    def __init__(self, tree: DataTree, sessions: dict[int, int], zxid: int) -> None:
        self.tree = tree
        self.sessions = sessions
        self.zxid = zxid
        self.size = 0  # in bytes, uncompressed
        self._file: SnapshotFile | None = None
        self._writer = SnapshotWriter(tree.digest_enabled, True)

    def write_body(self, file: SnapshotFile) -> None:
        """Write all but the end; raises StorageError, and leaves no file then."""
        self._file = file
        try:
            for chunk in self._writer.chunks(self.tree, self.sessions):
                file.write(chunk)
            file.sync()
        except BaseException:
            file.abandon()
            raise

    def complete(self, zxid: int) -> None:
        """From now on this is what a start finds, as of `zxid`; raises StorageError, and nothing has changed then."""
        self.tree.last_processed_zxid = zxid
        file = self._file
        if file is not None:
            file.write(self._writer.end(zxid, self.tree.tree_digest, zxid))
            file.save_as(zxid)
            self._file = None

    def abandon(self) -> None:
        """Nothing comes of its file; never fails."""
        if self._file is not None:
            self._file.abandon()

    def let_go(self) -> None:
        """Nothing comes of the tree and the sessions either: give their memory back."""
        _let_go(self.tree, self.sessions)


def read_restored(read: Read, tree: DataTree, limit: int | None = None) -> RestoredSnapshot:
    """Read a snapshot, plain, gzip or snappy, into a fresh tree made with the server's settings.

    Ephemeral nodes of sessions that the snapshot does not have go, as at a start. Raises StorageError, which is an
    UploadTooLarge for more than `limit` bytes uncompressed; the tree is empty then.
    """
    contents = _Contents(_uncompressed(read), limit)
    reader = SnapshotReader(contents.read, UPLOADED)
    try:
        restored = _load(reader, tree)
    except BaseException:
        _let_go(tree, reader.sessions)
        raise
    restored.size = contents.size
    return restored


def _load(reader: SnapshotReader, tree: DataTree) -> RestoredSnapshot:
    try:
        reader.load(tree)
    except (OSError, EOFError) as error:
        raise StorageError(f"{UPLOADED} cannot be read: {error}") from error
    except (CorruptStorage, UploadTooLarge):
        raise
    except PyzooError as error:
        raise StorageError(f"{UPLOADED} cannot be loaded: {error}") from error
    zxid = _zxid_of(reader, tree)
    if zxid >= HIGHEST_ZXID:
        raise StorageError(f"{UPLOADED} has the zxid {zxid_text(zxid)}, which leaves none for what comes after it")
    refuse_lost_ttl_nodes(tree, reader.sessions, RecoverySettings())
    tree.last_processed_zxid = zxid
    for owner in list(tree.ownership.sessions):
        if owner not in reader.sessions:
            tree.kill_session(owner, zxid)
    return RestoredSnapshot(tree, reader.sessions, zxid)


def _let_go(tree: DataTree, sessions: dict[int, int]) -> None:
    """Give memory back a little at a time: all at once would hold up the other threads."""
    while tree.nodes.let_go(1):
        pass
    while sessions:
        sessions.popitem()
    tree.clear()


class _Contents:
    """Counts what was read, and reads no more than `limit` bytes."""

    def __init__(self, read: Read, limit: int | None) -> None:
        self._read = read
        self._limit = limit
        self.size = 0

    def read(self, size: int) -> bytes:
        data = self._read(size)
        self.size += len(data)
        if self._limit is not None and self.size > self._limit:
            raise UploadTooLarge(
                f"{UPLOADED} has more than {self._limit} bytes uncompressed; if it is genuine raise "
                "admin.restore.maxBytes"
            )
        return data


def _zxid_of(reader: SnapshotReader, tree: DataTree) -> int:
    """What the snapshot says of itself; before 3.9 that is the zxid of its digest, before 3.6 only its nodes tell."""
    if reader.last_zxid >= 0:
        return int(reader.last_zxid)
    newest = max(max(node.czxid, node.mzxid, node.pzxid) for node in tree.nodes.values())
    return int(max(newest, reader.digest_zxid, 0))


def _uncompressed(read: Read) -> Read:
    """The contents, however they are compressed; the first bytes tell."""
    head = b""
    while len(head) < len(SNAPPY_MAGIC) and (piece := read(len(SNAPPY_MAGIC) - len(head))):
        head += piece
    method = PLAIN
    if head.startswith(GZIP_MAGIC):
        method = GZ
    elif head.startswith(SNAPPY_MAGIC):
        method = SNAPPY
    left = [head]

    def from_the_head(size: int) -> bytes:
        if left[0]:
            first, left[0] = left[0][:size], left[0][size:]
            return first
        return read(size)

    return source_for(method, from_the_head, UPLOADED)
