"""NodeTable: all nodes of a tree by path, in a hash table that never grows all at once.

It is made of segments, small tables with open addressing. A segment that is full becomes two, by one more bit of the
hashes, and then has two entries in a directory instead of one (extendible hashing). Segments hold nothing but hashes
and numbers of nodes: a search touches only a node that has the hash, and none is touched when a segment is divided.
"""

from collections.abc import Iterator
from typing import Final, final

from librt.vecs import append, pop, vec
from mypy_extensions import i32, i64

from pyzoo.datatree.node import DataNode
from pyzoo.datatree.path_hash import hash_of_key, key_of

_HASH_BITS: Final = 31
_HASH_MASK: Final = (1 << _HASH_BITS) - 1
_PLACE_SHIFT: Final = 20
"""Higher bits of a hash tell the place in a segment, lower ones the segment."""
_MOST_PLACES: Final = 2048
"""Places of a segment that is divided when it is full; smaller ones are doubled."""
_FIRST_PLACES: Final = 64
_CHUNK_SHIFT: Final = 10
_CHUNK_NODES: Final = 1 << _CHUNK_SHIFT


@final
class _Segment:
    """Entries of nodes whose hashes have the same lowest `depth` bits; at least a quarter of its places is empty.

    An entry is the number of a node and, in the lowest 31 bits, its hash; 0 is an empty place: no node has that number.
    """

    def __init__(self, places: i64, depth: i64) -> None:
        self.entries: vec[i64] = vec[i64]([0] * places)
        self.mask: i64 = places - 1
        self.used: i64 = 0
        self.depth: i64 = depth

    def enter(self, entry: i64) -> None:
        """Put an entry in that is not there."""
        entries = self.entries
        mask = self.mask
        at = ((entry & _HASH_MASK) >> _PLACE_SHIFT) & mask
        while entries[at] != 0:
            at = (at + 1) & mask
        entries[at] = entry
        self.used += 1

    def take(self, at: i64) -> None:
        """Empty a place, and move those up that are behind it because it was taken."""
        entries = self.entries
        mask = self.mask
        entries[at] = 0
        self.used -= 1
        behind = at
        while True:
            behind = (behind + 1) & mask
            entry = entries[behind]
            if entry == 0:
                return
            wanted = ((entry & _HASH_MASK) >> _PLACE_SHIFT) & mask
            if ((behind - wanted) & mask) >= ((behind - at) & mask):
                entries[at] = entry
                entries[behind] = 0
                at = behind


def _empty_chunk() -> list[DataNode | None]:
    empty: list[DataNode | None] = [None]
    return empty * _CHUNK_NODES


