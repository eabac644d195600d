"""All metrics with what they mean and what they are now, for people."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from attrs import frozen

from pyzoo.metric_table import METRICS, Metric, Owner
from pyzoo.server.operators.measurements import (
    EXCEEDED,
    GAUGE_SETS,
    Value,
    advanced_summaries,
    basic_summaries,
    count_quotas,
    counter_values,
    gauge_values,
)
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.summaries import AdvancedSummary, BasicSummary

MOST_KEYS: Final = 20
"""Of a metric that has a value for each namespace or member: those of more are left out."""
_PARTS: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))

Values = list[tuple[str, Value]]


@frozen
class MetricRow:
    """A metric: its values with a label each, empty for the only one; `left_out` are keys that are not shown.

    `is_idle`: nothing happens here that it could count.
    """

    name: str
    kind: str
    meaning: str
    values: Values
    left_out: int = 0
    is_idle: bool = False

    def matches(self, wanted: str) -> bool:
        """Whether its name or what it means has this in it; in small letters."""
        return wanted in self.name.lower() or wanted in self.meaning.lower()


def metric_rows(server: ZooKeeperServer) -> Iterator[MetricRow | None]:
    """All of them in the order of their names, None where something was only counted."""
    quotas: dict[str, dict[str, int]] = {}
    for _ in count_quotas(server.tree, quotas):
        yield None
    single: dict[str, Value] = {**gauge_values(server), **counter_values(server)}
    keyed: dict[str, Mapping[str, int]] = {name: quotas[name] for name in GAUGE_SETS}
    keyed[EXCEEDED] = server.metrics.quota_exceeded_error_per_namespace.counts
    basics, advanceds = basic_summaries(server), advanced_summaries(server)
    registry = server.metrics.registry
    own = {family.name: family for family in server.environment.process_families()}
    for metric in sorted(METRICS, key=lambda each: each.name):
        name = metric.name
        if name in single:
            yield _row(metric, [("", single[name])])
        elif name in keyed:
            yield _row(metric, list(keyed[name].items()))
        elif name in basics:
            yield _row(metric, _basic(basics[name]))
        elif name in advanceds:
            yield _row(metric, _advanced(advanceds[name]))
        elif name in registry.basic_sets:
            found = registry.basic_sets[name].summaries
            yield _row(metric, [(f"{key} {label}", value) for key, label, value in _of_keys(found)], _left_out(found))
        elif name in registry.advanced_sets:
            sets = registry.advanced_sets[name].summaries
            summaries = {key: summary.basic for key, summary in sets.items()}
            values: Values = [(f"{key} {label}", value) for key, label, value in _of_keys(summaries)]
            yield _row(metric, values, _left_out(sets))
        elif name in own:
            samples = list(islice(own[name].samples, MOST_KEYS))
            yield _row(metric, [(_label_text(sample.labels), sample.value) for sample in samples])


def _row(metric: Metric, values: Values, left_out: int = 0) -> MetricRow:
    kept = values if left_out else values[: MOST_KEYS * len(_PARTS) * 2]
    return MetricRow(
        metric.name,
        metric.kind.value,
        metric.meaning,
        kept,
        left_out or len(values) - len(kept),
        metric.owner is Owner.NOBODY,
    )


def _basic(summary: BasicSummary) -> Values:
    return [
        ("avg", summary.avg),
        ("min", summary.min),
        ("max", summary.max),
        ("count", int(summary.count)),
        ("sum", int(summary.sum)),
    ]


def _advanced(summary: AdvancedSummary) -> Values:
    percentiles = summary.percentiles([part for _, part in _PARTS])
    return [*_basic(summary.basic), *zip([name for name, _ in _PARTS], percentiles, strict=True)]


def _of_keys(summaries: Mapping[str, BasicSummary]) -> Iterator[tuple[str, str, Value]]:
    for key, summary in islice(summaries.items(), MOST_KEYS):
        for label, value in _basic(summary):
            yield key, label, value


def _left_out(summaries: Mapping[str, object]) -> int:
    return max(len(summaries) - MOST_KEYS, 0)


def _label_text(labels: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in labels)
