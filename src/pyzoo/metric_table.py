"""All metrics of a server: what each is called, of which kind it is, who counts it, and what it means.

Apache's come first, under its names: `mntr`, the `monitor` command and Prometheus show them. The last ones are for
Prometheus alone. Whoever counts has a typed attribute of the same name, so that adding costs nothing more, and a test
holds the attributes to this table. Those of docs/metrics.md are made of it, by `python -m tests.support.tables`.
"""

# ruff: noqa: E501 - a table has one entry a line

from enum import Enum
from typing import Final, NamedTuple


class Kind(Enum):
    """What a metric is; a set has one for each key, such as a namespace."""

    GAUGE = "gauge"
    GAUGE_SET = "gauges"
    COUNTER = "counter"
    COUNTER_SET = "counters"
    BASIC = "summary"
    BASIC_SET = "summaries"
    ADVANCED = "summary with percentiles"
    ADVANCED_SET = "summaries with percentiles"

    @property
    def type(self) -> str:
        """Prometheus' word for it: gauge, counter or summary."""
        return self.name.partition("_")[0].lower() if self.name[0] in "GC" else "summary"


class Owner(Enum):
    """Who counts."""

    SERVER = "ServerMetrics"
    QUORUM = "QuorumMetrics"
    STATE = "nobody: it is looked up when somebody asks"
    NOBODY = "nobody: it stays 0, for there is nothing like it here"
    OWN = "none of Apache's: Prometheus alone gets it"


class Metric(NamedTuple):
    """One metric. Those next to each other that belong together have one `meaning`, for NOBODY's it is the reason."""

    name: str
    kind: Kind
    owner: Owner
    meaning: str

    @property
    def help(self) -> str:
        """What Prometheus is told: Apache says nothing but the name."""
        return self.meaning if self.owner is Owner.OWN else self.name


def _rows(kind: Kind, owner: Owner, names: str, meaning: str) -> tuple[Metric, ...]:
    return tuple([Metric(name, kind, owner, meaning) for name in names.split()])


