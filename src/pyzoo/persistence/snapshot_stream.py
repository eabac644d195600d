"""The snapshot on the wire, behind a SNAP packet, without sockets (DataTree.serialize, Learner.syncWithLeader).

    sessions    int count | (long id, int timeout ms)*
    ACL map     int count | (long id, vector<ACL>)*
    nodes       (ustring path, buffer data, long acl id, StatPersisted)*, the root as "", parents first
    ustring "/"
    ustring "BenWasHere"

It is the file without its header and seals, and as fuzzy: what the tree became meanwhile follows as proposals.
The rule: a reader keeps no more than one unfinished piece, and believes no length beyond its limit.
"""

from collections.abc import Iterator
from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be
from mypy_extensions import i64

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import MalformedRecord, StorageError
from pyzoo.jute.primitives import JAVA_REPLACE, InputArchive, write_ustring
from pyzoo.jute.records import ACL
from pyzoo.persistence.snapshot_format import END_OF_SECTION, SnapshotWriter
from pyzoo.persistence.snapshots import SLICE_NODES

SIGNATURE: Final = "BenWasHere"

_FILE_HEADER_LENGTH: Final = 16
_SESSION_LENGTH: Final = 12
_NODE_REST: Final = 68
"""ACL number and StatPersisted."""
_SIGNATURE_LENGTH: Final = 10
_SIGNATURE_BYTES: Final = b"BenWasHere"

_SESSIONS: Final = 0
_ACLS: Final = 1
_NODES: Final = 2
_SIGNATURE: Final = 3
_COMPLETE: Final = 4


def stream_chunks(tree: DataTree, sessions: dict[int, int]) -> Iterator[bytes]:
    """The stream of a snapshot of `tree`, a slice of nodes at a time; `sessions` maps ids to timeouts in ms.

    The tree may change between two chunks. The zxid of the SNAP is the tree's when this is first asked for a
    chunk; whatever comes after that has to follow as proposals.
    """
    yield SnapshotWriter().begin(sessions, tree.acl_cache.items())[_FILE_HEADER_LENGTH:]
    walk = tree.walk()
    more = True
    while more:
        out = BytesWriter()
        more = walk.next_slice(out, SLICE_NODES)
        yield out.getvalue()
    out = BytesWriter()
    out.write(END_OF_SECTION)
    write_ustring(out, SIGNATURE)
    yield out.getvalue()


