"""World: the heap of events, the virtual clock, and the one source of chance."""

import heapq
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final

TRACE_LINES: Final = 200


class InvariantViolation(Exception):
    """Something happened that must never happen; the message says what."""


class Timer:
    """An event to come; `cancel` it as long as it has not happened."""

    __slots__ = ("action", "cancelled")

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action
        self.cancelled = False

    def cancel(self) -> None:
        """Let it not happen."""
        self.cancelled = True


class World:
    """Virtual time in ms; events of one ms happen in the order in which they were planned."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.now_ms = 0
        self.event_count = 0
        self.actor = 0
        self.trace: deque[str] = deque(maxlen=TRACE_LINES)
        self.listener: Callable[[str], None] | None = None
        self._heap: list[tuple[int, int, Timer]] = []
        self._age = 0

    # --- events

    def after(self, delay_ms: int, action: Callable[[], None]) -> Timer:
        """Plan something; 0 is later in this ms."""
        timer = Timer(action)
        self._age += 1
        heapq.heappush(self._heap, (self.now_ms + max(delay_ms, 0), self._age, timer))
        return timer

    def run_until(self, end_ms: int, done: Callable[[], bool] | None = None) -> bool:
        """Let events happen up to this time, or until `done` holds; whether it did."""
        while self._heap and self._heap[0][0] <= end_ms:
            due_ms, _, timer = heapq.heappop(self._heap)
            if timer.cancelled:
                continue
            self.now_ms = due_ms
            self.event_count += 1
            timer.action()
            if done is not None and done():
                return True
        self.now_ms = max(self.now_ms, end_ms)
        return False

    # --- chance

    def chance(self, probability: float) -> bool:
        """True with this probability, from 0 to 1."""
        return self.random.random() < probability

    def draw(self, n: int) -> int:
        """A number from 0 to n - 1."""
        return int(self.random.random() * n)

    def between(self, least: int, most: int) -> int:
        """A number from `least` to `most`."""
        return least + int(self.random.random() * (most - least + 1))

    # --- the trace

    def note(self, text: str) -> None:
        """Add a line to the trace."""
        line = f"{self.now_ms / 1000:9.3f} {text}"
        self.trace.append(line)
        if self.listener is not None:
            self.listener(line)
