"""EventWait: how a client port waits for its next events: it looks for them a little before it sleeps.

To wake a processor that sleeps takes longer than most waits between two steps of a request, of which a write in an
ensemble has six. Between two looks every other process may run. How long to look follows from the last waits, as in
KVM's halt polling (docs/decisions/0012-look-before-sleeping.md).
"""

import os
import select
from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from pyzoo.runtime.clock import monotonic_ns
from pyzoo.runtime.transport.poller import Poller

NS_PER_SECOND: Final = 1e9
NS_PER_MS: Final = 1_000_000
SHORTEST_LOOK_NS: Final = 20_000
IDLE_LOOK_NS: Final = 150_000
"""The longest look for the next request."""
BUSY_LOOK_NS: Final = 600_000
"""The longest look for the next step of a request that is on its way: disks and other members take longer."""
FD_SETSIZE: Final = 1024
"""select() takes no file descriptor from here on."""


def _nobody_else_runs() -> None:
    """Windows has nothing for it."""


_let_others_run: Final[Callable[[], None]] = getattr(os, "sched_yield", _nobody_else_runs)


@final
class LookBudget:
    """How long the next wait may look before it sleeps, from 0 to `limit_ns`."""

    def __init__(self, limit_ns: i64) -> None:
        self.limit_ns: i64 = limit_ns
        self.ns: i64 = limit_ns

    def slept(self, waited_ns: i64) -> None:
        """A wait of so long has ended in sleep: a longer look would have helped, or even the longest would not."""
        if waited_ns > self.limit_ns:
            self.ns //= 2
            if self.ns < SHORTEST_LOOK_NS:
                self.ns = 0
        else:
            self.ns = min(max(2 * self.ns, SHORTEST_LOOK_NS), self.limit_ns)


@final
class EventWait:
    """The events of one poller, so many at a time; `idle` and `busy` are budgets for `within`."""

    def __init__(self, poller: Poller, most_events: int) -> None:
        self.idle = LookBudget(IDLE_LOOK_NS)
        self.busy = LookBudget(BUSY_LOOK_NS)
        self._poller = poller
        self._most_events = most_events
        # Only select counts in less than milliseconds.
        self.is_exact = 0 <= poller.fileno() < FD_SETSIZE

    def now(self) -> list[tuple[int, int]]:
        """What is there already."""
        return self._poller.poll(0, self._most_events)

    def within(self, limit_ns: i64, budget: LookBudget | None) -> list[tuple[int, int]]:
        """The next events, none when so much time has passed; sleeps at once without a budget."""
        if budget is None:
            return self._sleep(limit_ns)
        look_ns = min(budget.ns, limit_ns)
        begun_ns: i64 = monotonic_ns()
        waited_ns: i64 = 0
        while waited_ns < look_ns:
            events = self.now()
            if events:
                return events
            _let_others_run()
            waited_ns = monotonic_ns() - begun_ns
        if waited_ns >= limit_ns:
            return self.now()
        events = self._sleep(limit_ns - waited_ns)
        if events or limit_ns > budget.limit_ns:
            budget.slept(monotonic_ns() - begun_ns)
        return events

    def _sleep(self, limit_ns: i64) -> list[tuple[int, int]]:
        seconds = int(limit_ns) / NS_PER_SECOND
        # select needs a second call for the events, so it is for what epoll cannot count.
        if limit_ns >= NS_PER_MS or not self.is_exact:
            return self._poller.poll(seconds, self._most_events)
        return self.now() if select.select([self._poller], [], [], seconds)[0] else []
