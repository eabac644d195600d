"""What `mntr` shows: every metric by name, in order, with its value now.

Sets are listed by key. For the gauges of quotas their part of the tree is searched; all else is only read.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pyzoo.datatree.paths import QUOTA
from pyzoo.datatree.quota import LIMITS_NAME, STATS_NAME
from pyzoo.datatree.stats_track import BYTES, BYTES_HARD_LIMIT, COUNT, COUNT_HARD_LIMIT, parse_stats
from pyzoo.datatree.tree import DataTree
from pyzoo.release import FULL_VERSION
from pyzoo.server.metric_names import ADVANCED, BASIC, COUNTERS
from pyzoo.server.metrics import key_order
from pyzoo.summaries import AdvancedSummary, BasicSummary

if TYPE_CHECKING:
    from pyzoo.server.standalone import ZooKeeperServer

PERCENTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))

COUNT_LIMITS: Final = "quota_count_limit_per_namespace"
BYTES_LIMITS: Final = "quota_bytes_limit_per_namespace"
COUNT_USAGE: Final = "quota_count_usage_per_namespace"
BYTES_USAGE: Final = "quota_bytes_usage_per_namespace"
EXCEEDED: Final = "quota_exceeded_error_per_namespace"
GAUGE_SETS: Final = (BYTES_LIMITS, COUNT_USAGE, COUNT_LIMITS, BYTES_USAGE)

_IDLE_BASIC: Final = BasicSummary()
_IDLE_ADVANCED: Final = AdvancedSummary()

Value = int | float | str


def monitor_values(server: "ZooKeeperServer") -> list[tuple[str, Value]]:
    """All names, without a prefix, and values: two texts, floats for averages and probabilities, integers."""
    values: list[tuple[str, Value]] = [("version", FULL_VERSION), ("server_state", server.mode)]
    ensemble = server.ensemble
    if ensemble is not None and ensemble.peer_state():
        values.append(("peer_state", ensemble.peer_state()))
    gauges = gauge_values(server)
    values += list(gauges.items())
    quotas = quota_values(server.tree)
    for name in GAUGE_SETS:
        sums = quotas[name]
        values += [(f"{key}_{name}", sums[key]) for key in key_order(list(sums))]
    values += list(counter_values(server).items())
    exceeded = server.metrics.quota_exceeded_error_per_namespace.counts
    values += [(f"{key}_{EXCEEDED}", exceeded[key]) for key in key_order(list(exceeded))]
    _add_summaries(server, values)
    return values


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


def basic_summaries(server: "ZooKeeperServer") -> dict[str, BasicSummary]:
    """All summaries without percentiles by name, in order; empty ones for what has no meaning here."""
    known = server.metrics.registry.basics
    return {name: known.get(name, _IDLE_BASIC) for name in BASIC}


def advanced_summaries(server: "ZooKeeperServer") -> dict[str, AdvancedSummary]:
    """All summaries with percentiles by name, in order; empty ones for what has no meaning here."""
    metrics = server.metrics
    known = dict(metrics.registry.advanceds)
    if server.ensemble is not None:
        # Requests wait nowhere but for the commit: their time there is the time that they take.
        known["read_commitproc_time_ms"] = metrics.readlatency
        known["write_commitproc_time_ms"] = metrics.updatelatency
    return {name: known.get(name, _IDLE_ADVANCED) for name in ADVANCED}


def gauge_values(server: "ZooKeeperServer") -> dict[str, Value]:
    """The gauges by name, in order; those of the ensemble last."""
    stats, tree, environment = server.stats, server.tree, server.environment
    local = server.local_tracker()
    values: dict[str, Value] = {
        "ephemerals_count": tree.ephemerals_count,
        "num_alive_connections": len(server.cnxns),
        "avg_latency": stats.avg_latency,
        "outstanding_requests": int(server.in_process),
        "znode_count": tree.node_count,
        "global_sessions": len(server.sessions.sessions if server.tracks_sessions else server.database.sessions),
        "non_mtls_remote_conn_count": 0,
        "last_client_response_size": int(stats.last_response_size),
        "packets_sent": int(stats.packets_sent),
        "packets_received": int(stats.packets_received),
        "max_client_response_size": int(stats.max_response_size),
        "connection_drop_probability": server.connection_throttle.drop_probability,
        "watch_count": int(tree.watch_count),
        "auth_failed_count": int(stats.auth_failed),
        "min_latency": stats.min_latency,
        "max_file_descriptor_count": environment.max_files(),
        "approximate_data_size": int(tree.approximate_data_size),
        "open_file_descriptor_count": environment.open_files(),
        "local_sessions": 0 if local is None else len(local.sessions),
        "uptime": int(stats.uptime_ms(server.now_ms)),
        "max_latency": stats.max_latency,
        "outstanding_tls_handshake": 0,
        "min_client_response_size": int(stats.min_response_size),
        "non_mtls_local_conn_count": 0,
    }
    ensemble = server.ensemble
    if ensemble is not None:
        values.update(ensemble.gauges())
    return values


def counter_values(server: "ZooKeeperServer") -> dict[str, int]:
    """All counters by name, in order; 0 for what has no meaning here."""
    known = server.metrics.counters()
    known["digest_mismatches_count"] = int(server.tree.digests.mismatches)
    return {name: known.get(name, 0) for name in COUNTERS}


def quota_values(tree: DataTree) -> dict[str, dict[str, int]]:
    """Limits and usage by top namespace, the quotas of one namespace added up (QuotaMetricsUtils)."""
    sums: dict[str, dict[str, int]] = {name: {} for name in GAUGE_SETS}
    waiting = [QUOTA]
    while waiting:
        path = waiting.pop()
        node = tree.get_node(path)
        if node is None:
            continue
        children = node.children
        if children is not None and len(children.paths) > 0:
            waiting.extend(children.paths)
            continue
        parts = path[len(QUOTA) :].split("/")
        data = node.data
        if len(parts) < 3 or data is None:
            continue
        try:
            track = parse_stats(data)
        except ValueError:
            continue
        if parts[-1] == LIMITS_NAME:
            hard_count, hard_bytes = track.get(COUNT_HARD_LIMIT), track.get(BYTES_HARD_LIMIT)
            _add_to(sums[COUNT_LIMITS], parts[1], hard_count if hard_count > -1 else track.get(COUNT))
            _add_to(sums[BYTES_LIMITS], parts[1], hard_bytes if hard_bytes > -1 else track.get(BYTES))
        elif parts[-1] == STATS_NAME:
            _add_to(sums[COUNT_USAGE], parts[1], track.get(COUNT))
            _add_to(sums[BYTES_USAGE], parts[1], track.get(BYTES))
    return sums


def _add_to(sums: dict[str, int], namespace: str, value: int) -> None:
    sums[namespace] = sums.get(namespace, 0) + value


def double_text(value: float) -> str:
    """A number as Java's Double.toString writes it."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    exact = Decimal(repr(value))
    digits = "".join([str(digit) for digit in exact.as_tuple().digits]).rstrip("0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exact.adjusted()}"


def value_text(value: Value) -> str:
    """A value as `mntr` shows it."""
    return double_text(value) if isinstance(value, float) else str(value)


def monitor_text(server: "ZooKeeperServer") -> str:
    """The answer to `mntr`."""
    return "".join([f"zk_{name}\t{value_text(value)}\n" for name, value in monitor_values(server)])
