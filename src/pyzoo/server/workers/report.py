"""What a worker tells operators of: its connections and watches, and what it has counted since it was asked last.

Numbers that only grow go over as differences, which the writer adds to its own: so nothing is lost when a worker ends,
and to reset them is the writer's affair alone. Only what a worker counts of its own clients goes over: what all of them
count of the same transaction is counted by the writer.
"""

import json
from typing import Any, Final

from pyzoo.datatree.watches import WatchManager
from pyzoo.errors import MalformedRecord
from pyzoo.outbox import Packets
from pyzoo.server.clients.cnxn import CnxnOwner, ServerCnxn
from pyzoo.server.clients.pending_requests import PendingRequest
from pyzoo.server.operators.operated_server import OperatedServer
from pyzoo.server.stats import NO_SIZE
from pyzoo.summaries import BasicSummary

COUNTERS: Final = (
    "bytes_received_count",
    "connection_drop_count",
    "connection_rejected",
    "connection_request_count",
    "connection_revalidate_count",
    "ensemble_auth_fail",
    "ensemble_auth_skip",
    "ensemble_auth_success",
    "large_requests_rejected",
    "request_throttle_wait_count",
    "response_bytes",
    "sessionless_connections_expired",
    "stale_replies",
    "stale_requests_dropped",
    "stale_sessions_expired",
    "throttled_ops",
    "tls_handshake_exceeded",
    "unrecoverable_error_count",
    "unsuccessful_handshake",
    "watch_bytes",
)
STATS: Final = ("packets_received", "packets_sent", "auth_failed", "non_mtls_remote_conns", "non_mtls_local_conns")
BASICS: Final = (
    "connection_token_deficit",
    "node_created_watch_count",
    "node_deleted_watch_count",
    "node_changed_watch_count",
    "node_children_watch_count",
)
ADVANCEDS: Final = ("readlatency", "updatelatency", "request_throttle_queue_time_ms")
SETS: Final = ("read_per_namespace",)
CNXN_FIELDS: Final = (
    "session_id",
    "timeout_ms",
    "packets_received",
    "packets_sent",
    "last_op",
    "last_cxid",
    "last_zxid",
    "last_response_ms",
    "last_latency",
    "min_latency",
    "max_latency",
    "total_latency",
    "latency_count",
    "established_wall_ms",
    "last_io_ms",
)
MOST_PENDING: Final = 10_000


def report_of(server: OperatedServer, wants_watches: bool) -> bytes:
    """All of it, after which counting begins anew."""
    metrics, stats = server.metrics, server.stats
    registry = metrics.registry
    report: dict[str, Any] = {
        "counters": {name: getattr(metrics, name) for name in COUNTERS},
        "stats": {name: getattr(stats, name) for name in STATS},
        "sizes": [int(stats.last_response_size), int(stats.min_response_size), int(stats.max_response_size)],
        "latency": _numbers(stats.request_latency),
        "turns": _numbers(metrics.turn_us),
        "basics": {name: _numbers(registry.basics[name]) for name in BASICS},
        "advanceds": {
            name: [*_numbers(registry.advanceds[name].basic), registry.advanceds[name].sample()] for name in ADVANCEDS
        },
        "sets": {
            name: {key: _numbers(summary) for key, summary in registry.basic_sets[name].summaries.items()}
            for name in SETS
        },
        "outstanding": int(server.throttler.in_process),
        "watches": int(server.tree.watch_count),
        "cnxns": [_cnxn_fields(one) for one in server.connections.cnxns if not one.in_handshake],
        "watched": _watched(server.tree.data_watches) if wants_watches else [],
    }
    stats.reset()
    stats.auth_failed = stats.non_mtls_remote_conns = stats.non_mtls_local_conns = 0
    return json.dumps(report, separators=(",", ":")).encode()


def _numbers(summary: BasicSummary) -> list[int]:
    return [int(summary.count), int(summary.sum), int(summary.lowest), int(summary.highest)]


def _cnxn_fields(one: ServerCnxn) -> list[Any]:
    values = [int(getattr(one, name)) for name in CNXN_FIELDS]
    return [one.address, int(one.port), bool(one.secure), bool(one.established), len(one.pending), values]


def _watched(watches: WatchManager) -> list[Any]:
    found = []
    for watcher in watches.watchers():
        if isinstance(watcher, ServerCnxn):
            found.append([int(watcher.session_id), watches.paths_of(watcher)])
    return found


class WorkerReport:
    """What is shown of a worker until it is asked again."""

    def __init__(self, cnxns: list[ServerCnxn], outstanding: int, watches: int, watched: list[Any]) -> None:
        self.cnxns = cnxns
        self.outstanding = outstanding
        self.watches = watches
        self.watched: dict[int, list[str]] = dict(watched)

    def add_watches(self, everywhere: WatchManager) -> None:
        """List its data watches among those of others."""
        for one in self.cnxns:
            paths = self.watched.get(int(one.session_id))
            if paths is not None:
                everywhere.list_watcher(one)
                for path in paths:
                    everywhere.add(path, one)


def absorb(server: OperatedServer, owner: CnxnOwner, data: bytes) -> WorkerReport:
    """Add what a worker has counted to the numbers of the writer."""
    try:
        report = json.loads(data)
        _absorb_numbers(server, report)
        cnxns = [_stand_in(owner, *fields) for fields in report["cnxns"]]
        return WorkerReport(cnxns, report["outstanding"], report["watches"], report["watched"])
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedRecord(f"a worker's report that cannot be read: {error!r}") from error


def _absorb_numbers(server: OperatedServer, report: dict[str, Any]) -> None:
    metrics, stats = server.metrics, server.stats
    registry = metrics.registry
    for name, value in report["counters"].items():
        setattr(metrics, name, getattr(metrics, name) + value)
    for name, value in report["stats"].items():
        setattr(stats, name, getattr(stats, name) + value)
    last, least, most = report["sizes"]
    if last != NO_SIZE:
        stats.last_response_size = last
        stats.min_response_size = least if stats.min_response_size == NO_SIZE else min(stats.min_response_size, least)
        stats.max_response_size = max(stats.max_response_size, most)
    _add(stats.request_latency, report["latency"])
    _add(metrics.turn_us, report["turns"])
    for name, numbers in report["basics"].items():
        _add(registry.basics[name], numbers)
    for name, (count, total, lowest, highest, sample) in report["advanceds"].items():
        if count > 0:
            registry.advanceds[name].absorb(count, total, lowest, highest, sample)
    for name, by_key in report["sets"].items():
        for key, numbers in by_key.items():
            _add(registry.basic_sets[name].of(key), numbers)


def _add(summary: BasicSummary, numbers: list[int]) -> None:
    count, total, lowest, highest = numbers
    if count > 0:
        summary.absorb(count, total, lowest, highest)


def _stand_in(
    owner: CnxnOwner, address: str, port: int, secure: bool, established: bool, pending: int, values: list[int]
) -> ServerCnxn:
    """A connection that looks like that of a worker; nothing is ever sent on it."""
    cnxn = ServerCnxn(owner, Packets(), address, port, 0, 0, 0, secure)
    cnxn.connect_seen = cnxn.established = established
    for name, value in zip(CNXN_FIELDS, values, strict=True):
        setattr(cnxn, name, value)
    for _ in range(min(pending, MOST_PENDING)):
        cnxn.pending.append(PendingRequest())
    return cnxn
