"""The two clocks of a server, in milliseconds."""

import time
from typing import Final

# Constants of this module: what another one has is looked up by its name each time.
monotonic_ns: Final = time.monotonic_ns
_time_ns: Final = time.time_ns


def elapsed_ms() -> int:
    """Monotonic time, for timeouts and deadlines (Time.currentElapsedTime)."""
    return monotonic_ns() // 1_000_000


def wall_ms() -> int:
    """Time since 1970, for what clients see (Time.currentWallTime)."""
    return _time_ns() // 1_000_000
