"""What values are measured into: summaries, counters by key, and the registry that knows them by name.

Adding is done for every request and packet: no lock, no clock, no allocation. A server for Prometheus also keeps
what the last minutes brought, for its quantiles; the percentiles of `mntr` are of everything since the last reset.
"""

from typing import Final, final

from mypy_extensions import i64

RESERVOIR_SIZE: Final = 4096
EMPTY_MIN: Final = 0x7FFFFFFFFFFFFFFF
EMPTY_MAX: Final = -0x8000000000000000

WINDOW_SLICES: Final = 5
BASIC_SLICE_SIZE: Final = 64
ADVANCED_SLICE_SIZE: Final = 256
SLICE_MS: Final = 120_000
"""Quantiles for Prometheus are of the last eight to ten minutes, as those of its Java client."""

_SLICE_RADIX: Final = 8
_MULTIPLIER: Final = 0x5DEECE66D
_STATE_MASK: Final = (1 << 48) - 1
_FOUR_PLACES: Final = 10_000


def average(total: int, count: int) -> float:
    """The mean, rounded half up to four places (AvgMinMaxCounter.getAvg); 0.0 without values."""
    if count == 0:
        return 0.0
    numerator, denominator = (total / count).as_integer_ratio()
    rounded = (2 * _FOUR_PLACES * abs(numerator) + denominator) // (2 * denominator)
    return (rounded if numerator >= 0 else -rounded) / _FOUR_PLACES


@final
class Reservoir:
    """A uniform sample of at most `size` of all values, with a number sequence of its own in place of chance."""

    def __init__(self, size: i64) -> None:
        self.size: i64 = size
        self.count: i64 = 0
        self.sample: list[int] = []
        self._state: i64 = 1

    def add(self, value: i64) -> None:
        """Take a value in."""
        self.count += 1
        if self.count <= self.size:
            self.sample.append(value)
            return
        self._state = (self._state * _MULTIPLIER + 0xB) & _STATE_MASK
        slot: i64 = (self._state >> 16) % self.count
        if slot < self.size:
            self.sample[slot] = value

    def clear(self) -> None:
        """Forget all values."""
        self.count = 0
        self.sample.clear()

    def percentiles(self, parts: list[float]) -> list[int]:
        """The rounded values below which these parts (0 to 1) of the sample are; 0 without values."""
        ordered = sorted(self.sample)
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


