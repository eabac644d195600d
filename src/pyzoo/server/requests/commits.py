"""Commits: what is committed and not applied yet, so that no turn applies more than others can wait for.

Transactions are applied strictly in order, some of them in each turn; a long one, such as the close of a session with
many ephemerals, may take several turns, in which what has nothing to do with it passes it. Who reads what it changes
waits for its end.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.tree import DataTree
from pyzoo.server.requests.final import FinalRequestProcessor
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.slices import SliceQueue

COMMIT_UNITS: Final = 25
"""Units of work (see slices.py) of a transaction with its answer."""
EVENT_UNITS: Final = 3
SLICES: Final = 2
"""Slices of work that a turn may spend on what is committed."""
_ALL: Final = 1 << 60


class CommittedTxns:
    """What is committed and not applied, oldest first: own requests, or what a leader has sent."""

    @property
    def has_committed(self) -> bool:
        """Whether a committed transaction was not begun with."""
        raise NotImplementedError

    @property
    def is_closing(self) -> bool:
        """Whether one that takes several turns was begun with and is not answered."""
        raise NotImplementedError

    def next_may_pass(self) -> bool:
        """Whether the next committed transaction needs not wait for the end of that close."""
        raise NotImplementedError

    def commit_next(self) -> i64:
        """Apply the next committed transaction and answer it, or begin with it; returns the units of its parts."""
        raise NotImplementedError

    def close_applied(self) -> None:
        """What was begun with is applied."""
        raise NotImplementedError


@final
class Commits:
    """The order of things after the commit.

    `final.is_behind` tells that something is committed and not applied, or only in part, or that events of it are owed.
    """

    def __init__(
        self,
        txns: CommittedTxns,
        final_processor: FinalRequestProcessor,
        outstanding: OutstandingChanges,
        slices: SliceQueue,
        slice_units: i64,
    ) -> None:
        self._txns = txns
        self._final = final_processor
        self._tree: DataTree = outstanding.tree
        self._outstanding = outstanding
        self._slices = slices
        self._units: i64 = slice_units * SLICES
        self._left: i64 = self._units
        self._tree.owed.many_parts = slice_units // COMMIT_UNITS

    def begin_turn(self) -> None:
        """Another turn: go on, if there is something left."""
        self._left = self._units
        if self._final.is_behind:
            # Half of the turn is for what is new.
            self._left -= self._tree.owed.tell(self._units // 2)
            if self._txns.is_closing:
                # However much passes it, a close comes to its end.
                self._left -= self._step(max(self._left // 2, 1))
            if self._left <= 0:
                # With slices so small that one event is more: something new has its turn all the same.
                self._left = 1
            self.go_on()

    def commit_up_to(self, zxid: i64) -> None:
        """All prepared transactions up to `zxid` are committed: apply them in order, and answer, soon if not now."""
        self._final.committed_zxid = zxid
        self.go_on()

    @property
    def is_closing(self) -> bool:
        """Whether the close of a session is applied in part."""
        return self._txns.is_closing

    def go_on(self) -> None:
        """Apply what is committed, as far as this turn may."""
        txns, tree, final_processor = self._txns, self._tree, self._final
        owed = tree.owed
        had_all = self._left
        while self._left > 0:
            if txns.is_closing and not txns.next_may_pass():
                self._left -= self._step(self._left)
            elif txns.has_committed:
                told = tree.events_told
                parts = txns.commit_next()
                if txns.is_closing:
                    final_processor.is_behind = True
                self._left -= COMMIT_UNITS + parts + EVENT_UNITS * (tree.events_told - told)
            else:
                break
            if final_processor.has_waiting and not txns.is_closing:
                final_processor.release_waiting()
        if final_processor.has_waiting:
            final_processor.release_waiting()
        if owed.is_pending and 0 < self._left < had_all:
            # What is few is told in the same turn.
            self._left -= owed.tell(self._left)
        self._outstanding.settle()
        has_more = txns.has_committed or owed.is_pending or self._outstanding.has_more_to_drop
        final_processor.is_behind = txns.is_closing or has_more
        # What looks at many nodes waits for the end of a close.
        self._slices.is_held = txns.is_closing

    def finish(self) -> None:
        """Apply all that is committed now."""
        if self._final.is_behind:
            txns, left = self._txns, self._left
            while txns.is_closing or txns.has_committed:
                # The end of a long multi has a turn of its own, whatever may be spent before.
                self._left = _ALL
                self.go_on()
            self._tree.owed.tell_all()
            self._left = left
            self._final.is_behind = False

    def _step(self, units: i64) -> i64:
        closing = self._tree.closing
        used: i64 = 0 if closing is None else closing.step(units)
        if self._tree.closing is None:
            self._txns.close_applied()
            # Reads that have waited for this are before the writes behind them.
            self._final.release_waiting()
        return used
