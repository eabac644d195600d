"""LongSetWatches: the watches of a client that comes back with very many."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner
from pyzoo.server.requests.operations.wanted_watches import WantedWatches

_UNITS_A_PATH: Final = 10
"""The processor has hardly anything of large tables at hand."""
_UNITS_TO_READ: Final = 2
_MOST_AT_ONCE: Final = 500
"""Paths between two looks at how much waits to be sent."""


@final
class LongSetWatches(LongRead):
    """setWatches and setWatches2: each path is looked at once, and from then on watched.

    The events of what has changed before go out as they come, for they are ahead of the reply, which has no body.
    """

    def __init__(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__(owner, request, cnxn)
        self._wanted: WantedWatches | None = None
        self._list: i64 = 0
        self._path: i64 = 0

    def prepare(self, units: i64) -> i64:
        wanted = self._wanted
        if wanted is None:
            request = self.request
            wanted = WantedWatches(request.type, request.body)
            self._wanted = wanted
        done: i64 = 0
        while done < units and not wanted.is_read:
            done += 1 + wanted.read((units - done) // _UNITS_TO_READ + 1) * _UNITS_TO_READ
        while done < units and wanted.is_read and self._list < len(wanted.paths):
            if self.cnxn.room() <= 0:
                self.is_stalled = True
                return done + 1
            done += self._register(wanted, (units - done) // _UNITS_A_PATH + 1)
        if wanted.is_read and self._list == len(wanted.paths):
            self.refuse(err.MARSHALLINGERROR if wanted.is_broken else 0)
        return done

    def _register(self, wanted: WantedWatches, most: i64) -> i64:
        """Take the next paths of a list."""
        paths = wanted.paths[self._list]
        begin = self._path
        end = begin + (most if most < _MOST_AT_ONCE else _MOST_AT_ONCE)
        if end >= len(paths):
            end = len(paths)
            self._path = 0
        else:
            self._path = end
        lists: list[list[str]] = [[], [], [], [], []]
        lists[self._list] = paths[begin:end]
        if self._path == 0:
            self._list += 1
        tree = self.reads.tree
        tree.set_watches(self.cnxn, wanted.relative_zxid, lists[0], lists[1], lists[2], lists[3], lists[4])
        return 1 + (end - begin) * _UNITS_A_PATH
