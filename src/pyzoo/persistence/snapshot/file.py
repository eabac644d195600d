"""The contents of a snapshot file, without files: header, body, and the seals and trailers behind it; see layout.py.

The rule that keeps it right: one running Adler-32 over all bytes, seals included, never reset. A reader hands out
nothing as complete before the seal behind it was checked.
"""

from collections.abc import Callable, Iterator
from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.checksums import adler32
from pyzoo.datatree.digest import DIGEST_VERSION
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.jute.primitives import field_limit
from pyzoo.persistence.snapshot import layout
from pyzoo.persistence.snapshot.layout import DIGEST_LENGTH, END_OF_SECTION, LAST_ZXID_LENGTH, SEAL_LENGTH, SLICE_NODES
from pyzoo.persistence.snapshot.nodes import BodyReader, body_chunks

_CHUNK: Final = 1 << 20
_BLANK: Final = 1
"""Adler-32 of nothing."""


@final
class SnapshotWriter:
    """Makes the bytes of a snapshot in order: those of `chunks`, then `end`.

    With `digest` off the file has no digest section; with `last_zxid` off it ends as those of 3.8 do. Digest off and
    last zxid on makes a file that a default server cannot read, so the last zxid is then left out too.
    """

    def __init__(self, digest: bool = True, last_zxid: bool = True) -> None:
        self._digest = digest
        self._last_zxid = last_zxid and digest
        self._adler: i64 = _BLANK

    def chunks(self, tree: DataTree, sessions: dict[int, int], slice_nodes: i64 = SLICE_NODES) -> Iterator[bytes]:
        """Header and body, so many nodes at a time; the tree may change between two chunks."""
        out = BytesWriter()
        write_i32_be(out, layout.MAGIC)
        write_i32_be(out, layout.VERSION)
        write_i64_be(out, layout.DBID)
        header = out.getvalue()
        for chunk in body_chunks(tree, sessions, slice_nodes):
            yield self._add(header + chunk if header else chunk)
            header = b""

    def end(self, digest_zxid: int, tree_digest: int, last_zxid: int) -> bytes:
        """All seals and trailers.

        `tree_digest` is that of the whole tree right after `digest_zxid`, taken when the body has ended;
        `last_zxid` is the zxid that the file is named after.
        """
        end = self._seal()
        if self._digest:
            # Nothing applied yet: Apache writes a blank digest, which readers do not compare.
            is_blank = digest_zxid <= 0
            out = BytesWriter()
            write_i64_be(out, 0 if is_blank else digest_zxid)
            write_i32_be(out, DIGEST_VERSION)
            write_i64_be(out, 0 if is_blank else tree_digest)
            end += self._add(out.getvalue()) + self._seal()
        if self._last_zxid:
            out = BytesWriter()
            write_i64_be(out, last_zxid)
            end += self._add(out.getvalue()) + self._seal()
        return end

    def _add(self, chunk: bytes) -> bytes:
        self._adler = adler32(chunk, self._adler)
        return chunk

    def _seal(self) -> bytes:
        out = BytesWriter()
        write_i64_be(out, self._adler)
        out.write(END_OF_SECTION)
        return self._add(out.getvalue())


def snapshot_chunks(
    tree: DataTree, sessions: dict[int, int], last_zxid: bool = True, slice_nodes: i64 = SLICE_NODES
) -> Iterator[bytes]:
    """The bytes of a snapshot of `tree`, a slice of nodes at a time; `sessions` maps ids to timeouts in ms.

    The tree may change between two chunks: the snapshot is then fuzzy, and names the zxid whose digest it has
    to reach. Its own zxid is the tree's when this is first asked for a chunk.
    """
    writer = SnapshotWriter(tree.digest_enabled, last_zxid)
    zxid = tree.last_processed_zxid
    yield from writer.chunks(tree, sessions, slice_nodes)
    # Of a close that is half applied the walk may have missed nodes which the digest before it counts.
    tree.settle()
    yield writer.end(tree.last_processed_zxid, tree.tree_digest, zxid)


