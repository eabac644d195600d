"""The body of a snapshot, as a file and the wire have it: sessions, ACL map and nodes; see layout.py.

The rule: a reader keeps no more than one unfinished piece, and believes no length beyond its limit. It takes what
Apache's server takes: counts below 0 stand for none, and "/" is another name of the last node without a slash in its
path, which in all that servers write is "".
"""

from collections.abc import Iterator
from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.checksums import adler32
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import MalformedRecord, StorageError
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ACL, write_vector_of_acl
from pyzoo.persistence.snapshot.layout import END_OF_SECTION, NODE_REST_LENGTH, SESSION_LENGTH

_SESSIONS: Final = 0
_ACLS: Final = 1
_NODES: Final = 2
_COMPLETE: Final = 3
_SLASH: Final = 0x2F
_AHEAD: Final = 64
"""Nodes whose paths are told to the tree before they are loaded."""


def body_chunks(tree: DataTree, sessions: dict[int, int], slice_nodes: i64) -> Iterator[bytes]:
    """The body of a snapshot of `tree`, so many nodes at a time; `sessions` maps ids to timeouts in ms.

    The tree may change between two chunks. The ACL map is in the first, so that it is older than all nodes: an ACL that
    becomes known later belongs to a transaction that is replayed.
    """
    out = BytesWriter()
    write_i32_be(out, i32(len(sessions)))
    for session_id, timeout_ms in sessions.items():
        write_i64_be(out, session_id)
        write_i32_be(out, i32(timeout_ms))
    acls = tree.acl_cache.items()
    write_i32_be(out, i32(len(acls)))
    for acl_id, acl in acls:
        write_i64_be(out, acl_id)
        write_vector_of_acl(out, acl)
    yield out.getvalue()
    walk = tree.walk()
    more = True
    while more:
        out = BytesWriter()
        more = walk.next_slice(out, slice_nodes)
        if not more:
            out.write(END_OF_SECTION)
        yield out.getvalue()


@final
class BodyReader:
    """Fills a DataTree and `sessions` from a body that arrives in pieces of any size.

    It clears the tree at once; `feed` what arrives until it returns True, then go on with `rest`. After a
    MalformedRecord, or when the body never ends, the tree is half loaded and must be cleared. `limit` is the most bytes
    that a string or buffer may have, and the most entries of an ACL. `offset` is how far it is, in bytes; `adler` is
    the Adler-32 of those and what was before them, unless it began with 0.
    """

    def __init__(self, tree: DataTree, sessions: dict[int, int], limit: i64, adler: i64 = 0) -> None:
        self.node_count: i64 = 0
        self.adler: i64 = adler
        self._tree = tree
        self._sessions = sessions
        self._limit: i64 = limit
        self._part: i64 = _SESSIONS
        self._left: i64 = -1  # entries of this part to come, -1 before their count
        self._acl_id: i64 = 0
        self._acl: list[ACL] = []
        self._acl_left: i64 = -1
        self._pieces: list[bytes] = []  # not read yet, `_unread` bytes
        self._unread: i64 = 0
        self._wanted: i64 = 4  # with fewer bytes than this nothing can go on
        self._read: i64 = 0  # bytes of earlier pieces
        self._data = b""  # while it is being read
        self._pos: i64 = 0
        tree.clear()

    @property
    def offset(self) -> i64:
        return self._read + self._pos

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True when the body is complete. Raises MalformedRecord."""
        self._pieces.append(data)
        self._unread += len(data)
        if self._part == _COMPLETE:
            return True
        if self._unread < self._wanted:
            return False
        self._data = b"".join(self._pieces)
        try:
            while self._part != _COMPLETE and self._step():
                pass
        except StorageError as error:
            raise MalformedRecord(str(error)) from error
        if self.adler != 0:
            self.adler = adler32(memoryview(self._data)[: self._pos], self.adler)
        left = self._data[self._pos :]
        self._read += self._pos
        self._data = b""
        self._pos = 0
        self._pieces = [left]
        self._unread = len(left)
        return self._part == _COMPLETE

    def rest(self) -> bytes:
        """What came behind the body, once that is complete."""
        return b"".join(self._pieces)

    def _step(self) -> bool:
        """Read one part; False when more bytes are needed."""
        if self._part == _NODES:
            return self._read_nodes()
        if self._part == _SESSIONS:
            return self._read_sessions()
        return self._read_acls()

    def _has(self, size: i64) -> bool:
        """Whether so many bytes are there; if not the next step waits for them."""
        self._wanted = size
        return len(self._data) - self._pos >= size

    def _length_at(self, pos: i64) -> i64:
        """The length of a string or buffer, -1 for null."""
        length = i64(read_i32_be(self._data, pos))
        if length < -1 or length > self._limit:
            raise MalformedRecord(f"unreasonable length {length}; if it is genuine raise jute.maxbuffer")
        return length

    def _begin_part(self) -> bool:
        if not self._has(4):
            return False
        count = i64(read_i32_be(self._data, self._pos))
        self._pos += 4
        self._left = count if count > 0 else 0
        return True

    def _read_sessions(self) -> bool:
        if self._left < 0 and not self._begin_part():
            return False
        while self._left > 0:
            if not self._has(SESSION_LENGTH):
                return False
            session_id = read_i64_be(self._data, self._pos)
            timeout_ms = read_i32_be(self._data, self._pos + 8)
            self._sessions[session_id] = timeout_ms
            self._pos += SESSION_LENGTH
            self._left -= 1
        self._left = -1
        self._part = _ACLS
        return True

    def _read_acls(self) -> bool:
        if self._left < 0 and not self._begin_part():
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

    def _paths_ahead(self) -> list[bytes]:
        """The paths of the next nodes that are here as a whole, if there is nothing unusual about them."""
        data = self._data
        size: i64 = len(data)
        pos = self._pos
        paths: list[bytes] = []
        while len(paths) < _AHEAD and size - pos >= 4:
            path_end = pos + 4 + i64(read_i32_be(data, pos))
            if path_end < pos + 4 or path_end + 4 > size:
                break
            length = i64(read_i32_be(data, path_end))
            end = path_end + 4 + (length if length > 0 else 0) + NODE_REST_LENGTH
            if end > size:
                break
            paths.append(data[pos + 4 : path_end])
            pos = end
        return paths

    def _read_nodes(self) -> bool:
        data = self._data
        size: i64 = len(data)
        ahead: list[bytes] = []
        taken: i64 = 0
        while size - self._pos >= 4:
            if taken == len(ahead):
                ahead = self._paths_ahead()
                taken = 0
                self._tree.nodes.look_ahead(ahead)
            pos = self._pos
            path_length = self._length_at(pos)
            if path_length < 0:
                raise MalformedRecord("a node without a path")
            path_end: i64 = pos + 4 + path_length
            if path_end > size:
                return self._has(path_end - pos)
            if path_length == 1 and data[path_end - 1] == _SLASH:
                self._tree.finish_load()
                self._pos = path_end
                self._part = _COMPLETE
                return True
            if path_end + 4 > size:
                return self._has(path_end + 4 - pos)
            length = self._length_at(path_end)
            data_end: i64 = path_end + 4 + (length if length > 0 else 0)
            if data_end + NODE_REST_LENGTH > size:
                return self._has(data_end + NODE_REST_LENGTH - pos)
            node_data = data[path_end + 4 : data_end] if length >= 0 else None
            # Whatever is whole by now was so for `_paths_ahead`.
            self._tree.load_persisted(ahead[taken], node_data, data, data_end)
            taken += 1
            self._pos = data_end + NODE_REST_LENGTH
            self.node_count += 1
        return self._has(4)
