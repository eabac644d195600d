"""CrowdedListing: the encoded names of a crowded node's children, kept in pieces while children come and go.

A piece is the names of a range of Java's buckets. A child that comes or goes spoils the piece that it is in, and the
next listing encodes the spoilt pieces alone.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.java_order import bucket_of, part_order
from pyzoo.jute.primitives import write_ustring

CROWDED_BUCKETS: Final = 2048
"""Buckets of a table from which on a listing is kept in pieces: there are, or were, 769 children."""
_SPAN: Final = 128
"""Buckets of a piece: some 50 to 100 names."""


@final
@mypyc_attr(acyclic=True)
class CrowdedListing:
    """Pieces for a table of this many buckets, at least as many as a piece has; it does not outlive a larger table.

    `paths` of a piece are in the order in which they came, which is what the order within a bucket depends on.
    """

    __slots__ = ("_buckets", "_encoded", "_paths", "_start")

    def __init__(self, paths: dict[str, None], start: i64, buckets: i64) -> None:
        self._start: i64 = start
        self._buckets: i64 = buckets
        self._paths: list[list[str]] = [[] for _ in range(buckets // _SPAN)]
        # The first place is that of the number of names.
        self._encoded: list[bytes | None] = [None] * (buckets // _SPAN + 1)
        pieces = self._paths
        for path in paths:
            pieces[bucket_of(path, start, buckets) // _SPAN].append(path)

    def add(self, path: str) -> None:
        """A child came that was not there."""
        piece = bucket_of(path, self._start, self._buckets) // _SPAN
        self._paths[piece].append(path)
        self._encoded[piece + 1] = None

    def discard(self, path: str) -> None:
        """A child is gone that was there."""
        piece = bucket_of(path, self._start, self._buckets) // _SPAN
        self._paths[piece].remove(path)
        self._encoded[piece + 1] = None

    def encoded(self, count: i64) -> bytes:
        """All names, which are `count`, in Java's order as a jute vector of ustring."""
        encoded = self._encoded
        out = BytesWriter()
        write_i32_be(out, i32(count))
        encoded[0] = out.getvalue()
        whole: list[bytes] = []
        at: i64 = 0
        for piece in encoded:
            if piece is None:
                piece = self._encode(at - 1)
                encoded[at] = piece
            whole.append(piece)
            at += 1
        return b"".join(whole)

    def _encode(self, piece: i64) -> bytes:
        paths = self._paths[piece]
        if not paths:
            return b""
        out = BytesWriter()
        start = self._start
        for path in part_order(paths, start, self._buckets, piece * _SPAN, _SPAN):
            write_ustring(out, path[start:])
        return out.getvalue()