@final
class SnapshotReader:
    """Reads an uncompressed snapshot into a DataTree, holding one chunk of it at a time.

    `read(size)` gives the next bytes, at most `size`, and none at the end; `path` is for messages. Everything
    that is wrong with the bytes is a CorruptStorage; the tree is then half loaded and must be cleared. `digest` and
    its zxid and version are those of the file, 0 without `has_digest`; `last_zxid` is -1 where the file has none.
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
        self.last_zxid: i64 = -1
        self._data = b""
        self._pos: i64 = 0
        self._base: i64 = 0  # where `_data` begins in the file
        self._adler: i64 = _BLANK

    def load(self, tree: DataTree) -> None:
        """Clear `tree` and fill it with the nodes and ACLs of the file; sessions and trailers stay here."""
        self.load_nodes(tree)
        self.check_end()

    def load_nodes(self, tree: DataTree) -> None:
        """The first half of `load`, which believes the bytes: for tools that show what a damaged file holds."""
        tree.clear()
        self._fill(layout.HEADER_LENGTH)
        magic = read_i32_be(self._take(layout.HEADER_LENGTH), 0)
        if magic != layout.MAGIC:
            self._pos = 0
            raise self._corrupt(f"not a snapshot: magic number {magic} instead of {layout.MAGIC}")
        body = BodyReader(tree, self.sessions, field_limit(), self._adler)
        data = self._data[self._pos :]
        try:
            while not body.feed(data):
                data = self._read(_CHUNK)
                if not data:
                    raise MalformedRecord("the snapshot ends too early")
        except MalformedRecord as error:
            raise CorruptStorage(self.path, layout.HEADER_LENGTH + body.offset, str(error)) from error
        self.node_count = body.node_count
        self._adler = body.adler
        self._base = layout.HEADER_LENGTH + body.offset
        self._data = body.rest()
        self._pos = 0

    def check_end(self) -> None:
        """The second half: the seals, which cover everything before them, and the trailers.

        What follows the first seal tells by its length which of the four kinds of file this is.
        """
        sealed_digest: i64 = DIGEST_LENGTH + SEAL_LENGTH
        sealed_zxid: i64 = LAST_ZXID_LENGTH + SEAL_LENGTH
        self._fill(SEAL_LENGTH + sealed_digest + sealed_zxid + 1)
        self._check_seal()
        if len(self._data) - self._pos >= sealed_digest:
            section = self._take(DIGEST_LENGTH)
            self.digest_zxid = read_i64_be(section, 0)
            self.digest_version = read_i32_be(section, 8)
            self.digest = read_i64_be(section, 12)
            self._check_seal()
            self.has_digest = True
        left: i64 = len(self._data) - self._pos
        if left >= sealed_zxid:
            last_zxid = read_i64_be(self._take(LAST_ZXID_LENGTH), 0)
            self._check_seal()
            self.last_zxid = last_zxid  # A later release may append more.
        elif left != 0:
            raise self._corrupt(f"{left} bytes that belong to no section")

    def _corrupt(self, message: str) -> CorruptStorage:
        return CorruptStorage(self.path, self._base + self._pos, message)

    def _fill(self, size: i64) -> None:
        """Have so many bytes, or all that are left."""
        chunks = [self._data]
        have: i64 = len(self._data)
        while have < size:
            chunk = self._read(_CHUNK)
            if not chunk:
                break
            chunks.append(chunk)
            have += len(chunk)
        self._data = b"".join(chunks)

    def _take(self, size: i64) -> bytes:
        """The next bytes, which count into the checksum."""
        taken = self._data[self._pos : self._pos + size]
        if len(taken) < size:
            raise self._corrupt("the snapshot ends too early")
        self._pos += size
        self._adler = adler32(taken, self._adler)
        return taken

    def _check_seal(self) -> None:
        expected = self._adler
        start = self._pos
        seal = self._take(SEAL_LENGTH)
        actual = read_i64_be(seal, 0)
        if actual != expected:
            self._pos = start
            raise self._corrupt(f"CRC corruption: the seal says {actual}, the bytes before it {expected}")
        if seal[8:] != END_OF_SECTION:
            raise self._corrupt("a seal without its end mark")