@final
class NodeTable:
    """Nodes by path. "/" is another name of `root`, as soon as there is one, and counts as a node more.

    The number of a node is its place in the chunks. Those of nodes that are gone are used again; 0 is none.
    """

    def __init__(self) -> None:
        self.root: DataNode | None = None
        self._count: i64 = 0
        self._depth: i64 = 0
        self._mask: i64 = 0
        self._directory: list[_Segment] = [_Segment(_FIRST_PLACES, 0)]
        self._chunks: list[list[DataNode | None]] = []
        self._next: i64 = 1
        self._end: i64 = 0  # of the numbers that have a place
        self._free: vec[i32] = vec[i32]()
        self._seen: i64 = 0
        # The parent that was wanted last.
        self._prefix = b""
        self._parent: DataNode | None = None

    def __len__(self) -> int:
        return self._count if self.root is None else self._count + 1

    def clear(self) -> None:
        """Forget all nodes."""
        self.root = None
        self._count = 0
        self._depth = 0
        self._mask = 0
        self._directory = [_Segment(_FIRST_PLACES, 0)]
        self._chunks = []
        self._next = 1
        self._end = 0
        self._free = vec[i32]()
        self._parent = None

    # --- looking

    def find(self, key: bytes, path_hash: i64) -> DataNode | None:
        """The node with this path in UTF-8, and the hash of that."""
        segment = self._directory[path_hash & self._mask]
        entries = segment.entries
        mask = segment.mask
        at = (path_hash >> _PLACE_SHIFT) & mask
        while True:
            entry = entries[at]
            if entry == 0:
                return self.root if len(key) == 1 and key == b"/" else None
            if entry & _HASH_MASK == path_hash:
                number = entry >> _HASH_BITS
                node = self._chunks[number >> _CHUNK_SHIFT][number & (_CHUNK_NODES - 1)]
                if node is not None and node.has_key(key):
                    return node
            at = (at + 1) & mask

    def get(self, path: str) -> DataNode | None:
        """The node of this path, or None."""
        key = key_of(path)
        return self.find(key, hash_of_key(key))

    def look_ahead(self, keys: list[bytes]) -> None:
        """Fetch the memory where these paths will be looked for, of all at the same time: one by one is waited for."""
        count: i64 = len(keys)
        hashes = vec[i64]([0] * count)
        for number in range(count):
            hashes[number] = hash_of_key(keys[number])
        directory, mask = self._directory, self._mask
        seen: i64 = 0
        for number in range(count):
            path_hash = hashes[number]
            segment = directory[path_hash & mask]
            seen ^= segment.entries[(path_hash >> _PLACE_SHIFT) & segment.mask]
        # What nobody uses the compiler would leave out.
        self._seen = seen

    def parent_of(self, key: bytes, slash: i64) -> DataNode | None:
        """The node whose path is what is before the last slash of this one, in UTF-8; the slash is here."""
        prefix = self._prefix
        if self._parent is not None and len(prefix) == slash + 1 and key.startswith(prefix):
            return self._parent
        above = key[:slash]
        node = self.find(above, hash_of_key(above))
        self._prefix = key[: slash + 1]
        self._parent = node
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
        while segment.used * 4 >= (segment.mask + 1) * 3:
            self._grow(segment, path_hash)
            segment = self._directory[path_hash & self._mask]
        segment.enter(self._number_for(node) << _HASH_BITS | path_hash)
        self._count += 1

    def _number_for(self, node: DataNode) -> i64:
        """Give a node a place in the chunks."""
        number: i64
        if len(self._free) > 0:
            self._free, free = pop(self._free)
            number = i64(free)
        else:
            number = self._next
            self._next += 1
            if number >= self._end:
                self._chunks.append(_empty_chunk())
                self._end += _CHUNK_NODES
        self._chunks[number >> _CHUNK_SHIFT][number & (_CHUNK_NODES - 1)] = node
        return number

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
        entries = segment.entries
        at = (path_hash >> _PLACE_SHIFT) & segment.mask
        while True:
            number = entries[at] >> _HASH_BITS
            # An empty place has the number 0, whose place in the chunks nobody has.
            if entries[at] & _HASH_MASK == path_hash and self._is_at(number, node):
                break
            at = (at + 1) & segment.mask
        segment.take(at)
        self._chunks[number >> _CHUNK_SHIFT][number & (_CHUNK_NODES - 1)] = None
        self._free = append(self._free, i32(number))
        self._count -= 1
        node.leave()
        if node is self._parent:
            self._parent = None

    def _is_at(self, number: i64, node: DataNode) -> bool:
        return self._chunks[number >> _CHUNK_SHIFT][number & (_CHUNK_NODES - 1)] is node

    def let_go(self, most: i64) -> bool:
        """Forget at least so many nodes, in no order; False when none are left. Nobody may look at others meanwhile."""
        self.root = None
        self._parent = None
        while most > 0 and self._chunks:
            chunk = self._chunks.pop()
            most -= _CHUNK_NODES
            chunk.clear()
        if self._chunks:
            return True
        self.clear()
        return False

    # --- all of them

    def values(self) -> list[DataNode]:
        """All nodes, in no order; the root once."""
        found: list[DataNode] = []
        for chunk in self._chunks:
            for node in chunk:
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
    """Put the entries of a segment into another, or into one of two: which tells this bit of their hashes."""
    entries = segment.entries
    at: i64 = 0
    while at <= segment.mask:
        entry = entries[at]
        if entry != 0:
            (high if entry & bit else low).enter(entry)
        at += 1
