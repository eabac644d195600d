"""What `mntr` shows: every metric by name, in order, with its value now. Sets are listed by key."""

from typing import TYPE_CHECKING, Final

from pyzoo.config.admin_settings import NULL, PROMETHEUS
from pyzoo.config.java_numbers import double_text
from pyzoo.release import FULL_VERSION
from pyzoo.server.exposition import monitor_items, server_families
from pyzoo.server.measurements import (
    EXCEEDED,
    GAUGE_SETS,
    Value,
    advanced_summaries,
    basic_summaries,
    counter_values,
    gauge_values,
    quota_values,
)
from pyzoo.server.metrics import key_order
from pyzoo.summaries import AdvancedSummary, BasicSummary

if TYPE_CHECKING:
    from pyzoo.server.standalone import ZooKeeperServer

PERCENTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))


def monitor_values(server: "ZooKeeperServer") -> list[tuple[str, Value]]:
    """All names, without a prefix, and values: texts, floats for averages and probabilities, integers.

    NullMetricsProvider leaves the texts alone; with PrometheusMetricsProvider all numbers are floats, some of them NaN.
    """
    values: list[tuple[str, Value]] = [("version", FULL_VERSION), ("server_state", server.mode)]
    ensemble = server.ensemble
    if ensemble is not None and ensemble.peer_state():
        values.append(("peer_state", ensemble.peer_state()))
        master = ensemble.observer_master_id()
        if master is not None:
            values.append(("observer_master_id", master))
    provider = server.config.metrics.provider
    if provider == PROMETHEUS:
        values += monitor_items(server_families(server))
    elif provider != NULL:
        _add_all(server, values)
    return values


def _add_all(server: "ZooKeeperServer", values: list[tuple[str, Value]]) -> None:
    values += list(gauge_values(server).items())
    quotas = quota_values(server.tree)
    for name in GAUGE_SETS:
        sums = quotas[name]
        values += [(f"{key}_{name}", sums[key]) for key in key_order(list(sums))]
    values += list(counter_values(server).items())
    exceeded = server.metrics.quota_exceeded_error_per_namespace.counts
    values += [(f"{key}_{EXCEEDED}", exceeded[key]) for key in key_order(list(exceeded))]
    _add_summaries(server, values)


def _add_summaries(server: "ZooKeeperServer", values: list[tuple[str, Value]]) -> None:
    registry = server.metrics.registry
    for name, basic in basic_summaries(server).items():
        _add_basic(values, name, basic)
    for name, advanced in advanced_summaries(server).items():
        _add_advanced(values, name, advanced)
    for name in key_order(list(registry.basic_sets)):
        summaries = registry.basic_sets[name].summaries
        for key in key_order(list(summaries)):
            _add_basic(values, f"{key}_{name}", summaries[key])
    for name in key_order(list(registry.advanced_sets)):
        advanced_of = registry.advanced_sets[name].summaries
        for key in key_order(list(advanced_of)):
            _add_advanced(values, f"{key}_{name}", advanced_of[key])


def _add_basic(values: list[tuple[str, Value]], name: str, summary: BasicSummary) -> None:
    values.append((f"avg_{name}", summary.avg))
    values.append((f"min_{name}", summary.min))
    values.append((f"max_{name}", summary.max))
    values.append((f"cnt_{name}", int(summary.count)))
    values.append((f"sum_{name}", int(summary.sum)))


def _add_advanced(values: list[tuple[str, Value]], name: str, summary: AdvancedSummary) -> None:
    _add_basic(values, name, summary.basic)
    percentiles = summary.percentiles([part for _, part in PERCENTILES])
    values += [(f"{PERCENTILES[at][0]}_{name}", percentiles[at]) for at in range(len(PERCENTILES))]


def value_text(value: Value) -> str:
    """A value as `mntr` shows it."""
    return double_text(value) if isinstance(value, float) else str(value)


def monitor_text(server: "ZooKeeperServer") -> str:
    """The answer to `mntr`."""
    return "".join([f"zk_{name}\t{value_text(value)}\n" for name, value in monitor_values(server)])
