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

_PIECES_A_BIN: Final = 16
_BIN: Final = BUCKETS_A_PIECE * _PIECES_A_BIN
"""Buckets of a bin, of which each table of a crowded node has at least one."""
_SHORTEST: Final = 9
"""Bytes of a name in a bin, the least: its bucket, its length and itself."""


@final
@mypyc_attr(acyclic=True)
class ListingBuild:
    """Fills `pieces`, one for each BUCKETS_A_PIECE of the buckets.

    Children come and go meanwhile: `add` and `discard` tell whether the build sees to that itself.
    """

    __slots__ = ("_bins", "_buckets", "_came", "_entered", "_made", "_pieces", "_some_left", "_start", "_waiting")

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
        self._some_left = False

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
        self._enter(node, bucket, -1)
        self._some_left = True
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
        """Write the mark, which is the bucket or -1 for who has left, and the name behind it."""
        out = self._bins[bucket // _BIN]
        write_i32_be(out, i32(mark))
        node.write_path(out, self._start)
        self._entered += 1

    def _make(self) -> i64:
        """Make the pieces of the next bin; returns how many names it had."""
        made = self._made
        self._made = made + 1
        names = self._bins[made].getvalue()
        self._bins[made] = BytesWriter()
        if self._some_left:
            names = _of_those_here(names)
        size: i64 = len(names)
        if size == 0:
            return 0
        buckets = vec[i64]([0] * (size // _SHORTEST))
        starts = vec[i64]([0] * (size // _SHORTEST))
        count: i64 = 0
        at: i64 = 0
        while at < size:
            buckets[count] = i64(read_i32_be(names, at)) - made * _BIN
            starts[count] = at + 4
            count += 1
            at += 8 + i64(read_i32_be(names, at + 4))
        order = by_bucket(buckets, count, _BIN)
        out = BytesWriter()
        piece: i64 = 0
        for number in range(count):
            place = order[number]
            while buckets[place] >= (piece + 1) * BUCKETS_A_PIECE:
                self._pieces[made * _PIECES_A_BIN + piece] = out.getvalue()
                out.truncate(0)
                piece += 1
            at = starts[place]
            write_part(out, names, at, at + 4 + i64(read_i32_be(names, at)))
        self._pieces[made * _PIECES_A_BIN + piece] = out.getvalue()
        return count


def _of_those_here(names: bytes) -> bytes:
    """What is in a bin without those who have left, and without the marks that tell so."""
    here: dict[bytes, bytes] = {}
    at: i64 = 0
    while at < len(names):
        end = at + 8 + i64(read_i32_be(names, at + 4))
        name = names[at + 4 : end]
        if read_i32_be(names, at) < 0:
            here.pop(name, None)
        else:
            here[name] = names[at:end]
        at = end
    return b"".join(here.values())
