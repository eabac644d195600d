"""PathNode: what a node of the tree is to those who only look for it, or list it."""

from typing import Final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.java_order import bucket_of_bytes
from pyzoo.jute.primitives import write_part, write_ustring

# What `packed` holds besides the time of creation, which is above.
LENGTH_MASK: Final = 0x7FFFF
"""The length of the path in bytes; all bits set: the content is nothing but a path, and the time is somewhere else."""
IS_NULL: Final = 0x80000
IS_WIDE: Final = 0x100000
"""The path has characters beyond the BMP, which go out in another form than they are kept in."""
TIME_SHIFT: Final = 21
TIME_LIMIT: Final = 1 << 42

_GONE: Final = -1


@mypyc_attr(acyclic=True)
class PathNode:
    """A node with its path in UTF-8 (`key`), which is the end of its `content`.

    `path_hash` is that of NodeTable, and below 0 once the node is gone.
    """

    __slots__ = ("content", "packed", "path_hash")

    def __init__(self, key: bytes, path_hash: i64, packed: i64) -> None:
        self.content = key
        self.packed: i64 = packed
        self.path_hash: i32 = i32(path_hash)

    @property
    def path_length(self) -> i64:
        """Bytes of the key."""
        length = self.packed & LENGTH_MASK
        if length == LENGTH_MASK:
            return len(self.content)
        return length

    @property
    def key(self) -> bytes:
        """The path in UTF-8."""
        content = self.content
        return content[len(content) - self.path_length :]

    @property
    def path(self) -> str:
        """The path; that of the root is empty."""
        return self.key.decode("utf-8")

    @property
    def is_gone(self) -> bool:
        """Whether the node was deleted."""
        return self.path_hash < 0

    def leave(self) -> None:
        """The node is deleted."""
        self.path_hash = _GONE

    def has_key(self, key: bytes) -> bool:
        """Whether this is the path."""
        return self.content.endswith(key) and self.path_length == len(key)

    def name(self, start: i64) -> str:
        """The path from this byte on."""
        content = self.content
        return content[len(content) - self.path_length + start :].decode("utf-8")

    def bucket(self, start: i64, buckets: i64) -> i64:
        """Where in a Java table of names this one is; the name begins at `start`."""
        content = self.content
        size: i64 = len(content)
        return bucket_of_bytes(content, size - self.path_length + start, size, buckets)

    def write_path(self, out: BytesWriter, start: i64) -> None:
        """Append the path from this byte on as a ustring."""
        if self.packed & IS_WIDE:
            write_ustring(out, self.name(start))
            return
        content = self.content
        size: i64 = len(content)
        begin = size - self.path_length + start
        write_i32_be(out, i32(size - begin))
        write_part(out, content, begin, size)
