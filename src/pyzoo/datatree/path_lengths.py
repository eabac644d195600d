"""PathLengths: how long the paths of a set are, to find those of them that are above another path.

A path may have ten thousand components, so it is not cut at each of them to ask whether that is in the set: only where
one of the set would end.
"""

from bisect import bisect_left, insort
from typing import Final, final

from mypy_extensions import i64

SLASH: Final = "/"


@final
class PathLengths:
    """The lengths of some paths other than "/", each as often as there are paths of this length."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._rising: list[int] = []

    def clear(self) -> None:
        """There are no paths any more."""
        self._counts.clear()
        self._rising.clear()

    def add(self, path: str) -> None:
        """A path that was not there."""
        length = len(path)
        count = self._counts.get(length, 0)
        self._counts[length] = count + 1
        if count == 0:
            insort(self._rising, length)

    def discard(self, path: str) -> None:
        """A path that was there."""
        length = len(path)
        count = self._counts[length] - 1
        if count > 0:
            self._counts[length] = count
            return
        del self._counts[length]
        del self._rising[bisect_left(self._rising, length)]

    def next_above(self, path: str, below: i64) -> i64:
        """The largest length smaller than `below` at which `path` has a slash; 0 where there is none.

        What is before that slash may be in the set. With `below` the length of the path, and then what was returned,
        these are all candidates, the deepest first.
        """
        rising = self._rising
        at: i64 = bisect_left(rising, int(below)) - 1
        while at >= 0:
            length = rising[at]
            if path[length] == SLASH:
                return length
            at -= 1
        return 0
