"""CrowdedListing: the encoded names of a crowded node's children, kept in pieces while children come and go.

A piece is the names of a range of Java's buckets. A child that comes or goes spoils the piece that it is in, and the
next listing encodes the spoilt pieces alone. The first time takes long, and can be done bit by bit meanwhile.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.children import Crowd, part_order
from pyzoo.datatree.path_node import PathNode

CROWDED_BUCKETS: Final = 2048
"""Buckets of a table from which on a listing is kept in pieces: there are, or were, 769 children."""
UNITS_A_NAME: Final = 1
"""Units of work (of about 200 ns) that it takes to put a name into its piece, and as many to encode it."""
_SPAN: Final = 128
"""Buckets of a piece."""
_NAMES_A_PIECE: Final = 75
"""Somewhere between 50 and 100, for estimates."""


@final
@mypyc_attr(acyclic=True)
class CrowdedListing(Crowd):
    """Pieces for a table of this many buckets, at least as many as a piece has; it does not outlive a larger table.

    The nodes of a piece are in the order in which they came, which is what the order within a bucket depends on.
    `readers` counts who is having the pieces encoded just now.
    """

    __slots__ = ("_buckets", "_encoded", "_entered", "_nodes", "_spoilt", "_start", "_waiting", "readers")

    def __init__(self, nodes: list[PathNode], start: i64, buckets: i64) -> None:
        self._start: i64 = start
        self._buckets: i64 = buckets
        self._nodes: list[list[PathNode]] = [[] for _ in range(buckets // _SPAN)]
        self._encoded: list[bytes | None] = [None] * (buckets // _SPAN)
        self._spoilt = list(range(buckets // _SPAN))
        self._waiting = nodes
        self._entered: i64 = 0
        self.readers: i64 = 0

    def add(self, node: PathNode) -> None:
        if self._waiting:
            self._waiting.append(node)
        else:
            self._enter(node)

    def _enter(self, node: PathNode) -> None:
        piece = node.bucket(self._start, self._buckets) // _SPAN
        self._nodes[piece].append(node)
        self._spoil(piece)

    def discard(self, node: PathNode) -> None:
        piece = node.bucket(self._start, self._buckets) // _SPAN
        nodes = self._nodes[piece]
        for at in range(len(nodes)):
            if nodes[at] is node:
                del nodes[at]
                self._spoil(piece)
                return
        # It waits, and is passed over when its turn comes.

    def _spoil(self, piece: i64) -> None:
        if self._encoded[piece] is not None:
            self._encoded[piece] = None
            self._spoilt.append(piece)

    @property
    def is_ready(self) -> bool:
        """Whether all pieces are encoded as the children are now."""
        return not self._spoilt and not self._waiting

    @property
    def units(self) -> i64:
        """About what it takes to become ready."""
        return (len(self._waiting) - self._entered + _NAMES_A_PIECE * len(self._spoilt)) * UNITS_A_NAME

    def work(self, units: i64) -> i64:
        """Do about so much of what is left until it is ready; returns how much it was."""
        done: i64 = 0
        while done < units and self._waiting:
            done += self._enter_some((units - done) // UNITS_A_NAME + 1)
        while done < units and self._spoilt:
            done += self._encode(self._spoilt.pop())
        return done

    def _enter_some(self, most: i64) -> i64:
        waiting = self._waiting
        end: i64 = self._entered + most
        count: i64 = len(waiting)
        if end > count:
            end = count
        begin = self._entered
        for at in range(begin, end):
            node = waiting[at]
            if not node.is_gone:
                self._enter(node)
        self._entered = end
        if end == count:
            self._waiting = []
            self._entered = 0
        return (end - begin) * UNITS_A_NAME

    def _encode(self, piece: i64) -> i64:
        nodes = self._nodes[piece]
        out = BytesWriter()
        start = self._start
        for node in part_order(nodes, start, self._buckets, piece * _SPAN, _SPAN):
            node.write_path(out, start)
        self._encoded[piece] = out.getvalue()
        count: i64 = len(nodes)
        return 1 + count * UNITS_A_NAME

    def pieces(self, count: i64) -> list[bytes]:
        """All names, which are `count`, in Java's order as the pieces of a jute vector of ustring; once ready."""
        out = BytesWriter()
        write_i32_be(out, i32(count))
        pieces = [out.getvalue()]
        for piece in self._encoded:
            assert piece is not None
            pieces.append(piece)
        return pieces
