"""WantedWatches: what setWatches and setWatches2 ask for."""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import SetWatches, SetWatches2

NULL_PATH: Final = chr(0xDC00)
"""Stands for a null path in the tables of watches: no path that can be read looks like it."""
NODE_LISTS: Final = 3
"""The lists that look at nodes, which a null path cannot name."""


@final
class WantedWatches:
    """`paths` are five lists: of data, exist, child, persistent and persistent recursive watches.

    What comes after a null list, or after a null path where a node is looked at, is left out; then it `is_broken`.
    """

    def __init__(self, type: i32, body: InputArchive) -> None:
        """Raises MalformedRecord."""
        self.paths: list[list[str]] = []
        self.is_broken = False
        if type == op.SET_WATCHES2:
            two = SetWatches2.decode(body)
            self.relative_zxid: i64 = two.relative_zxid
            self._add(two.data_watches)
            self._add(two.exist_watches)
            self._add(two.child_watches)
            self._add(two.persistent_watches)
            self._add(two.persistent_recursive_watches)
        else:
            one = SetWatches.decode(body)
            self.relative_zxid = one.relative_zxid
            self._add(one.data_watches)
            self._add(one.exist_watches)
            self._add(one.child_watches)
            self.paths += [[], []]

    def _add(self, wanted: list[str | None] | None) -> None:
        if wanted is None:
            self.is_broken = True
        known: list[str] = []
        if wanted is not None and not self.is_broken:
            for path in wanted:
                if path is None and len(self.paths) < NODE_LISTS:
                    self.is_broken = True
                    break
                known.append(NULL_PATH if path is None else path)
        self.paths.append(known)
