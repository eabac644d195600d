"""Contention: whether other processes want the processor that this thread runs on.

Then it had better wait for the disk by itself: who sleeps is let in soon after it is woken, but a thread of the kernel
that syncs beside waits for slices of others, and so does who lets them run
(docs/decisions/0025-writes-of-one-server.md).
"""

import os
from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from pyzoo.runtime.clock import monotonic_ns

LONG_NS: Final = 300_000
"""The kernel's own threads are through with what they have to do for a server in less."""
SHORTEST_NS: Final = 10_000_000
LONGEST_NS: Final = 320_000_000
"""How long it is believed that others are there, before that is tried again."""


def _nobody_else_runs() -> None:
    """Windows has nothing for it."""


_let_others_run: Final[Callable[[], None]] = getattr(os, "sched_yield", _nobody_else_runs)


@final
class Contention:
    """What the last waits for the processor tell."""

    def __init__(self, longest_ns: i64 = LONGEST_NS) -> None:
        """With `longest_ns` 0 nobody is ever there."""
        self._longest_ns: i64 = longest_ns
        self._until_ns: i64 = 0
        self._believed_ns: i64 = SHORTEST_NS

    def is_high(self, now_ns: i64) -> bool:
        """Whether others were there a short while ago."""
        return now_ns < self._until_ns

    def let_others_run(self) -> i64:
        """Give way to who waits for this processor; returns the time after that."""
        begun_ns: i64 = monotonic_ns()
        _let_others_run()
        now_ns: i64 = monotonic_ns()
        self.gave_way(begun_ns, now_ns)
        return now_ns

    def gave_way(self, begun_ns: i64, now_ns: i64) -> None:
        """This thread did not have the processor between these two."""
        if now_ns - begun_ns > LONG_NS:
            self.found(now_ns)

    def found(self, now_ns: i64) -> None:
        """Others are there: the longer, the more often that was so whenever it was tried again."""
        if now_ns < self._until_ns:
            return
        again = now_ns - self._until_ns < self._believed_ns
        self._believed_ns = min(2 * self._believed_ns if again else i64(SHORTEST_NS), self._longest_ns)
        self._until_ns = now_ns + self._believed_ns
