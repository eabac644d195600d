"""What PrometheusMetricsProvider exports: families of samples, as text for Prometheus and as lines of `mntr`.

The dialect is that of Prometheus' Java client 0.9.0, which Apache's provider uses: counters without a `_total`, a
comma after every label, numbers as Java writes doubles.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from pyzoo.config.java_numbers import double_text
from pyzoo.server.modes import NOT_SERVING
from pyzoo.server.operators.families import NO_LABELS, Family, Labels, Sample, family, single
from pyzoo.server.operators.measurements import (
    EXCEEDED,
    GAUGE_SETS,
    advanced_summaries,
    basic_summaries,
    counter_values,
    gauge_values,
    quota_values,
)
from pyzoo.server.operators.operated_server import OperatedServer
from pyzoo.summaries import BasicSummary

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

TURNS: Final = "pyzoo_turn_seconds"

# The types are spelled out because mypyc loses a Final tuple of floats inside a comprehension.
BASIC_QUANTILES: Final[tuple[float, ...]] = (0.5,)
ADVANCED_QUANTILES: Final[tuple[float, ...]] = (0.5, 0.9, 0.99)


def keyed(name: str, values: dict[str, int]) -> Family:
    """A metric with a number for each key."""
    return family(name, _keyed_samples(name, list(values.items())))


def _keyed_samples(name: str, values: list[tuple[str, int]]) -> Iterator[Sample]:
    for key, value in values:
        yield Sample(name, key_label(key), float(value))


def key_label(key: str) -> Labels:
    """The label of a set's element."""
    return (("key", key),)


def summary_samples(name: str, labels: Labels, summary: BasicSummary, quantiles: tuple[float, ...]) -> list[Sample]:
    """Quantiles of the last minutes, number and sum of all values."""
    window = summary.window
    values = [float("nan")] * len(quantiles) if window is None else window.quantiles(quantiles)
    samples = [
        Sample(name, (*labels, ("quantile", repr(part))), value) for part, value in zip(quantiles, values, strict=True)
    ]
    samples.append(Sample(f"{name}_count", labels, float(summary.count)))
    samples.append(Sample(f"{name}_sum", labels, float(summary.sum)))
    return samples


def server_families(server: OperatedServer) -> list[Family]:
    """Everything that the server exports; without its gauges while it does not serve, as in Apache."""
    metrics = server.metrics
    families: list[Family] = []
    if server.mode != NOT_SERVING:
        families += _gauges(server)
    families += [single(name, value) for name, value in counter_values(server).items()]
    families.append(keyed(EXCEEDED, metrics.quota_exceeded_error_per_namespace.counts))
    for name, basic in basic_summaries(server).items():
        families.append(family(name, summary_samples(name, NO_LABELS, basic, BASIC_QUANTILES)))
    for name, advanced in advanced_summaries(server).items():
        samples = summary_samples(name, NO_LABELS, advanced.basic, ADVANCED_QUANTILES)
        families.append(family(name, samples))
    return families + _sets(server) + [_turns(metrics.turn_us)] + server.environment.process_families()


def _turns(turn_us: BasicSummary) -> Family:
    samples = [
        Sample(sample.name, sample.labels, sample.value if sample.name.endswith("_count") else sample.value / 1e6)
        for sample in summary_samples(TURNS, NO_LABELS, turn_us, ADVANCED_QUANTILES)
    ]
    return family(TURNS, samples)


def _gauges(server: OperatedServer) -> list[Family]:
    families = []
    for name, value in gauge_values(server).items():
        assert not isinstance(value, str)
        families.append(single(name, value))
    quotas = quota_values(server.tree)
    return families + [keyed(name, quotas[name]) for name in GAUGE_SETS]


def _sets(server: OperatedServer) -> list[Family]:
    registry = server.metrics.registry
    families = []
    for name, basic_set in registry.basic_sets.items():
        samples = _set_samples(name, list(basic_set.summaries.items()), BASIC_QUANTILES)
        families.append(family(name, samples))
    for name, advanced_set in registry.advanced_sets.items():
        basics = [(key, advanced.basic) for key, advanced in advanced_set.summaries.items()]
        families.append(family(name, _set_samples(name, basics, ADVANCED_QUANTILES)))
    return families


def _set_samples(
    name: str, summaries: list[tuple[str, BasicSummary]], quantiles: tuple[float, ...]
) -> Iterator[Sample]:
    for key, summary in summaries:
        yield from summary_samples(name, key_label(key), summary, quantiles)


def exposition_text(families: Iterable[Family], wanted: frozenset[str] = frozenset()) -> str:
    """The text format 0.0.4; with `wanted` only samples of these names (`name[]` of the Java client)."""
    return "".join(exposition_lines(families, wanted))


def exposition_lines(families: Iterable[Family], wanted: frozenset[str] = frozenset()) -> Iterator[str]:
    """The same a line at a time, or two."""
    for metric, samples in families:
        head = f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind.type}\n"
        if not wanted:
            yield head
            head = ""
        for sample in samples:
            if not wanted or sample.name in wanted:
                yield f"{head}{sample.name}{_labels_text(sample.labels)} {double_text(sample.value)}\n"
                head = ""


def _labels_text(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + "".join([f'{name}="{_escaped(value)}",' for name, value in labels]) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def monitor_items(families: Iterable[Family]) -> Iterator[tuple[str, float]]:
    """Names with labels, and values, as `mntr` shows them (PrometheusMetricsProvider.buildKeyForDump)."""
    for _, samples in families:
        for sample in samples:
            labels = ",".join([f'{name}="{value}"' for name, value in sample.labels])
            yield (f"{sample.name}{{{labels}}}" if labels else sample.name, sample.value)