@final
class Window:
    """Samples of the last minutes, a slice for every two of them, of at most `size` values each."""

    def __init__(self, size: i64) -> None:
        self._size: i64 = size
        self._slices: list[Reservoir] = [Reservoir(size)]

    def add(self, value: i64) -> None:
        """Take a value in."""
        self._slices[-1].add(value)

    def rotate(self) -> None:
        """Two minutes have passed: begin a slice, and forget the oldest."""
        self._slices.append(Reservoir(self._size))
        if len(self._slices) > WINDOW_SLICES:
            self._slices.pop(0)

    def quantiles(self, parts: tuple[float, ...]) -> list[float]:
        """For each part (0 to 1) in ascending order the least value that it does not exceed; NaN without values."""
        # A value and its slice in one number: a server must not stand still while tuples are sorted.
        ordered: list[int] = []
        weights: list[float] = []
        total = 0
        for at, one in enumerate(self._slices):
            ordered += [value * _SLICE_RADIX + at for value in one.sample]
            weights.append(one.count / max(len(one.sample), 1))
            total += one.count
        ordered.sort()
        found: list[float] = []
        passed = 0.0
        for number in ordered:
            passed += weights[number % _SLICE_RADIX]
            while passed >= parts[len(found)] * total - 1e-9:
                found.append(float(number // _SLICE_RADIX))
                if len(found) == len(parts):
                    return found
        last = float(ordered[-1] // _SLICE_RADIX) if ordered else float("nan")
        return found + [last] * (len(parts) - len(found))


@final
class BasicSummary:
    """Average, minimum, maximum, number and sum (AvgMinMaxCounter); with a window where quantiles are wanted."""

    def __init__(self, window: Window | None = None) -> None:
        self.count: i64 = 0
        self.sum: i64 = 0
        self.lowest: i64 = EMPTY_MIN
        self.highest: i64 = EMPTY_MAX
        self.window = window

    def add(self, value: i64) -> None:
        """Take a value in."""
        self.count += 1
        self.sum += value
        if value < self.lowest:
            self.lowest = value
        if value > self.highest:
            self.highest = value
        window = self.window
        if window is not None:
            window.add(value)

    def absorb(self, count: int, total: int, lowest: int, highest: int) -> None:
        """Take in what another summary has of other values, at least one."""
        self.count += count
        self.sum += total
        self.lowest = min(int(self.lowest), lowest)
        self.highest = max(int(self.highest), highest)

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
    """A BasicSummary with percentiles of a uniform sample of all values (AvgMinMaxPercentileCounter)."""

    def __init__(self, window: Window | None = None) -> None:
        self.basic = BasicSummary(window)
        self._reservoir = Reservoir(RESERVOIR_SIZE)

    def add(self, value: i64) -> None:
        """Take a value in."""
        self.basic.add(value)
        if self.basic.window is None:
            self._reservoir.add(value)

    def reset(self) -> None:
        """Forget all values."""
        self.basic.reset()
        self._reservoir.clear()

    def percentiles(self, parts: list[float]) -> list[int]:
        """The rounded values below which these parts (0 to 1) of the sample are; 0 without values."""
        return self._reservoir.percentiles(parts)

    def sample(self) -> list[int]:
        """Some of the values, all alike likely; none where there is a window."""
        return list(self._reservoir.sample)

    def absorb(self, count: int, total: int, lowest: int, highest: int, sample: list[int]) -> None:
        """Take in what another summary has of other values, at least one."""
        self.basic.absorb(count, total, lowest, highest)
        for value in sample:
            window = self.basic.window
            if window is None:
                self._reservoir.add(value)
            else:
                window.add(value)


@final
class SummarySet:
    """A BasicSummary for each key (AvgMinMaxCounterSet); the keys outlive a reset."""

    def __init__(self, windowed: bool = False) -> None:
        self.summaries: dict[str, BasicSummary] = {}
        self._windowed = windowed

    def of(self, key: str) -> BasicSummary:
        """The summary of this key."""
        summary = self.summaries.get(key)
        if summary is None:
            summary = BasicSummary(Window(BASIC_SLICE_SIZE) if self._windowed else None)
            self.summaries[key] = summary
        return summary

    def add(self, key: str, value: i64) -> None:
        """Take in a value of this key."""
        self.of(key).add(value)


@final
class AdvancedSummarySet:
    """An AdvancedSummary for each key (AvgMinMaxPercentileCounterSet); the keys outlive a reset."""

    def __init__(self, windowed: bool = False) -> None:
        self.summaries: dict[str, AdvancedSummary] = {}
        self._windowed = windowed

    def of(self, key: str) -> AdvancedSummary:
        """The summary of this key."""
        summary = self.summaries.get(key)
        if summary is None:
            summary = AdvancedSummary(Window(ADVANCED_SLICE_SIZE) if self._windowed else None)
            self.summaries[key] = summary
        return summary


@final
class CounterSet:
    """A number for each key; the keys outlive a reset."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, key: str, value: int) -> None:
        """Add to the number of this key."""
        self.counts[key] = self.counts.get(key, 0) + value

    def reset(self) -> None:
        """Set all numbers to 0."""
        for key in self.counts:
            self.counts[key] = 0


@final
class SummaryRegistry:
    """Every summary of a server by name, as its owner asks for them; `windowed` is for Prometheus."""

    def __init__(self, windowed: bool, now_ms: i64) -> None:
        self.windowed = windowed
        self.basics: dict[str, BasicSummary] = {}
        self.advanceds: dict[str, AdvancedSummary] = {}
        self.basic_sets: dict[str, SummarySet] = {}
        self.advanced_sets: dict[str, AdvancedSummarySet] = {}
        self._owns: list[BasicSummary] = []
        self._next_slice_ms: i64 = now_ms + SLICE_MS

    def _window(self, size: i64) -> Window | None:
        return Window(size) if self.windowed else None

    def basic(self, name: str) -> BasicSummary:
        """A new summary without percentiles."""
        summary = BasicSummary(self._window(BASIC_SLICE_SIZE))
        self.basics[name] = summary
        return summary

    def advanced(self, name: str) -> AdvancedSummary:
        """A new summary with percentiles."""
        summary = AdvancedSummary(self._window(ADVANCED_SLICE_SIZE))
        self.advanceds[name] = summary
        return summary

    def own(self) -> BasicSummary:
        """A new summary under no name of Apache's, which its owner has to show."""
        summary = BasicSummary(self._window(ADVANCED_SLICE_SIZE))
        self._owns.append(summary)
        return summary

    def basic_set(self, name: str) -> SummarySet:
        """A new set of summaries without percentiles."""
        summaries = SummarySet(self.windowed)
        self.basic_sets[name] = summaries
        return summaries

    def advanced_set(self, name: str) -> AdvancedSummarySet:
        """A new set of summaries with percentiles."""
        summaries = AdvancedSummarySet(self.windowed)
        self.advanced_sets[name] = summaries
        return summaries

    def all_basic(self) -> list[BasicSummary]:
        """Every summary, those inside of others and those of sets included."""
        found = self._owns + list(self.basics.values())
        found += [summary.basic for summary in self.all_advanced()]
        for summaries in self.basic_sets.values():
            found += summaries.summaries.values()
        return found

    def all_advanced(self) -> list[AdvancedSummary]:
        """Every summary with percentiles, those of sets included."""
        found = list(self.advanceds.values())
        for summaries in self.advanced_sets.values():
            found += summaries.summaries.values()
        return found

    def reset(self) -> None:
        """Forget all values."""
        for summary in self.all_advanced():
            summary.reset()
        for basic in self.all_basic():
            basic.reset()

    def advance(self, now_ms: i64) -> None:
        """Let go of values that are too old for quantiles; to be called every now and then."""
        if not self.windowed or now_ms < self._next_slice_ms:
            return
        slices = min((now_ms - self._next_slice_ms) // SLICE_MS + 1, WINDOW_SLICES)
        self._next_slice_ms = now_ms + SLICE_MS
        for summary in self.all_basic():
            window = summary.window
            for _ in range(slices if window is not None else 0):
                assert window is not None
                window.rotate()
