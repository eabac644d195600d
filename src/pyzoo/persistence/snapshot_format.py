"""The snapshot, byte by byte, without files.

    header      int magic "ZKSN" | int version 2 | long dbid -1
    sessions    int count | (long id, int timeout ms)*
    ACL map     int count | (long id, vector<ACL>)*
    nodes       (ustring path, buffer data, long acl id, StatPersisted)*, the root as "", parents first
    ustring "/"
    seal        long Adler-32 of everything before it | ustring "/"
    digest      long zxid | int version 2 | long tree digest, and a seal      (unless digests are off)
    last zxid   long, and a seal                                              (3.9)

The rule that keeps it right: one running Adler-32 over all bytes, seals included, never reset (SnapStream,
FileSnap, DataTree.serialize). A reader hands out nothing as complete before the seal behind it was checked.
"""

import zlib
from collections.abc import Callable
from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.datatree.digest import DIGEST_VERSION
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.jute.primitives import JAVA_REPLACE, InputArchive, field_limit
from pyzoo.jute.records import ACL, read_vector_of_acl, write_vector_of_acl

SNAPSHOT_MAGIC: Final = 0x5A4B534E
SNAPSHOT_VERSION: Final = 2
SNAPSHOT_DBID: Final = -1
END_OF_SECTION: Final = b"\x00\x00\x00\x01/"

_CHUNK: Final = 1 << 20
_STAT_LENGTH: Final = 60
_SEAL_LENGTH: Final = 13
_DIGEST_LENGTH: Final = 20
_LAST_ZXID_LENGTH: Final = 8


@final
class SnapshotWriter:
    """Makes the bytes of a snapshot in order: `begin`, `add` for each slice of nodes, `finish`.

    Each call returns what to write. With `digest` off the file has no digest section; with `last_zxid` off it
    ends as those of 3.8 do. Digest off and last zxid on makes a file that a default server cannot read, so
    the last zxid is then left out too.
    """

    def __init__(self, digest: bool = True, last_zxid: bool = True) -> None:
        self._digest = digest
        self._last_zxid = last_zxid and digest
        self._adler: i64 = 1

    def begin(self, sessions: dict[int, int], acls: list[tuple[int, list[ACL]]]) -> bytes:
        """Header, sessions (id to timeout in ms) and ACL map; the map has to be older than the nodes."""
        out = BytesWriter()
        write_i32_be(out, SNAPSHOT_MAGIC)
        write_i32_be(out, SNAPSHOT_VERSION)
        write_i64_be(out, SNAPSHOT_DBID)
        write_i32_be(out, i32(len(sessions)))
        for session_id, timeout_ms in sessions.items():
            write_i64_be(out, session_id)
            write_i32_be(out, i32(timeout_ms))
        write_i32_be(out, i32(len(acls)))
        for acl_id, acl in acls:
            write_i64_be(out, acl_id)
            write_vector_of_acl(out, acl)
        return self.add(out.getvalue())

    def add(self, chunk: bytes) -> bytes:
        """Count `chunk`, whole node records of TreeWalk, into the checksum; returns it unchanged."""
        self._adler = zlib.adler32(chunk, self._adler)
        return chunk

    def finish(self, digest_zxid: int, tree_digest: int, last_zxid: int) -> bytes:
        """The end of the node list and all seals.

        `tree_digest` is that of the whole tree right after `digest_zxid`, taken when the walk has ended;
        `last_zxid` is the zxid that the file is named after.
        """
        end = self.add(END_OF_SECTION) + self._seal()
        if self._digest:
            end += self.add(_digest_section(digest_zxid, tree_digest)) + self._seal()
        if self._last_zxid:
            out = BytesWriter()
            write_i64_be(out, last_zxid)
            end += self.add(out.getvalue()) + self._seal()
        return end

    def _seal(self) -> bytes:
        out = BytesWriter()
        write_i64_be(out, self._adler)
        out.write(END_OF_SECTION)
        return self.add(out.getvalue())


def _digest_section(zxid: int, tree_digest: int) -> bytes:
    # Nothing applied yet: Apache writes a blank digest, which readers do not compare.
    out = BytesWriter()
    write_i64_be(out, zxid if zxid > 0 else 0)
    write_i32_be(out, DIGEST_VERSION)
    write_i64_be(out, tree_digest if zxid > 0 else 0)
    return out.getvalue()


