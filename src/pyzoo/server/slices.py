"""Work that is more than one turn may do: it goes on a slice a turn, and nobody else waits for its end.

There is no clock here: a slice is counted in units, each about as much as writing one path into a reply, which the
compiled build does in 200 ns. `advance` of a server does one slice, and its next deadline is soon while work is left,
so a shell needs to know nothing of this.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64, mypyc_attr

SLICE_UNITS: Final = 5_000
"""What a slice may cost, unless the configuration says otherwise."""
REST_MS: Final = 2
"""From the beginning of a whole slice to that of the next while others ask: about half of the time is theirs."""
NEVER: Final = 0x7FFFFFFFFFFFFFFF
AT_ONCE: Final = 0
"""A time that has passed as soon as there is one."""


@mypyc_attr(allow_interpreted_subclasses=True)
class SlicedWork:
    """One piece of work. `is_done` ends it; while `is_stalled` it waits for `SliceQueue.go_on`."""

    def __init__(self) -> None:
        self.is_done = False
        self.is_stalled = False

    def step(self, units: i64) -> i64:
        """Do about so many units and return how many it were: more only where a part cannot be divided."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Called once instead of further steps: nobody waits for the end any more, or the role of the server ends.

        What has to happen all the same is to be done here, at once.
        """


@final
class SliceQueue:
    """The pieces of work of one server; they take turns. While it `is_held` nothing is done, nor a turn wanted."""

    def __init__(self, units: i64) -> None:
        """`units` is the size of a slice."""
        self.units: i64 = units
        self._ready: deque[SlicedWork] = deque()
        self._stalled: dict[SlicedWork, None] = {}
        self._rested_ms: i64 = 0
        self._last_ms: i64 = 0
        self._progress: i64 = 0
        self._is_alone = False
        self._is_at_work = False
        self.is_held = False

    @property
    def next_ms(self) -> i64:
        """When a turn is due for the next slice (monotonic ms): AT_ONCE if nothing else happens; NEVER without work."""
        if not self._ready or self.is_held:
            return NEVER
        return AT_ONCE if self._is_alone else self._last_ms

    def add(self, work: SlicedWork) -> None:
        """Begin with this work in one of the next turns."""
        self._ready.append(work)

    def begin(self, work: SlicedWork, now_ms: i64) -> None:
        """Begin with this work now, if it is time for a slice, else as `add`; for short work that ends it at once."""
        if self.is_held or self._is_at_work or now_ms < self._rested_ms:
            self._ready.append(work)
            return
        self._is_at_work = True
        left = self.units - work.step(self.units)
        self._is_at_work = False
        self._keep(work)
        self._rest(now_ms, left)

    def go_on(self, work: SlicedWork) -> None:
        """What this work has waited for is there; nothing happens when it does not wait."""
        if work.is_stalled and work in self._stalled:
            del self._stalled[work]
            work.is_stalled = False
            self._ready.append(work)

    def advance(self, now_ms: i64, progress: i64) -> None:
        """Do a slice, if it is time for one: after a rest, unless nothing else has happened since the last turn.

        `progress` is another number then.
        """
        ready = self._ready
        is_alone = progress == self._progress
        self._is_alone = is_alone
        self._progress = progress
        if not ready or self.is_held or self._is_at_work or (now_ms < self._rested_ms and not is_alone):
            return
        self._is_at_work = True
        left = self.units
        for _ in range(len(ready)):
            work = ready.popleft()
            left -= work.step(left)
            self._keep(work)
            if left <= 0 or not ready:
                break
        self._is_at_work = False
        self._rest(now_ms, left)

    def _keep(self, work: SlicedWork) -> None:
        if work.is_done:
            return
        if work.is_stalled:
            self._stalled[work] = None
        else:
            self._ready.append(work)

    def _rest(self, now_ms: i64, left: i64) -> None:
        """After what was done of a slice, of which so much is left."""
        done = self.units - left
        self._last_ms = now_ms
        self._rested_ms = now_ms + REST_MS * (done if done < self.units else self.units) // self.units

    def drop(self, work: SlicedWork) -> None:
        """Abandon this work, unless it is done."""
        if work.is_done:
            return
        work.is_done = True
        if work in self._stalled:
            del self._stalled[work]
        elif work in self._ready:
            self._ready.remove(work)
        work.abandon()

    def drop_all(self) -> None:
        """Abandon all work, in the order in which it would have gone on."""
        for work in [*self._ready, *self._stalled]:
            self.drop(work)
