"""SlicedOrder: the order of a large Java hash table, made a piece at a time."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.java_order import bucket_of, part_order

_BIN: Final = 2048
"""Buckets of the hash table that are put in order in one step."""


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
