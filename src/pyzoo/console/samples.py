"""What a member's counters did in the last minutes: a sample every few seconds, a bounded number of them.

Nothing is counted for this: counters that are there anyway are looked at, and two looks make rates.
"""

from collections import deque
from typing import Final, NamedTuple

from pyzoo.server.operators.counters import Counters

KEPT_MS: Final = 15 * 60_000
SAMPLE_EVERY_MS: Final = 5_000
MOST_SAMPLES: Final = KEPT_MS // SAMPLE_EVERY_MS
LEAST_APART_MS: Final = 1_000
"""Looks that are closer together make rates of chance."""
MOST_APART_MS: Final = 4 * SAMPLE_EVERY_MS
"""Between looks that are further apart nobody knows what happened when."""


class Sample(NamedTuple):
    """What happened until `at_ms`, since the sample before: rates are per second, the latency is a mean in ms."""

    at_ms: int
    requests: float
    txns: float | None
    latency: float | None
    connections: int | None
    outstanding: int | None


def sample_of(before: Counters, now: Counters) -> Sample:
    """What two looks at counters tell. Counters that went back were reset in between: they count from 0."""
    seconds = max(now.at_ms - before.at_ms, 1) / 1000
    return Sample(
        now.at_ms,
        _gained(before.received, now.received) / seconds,
        _txns(before.zxid, now.zxid, seconds),
        _latency(before, now),
        now.connections,
        now.outstanding,
    )


def _gained(before: int, now: int) -> int:
    return now - before if now >= before else now


def _txns(before: int | None, now: int | None, seconds: float) -> float | None:
    """Transactions a second; a new epoch begins to count anew, and how many the old one had is not known."""
    if before is None or now is None:
        return None
    gained = now - before if now >> 32 == before >> 32 else now & 0xFFFFFFFF
    return max(gained, 0) / seconds


def _latency(before: Counters, now: Counters) -> float | None:
    """The mean of the requests in between, None without any; that since the start where no sums are told."""
    if now.latency_sum is None or now.latency_count is None:
        return now.latency_avg
    if before.latency_sum is None or before.latency_count is None or now.latency_count < before.latency_count:
        total, count = now.latency_sum, now.latency_count
    else:
        total, count = now.latency_sum - before.latency_sum, now.latency_count - before.latency_count
    return total / count if count > 0 else None


class SampleRing:
    """The samples of one member, none older than `KEPT_MS`; `newest` is the last look."""

    def __init__(self) -> None:
        self.newest: Counters | None = None
        self._samples: deque[Sample] = deque(maxlen=MOST_SAMPLES)

    def look(self, now: Counters) -> None:
        """Counters were looked at; too soon or too long after the last time nothing comes of it."""
        before = self.newest
        if before is not None:
            if 0 <= now.at_ms - before.at_ms < LEAST_APART_MS:
                return
            if 0 < now.at_ms - before.at_ms <= MOST_APART_MS:
                self._samples.append(sample_of(before, now))
        self.newest = now

    def samples(self, now_ms: int) -> list[Sample]:
        """Those of the last minutes, oldest first."""
        return [sample for sample in self._samples if now_ms - KEPT_MS <= sample.at_ms <= now_ms]
