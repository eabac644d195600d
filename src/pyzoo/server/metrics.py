"""ServerMetrics: everything that a server counts and that outlives the roles of a member.

Counters are plain attributes that their owner adds to, named as in metric_table.py, which says what they mean. How
`mntr` shows them is the business of mntr.py; Prometheus gets them from prometheus.py.
"""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.config.admin_settings import PROMETHEUS
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.java_order import table_order
from pyzoo.datatree.watches import (
    NODE_CHILDREN_CHANGED,
    NODE_CREATED,
    NODE_DATA_CHANGED,
    NODE_DELETED,
    WatchObserver,
)
from pyzoo.metric_table import Kind, Owner, names_of
from pyzoo.quorum.quorum_metrics import QuorumMetrics
from pyzoo.summaries import BasicSummary, CounterSet, SummaryRegistry, SummarySet

STAT_OVERHEAD_BYTES: Final = 68

SERVER_COUNTERS: Final = names_of(Kind.COUNTER, Owner.SERVER)


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
class NamespaceBytes:
    """Bytes, and those of the paths themselves, by the first component of a path; the root has none.

    Whoever reads or writes a node mostly does so with others below the same one, so the last is tried first.
    """

    def __init__(self, summaries: SummarySet) -> None:
        self._summaries = summaries
        self._prefix = ""
        self._last: BasicSummary | None = None

    def add(self, path: str, size: i64) -> None:
        """Count this much data of a node."""
        summary = self._last
        if summary is None or not path.startswith(self._prefix):
            key = top_namespace(path)
            if not key:
                return
            summary = self._summaries.of(key)
            self._last = summary
            self._prefix = f"/{key}/"
        summary.add(len(path) + size)


def new_metrics(config: ServerConfig, now_ms: i64) -> "ServerMetrics":
    """Metrics as the settings want them."""
    metrics = ServerMetrics(config.metrics.provider == PROMETHEUS, now_ms)
    metrics.quorum.ack_logging_frequency = config.tuning.ack_logging_frequency
    return metrics


@final
class ServerMetrics(WatchObserver):
    """Counters, and the summaries that have a meaning here; times in ms, sizes in bytes.

    `windowed` is for Prometheus, where nothing is ever reset (PrometheusMetricsProvider.resetAllValues).
    """

    bytes_received_count: i64 = 0
    cnxn_closed_without_zk_server_running: i64 = 0
    connection_drop_count: i64 = 0
    connection_rejected: i64 = 0
    connection_request_count: i64 = 0
    connection_revalidate_count: i64 = 0
    ensemble_auth_fail: i64 = 0
    ensemble_auth_skip: i64 = 0
    ensemble_auth_success: i64 = 0
    insecure_admin_count: i64 = 0
    large_requests_rejected: i64 = 0
    outstanding_changes_queued: i64 = 0
    outstanding_changes_removed: i64 = 0
    prep_processor_request_queued: i64 = 0
    request_commit_queued: i64 = 0
    request_throttle_wait_count: i64 = 0
    response_bytes: i64 = 0
    restore_error_count: i64 = 0
    restore_rate_limited_count: i64 = 0
    sessionless_connections_expired: i64 = 0
    snapshot_error_count: i64 = 0
    snapshot_rate_limited_count: i64 = 0
    stale_replies: i64 = 0
    stale_requests_dropped: i64 = 0
    stale_sessions_expired: i64 = 0
    sync_processor_request_queued: i64 = 0
    throttled_ops: i64 = 0
    tls_handshake_exceeded: i64 = 0
    unrecoverable_error_count: i64 = 0
    unsuccessful_handshake: i64 = 0
    watch_bytes: i64 = 0

    def __init__(self, windowed: bool = False, now_ms: i64 = 0) -> None:
        super().__init__()
        registry = SummaryRegistry(windowed, now_ms)
        self.registry = registry
        self.quorum = QuorumMetrics(registry)
        self.readlatency = registry.advanced("readlatency")
        self.updatelatency = registry.advanced("updatelatency")
        self.propagation_latency = registry.advanced("propagation_latency")
        self.request_throttle_queue_time_ms = registry.advanced("request_throttle_queue_time_ms")
        self.sync_processor_queue_time_ms = registry.advanced("sync_processor_queue_time_ms")
        self.sync_processor_queue_flush_time_ms = registry.advanced("sync_processor_queue_flush_time_ms")
        self.sync_processor_queue_and_flush_time_ms = registry.advanced("sync_processor_queue_and_flush_time_ms")
        self.jvm_pause_time_ms = registry.advanced("jvm_pause_time_ms")
        self.fsynctime = registry.basic("fsynctime")
        self.snapshottime = registry.basic("snapshottime")
        self.restore_time = registry.basic("restore_time")
        self.dbinittime = registry.basic("dbinittime")
        self.startup_snap_load_time = registry.basic("startup_snap_load_time")
        self.startup_txns_load_time = registry.basic("startup_txns_load_time")
        self.startup_txns_loaded = registry.basic("startup_txns_loaded")
        self.sync_process_time = registry.basic("sync_process_time")
        self.sync_processor_batch_size = registry.basic("sync_processor_batch_size")
        self.sync_processor_queue_size = registry.basic("sync_processor_queue_size")
        self.connection_token_deficit = registry.basic("connection_token_deficit")
        self.node_created_watch_count = registry.basic("node_created_watch_count")
        self.node_deleted_watch_count = registry.basic("node_deleted_watch_count")
        self.node_changed_watch_count = registry.basic("node_changed_watch_count")
        self.node_children_watch_count = registry.basic("node_children_watch_count")
        self.requests_in_session_queue = registry.basic("requests_in_session_queue")
        self.reads_after_write_in_session_queue = registry.basic("reads_after_write_in_session_queue")
        self.read_per_namespace = registry.basic_set("read_per_namespace")
        self.write_per_namespace = registry.basic_set("write_per_namespace")
        self._read_bytes = NamespaceBytes(self.read_per_namespace)
        self._written_bytes = NamespaceBytes(self.write_per_namespace)
        self.quota_exceeded_error_per_namespace = CounterSet()
        # Not one of Apache's: how long clients waited for each other, in microseconds.
        self.turn_us = registry.own()
        self.outstanding_tls_handshake: i64 = 0

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
        self._read_bytes.add(path, size + STAT_OVERHEAD_BYTES)

    def path_written(self, path: str, size: i64) -> None:
        """A node was created, set or deleted, with this much data (DataTree.updateWriteStat)."""
        self._written_bytes.add(path, size)

    def propagated(self, latency_ms: i64) -> None:
        """A transaction was applied, so long after its leader made it; clocks that differ may make it negative."""
        if latency_ms >= 0:
            self.propagation_latency.add(latency_ms)

    def loaded(self, snapshot_ms: int, replay_ms: int, txns: int) -> None:
        """The database was read from disk: its snapshot, and the transactions after that."""
        self.dbinittime.add(snapshot_ms + replay_ms)
        self.startup_snap_load_time.add(snapshot_ms)
        self.startup_txns_load_time.add(replay_ms)
        self.startup_txns_loaded.add(txns)

    def counters(self) -> dict[str, int]:
        """The counters that have a meaning here, by name."""
        return {name: getattr(self, name) for name in SERVER_COUNTERS} | self.quorum.counters()

    def reset(self) -> None:
        """Forget all values, unless they are for Prometheus (DefaultMetricsProvider.resetAllValues)."""
        if self.registry.windowed:
            return
        for name in SERVER_COUNTERS:
            setattr(self, name, 0)
        self.quorum.reset()
        self.registry.reset()
        self.quota_exceeded_error_per_namespace.reset()
