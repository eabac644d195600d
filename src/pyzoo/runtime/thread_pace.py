"""ThreadPace: whether a thread that has work gets the interpreter."""

from typing import Final, final

from mypy_extensions import i64

STARVED_MS: Final = 5
"""A thread that has not got on for so long may wait for something slow, or not have come to the interpreter."""


@final
class ThreadPace:
    """When a thread has last got on."""

    def __init__(self) -> None:
        self._moved_ms: i64 = 0

    def moved(self, now_ms: i64) -> None:
        """It got on, or has something to do for the first time since it was through."""
        self._moved_ms = now_ms

    def has_moved_within(self, ms: i64, now_ms: i64) -> bool:
        """Whether it got on in the last so many milliseconds."""
        return now_ms - self._moved_ms <= ms

    def is_starved(self, has_work: bool, now_ms: i64) -> bool:
        """Whether it has had something to do for long without getting on."""
        return has_work and now_ms - self._moved_ms >= STARVED_MS