@final
class SnapshotReader:
    """Reads an uncompressed snapshot stream into a DataTree, holding one chunk of it at a time.

    `read(size)` gives the next bytes, at most `size`, and none at the end; `path` is for messages. Everything
    that is wrong with the bytes is a CorruptStorage; the tree is then half loaded and must be cleared.
    """

    def __init__(self, read: Callable[[int], bytes], path: str) -> None:
        self._read = read
        self.path = path
        self.sessions: dict[int, int] = {}
        self.node_count: i64 = 0
        self.has_digest = False
        self.digest_zxid: i64 = 0
        self.digest_version: i32 = 0
        self.digest: i64 = 0
        self.last_zxid: i64 = -1  # of the trailer; -1 where there is none
        self._data = b""
        self._pos: i64 = 0
        self._base: i64 = 0
        self._hashed: i64 = 0
        self._adler: i64 = 1
        self._limit: i64 = field_limit()

    def load(self, tree: DataTree) -> None:
        """Clear `tree` and fill it with the nodes and ACLs of the stream; sessions and trailers stay here."""
        self.load_nodes(tree)
        self.check_end()
        tree.finish_load()

    def load_nodes(self, tree: DataTree) -> None:
        """The first half of `load`, which believes the bytes: for tools that show what a damaged file holds."""
        tree.clear()
        try:
            self._read_header()
            self._read_sessions()
            self._read_acls(tree)
            self._read_nodes(tree)
        except MalformedRecord as error:
            raise self._corrupt(str(error)) from error

    def check_end(self) -> None:
        """The second half: the seals, which cover everything before them, and the trailers."""
        self._read_seal()
        self._read_trailers()

    def _corrupt(self, message: str) -> CorruptStorage:
        return CorruptStorage(self.path, self._base + self._pos, message)

    def _fill(self, size: i64) -> bool:
        """Make `size` bytes available; False, with all that is left in the buffer, at the end."""
        if self._hashed < self._pos:
            self._adler = zlib.adler32(self._data[self._hashed : self._pos], self._adler)
        chunks = [self._data[self._pos :]]
        have: i64 = len(chunks[0])
        self._base += self._pos
        self._pos = 0
        self._hashed = 0
        while have < size:
            chunk = self._read(_CHUNK)
            if not chunk:
                break
            chunks.append(chunk)
            have += len(chunk)
        self._data = b"".join(chunks)
        return have >= size

    def _need(self, size: i64) -> None:
        if len(self._data) - self._pos < size and not self._fill(size):
            raise self._corrupt("the snapshot ends too early")

    def _int(self) -> i32:
        self._need(4)
        value = read_i32_be(self._data, self._pos)
        self._pos += 4
        return value

    def _long(self) -> i64:
        self._need(8)
        value = read_i64_be(self._data, self._pos)
        self._pos += 8
        return value

    def _read_header(self) -> None:
        magic = self._int()
        if magic != SNAPSHOT_MAGIC:
            raise self._corrupt(f"not a snapshot: magic number {magic} instead of {SNAPSHOT_MAGIC}")
        self._int()
        self._long()

    def _read_sessions(self) -> None:
        count = self._int()
        if count < 0:
            raise self._corrupt(f"a session count of {count}")
        for _ in range(count):
            session_id = self._long()
            timeout_ms = self._int()
            self.sessions[session_id] = timeout_ms

    def _read_acls(self, tree: DataTree) -> None:
        count = self._int()
        for _ in range(count):
            acl_id = self._long()
            tree.acl_cache.put(acl_id, self._read_acl())

    def _read_acl(self) -> list[ACL]:
        """One ACL; its length is known only after decoding, so the buffer grows until it fits."""
        size: i64 = 64 * 1024
        while True:
            whole = len(self._data) - self._pos >= size or self._fill(size)
            archive = InputArchive(self._data, self._pos)
            try:
                acl = read_vector_of_acl(archive)
            except MalformedRecord:
                if not whole or size > self._limit:
                    raise
                size *= 4
                continue
            self._pos = archive.pos
            return [] if acl is None else acl

    def _length(self) -> i64:
        length = i64(self._int())
        if length < -1 or length > self._limit:
            raise self._corrupt(f"unreasonable length {length}; if it is genuine raise jute.maxbuffer")
        return length

    def _read_nodes(self, tree: DataTree) -> None:
        while True:
            length = self._length()
            if length < 0:
                raise self._corrupt("a node without a path")
            # The path and the length of the data; the end of the list has only the path.
            self._need(length)
            pos = self._pos
            raw = self._data[pos : pos + length]
            self._pos = pos + length
            if raw == b"/":
                return
            try:
                path = raw.decode("utf-8")
            except UnicodeDecodeError:
                path = raw.decode("utf-8", JAVA_REPLACE)
            size = self._length()
            data: bytes | None = None
            if size >= 0:
                self._need(size + 8 + _STAT_LENGTH)
                pos = self._pos
                data = self._data[pos : pos + size]
                self._pos = pos + size
            else:
                self._need(8 + _STAT_LENGTH)
            self._load_node(tree, path, data)
            self.node_count += 1

    def _load_node(self, tree: DataTree, path: str, node_data: bytes | None) -> None:
        data = self._data
        pos = self._pos
        self._pos = pos + 8 + _STAT_LENGTH
        tree.load_node(
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

    def _read_seal(self) -> None:
        self._adler = zlib.adler32(self._data[self._hashed : self._pos], self._adler)
        self._hashed = self._pos
        expected = self._adler
        actual = self._long()
        if actual != expected:
            self._pos -= 8
            raise self._corrupt(f"CRC corruption: the seal says {actual}, the bytes before it {expected}")
        self._need(5)
        if self._data[self._pos : self._pos + 5] != END_OF_SECTION:
            raise self._corrupt("a seal without its end mark")
        self._pos += 5

    def _read_trailers(self) -> None:
        """What follows the first seal tells by its length which of the four kinds of file this is."""
        both: i64 = _DIGEST_LENGTH + _LAST_ZXID_LENGTH + 2 * _SEAL_LENGTH
        if len(self._data) - self._pos <= both:
            self._fill(both + 1)
        left: i64 = len(self._data) - self._pos
        if left >= _DIGEST_LENGTH + _SEAL_LENGTH:
            self.digest_zxid = self._long()
            self.digest_version = self._int()
            self.digest = self._long()
            self._read_seal()
            self.has_digest = True
            left -= _DIGEST_LENGTH + _SEAL_LENGTH
        if left >= _LAST_ZXID_LENGTH + _SEAL_LENGTH:
            last_zxid = self._long()
            self._read_seal()
            self.last_zxid = last_zxid
            return  # a later release may append more
        if left != 0:
            raise self._corrupt(f"{left} bytes that belong to no section")
