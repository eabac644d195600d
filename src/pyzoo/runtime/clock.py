"""The two clocks of a server, in milliseconds."""

import time
from typing import Final

from mypy_extensions import i64

# Constants of this module: what another one has is looked up by its name each time.
monotonic_ns: Final = time.monotonic_ns
_time_ns: Final = time.time_ns


def elapsed_ms() -> int:
    """Monotonic time, for timeouts and deadlines (Time.currentElapsedTime)."""
    # Divided as a native integer: an object would be made for each step.
    now_ns: i64 = monotonic_ns()
    return now_ns // 1_000_000


def wall_ms() -> int:
    """Time since 1970, for what clients see (Time.currentWallTime)."""
    now_ns: i64 = _time_ns()
    return now_ns // 1_000_000
