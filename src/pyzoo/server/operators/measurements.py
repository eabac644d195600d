"""Every metric by name with its value now, in the order of Java's hash tables, whichever provider shows them.

For the gauges of quotas their part of the tree is searched; all else is only read.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

from pyzoo.datatree.paths import QUOTA
from pyzoo.datatree.quota import LIMITS_NAME, STATS_NAME
from pyzoo.datatree.stats_track import BYTES, BYTES_HARD_LIMIT, COUNT, COUNT_HARD_LIMIT, parse_stats
from pyzoo.datatree.tree import DataTree
from pyzoo.metric_table import Kind, names_of
from pyzoo.server.metrics import key_order
from pyzoo.server.operators.answers import outstanding
from pyzoo.server.operators.operated_server import OperatedServer
from pyzoo.summaries import AdvancedSummary, BasicSummary

_LAST_IN_BUCKET: Final = frozenset(
    """connection_revalidate_count quit_leading_due_to_disloyal_voter outstanding_changes_removed
    digest_mismatches_count snapshot_error_count sync_processor_request_queued leader_unavailable_time
    write_commit_proc_req_queued
    sync_processor_queue_size startup_txns_loaded commit_process_time read_commitproc_time_ms read_final_proc_time_ms
    sync_processor_queue_and_flush_time_ms""".split()
)
"""Names that came into Apache's table after others of their bucket; all others are in the order of metric_table.py."""

COUNT_LIMITS: Final = "quota_count_limit_per_namespace"
BYTES_LIMITS: Final = "quota_bytes_limit_per_namespace"
COUNT_USAGE: Final = "quota_count_usage_per_namespace"
BYTES_USAGE: Final = "quota_bytes_usage_per_namespace"
EXCEEDED: Final = "quota_exceeded_error_per_namespace"
GAUGE_SETS: Final = (BYTES_LIMITS, COUNT_USAGE, COUNT_LIMITS, BYTES_USAGE)

Value = int | float | str

_NODES_AT_ONCE: Final = 50
_IDLE_BASIC: Final = BasicSummary()
_IDLE_ADVANCED: Final = AdvancedSummary()


@cache
def in_order(kind: Kind) -> tuple[str, ...]:
    """The names of a kind in the order of Apache's hash table, which has no meaning but is what scripts have seen."""
    return tuple(key_order(sorted(names_of(kind), key=lambda name: name in _LAST_IN_BUCKET)))


def basic_summaries(server: OperatedServer) -> dict[str, BasicSummary]:
    """All summaries without percentiles by name, in order; empty ones for what has no meaning here."""
    known = server.metrics.registry.basics
    return {name: known.get(name, _IDLE_BASIC) for name in in_order(Kind.BASIC)}


def advanced_summaries(server: OperatedServer) -> dict[str, AdvancedSummary]:
    """All summaries with percentiles by name, in order; empty ones for what has no meaning here."""
    metrics = server.metrics
    known = dict(metrics.registry.advanceds)
    if server.ensemble is not None:
        # Requests wait nowhere but for the commit: their time there is the time that they take.
        known["read_commitproc_time_ms"] = metrics.readlatency
        known["write_commitproc_time_ms"] = metrics.updatelatency
    return {name: known.get(name, _IDLE_ADVANCED) for name in in_order(Kind.ADVANCED)}


def gauge_values(server: OperatedServer) -> dict[str, Value]:
    """The gauges by name, in order; those of the ensemble last."""
    stats, tree, environment = server.stats, server.tree, server.environment
    local = server.local
    values: dict[str, Value] = {
        "ephemerals_count": tree.ephemerals_count,
        "num_alive_connections": server.connections.alive,
        "avg_latency": stats.avg_latency,
        "outstanding_requests": outstanding(server),
        "znode_count": tree.node_count,
        "global_sessions": len(server.sessions.sessions if server.tracks_sessions else server.database.sessions),
        "non_mtls_remote_conn_count": int(stats.non_mtls_remote_conns),
        "last_client_response_size": int(stats.last_response_size),
        "packets_sent": int(stats.packets_sent),
        "packets_received": int(stats.packets_received),
        "max_client_response_size": int(stats.max_response_size),
        "connection_drop_probability": server.handshake.throttle.drop_probability,
        "watch_count": int(tree.watch_count + server.connections.elsewhere.watches),
        "auth_failed_count": int(stats.auth_failed),
        "min_latency": stats.min_latency,
        "max_file_descriptor_count": environment.max_files(),
        "approximate_data_size": int(tree.approximate_data_size),
        "open_file_descriptor_count": environment.open_files(),
        "local_sessions": 0 if local is None else len(local.sessions),
        "uptime": int(stats.uptime_ms(server.now_ms)),
        "max_latency": stats.max_latency,
        "outstanding_tls_handshake": int(server.metrics.outstanding_tls_handshake),
        "min_client_response_size": int(stats.min_response_size),
        "non_mtls_local_conn_count": int(stats.non_mtls_local_conns),
    }
    ensemble = server.ensemble
    if ensemble is not None:
        values.update(ensemble.gauges())
    return values


def counter_values(server: OperatedServer) -> dict[str, int]:
    """All counters by name, in order; 0 for what has no meaning here."""
    known = server.metrics.counters()
    known["digest_mismatches_count"] = int(server.tree.digests.mismatches)
    return {name: known.get(name, 0) for name in in_order(Kind.COUNTER)}


def quota_values(tree: DataTree) -> dict[str, dict[str, int]]:
    """Limits and usage by top namespace, the quotas of one namespace added up (QuotaMetricsUtils)."""
    sums: dict[str, dict[str, int]] = {}
    for _ in count_quotas(tree, sums):
        pass
    return sums


def count_quotas(tree: DataTree, sums: dict[str, dict[str, int]]) -> Iterator[None]:
    """The same into `sums`, a step for every few nodes."""
    sums.update({name: {} for name in GAUGE_SETS})
    waiting = [QUOTA]
    seen = 0
    while waiting:
        seen += 1
        if seen % _NODES_AT_ONCE == 0:
            yield None
        path = waiting.pop()
        node = tree.get_node(path)
        if node is None:
            continue
        children = node.children
        if children is not None and children.count > 0:
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


def _add_to(sums: dict[str, int], namespace: str, value: int) -> None:
    sums[namespace] = sums.get(namespace, 0) + value
