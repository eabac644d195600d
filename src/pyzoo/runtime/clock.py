"""The two clocks of a server, in milliseconds."""

import time


def elapsed_ms() -> int:
    """Monotonic time, for timeouts and deadlines (Time.currentElapsedTime)."""
    return time.monotonic_ns() // 1_000_000


def wall_ms() -> int:
    """Time since 1970, for what clients see (Time.currentWallTime)."""
    return time.time_ns() // 1_000_000
