"""NodeTable: all nodes of a tree by path, in a hash table that never grows all at once.

It is made of segments, small tables with open addressing. A segment that is full becomes two, by one more bit of the
hashes, and then has two entries in a directory instead of one (extendible hashing). A node knows its path and the
hash of that, so that the table is nothing but references to nodes.
"""

from collections.abc import Iterator
from typing import Final, final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i64_le
from mypy_extensions import i64

from pyzoo.datatree.node import DataNode

_PLACE_SHIFT: Final = 20
"""Higher bits tell the place in a segment, lower ones the segment."""
_MOST_PLACES: Final = 2048
"""Places of a segment that is divided when it is full; smaller ones are doubled."""
_FIRST_PLACES: Final = 64
_HALF: Final = 31
_SUM_MASK: Final = (1 << 62) - 1
_KEY_WORDS: Final = 128


def _secret_words() -> bytes:
    """Words of 62 bits that nobody outside can guess: Python's own hashes of text are made with a secret."""
    out = BytesWriter()
    for at in range(_KEY_WORDS + 1):
        write_i64_le(out, hash(f"word {at}") & _SUM_MASK)
    return out.getvalue()


_WORDS: Final = _secret_words()


def hash_of_key(key: bytes) -> i64:
    """The hash of a path in UTF-8, 31 bits: the upper half of a sum of its words times secret ones.

    For two paths it is the same by chance alone (multilinear hashing), so nobody can make paths for which it is.
    """
    size: i64 = len(key)
    value = size * read_i64_le(_WORDS, 8 * _KEY_WORDS) & _SUM_MASK
    at: i64 = 0
    place: i64 = 0
    while at + 4 <= size:
        word = i64(read_i32_le(key, at)) & 0xFFFFFFFF
        value = (value + word * read_i64_le(_WORDS, place)) & _SUM_MASK
        at += 4
        place += 8
        if place == 8 * _KEY_WORDS - 8:
            # What was summed up so far becomes a word itself, for the secret ones are used again.
            value = (value >> _HALF) * read_i64_le(_WORDS, place) & _SUM_MASK
            place = 0
    if at < size:
        if size >= 4:
            word = i64(read_i32_le(key, size - 4)) & 0xFFFFFFFF
        else:
            word = 0
            while at < size:
                word = word * 256 + i64(key[at])
                at += 1
        value = (value + word * read_i64_le(_WORDS, place)) & _SUM_MASK
    return value >> _HALF


def key_of(path: str) -> bytes:
    """The path in UTF-8; what is no text, and so not the path of any node, becomes something that is not UTF-8."""
    try:
        return path.encode("utf-8")
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogatepass")


@final
class _Segment:
    """Nodes whose hashes have the same lowest `depth` bits; at least a third of its places is empty."""

    def __init__(self, places: i64, depth: i64) -> None:
        self.places: list[DataNode | None] = [None] * places
        self.mask: i64 = places - 1
        self.used: i64 = 0
        self.depth: i64 = depth

    def enter(self, node: DataNode) -> None:
        """Put a node in that is not there."""
        places = self.places
        mask = self.mask
        at = (i64(node.path_hash) >> _PLACE_SHIFT) & mask
        while places[at] is not None:
            at = (at + 1) & mask
        places[at] = node
        self.used += 1

    def take(self, at: i64) -> None:
        """Empty a place, and move those up that are behind it because it was taken."""
        places = self.places
        mask = self.mask
        places[at] = None
        self.used -= 1
        behind = at
        while True:
            behind = (behind + 1) & mask
            node = places[behind]
            if node is None:
                return
            wanted = (i64(node.path_hash) >> _PLACE_SHIFT) & mask
            if ((behind - wanted) & mask) >= ((behind - at) & mask):
                places[at] = node
                places[behind] = None
                at = behind


