"""SlicedOrder: the order of a large Java hash table, made a piece at a time."""

from collections.abc import Iterator
from heapq import merge
from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.java_order import bucket_of, part_order

_BIN: Final = 2048
"""Buckets of the hash table that are put in order in one step."""
_AT_ONCE: Final = 1000
"""Keys that a generator hashes in one step."""


@final
class SlicedOrder:
    """The same order as that of `table_order`: first `distribute` until that is done, then take bin after bin.

    Texts go into bins by the high bits of their buckets. Bins are in the order of the buckets, and one that is put in
    order by itself keeps the order within buckets.
    """

    def __init__(self, texts: list[str], start: i64, buckets: i64) -> None:
        """Keys are text[start:], put in the order given."""
        self._start: i64 = start
        self._buckets: i64 = buckets
        self._texts = texts
        self._done: i64 = 0
        self._bins: list[list[str]] = [[] for _ in range((buckets + _BIN - 1) // _BIN)]
        self.is_distributed = False

    def distribute(self, most: i64) -> None:
        """Put up to so many texts into their bins."""
        end: i64 = self._done + most
        count: i64 = len(self._texts)
        if end > count:
            end = count
        for at in range(self._done, end):
            text = self._texts[at]
            self._bins[bucket_of(text, self._start, self._buckets) // _BIN].append(text)
        self._done = end
        if end == count:
            self.is_distributed = True
            self._texts = []
            self._bins.reverse()

    @property
    def has_more(self) -> bool:
        """Whether there are bins left."""
        return len(self._bins) > 0

    def next_bin(self) -> list[str]:
        """The texts of the next bin, in order; once all are distributed."""
        span: i64 = _BIN if self._buckets > _BIN else self._buckets
        first: i64 = self._buckets - len(self._bins) * span
        return part_order(self._bins.pop(), self._start, self._buckets, first, span)


def hash_map_slices(texts: list[str]) -> Iterator[list[str]]:
    """Texts in the order of a HashMap that was never larger, a few at a time; some of the lists are empty."""
    buckets: i64 = 16
    count: i64 = len(texts)
    while count * 4 > buckets * 3:
        buckets *= 2
    return table_slices(texts, buckets)


def slices_of_pieces(pieces: Iterator[list[str]]) -> Iterator[list[str]]:
    """The same for texts that come a few at a time, because there may be more than can be copied at once."""
    texts: list[str] = []
    for piece in pieces:
        texts.extend(piece)
        yield []
    yield from hash_map_slices(texts)


def table_slices(texts: list[str], buckets: i64) -> Iterator[list[str]]:
    """The same for a table with this many buckets."""
    order = SlicedOrder(texts, 0, buckets)
    while not order.is_distributed:
        order.distribute(_AT_ONCE)
        yield []
    while order.has_more:
        yield order.next_bin()


def sorted_slices(numbers: list[int]) -> Iterator[list[int]]:
    """Numbers in their order, a few at a time; some of the lists are empty."""
    runs: list[list[int]] = []
    for at in range(0, len(numbers), _AT_ONCE):
        runs.append(sorted(numbers[at : at + _AT_ONCE]))
        yield []
    piece: list[int] = []
    for number in merge(*runs):
        piece.append(number)
        if len(piece) == _AT_ONCE:
            yield piece
            piece = []
    if piece:
        yield piece


def session_slices(session_ids: list[int]) -> Iterator[list[int]]:
    """Session ids in the order of a ConcurrentHashMap, a few at a time; some of the lists are empty."""
    buckets = 16
    while len(session_ids) * 4 >= buckets * 3:
        buckets *= 2
    bins: list[list[tuple[int, int, int]]] = [[] for _ in range((buckets + _BIN - 1) // _BIN)]
    for at in range(len(session_ids)):
        session_id = session_ids[at]
        value = (session_id ^ (session_id >> 32)) & 0xFFFFFFFF
        bucket = (value ^ (value >> 16)) & (buckets - 1)
        bins[bucket // _BIN].append((bucket, at, session_id))
        if at % _AT_ONCE == 0:
            yield []
    for some in bins:
        yield [session_id for _, _, session_id in sorted(some)]
