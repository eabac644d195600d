"""ListingBuild: how the pieces of a crowded node's listing are made the first time, bit by bit.

Nodes lie in memory about as they came, and their order in Java's table has nothing to do with that: to go from one to
the next in that order waits for memory each time. So all are passed once as they came, each name is put into the bin
of its bucket, and then bin after bin is put in order, which is small enough for the processor's cache.
"""

from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from librt.vecs import append, vec
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.java_order import by_bucket
from pyzoo.datatree.path_node import PathNode

BUCKETS_A_PIECE: Final = 128
"""Of Java's table."""
NAMES_A_UNIT: Final = 2
"""Names that are put into bins, or in order, in a unit of work (about 200 ns)."""

_PIECES_A_BIN: Final = 16
_BIN: Final = BUCKETS_A_PIECE * _PIECES_A_BIN
"""Buckets of a bin, of which each table of a crowded node has at least one."""
_NAMES_A_BIN: Final = 1600
"""More than three quarters of its buckets are rare."""
_HEAD: Final = 8
"""Bytes before each name in a bin: its bucket, and which of the nodes it is."""


@final
@mypyc_attr(acyclic=True)
class ListingBuild:
    """Fills `pieces`, one for each BUCKETS_A_PIECE of the buckets.

    Children come and go meanwhile: `add` and `discard` tell whether the build sees to that itself.
    """

    __slots__ = ("_bins", "_buckets", "_entered", "_left", "_made", "_nodes", "_pieces", "_start", "_waiting_names")

    def __init__(self, nodes: list[PathNode], start: i64, buckets: i64, pieces: list[bytes]) -> None:
        """The names begin at the byte `start` of the nodes' keys."""
        self._start: i64 = start
        self._buckets: i64 = buckets
        self._pieces = pieces
        self._nodes = nodes
        self._entered: i64 = 0
        self._bins = [BytesWriter() for _ in range(buckets // _BIN)]
        self._made: i64 = 0
        self._waiting_names: i64 = 0
        # Whether any child is gone that was among the nodes.
        self._left = False

    def add(self, node: PathNode) -> bool:
        """A child came; False when its piece is made already."""
        nodes = self._nodes
        at: i64 = len(nodes)
        if self._entered == at:
            bucket = node.bucket(self._start, self._buckets)
            if bucket // _BIN < self._made:
                return False
            self._enter(node, bucket, at)
            self._entered = at + 1
        nodes.append(node)
        return True

    def discard(self, node: PathNode) -> bool:
        """A child is gone; False when its piece is made already."""
        if self._made > 0 and node.bucket(self._start, self._buckets) // _BIN < self._made:
            return False
        self._left = True
        return True

    @property
    def is_done(self) -> bool:
        """Whether all pieces are made."""
        return self._made == len(self._bins)

    @property
    def units(self) -> i64:
        """About what is left to do."""
        return (2 * (len(self._nodes) - self._entered) + self._waiting_names) // NAMES_A_UNIT + 1

    def work(self, units: i64) -> i64:
        """Do about so much of what is left; returns how much it was."""
        names: i64 = 0
        most = units * NAMES_A_UNIT
        if self._entered < len(self._nodes):
            names += self._enter_some(most + 1)
        if self._entered == len(self._nodes):
            while names < most and self._made < len(self._bins):
                names += 1 + self._make()
        return names // NAMES_A_UNIT + 1

    def _enter_some(self, most: i64) -> i64:
        nodes = self._nodes
        begin = self._entered
        end: i64 = min(begin + most, i64(len(nodes)))
        for at in range(begin, end):
            node = nodes[at]
            if not node.is_gone:
                self._enter(node, node.bucket(self._start, self._buckets), at)
        self._entered = end
        return end - begin

    def _enter(self, node: PathNode, bucket: i64, number: i64) -> None:
        out = self._bins[bucket // _BIN]
        write_i32_be(out, i32(bucket))
        write_i32_be(out, i32(number))
        node.write_path(out, self._start)
        self._waiting_names += 1

    def _make(self) -> i64:
        """Make the pieces of the next bin; returns how many names it had."""
        made = self._made
        self._made = made + 1
        names = self._bins[made].getvalue()
        self._bins[made] = BytesWriter()
        if not names:
            return 0
        first = made * _BIN
        buckets = vec[i64](capacity=_NAMES_A_BIN)
        starts = vec[i64](capacity=_NAMES_A_BIN)
        at: i64 = 0
        while at < len(names):
            buckets = append(buckets, i64(read_i32_be(names, at)) - first)
            starts = append(starts, at)
            at += _HEAD + 4 + i64(read_i32_be(names, at + _HEAD))
        out = BytesWriter()
        piece: i64 = 0
        for place in by_bucket(buckets, _BIN):
            while buckets[place] >= (piece + 1) * BUCKETS_A_PIECE:
                self._pieces[made * _PIECES_A_BIN + piece] = out.getvalue()
                out.truncate(0)
                piece += 1
            at = starts[place]
            if not self._left or not self._nodes[i64(read_i32_be(names, at + 4))].is_gone:
                out.write(names[at + _HEAD : at + _HEAD + 4 + i64(read_i32_be(names, at + _HEAD))])
        self._pieces[made * _PIECES_A_BIN + piece] = out.getvalue()
        self._waiting_names -= len(starts)
        return len(starts)