@final
class NodeTable:
    """Nodes by path. "/" is another name of `root`, as soon as there is one, and counts as a node more."""

    def __init__(self) -> None:
        self.root: DataNode | None = None
        self._count: i64 = 0
        self._depth: i64 = 0
        self._mask: i64 = 0
        self._directory: list[_Segment] = [_Segment(_FIRST_PLACES, 0)]
        # The parent that was wanted last.
        self._prefix = ""
        self._parent: DataNode | None = None
        self._key_prefix = b""
        self._key_parent: DataNode | None = None

    def __len__(self) -> int:
        return self._count if self.root is None else self._count + 1

    def clear(self) -> None:
        """Forget all nodes."""
        self.root = None
        self._count = 0
        self._depth = 0
        self._mask = 0
        self._directory = [_Segment(_FIRST_PLACES, 0)]
        self._parent = None
        self._key_parent = None

    # --- looking

    def find(self, key: bytes, path_hash: i64) -> DataNode | None:
        """The node with this path in UTF-8, and the hash of that."""
        segment = self._directory[path_hash & self._mask]
        places = segment.places
        mask = segment.mask
        at = (path_hash >> _PLACE_SHIFT) & mask
        while True:
            node = places[at]
            if node is None:
                return self.root if len(key) == 1 and key == b"/" else None
            if i64(node.path_hash) == path_hash and node.has_key(key):
                return node
            at = (at + 1) & mask

    def get(self, path: str) -> DataNode | None:
        """The node of this path, or None."""
        key = key_of(path)
        return self.find(key, hash_of_key(key))

    def parent_of(self, path: str, slash: i64) -> DataNode | None:
        """The node whose path is what is before the last slash, which is here."""
        prefix = self._prefix
        if self._parent is not None and len(prefix) == slash + 1 and path.startswith(prefix):
            return self._parent
        node = self.get(path[:slash])
        self._prefix = path[: slash + 1]
        self._parent = node
        return node

    def parent_of_key(self, key: bytes, slash: i64) -> DataNode | None:
        """The same for a path in UTF-8, while a snapshot is loaded."""
        prefix = self._key_prefix
        if self._key_parent is not None and len(prefix) == slash + 1 and key.startswith(prefix):
            return self._key_parent
        above = key[:slash]
        node = self.find(above, hash_of_key(above))
        self._key_prefix = key[: slash + 1]
        self._key_parent = node
        return node

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None

    def __getitem__(self, path: str) -> DataNode:
        node = self.get(path)
        if node is None:
            raise KeyError(path)
        return node

    # --- changing

    def add(self, node: DataNode) -> None:
        """Put a node in whose path is not there."""
        path_hash = i64(node.path_hash)
        segment = self._directory[path_hash & self._mask]
        while segment.used * 3 >= (segment.mask + 1) * 2:
            self._grow(segment, path_hash)
            segment = self._directory[path_hash & self._mask]
        segment.enter(node)
        self._count += 1

    def _grow(self, segment: _Segment, path_hash: i64) -> None:
        """Make more room for a hash, in the segment that is full."""
        depth = segment.depth
        if segment.mask + 1 < _MOST_PLACES or depth == _PLACE_SHIFT:
            larger = _Segment((segment.mask + 1) * 2, depth)
            _move(segment, larger, larger, 0)
            self._enter(larger, path_hash)
            return
        if depth == self._depth:
            self._directory = self._directory + self._directory
            self._depth += 1
            self._mask = len(self._directory) - 1
        bit: i64 = i64(1) << depth
        low = _Segment(_MOST_PLACES, depth + 1)
        high = _Segment(_MOST_PLACES, depth + 1)
        _move(segment, low, high, bit)
        self._enter(low, path_hash & (bit - 1))
        self._enter(high, path_hash & (bit - 1) | bit)

    def _enter(self, segment: _Segment, path_hash: i64) -> None:
        """Put a segment where its hashes, of which this is one, lead to it."""
        step: i64 = i64(1) << segment.depth
        at = path_hash & (step - 1)
        size: i64 = len(self._directory)
        while at < size:
            self._directory[at] = segment
            at += step

    def pop(self, path: str) -> DataNode | None:
        """Take a node out; None where there is none."""
        key = key_of(path)
        node = self.find(key, hash_of_key(key))
        if node is not None:
            self.remove(node)
        return node

    def remove(self, node: DataNode) -> None:
        """Take out a node that is there; it `is_gone` then."""
        path_hash = i64(node.path_hash)
        segment = self._directory[path_hash & self._mask]
        at = (path_hash >> _PLACE_SHIFT) & segment.mask
        while segment.places[at] is not node:
            at = (at + 1) & segment.mask
        segment.take(at)
        self._count -= 1
        node.leave()
        if node is self._parent:
            self._parent = None
        if node is self._key_parent:
            self._key_parent = None

    def let_go(self, most: i64) -> bool:
        """Forget at least so many nodes, in no order; False when none are left. Nobody may look at others meanwhile."""
        self.root = None
        self._parent = None
        self._key_parent = None
        while most > 0 and self._directory:
            segment = self._directory.pop()
            most -= segment.used
            self._count -= segment.used
            segment.used = 0
            segment.places.clear()
        if self._directory:
            return True
        self.clear()
        return False

    # --- all of them

    def segments(self) -> list[_Segment]:
        """All segments, each once."""
        found: list[_Segment] = []
        for at in range(len(self._directory)):
            segment = self._directory[at]
            if at >> segment.depth == 0:
                found.append(segment)
        return found

    def values(self) -> list[DataNode]:
        """All nodes, in no order; the root once."""
        found: list[DataNode] = []
        for segment in self.segments():
            for node in segment.places:
                if node is not None:
                    found.append(node)
        return found

    def items(self) -> Iterator[tuple[str, DataNode]]:
        """All paths with their nodes, in no order; those of the root are two."""
        for node in self.values():
            yield node.path, node
        if self.root is not None:
            yield "/", self.root

    def __iter__(self) -> Iterator[str]:
        for node in self.values():
            yield node.path
        if self.root is not None:
            yield "/"


def _move(segment: _Segment, low: _Segment, high: _Segment, bit: i64) -> None:
    """Put the nodes of a segment into another, or into one of two: which tells this bit of their hashes."""
    for node in segment.places:
        if node is not None:
            (high if i64(node.path_hash) & bit else low).enter(node)
