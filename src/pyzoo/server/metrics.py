"""The measured values of a server: summaries, and the things that are counted per namespace.

Counters are plain attributes of ServerStats. What `mntr` calls them, and in which order it shows them, is the
business of monitor.py. Adding is done for every request: no lock, no clock, no allocation.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.datatree.java_order import table_order
from pyzoo.datatree.watches import (
    NODE_CHILDREN_CHANGED,
    NODE_CREATED,
    NODE_DATA_CHANGED,
    NODE_DELETED,
    WatchObserver,
)

RESERVOIR_SIZE: Final = 4096
EMPTY_MIN: Final = 0x7FFFFFFFFFFFFFFF
EMPTY_MAX: Final = -0x8000000000000000
STAT_OVERHEAD_BYTES: Final = 68

_MULTIPLIER: Final = 0x5DEECE66D
_STATE_MASK: Final = (1 << 48) - 1
_FOUR_PLACES: Final = Decimal("0.0001")


def average(total: int, count: int) -> float:
    """The mean, rounded half up to four places (AvgMinMaxCounter.getAvg); 0.0 without values."""
    if count == 0:
        return 0.0
    return float(Decimal(total / count).quantize(_FOUR_PLACES, ROUND_HALF_UP))


@final
class BasicSummary:
    """Average, minimum, maximum, number and sum (AvgMinMaxCounter)."""

    def __init__(self) -> None:
        self.count: i64 = 0
        self.sum: i64 = 0
        self.lowest: i64 = EMPTY_MIN
        self.highest: i64 = EMPTY_MAX

    def add(self, value: i64) -> None:
        """Take a value in."""
        self.count += 1
        self.sum += value
        if value < self.lowest:
            self.lowest = value
        if value > self.highest:
            self.highest = value

    def reset(self) -> None:
        """Forget all values."""
        self.count = 0
        self.sum = 0
        self.lowest = EMPTY_MIN
        self.highest = EMPTY_MAX

    @property
    def avg(self) -> float:
        """The mean with four places."""
        return average(self.sum, self.count)

    @property
    def min(self) -> int:
        """The least value, 0 without values."""
        return 0 if self.count == 0 else self.lowest

    @property
    def max(self) -> int:
        """The greatest value, 0 without values."""
        return 0 if self.count == 0 else self.highest


@final
class AdvancedSummary:
    """A BasicSummary with percentiles of a uniform sample (AvgMinMaxPercentileCounter).

    The sample is kept by reservoir sampling, with a number sequence of its own in place of chance.
    """

    def __init__(self) -> None:
        self.basic = BasicSummary()
        self._sample: list[int] = []
        self._state: i64 = 1

    def add(self, value: i64) -> None:
        """Take a value in."""
        basic = self.basic
        basic.add(value)
        if basic.count <= RESERVOIR_SIZE:
            self._sample.append(value)
            return
        self._state = (self._state * _MULTIPLIER + 0xB) & _STATE_MASK
        slot: i64 = (self._state >> 16) % basic.count
        if slot < RESERVOIR_SIZE:
            self._sample[slot] = value

    def reset(self) -> None:
        """Forget all values."""
        self.basic.reset()
        self._sample.clear()

    def percentiles(self, parts: list[float]) -> list[int]:
        """The rounded values below which these parts (0 to 1) of the sample are; 0 without values."""
        ordered = sorted(self._sample)
        return [_percentile(ordered, part) for part in parts]


def _percentile(ordered: list[int], part: float) -> int:
    """Interpolated between neighbours and rounded half up (UniformSnapshot.getValue, Math.round)."""
    size = len(ordered)
    if size == 0:
        return 0
    position = part * (size + 1)
    index = int(position)
    if index < 1:
        return ordered[0]
    if index >= size:
        return ordered[-1]
    lower = ordered[index - 1]
    exact = lower + (position - index) * (ordered[index] - lower)
    return int(exact + 0.5)


def key_order(keys: list[str]) -> list[str]:
    """Keys in the order of a ConcurrentHashMap, which doubles when three quarters are reached."""
    buckets = 16
    while len(keys) * 4 >= buckets * 3:
        buckets *= 2
    return table_order(keys, 0, buckets)


def top_namespace(path: str) -> str:
    """The first component of a path; empty for the root (PathUtils.getTopNamespace)."""
    end = path.find("/", 1)
    return path[1:] if end < 0 else path[1:end]


@final
class SummarySet:
    """A BasicSummary for each key (AvgMinMaxCounterSet); the keys outlive a reset."""

    def __init__(self) -> None:
        self.summaries: dict[str, BasicSummary] = {}

    def add(self, key: str, value: i64) -> None:
        """Take in a value of this key."""
        summary = self.summaries.get(key)
        if summary is None:
            summary = BasicSummary()
            self.summaries[key] = summary
        summary.add(value)

    def add_for_path(self, path: str, size: i64) -> None:
        """Count bytes, and those of the path itself, for the first component; the root has none."""
        key = top_namespace(path)
        if key:
            self.add(key, len(path) + size)

    def reset(self) -> None:
        """Forget all values."""
        for summary in self.summaries.values():
            summary.reset()

    def ordered(self) -> list[tuple[str, BasicSummary]]:
        """The keys with their summaries, as `mntr` lists them."""
        return [(key, self.summaries[key]) for key in key_order(list(self.summaries))]


@final
class CounterSet:
    """A number for each key."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, key: str, value: int) -> None:
        """Add to the number of this key."""
        self.counts[key] = self.counts.get(key, 0) + value

    def reset(self) -> None:
        """Set all numbers to 0; the keys stay."""
        for key in self.counts:
            self.counts[key] = 0