METRICS: Final[tuple[Metric, ...]] = (
    *_rows(Kind.GAUGE, Owner.STATE, "avg_latency min_latency max_latency", "ms from the arrival of a request to its answer, reads and writes"),
    *_rows(Kind.GAUGE, Owner.STATE, "outstanding_requests", "requests that came and are not answered"),
    *_rows(Kind.GAUGE, Owner.STATE, "packets_received packets_sent", "requests and words, replies and events"),
    *_rows(Kind.GAUGE, Owner.STATE, "last_client_response_size min_client_response_size max_client_response_size", "bytes of replies and events; -1 before the first"),
    *_rows(Kind.GAUGE, Owner.STATE, "num_alive_connections global_sessions local_sessions", "connections here; sessions of the ensemble, and of this server only"),
    *_rows(Kind.GAUGE, Owner.STATE, "connection_drop_probability", "share of new connections that the connection throttle refuses"),
    *_rows(Kind.GAUGE, Owner.STATE, "auth_failed_count", "credentials that were refused"),
    *_rows(Kind.GAUGE, Owner.STATE, "znode_count ephemerals_count approximate_data_size watch_count", "the tree; the root counts twice, as in Apache"),
    *_rows(Kind.GAUGE, Owner.STATE, "open_file_descriptor_count max_file_descriptor_count", "of the process"),
    *_rows(Kind.GAUGE, Owner.STATE, "uptime", "ms since the role began"),
    *_rows(Kind.GAUGE, Owner.STATE, "quorum_size", "voters of the current configuration"),
    *_rows(Kind.GAUGE, Owner.STATE, "learners synced_followers synced_non_voting_followers pending_syncs leader_uptime", "leaders only: learners that are connected, and in step; `sync` requests that wait; ms"),
    *_rows(Kind.GAUGE, Owner.STATE, "last_proposal_size min_proposal_size max_proposal_size", "leaders only: bytes; -1 before the first"),
    *_rows(Kind.GAUGE, Owner.STATE, "synced_observers", "leaders, and followers with an observer master: observers in step"),
    *_rows(Kind.GAUGE_SET, Owner.STATE, "quota_count_limit_per_namespace quota_bytes_limit_per_namespace quota_count_usage_per_namespace quota_bytes_usage_per_namespace", "quotas and their usage by first component of the path"),
    *_rows(Kind.COUNTER, Owner.SERVER, "bytes_received_count response_bytes watch_bytes", "bytes of requests, of replies (not to pings and handshakes), of watch events"),
    *_rows(Kind.COUNTER, Owner.SERVER, "connection_request_count connection_revalidate_count", "handshakes; those that bring a session along"),
    *_rows(Kind.COUNTER, Owner.SERVER, "connection_drop_count connection_rejected", "connections that clients broke off; that limits refused"),
    *_rows(Kind.COUNTER, Owner.SERVER, "sessionless_connections_expired stale_sessions_expired", "connections that never said hello; sessions that nothing was heard of"),
    *_rows(Kind.COUNTER, Owner.SERVER, "cnxn_closed_without_zk_server_running", "clients sent away while there was no leader"),
    *_rows(Kind.COUNTER, Owner.SERVER, "ensemble_auth_success ensemble_auth_fail ensemble_auth_skip", "names of ensembles that clients gave: right, wrong, none"),
    *_rows(Kind.COUNTER, Owner.SERVER, "prep_processor_request_queued", "requests that were prepared: all of a server alone; at a leader its clients' and what learners forward"),
    *_rows(Kind.COUNTER, Owner.SERVER, "sync_processor_request_queued", "all requests of a server alone; in an ensemble the transactions that were logged"),
    *_rows(Kind.COUNTER, Owner.SERVER, "outstanding_changes_queued outstanding_changes_removed", "nodes with a change on its way to the disk; that were applied"),
    *_rows(Kind.COUNTER, Owner.SERVER, "stale_replies", "writes whose client was gone when they were done"),
    *_rows(Kind.COUNTER, Owner.SERVER, "request_throttle_wait_count stale_requests_dropped throttled_ops", "requests that the request throttle made wait; whose client left meanwhile; that were answered with THROTTLEDOP"),
    *_rows(Kind.COUNTER, Owner.SERVER, "large_requests_rejected", "requests above `largeRequestMaxBytes` together"),
    *_rows(Kind.COUNTER, Owner.STATE, "digest_mismatches_count", "transactions after which the tree differs from the leader's"),
    *_rows(Kind.COUNTER, Owner.SERVER, "unrecoverable_error_count", "internal errors; each costs a client its connection"),
    *_rows(Kind.COUNTER, Owner.SERVER, "snapshot_error_count", "snapshots that could not be saved, whoever asked for them"),
    *_rows(Kind.COUNTER, Owner.SERVER, "snapshot_rate_limited_count restore_error_count restore_rate_limited_count insecure_admin_count", "requests of the AdminServer"),
    *_rows(Kind.COUNTER, Owner.QUORUM, "proposal_count commit_count", "leaders: transactions proposed, and committed (a reconfiguration apart)"),
    *_rows(Kind.COUNTER, Owner.SERVER, "request_commit_queued", "transactions committed by an ensemble and applied here"),
    *_rows(Kind.COUNTER, Owner.QUORUM, "learner_proposal_received_count learner_commit_received_count", "proposals and commits that came from a leader"),
    *_rows(Kind.COUNTER, Owner.QUORUM, "diff_count snap_count", "learners brought into step by DIFF or TRUNC; by a snapshot"),
    *_rows(Kind.COUNTER, Owner.QUORUM, "revalidate_count", "sessions that a learner asked its leader about"),
    *_rows(Kind.COUNTER, Owner.QUORUM, "looking_count", "elections that this server took part in"),
    *_rows(Kind.COUNTER, Owner.QUORUM, "quit_leading_due_to_disloyal_voter", "terms that ended since a voter looked for a leader again"),
    *_rows(Kind.COUNTER_SET, Owner.SERVER, "quota_exceeded_error_per_namespace", "writes that a hard quota refused, by first component of the path"),
    *_rows(Kind.ADVANCED, Owner.SERVER, "readlatency updatelatency", "ms from arrival to answer, of reads and of writes"),
    *_rows(Kind.ADVANCED, Owner.STATE, "read_commitproc_time_ms write_commitproc_time_ms", "the same two, in an ensemble: requests wait nowhere but for the commit"),
    *_rows(Kind.ADVANCED, Owner.SERVER, "propagation_latency", "ms from the leader's clock in a transaction until it is applied here"),
    *_rows(Kind.ADVANCED, Owner.SERVER, "request_throttle_queue_time_ms", "ms in the request throttle, of requests that had to wait"),
    *_rows(Kind.BASIC, Owner.SERVER, "node_created_watch_count node_deleted_watch_count node_changed_watch_count node_children_watch_count", "watchers that an event told"),
    *_rows(Kind.BASIC, Owner.SERVER, "fsynctime", "ms of a sync of the log; none with `forceSync=no`"),
    *_rows(Kind.ADVANCED, Owner.SERVER, "sync_processor_queue_time_ms sync_processor_queue_flush_time_ms sync_processor_queue_and_flush_time_ms", "ms that the transactions of a turn wait for the log thread; of writing to the file and the sync; of both"),
    *_rows(Kind.BASIC, Owner.SERVER, "sync_process_time sync_processor_batch_size sync_processor_queue_size", "ms to append; transactions that share a sync; turns that wait meanwhile"),
    *_rows(Kind.BASIC, Owner.SERVER, "snapshottime restore_time", "ms to save a snapshot; to restore one"),
    *_rows(Kind.BASIC, Owner.SERVER, "dbinittime startup_snap_load_time startup_txns_load_time startup_txns_loaded", "ms to load the database, its snapshot, and the transactions after that; how many"),
    *_rows(Kind.BASIC, Owner.SERVER, "connection_token_deficit", "tokens that the connection throttle lacked"),
    *_rows(Kind.BASIC, Owner.SERVER, "requests_in_session_queue reads_after_write_in_session_queue", "in an ensemble: requests of a connection when one of its writes is done; reads among them that go on then"),
    *_rows(Kind.ADVANCED, Owner.QUORUM, "proposal_latency proposal_ack_creation_latency commit_propagation_latency", "ms from the leader's clock in a transaction until a follower has it; has it in its log (the leader, too); learns of the commit"),
    *_rows(Kind.ADVANCED, Owner.QUORUM, "quorum_ack_latency", "leaders: ms until a quorum has logged a proposal"),
    *_rows(Kind.BASIC, Owner.QUORUM, "election_time", "ms of an election that ended in leading or following"),
    *_rows(Kind.BASIC, Owner.QUORUM, "unavailable_time leader_unavailable_time", "ms from the end of one role to the service of the next; of those that were leaders then"),
    *_rows(Kind.BASIC, Owner.QUORUM, "follower_sync_time observer_sync_time", "ms to come into step with a leader"),
    *_rows(Kind.BASIC, Owner.QUORUM, "inflight_diff_count inflight_snap_count", "learners that were being synchronized, when one began or ended"),
    *_rows(Kind.ADVANCED, Owner.SERVER, "jvm_pause_time_ms", "ms that a task woke up too late; with `jvm.pause.monitor=true`"),
    *_rows(Kind.BASIC_SET, Owner.SERVER, "read_per_namespace write_per_namespace", "bytes read and written, by first component of the path"),
    *_rows(Kind.ADVANCED_SET, Owner.QUORUM, "ack_latency", "leaders: ms until a server acknowledges, for zxids that `leader.ackLoggingFrequency` divides; by server"),
    *_rows(Kind.BASIC_SET, Owner.QUORUM, "learner_handler_qp_size", "leaders: packets that a packet to a learner waits behind; by server"),
    *_rows(Kind.ADVANCED_SET, Owner.QUORUM, "learner_handler_qp_time_ms", "leaders: ms that bytes have been waiting for the network, at every ping; by server"),
    *_rows(Kind.BASIC, Owner.NOBODY, "prep_processor_queue_size prep_process_time proposal_process_time", "a request is prepared in the turn in which it arrives"),
    *_rows(Kind.ADVANCED, Owner.NOBODY, "prep_processor_queue_time_ms close_session_prep_time", "a request is prepared in the turn in which it arrives"),
    *_rows(Kind.BASIC, Owner.NOBODY, "commit_process_time write_batch_time_in_commit_processor read_commit_proc_req_queued write_commit_proc_req_queued commit_commit_proc_req_queued read_commit_proc_issued write_commit_proc_issued pending_session_queue_size session_queues_drained reads_issued_from_session_queue", "no commit processor with queues of its own"),
    *_rows(Kind.BASIC, Owner.NOBODY, "concurrent_request_processing_in_commit_processor time_waiting_empty_pool_in_commit_processor_read_ms", "no pool of worker threads"),
    *_rows(Kind.ADVANCED, Owner.NOBODY, "local_write_committed_time_ms server_write_committed_time_ms read_final_proc_time_ms write_final_proc_time_ms", "what is committed is applied and answered in the same turn"),
    *_rows(Kind.ADVANCED, Owner.NOBODY, "om_proposal_process_time_ms om_commit_process_time_ms", "an observer master passes a transaction on in the same turn"),
    *_rows(Kind.BASIC, Owner.NOBODY, "learner_request_processor_queue_size", "a learner forwards a request in the same turn"),
    *_rows(Kind.COUNTER, Owner.NOBODY, "requests_not_forwarded_to_commit_processor skip_learner_request_to_next_processor_count", "a learner forwards a request in the same turn"),
    *_rows(Kind.COUNTER, Owner.NOBODY, "response_packet_cache_hits response_packet_cache_misses response_packet_get_children_cache_hits response_packet_get_children_cache_misses", "replies are not cached"),
    *_rows(Kind.COUNTER, Owner.NOBODY, "dead_watchers_queued dead_watchers_cleared add_dead_watcher_stall_time", "watches of a closed connection are removed at once"),
    *_rows(Kind.ADVANCED, Owner.NOBODY, "dead_watchers_cleaner_latency", "watches of a closed connection are removed at once"),
    *_rows(Kind.BASIC, Owner.NOBODY, "netty_queued_buffer_capacity socket_closing_time", "connections are not read ahead; closing a socket does not wait"),
    *_rows(Kind.COUNTER, Owner.NOBODY, "stale_requests", "a request whose client has left is dropped"),
    *_rows(Kind.COUNTER, Owner.SERVER, "unsuccessful_handshake tls_handshake_exceeded", "TLS handshakes of clients that came to nothing; that a limit refused or ended"),
    *_rows(Kind.GAUGE, Owner.STATE, "outstanding_tls_handshake", "connections of clients whose TLS handshake is under way"),
    *_rows(Kind.GAUGE, Owner.STATE, "non_mtls_remote_conn_count non_mtls_local_conn_count", "connections to `clientPort` since the start, from elsewhere and from loopback; with NettyServerCnxnFactory only, as in Apache"),
    *_rows(Kind.ADVANCED, Owner.OWN, "pyzoo_turn_seconds", "Turns of the event loop; all clients wait while one lasts."),
    *_rows(Kind.GAUGE, Owner.OWN, "pyzoo_build_info", "Version of pyzoo, the release that it behaves like, and its Python."),
    *_rows(Kind.COUNTER, Owner.OWN, "pyzoo_gc_collections_total", "Runs of the garbage collector."),
    *_rows(Kind.COUNTER, Owner.OWN, "pyzoo_gc_collected_objects_total", "Objects that it has freed."),
    *_rows(Kind.GAUGE, Owner.OWN, "pyzoo_disk_free_bytes", "Room that is left for the server on the disk of a directory."),
    *_rows(Kind.GAUGE, Owner.OWN, "pyzoo_disk_size_bytes", "Size of the disk of a directory."),
    *_rows(Kind.COUNTER, Owner.OWN, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds."),
    *_rows(Kind.GAUGE, Owner.OWN, "process_start_time_seconds", "Start time of the process since unix epoch in seconds."),
    *_rows(Kind.GAUGE, Owner.OWN, "process_open_fds", "Number of open file descriptors."),
    *_rows(Kind.GAUGE, Owner.OWN, "process_max_fds", "Maximum number of open file descriptors."),
    *_rows(Kind.GAUGE, Owner.OWN, "process_virtual_memory_bytes", "Virtual memory size in bytes."),
    *_rows(Kind.GAUGE, Owner.OWN, "process_resident_memory_bytes", "Resident memory size in bytes."),
)  # fmt: skip

BY_NAME: Final = {metric.name: metric for metric in METRICS}


def names_of(kind: Kind, owner: Owner | None = None) -> tuple[str, ...]:
    """The names of Apache's metrics of a kind: all, or those of one owner."""
    return tuple(
        [
            metric.name
            for metric in METRICS
            if metric.kind is kind and (metric.owner is owner or (owner is None and metric.owner is not Owner.OWN))
        ]
    )
