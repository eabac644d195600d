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
from pyzoo.datatree.listing_build import BUCKETS_A_PIECE, ListingBuild
from pyzoo.datatree.path_node import PathNode

CROWDED_BUCKETS: Final = 2048
"""Buckets of a table from which on a listing is kept in pieces: there are, or were, 769 children."""
UNITS_A_MENDING: Final = 10
"""Units of work (of about 200 ns) that it takes to mend a piece with a note or two."""

_MOST_NOTES: Final = 1024
"""Bytes of notes with which a piece is mended at once: about as long as the piece."""
_CAME: Final = b"\x01"
_LEFT: Final = b"\x00"


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
            self._note(_CAME, node)

    def discard(self, node: PathNode) -> None:
        build = self._build
        if build is None or not build.discard(node):
            self._note(_LEFT, node)

    def _note(self, what: bytes, node: PathNode) -> None:
        piece = node.bucket(self._start, self._buckets) // BUCKETS_A_PIECE
        out = BytesWriter()
        node.write_path(out, self._start)
        notes = self._notes.get(piece, b"") + what + out.getvalue()
        self._notes[piece] = notes
        if len(notes) > _MOST_NOTES:
            del self._notes[piece]
            self._mend(piece, notes)

    @property
    def is_ready(self) -> bool:
        """Whether all pieces have the names that the children have now."""
        return self._build is None and not self._notes

    @property
    def units(self) -> i64:
        """About what it takes to become ready."""
        build = self._build
        return i64(len(self._notes)) * UNITS_A_MENDING + (0 if build is None else build.units)

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
            done += UNITS_A_MENDING + i64(len(notes)) // 32
        return done

    def _mend(self, piece: i64, notes: bytes) -> None:
        """Do what the notes of a piece say, in their order."""
        names = self._pieces[piece]
        at: i64 = 0
        while at < len(notes):
            end = at + 5 + i64(read_i32_be(notes, at + 1))
            name = notes[at + 1 : end]
            names = self._with(names, name) if notes[at] == 1 else _without(names, name)
            at = end
        self._pieces[piece] = names

    def _with(self, names: bytes, name: bytes) -> bytes:
        """The names with one more, behind all others of its bucket; all are jute's strings."""
        buckets = self._buckets
        bucket = bucket_of_bytes(name, 4, len(name), buckets)
        at: i64 = 0
        while at < len(names):
            end = at + 4 + i64(read_i32_be(names, at))
            if bucket_of_bytes(names, at + 4, end, buckets) > bucket:
                break
            at = end
        return names[:at] + name + names[at:]

    def pieces(self, count: i64) -> list[bytes]:
        """All names, which are `count`, in Java's order as the pieces of a jute vector of ustring; once ready."""
        out = BytesWriter()
        write_i32_be(out, i32(count))
        return [out.getvalue(), *self._pieces]


def _without(names: bytes, name: bytes) -> bytes:
    """The names without one that is among them; all are jute's strings."""
    at: i64 = 0
    length: i64 = len(name)
    while at < len(names):
        end = at + 4 + i64(read_i32_be(names, at))
        if end - at == length and names[at:end] == name:
            return names[:at] + names[end:]
        at = end
    return names
