"""CrowdedListing: the encoded names of a crowded node's children, kept in pieces while children come and go.

A piece is the names of a range of Java's buckets. A child that comes or goes is noted with the piece that it belongs
to, and the next listing mends the pieces with notes alone. The first time takes long, and can be done bit by bit
meanwhile: see `listing_build`.
"""

from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.children import Crowd
from pyzoo.datatree.java_order import bucket_of_bytes
from pyzoo.datatree.listing_build import BUCKETS_A_PIECE, LEFT, ListingBuild, pieces_of, write_record
from pyzoo.datatree.path_node import PathNode
from pyzoo.jute.primitives import write_part

CROWDED_BUCKETS: Final = 2048
"""Buckets of a table from which on a listing is kept in pieces: there are, or were, 769 children."""
_UNITS_A_MENDING: Final = 40
"""Units of work (of about 200 ns) that it takes to mend a piece with a note or two."""

_MOST_NOTES: Final = 1024
"""Bytes of notes with which a piece is mended at once: about as long as the piece."""


@final
@mypyc_attr(acyclic=True)
class CrowdedListing(Crowd):
    """Pieces for a table of this many buckets, CROWDED_BUCKETS or more; it does not outlive a larger table.

    Names of one bucket are in the order in which they came. `readers` counts who is having the pieces made just now.
    """

    __slots__ = ("_buckets", "_build", "_notes", "_pieces", "_start", "readers")

    def __init__(self, nodes: list[PathNode], start: i64, buckets: i64) -> None:
        self._start: i64 = start
        self._buckets: i64 = buckets
        self._pieces: list[bytes] = [b""] * (buckets // BUCKETS_A_PIECE)
        self._build: ListingBuild | None = ListingBuild(nodes, start, buckets, self._pieces)
        self._notes: dict[int, bytes] = {}
        self.readers: i64 = 0

    def add(self, node: PathNode) -> None:
        build = self._build
        if build is None or not build.add(node):
            bucket = node.bucket(self._start, self._buckets)
            self._note(node, bucket, bucket)

    def discard(self, node: PathNode) -> None:
        build = self._build
        if build is None or not build.discard(node):
            self._note(node, node.bucket(self._start, self._buckets), LEFT)

    def _note(self, node: PathNode, bucket: i64, mark: i64) -> None:
        piece = bucket // BUCKETS_A_PIECE
        out = BytesWriter()
        before = self._notes.get(piece)
        if before is not None:
            out.write(before)
        write_record(out, mark, node, self._start)
        if len(out) > _MOST_NOTES:
            self._notes.pop(piece, None)
            self._mend(piece, out.getvalue())
        else:
            self._notes[piece] = out.getvalue()

    @property
    def is_ready(self) -> bool:
        """Whether all pieces have the names that the children have now."""
        return self._build is None and not self._notes

    @property
    def units(self) -> i64:
        """About what it takes to become ready."""
        build = self._build
        return i64(len(self._notes)) * _UNITS_A_MENDING + (0 if build is None else build.units)

    def work(self, units: i64) -> i64:
        """Do about so much of what is left until it is ready; returns how much it was."""
        done: i64 = 0
        build = self._build
        while build is not None and done < units:
            done += build.work(units - done)
            if build.is_done:
                build = None
                self._build = None
        while done < units and self._notes:
            piece, notes = self._notes.popitem()
            self._mend(piece, notes)
            done += _UNITS_A_MENDING + i64(len(notes)) // 4
        return done

    def _mend(self, piece: i64, notes: bytes) -> None:
        """Make a piece anew, of its names and what its notes say of them."""
        names = self._pieces[piece]
        records = BytesWriter()
        at: i64 = 0
        while at < len(names):
            end = at + 4 + i64(read_i32_be(names, at))
            write_i32_be(records, i32(bucket_of_bytes(names, at + 4, end, self._buckets)))
            write_part(records, names, at, end)
            at = end
        records.write(notes)
        self._pieces[piece] = pieces_of(records.getvalue(), piece * BUCKETS_A_PIECE, 1)[0]

    def pieces(self, count: i64) -> list[bytes]:
        """All names, which are `count`, in Java's order as the pieces of a jute vector of ustring; once ready."""
        out = BytesWriter()
        write_i32_be(out, i32(count))
        return [out.getvalue(), *self._pieces]