@final
class SnapshotStreamReader:
    """Fills a DataTree from a stream that arrives in pieces of any size.

    It clears the tree at once; `feed` what arrives until it returns True, then go on with `rest`. After a
    MalformedRecord, or when the stream never ends, the tree is half loaded and must be cleared. `limit` is the
    most bytes that a string or buffer may have, and the most entries of an ACL.
    """

    def __init__(self, tree: DataTree, limit: i64) -> None:
        self.sessions: dict[int, int] = {}
        self.node_count: i64 = 0
        self._tree = tree
        self._limit: i64 = limit
        self._part: i64 = _SESSIONS
        self._left: i64 = -1  # entries of this part to come, -1 before their count
        self._acl_id: i64 = 0
        self._acl: list[ACL] = []
        self._acl_left: i64 = -1
        self._pieces: list[bytes] = []  # not read yet, `_unread` bytes
        self._unread: i64 = 0
        self._wanted: i64 = 4  # with fewer bytes than this nothing can go on
        self._data = b""  # while it is being read
        self._pos: i64 = 0
        tree.clear()

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True when the stream is complete. Raises MalformedRecord."""
        self._pieces.append(data)
        self._unread += len(data)
        if self._part == _COMPLETE:
            return True
        if self._unread < self._wanted:
            return False
        self._data = b"".join(self._pieces)
        self._pos = 0
        while self._part != _COMPLETE and self._step():
            pass
        left = self._data[self._pos :]
        self._data = b""
        self._pieces = [left]
        self._unread = len(left)
        return self._part == _COMPLETE

    def rest(self) -> bytes:
        """What came behind the stream, once that is complete."""
        return b"".join(self._pieces)

    def _step(self) -> bool:
        """Read one part; False when more bytes are needed."""
        if self._part == _NODES:
            return self._read_nodes()
        if self._part == _SESSIONS:
            return self._read_sessions()
        if self._part == _ACLS:
            return self._read_acls()
        return self._read_signature()

    def _has(self, size: i64) -> bool:
        """Whether so many bytes are there; if not the next step waits for them."""
        self._wanted = size
        return len(self._data) - self._pos >= size

    def _length_at(self, pos: i64) -> i64:
        """The length of a string or buffer, -1 for null."""
        length = i64(read_i32_be(self._data, pos))
        if length < -1 or length > self._limit:
            raise MalformedRecord(f"unreasonable length {length} in a snapshot; if it is genuine raise jute.maxbuffer")
        return length

    def _begin_part(self, what: str) -> bool:
        if not self._has(4):
            return False
        count = i64(read_i32_be(self._data, self._pos))
        if count < 0:
            raise MalformedRecord(f"a snapshot with {count} {what}")
        self._pos += 4
        self._left = count
        return True

    def _read_sessions(self) -> bool:
        if self._left < 0 and not self._begin_part("sessions"):
            return False
        while self._left > 0:
            if not self._has(_SESSION_LENGTH):
                return False
            session_id = read_i64_be(self._data, self._pos)
            timeout_ms = read_i32_be(self._data, self._pos + 8)
            self.sessions[session_id] = timeout_ms
            self._pos += _SESSION_LENGTH
            self._left -= 1
        self._left = -1
        self._part = _ACLS
        return True

    def _read_acls(self) -> bool:
        if self._left < 0 and not self._begin_part("ACLs"):
            return False
        while self._left > 0:
            if self._acl_left < 0 and not self._begin_acl():
                return False
            while self._acl_left > 0:
                if not self._read_acl_entry():
                    return False
            self._tree.acl_cache.put(self._acl_id, self._acl)
            self._acl_left = -1
            self._left -= 1
        self._left = -1
        self._part = _NODES
        return True

    def _begin_acl(self) -> bool:
        if not self._has(12):
            return False
        count = self._length_at(self._pos + 8)
        self._acl_id = read_i64_be(self._data, self._pos)
        self._acl = []
        self._acl_left = 0 if count < 0 else count
        self._pos += 12
        return True

    def _read_acl_entry(self) -> bool:
        """Perms, scheme and id."""
        if not self._has(8):
            return False
        scheme = self._length_at(self._pos + 4)
        size: i64 = 8 + (scheme if scheme > 0 else 0)
        if not self._has(size + 4):
            return False
        id_length = self._length_at(self._pos + size)
        size += 4 + (id_length if id_length > 0 else 0)
        if not self._has(size):
            return False
        self._acl.append(ACL.decode(InputArchive(self._data, self._pos)))
        self._pos += size
        self._acl_left -= 1
        return True

    def _read_nodes(self) -> bool:
        while True:
            if not self._has(4):
                return False
            path_length = self._length_at(self._pos)
            if path_length < 0:
                raise MalformedRecord("a snapshot with a node without a path")
            # The length of the data; behind the end of the nodes it is that of the signature.
            if not self._has(path_length + 8):
                return False
            start: i64 = self._pos + 4
            raw = self._data[start : start + path_length]
            if raw == b"/":
                self._pos += 5
                self._part = _SIGNATURE
                return True
            size = self._length_at(start + path_length)
            data_end: i64 = path_length + 8 + (size if size > 0 else 0)
            if not self._has(data_end + _NODE_REST):
                return False
            data: bytes | None = None
            if size >= 0:
                data = self._data[start + path_length + 4 : self._pos + data_end]
            self._load_node(_path_of(raw), data, self._pos + data_end)
            self._pos += data_end + _NODE_REST
            self.node_count += 1

    def _load_node(self, path: str, node_data: bytes | None, pos: i64) -> None:
        data = self._data
        try:
            self._tree.load_node(
                path,
                node_data,
                read_i64_be(data, pos),
                read_i64_be(data, pos + 8),
                read_i64_be(data, pos + 16),
                read_i64_be(data, pos + 24),
                read_i64_be(data, pos + 32),
                read_i32_be(data, pos + 40),
                read_i32_be(data, pos + 44),
                read_i32_be(data, pos + 48),
                read_i64_be(data, pos + 52),
                read_i64_be(data, pos + 60),
            )
        except StorageError as error:
            raise MalformedRecord(str(error)) from error

    def _read_signature(self) -> bool:
        if not self._has(4):
            return False
        if read_i32_be(self._data, self._pos) != _SIGNATURE_LENGTH:
            raise MalformedRecord("a snapshot without its signature")
        if not self._has(4 + _SIGNATURE_LENGTH):
            return False
        end: i64 = self._pos + 4 + _SIGNATURE_LENGTH
        if self._data[self._pos + 4 : end] != _SIGNATURE_BYTES:
            raise MalformedRecord("a snapshot with a wrong signature")
        self._pos = end
        try:
            self._tree.finish_load()
        except StorageError as error:
            raise MalformedRecord(str(error)) from error
        self._part = _COMPLETE
        return True


def _path_of(raw: bytes) -> str:
    if raw and raw[0] != 0x2F:
        raise MalformedRecord(f"a snapshot with the path {raw[:100]!r}, which is not absolute")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", JAVA_REPLACE)
