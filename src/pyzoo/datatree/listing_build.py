"""ListingBuild: how the pieces of a crowded node's listing are made the first time, bit by bit.

Nodes lie in memory about as they came, and their order in Java's table has nothing to do with that: to go from one to
the next in that order waits for memory each time. So all are passed once as they came, each name is put into the bin
of its bucket, and then bin after bin is put in order, which is small enough for the processor's cache.
"""

from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from librt.vecs import vec
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.java_order import by_bucket
from pyzoo.datatree.path_node import PathNode
from pyzoo.jute.primitives import write_part

BUCKETS_A_PIECE: Final = 128
"""Of Java's table."""
NAMES_A_UNIT: Final = 2
"""Names that are put into bins, or in order, in a unit of work (about 200 ns)."""

LEFT: Final = -1
"""In place of a bucket: the node with this name has left."""

_PIECES_A_BIN: Final = 16
_BIN: Final = BUCKETS_A_PIECE * _PIECES_A_BIN
"""Buckets of a bin, of which each table of a crowded node has at least one."""
_SHORTEST: Final = 8
"""Bytes of a record, the least: its mark and the length of a name, which a snapshot may have without a character."""


@final
@mypyc_attr(acyclic=True)
class ListingBuild:
    """Fills `pieces`, one for each BUCKETS_A_PIECE of the buckets.

    Children come and go meanwhile: `add` and `discard` tell whether the build sees to that itself.
    """

    __slots__ = ("_bins", "_buckets", "_came", "_entered", "_made", "_pieces", "_start", "_waiting")

    def __init__(self, nodes: list[PathNode], start: i64, buckets: i64, pieces: list[bytes]) -> None:
        """`nodes`, which it takes over, are in the order in which they came; names begin at this byte of their keys."""
        nodes.reverse()
        self._start: i64 = start
        self._buckets: i64 = buckets
        self._pieces = pieces
        self._waiting = nodes  # the next one last
        self._came: list[PathNode] = []  # behind those
        self._bins = [BytesWriter() for _ in range(buckets // _BIN)]
        self._entered: i64 = 0
        self._made: i64 = 0

    def add(self, node: PathNode) -> bool:
        """A child came; False when its piece is made already."""
        if self._is_entering:
            self._came.append(node)
            return True
        bucket = node.bucket(self._start, self._buckets)
        if bucket // _BIN < self._made:
            return False
        self._enter(node, bucket, bucket)
        return True

    def discard(self, node: PathNode) -> bool:
        """A child is gone; False when its piece is made already."""
        bucket = node.bucket(self._start, self._buckets)
        if bucket // _BIN < self._made:
            return False
        # Where it waits still the bin has no such name, and it is passed over when its turn comes.
        self._enter(node, bucket, LEFT)
        return True

    @property
    def is_done(self) -> bool:
        """Whether all pieces are made."""
        return self._made == len(self._bins)

    @property
    def units(self) -> i64:
        """About what is left to do."""
        bins: i64 = len(self._bins)
        names = 2 * i64(len(self._waiting) + len(self._came)) + self._entered * (bins - self._made) // bins
        return names // NAMES_A_UNIT + 1

    def work(self, units: i64) -> i64:
        """Do about so much of what is left; returns how much it was."""
        names: i64 = 0
        most = units * NAMES_A_UNIT
        while names < most and self._is_entering:
            names += self._enter_some(most - names)
        while names < most and not self.is_done:
            names += 1 + self._make()
        return names // NAMES_A_UNIT + 1

    @property
    def _is_entering(self) -> bool:
        return len(self._waiting) > 0 or len(self._came) > 0

    def _enter_some(self, most: i64) -> i64:
        if not self._waiting:
            self._waiting, self._came = self._came, self._waiting
            self._waiting.reverse()
        waiting = self._waiting
        count: i64 = min(most, i64(len(waiting)))
        left = count
        while left > 0:
            left -= 1
            node = waiting.pop()
            if not node.is_gone:
                bucket = node.bucket(self._start, self._buckets)
                self._enter(node, bucket, bucket)
        return count

    def _enter(self, node: PathNode, bucket: i64, mark: i64) -> None:
        write_record(self._bins[bucket // _BIN], mark, node, self._start)
        self._entered += 1

    def _make(self) -> i64:
        """Make the pieces of the next bin; returns about how many names it had."""
        made = self._made
        self._made = made + 1
        records = self._bins[made].getvalue()
        self._bins[made] = BytesWriter()
        if not records:
            return 0
        at = made * _PIECES_A_BIN
        self._pieces[at : at + _PIECES_A_BIN] = pieces_of(records, made * _BIN, _PIECES_A_BIN)
        return self._entered // len(self._bins)


def write_record(out: BytesWriter, mark: i64, node: PathNode, start: i64) -> None:
    """Append a record: a mark, which is the bucket of the node's name or LEFT, and the name as a jute string."""
    write_i32_be(out, i32(mark))
    node.write_path(out, start)


def pieces_of(records: bytes, first: i64, count: i64) -> list[bytes]:
    """The names of the records in Java's order, in `count` pieces from the bucket `first` on.

    Names of one bucket stay in the order of the records. One of somebody who has left takes away what is before it with
    that name, if there is anything.
    """
    most: i64 = len(records) // _SHORTEST
    buckets = vec[i64]([0] * most)
    starts = vec[i64]([0] * most)
    names: i64 = 0
    at: i64 = 0
    while at < len(records):
        mark = i64(read_i32_be(records, at))
        if mark == LEFT:
            return pieces_of(_of_those_here(records), first, count)
        buckets[names] = mark - first
        starts[names] = at + 4
        names += 1
        at += 8 + i64(read_i32_be(records, at + 4))
    order = by_bucket(buckets, names, count * BUCKETS_A_PIECE)
    pieces = [b""] * count
    out = BytesWriter()
    piece: i64 = 0
    for number in range(names):
        place = order[number]
        while buckets[place] >= (piece + 1) * BUCKETS_A_PIECE:
            pieces[piece] = out.getvalue()
            out.truncate(0)
            piece += 1
        at = starts[place]
        write_part(out, records, at, at + 4 + i64(read_i32_be(records, at)))
    pieces[piece] = out.getvalue()
    return pieces


def _of_those_here(records: bytes) -> bytes:
    """The records of those who have not left."""
    here: dict[bytes, bytes] = {}
    at: i64 = 0
    while at < len(records):
        end = at + 8 + i64(read_i32_be(records, at + 4))
        name = records[at + 4 : end]
        if read_i32_be(records, at) == LEFT:
            here.pop(name, None)
        else:
            here[name] = records[at:end]
        at = end
    return b"".join(here.values())
