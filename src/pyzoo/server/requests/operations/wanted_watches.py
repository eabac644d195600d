"""WantedWatches: what setWatches and setWatches2 ask for."""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive

NULL_PATH: Final = chr(0xDC00)
"""Stands for a null path in the tables of watches: no path that can be read looks like it."""
LISTS: Final = 5
NODE_LISTS: Final = 3
"""The lists that look at nodes, which a null path cannot name; setWatches has no others."""


@final
class WantedWatches:
    """`paths` are five lists: of data, exist, child, persistent and persistent recursive watches, once it `is_read`.

    What comes after a null list, or after a null path where a node is looked at, is left out; then it `is_broken`.
    """

    def __init__(self, type: i32, body: InputArchive) -> None:
        """Raises MalformedRecord, as `read` does, which is to follow."""
        self.relative_zxid: i64 = body.read_long()
        self.paths: list[list[str]] = []
        self.is_broken = False
        self.is_read = False
        self._body = body
        self._lists: i64 = LISTS if type == op.SET_WATCHES2 else NODE_LISTS
        self._left: i64 = 0

    def read(self, most: i64) -> i64:
        """Read so many paths; returns how many it were."""
        done: i64 = 0
        while done < most and not self.is_read:
            if self._left > 0:
                done += self._read_paths(most - done)
            elif len(self.paths) == self._lists:
                while len(self.paths) < LISTS:
                    self.paths.append([])
                self.is_read = True
            else:
                self._begin_list()
                done += 1
        return done

    def _begin_list(self) -> None:
        count = self._body.read_vector()
        if count < 0:
            self.is_broken = True
            count = 0
        self.paths.append([])
        self._left = count

    def _read_paths(self, most: i64) -> i64:
        body = self._body
        index: i64 = len(self.paths) - 1
        known = self.paths[index]
        count: i64 = min(self._left, most)
        for _ in range(count):
            path = body.read_ustring()
            if path is None and index < NODE_LISTS:
                self.is_broken = True
            if not self.is_broken:
                known.append(NULL_PATH if path is None else path)
        self._left -= count
        return count