@final
class ServerMetrics(WatchObserver):
    """All summaries that have a meaning here; times in ms. Attributes are named like the metrics."""

    def __init__(self) -> None:
        super().__init__()
        self.readlatency = AdvancedSummary()
        self.updatelatency = AdvancedSummary()
        self.propagation_latency = AdvancedSummary()
        self.close_session_prep_time = AdvancedSummary()
        self.request_throttle_queue_time_ms = AdvancedSummary()
        self.sync_processor_queue_and_flush_time_ms = AdvancedSummary()
        self.sync_processor_queue_flush_time_ms = AdvancedSummary()
        self.fsynctime = BasicSummary()
        self.snapshottime = BasicSummary()
        self.restore_time = BasicSummary()
        self.dbinittime = BasicSummary()
        self.startup_snap_load_time = BasicSummary()
        self.startup_txns_load_time = BasicSummary()
        self.startup_txns_loaded = BasicSummary()
        self.sync_process_time = BasicSummary()
        self.sync_processor_batch_size = BasicSummary()
        self.connection_token_deficit = BasicSummary()
        self.node_created_watch_count = BasicSummary()
        self.node_deleted_watch_count = BasicSummary()
        self.node_changed_watch_count = BasicSummary()
        self.node_children_watch_count = BasicSummary()
        self.read_per_namespace = SummarySet()
        self.write_per_namespace = SummarySet()
        self.quota_exceeded_error_per_namespace = CounterSet()

    def fired(self, event_type: i32, count: i64) -> None:
        """Watches fired (WatchManager.triggerWatch's metrics)."""
        if event_type == NODE_CREATED:
            self.node_created_watch_count.add(count)
        elif event_type == NODE_DELETED:
            self.node_deleted_watch_count.add(count)
        elif event_type == NODE_DATA_CHANGED:
            self.node_changed_watch_count.add(count)
        elif event_type == NODE_CHILDREN_CHANGED:
            self.node_children_watch_count.add(count)

    def path_read(self, path: str, size: i64) -> None:
        """A node was read: bytes of data, or of children's names (DataTree.updateReadStat)."""
        self.read_per_namespace.add_for_path(path, size + STAT_OVERHEAD_BYTES)

    def path_written(self, path: str, size: i64) -> None:
        """A node was created, set or deleted, with this much data (DataTree.updateWriteStat)."""
        self.write_per_namespace.add_for_path(path, size)

    def basic(self) -> dict[str, BasicSummary]:
        """The basic summaries by name."""
        return {
            "fsynctime": self.fsynctime,
            "snapshottime": self.snapshottime,
            "restore_time": self.restore_time,
            "dbinittime": self.dbinittime,
            "startup_snap_load_time": self.startup_snap_load_time,
            "startup_txns_load_time": self.startup_txns_load_time,
            "startup_txns_loaded": self.startup_txns_loaded,
            "sync_process_time": self.sync_process_time,
            "sync_processor_batch_size": self.sync_processor_batch_size,
            "connection_token_deficit": self.connection_token_deficit,
            "node_created_watch_count": self.node_created_watch_count,
            "node_deleted_watch_count": self.node_deleted_watch_count,
            "node_changed_watch_count": self.node_changed_watch_count,
            "node_children_watch_count": self.node_children_watch_count,
        }

    def advanced(self) -> dict[str, AdvancedSummary]:
        """The summaries with percentiles by name."""
        return {
            "readlatency": self.readlatency,
            "updatelatency": self.updatelatency,
            "propagation_latency": self.propagation_latency,
            "close_session_prep_time": self.close_session_prep_time,
            "request_throttle_queue_time_ms": self.request_throttle_queue_time_ms,
            "sync_processor_queue_and_flush_time_ms": self.sync_processor_queue_and_flush_time_ms,
            "sync_processor_queue_flush_time_ms": self.sync_processor_queue_flush_time_ms,
        }

    def reset(self) -> None:
        """Forget all values (DefaultMetricsProvider.resetAllValues)."""
        for basic in self.basic().values():
            basic.reset()
        for advanced in self.advanced().values():
            advanced.reset()
        self.read_per_namespace.reset()
        self.write_per_namespace.reset()
        self.quota_exceeded_error_per_namespace.reset()
