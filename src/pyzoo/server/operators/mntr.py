"""What `mntr` shows: every metric by name, in order, with its value now. Sets are listed by key."""

from collections.abc import Iterator
from typing import Final

from pyzoo.config.admin_settings import NULL, PROMETHEUS
from pyzoo.config.java_numbers import double_text
from pyzoo.release import FULL_VERSION
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.metrics import key_order
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
from pyzoo.server.operators.operated_server import OperatedServer
from pyzoo.server.operators.prometheus import monitor_items, server_families
from pyzoo.summaries import AdvancedSummary, BasicSummary

PERCENTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))


def monitor_values(server: OperatedServer) -> list[tuple[str, Value]]:
    """All names, without a prefix, and values: texts, floats for averages and probabilities, integers.

    NullMetricsProvider leaves the texts alone; with PrometheusMetricsProvider all numbers are floats, some of them NaN.
    """
    return [value for value in each_value(server) if value is not None]


def each_value(server: OperatedServer) -> Iterator[tuple[str, Value] | None]:
    """The same one at a time, None where something was counted: namespaces and quotas may be very many."""
    yield "version", FULL_VERSION
    yield "server_state", server.mode
    ensemble = server.ensemble
    if ensemble is not None and ensemble.peer_state():
        yield "peer_state", ensemble.peer_state()
        master = ensemble.observer_master_id()
        if master is not None:
            yield "observer_master_id", master
    provider = server.config.metrics.provider
    if provider == PROMETHEUS:
        yield from monitor_items(server_families(server))
    elif provider != NULL:
        yield from _all(server)


def _all(server: OperatedServer) -> Iterator[tuple[str, Value] | None]:
    yield from gauge_values(server).items()
    quotas: dict[str, dict[str, int]] = {}
    for _ in count_quotas(server.tree, quotas):
        yield None
    for name in GAUGE_SETS:
        sums = quotas[name]
        for key in key_order(list(sums)):
            yield f"{key}_{name}", sums[key]
    yield from counter_values(server).items()
    exceeded = server.metrics.quota_exceeded_error_per_namespace.counts
    for key in key_order(list(exceeded)):
        yield f"{key}_{EXCEEDED}", exceeded[key]
    yield from _summaries(server)


def _summaries(server: OperatedServer) -> Iterator[tuple[str, Value]]:
    registry = server.metrics.registry
    for name, basic in basic_summaries(server).items():
        yield from _basic(name, basic)
    for name, advanced in advanced_summaries(server).items():
        yield from _advanced(name, advanced)
    for name in key_order(list(registry.basic_sets)):
        summaries = registry.basic_sets[name].summaries
        for key in key_order(list(summaries)):
            yield from _basic(f"{key}_{name}", summaries[key])
    for name in key_order(list(registry.advanced_sets)):
        advanced_of = registry.advanced_sets[name].summaries
        for key in key_order(list(advanced_of)):
            yield from _advanced(f"{key}_{name}", advanced_of[key])


def _basic(name: str, summary: BasicSummary) -> list[tuple[str, Value]]:
    return [
        (f"avg_{name}", summary.avg),
        (f"min_{name}", summary.min),
        (f"max_{name}", summary.max),
        (f"cnt_{name}", int(summary.count)),
        (f"sum_{name}", int(summary.sum)),
    ]


def _advanced(name: str, summary: AdvancedSummary) -> list[tuple[str, Value]]:
    values = _basic(name, summary.basic)
    percentiles = summary.percentiles([part for _, part in PERCENTILES])
    values += [(f"{PERCENTILES[at][0]}_{name}", percentiles[at]) for at in range(len(PERCENTILES))]
    return values


def value_text(value: Value) -> str:
    """A value as `mntr` shows it."""
    return double_text(value) if isinstance(value, float) else str(value)


def mntr(server: OperatedServer, cnxn: ServerCnxn) -> Iterator[str]:
    """The answer to `mntr`, in pieces: all metrics."""
    for value in each_value(server):
        yield "" if value is None else f"zk_{value[0]}\t{value_text(value[1])}\n"
