"""Settings of the section "Ensemble tuning" that have an effect: how patient members are with each other.

Apache's server reads most of them by Integer.getInteger, which takes the default for what is no number. Where it cannot
go on with a value, a member refuses it at the start; a server that is alone never looks at them.
"""

from attrs import frozen

from pyzoo.config.reader import ConfigReader


@frozen
class EnsembleTuning:
    """What members of an ensemble do when; the names of the keys stand beside those that differ."""

    leader_serves: bool = True
    connect_timeout_ms: int = 5000  # cnxTimeout, to election ports; 0 = as long as the system tries
    hello_timeout_ms: int = -1  # quorumCnxnTimeoutMs, on election connections; 0 or less = syncLimit ticks
    election_port_bind_tries: int = 3  # electionPortBindRetry; 0 = for ever
    tcp_keep_alive: bool = False
    min_notification_interval_ms: int = 200  # fastleader.*
    max_notification_interval_ms: int = 60_000
    max_time_to_wait_for_epoch_ms: int = -1  # leader.*; negative = off
    max_concurrent_snap_syncs: int = 10
    max_concurrent_diff_syncs: int = 100
    ack_logging_frequency: int = 1000  # 0 or less = never
    leader_connect_delay_ms: int = 100  # leaderConnectDelayDuringRetryMs
    force_snapshot_sync: bool = False
    observer_election_delay_ms: int = 200  # observer.election.DelayMs; 0 or less = none
    initial_counter: int = 0  # testingonly.initialZxid


def read_tuning(reader: ConfigReader, distributed: bool) -> EnsembleTuning:
    """The settings; raises ConfigError for what ends a member of Apache's: at its start, or when it is elected.

    QuorumCnxManager and Leader.lead parse their numbers; LearnerSyncThrottler takes none below 1.
    """
    parsed = reader.file_integer if distributed else reader.integer
    bounded = reader.bounded_integer if distributed else reader.integer
    return EnsembleTuning(
        leader_serves=not reader.word("leaderServes", "no", "yes"),
        connect_timeout_ms=parsed("cnxTimeout"),
        hello_timeout_ms=reader.integer("quorumCnxnTimeoutMs"),
        election_port_bind_tries=reader.integer("electionPortBindRetry"),
        tcp_keep_alive=reader.boolean("tcpKeepAlive"),
        min_notification_interval_ms=reader.integer("fastleader.minNotificationInterval"),
        max_notification_interval_ms=reader.integer("fastleader.maxNotificationInterval"),
        max_time_to_wait_for_epoch_ms=reader.integer("leader.maxTimeToWaitForEpoch"),
        max_concurrent_snap_syncs=bounded("leader.maxConcurrentSnapSyncs"),
        max_concurrent_diff_syncs=bounded("leader.maxConcurrentDiffSyncs"),
        ack_logging_frequency=reader.integer("leader.ackLoggingFrequency"),
        leader_connect_delay_ms=reader.integer("leaderConnectDelayDuringRetryMs"),
        force_snapshot_sync=reader.boolean("forceSnapshotSync"),
        observer_election_delay_ms=reader.integer("observer.election.DelayMs"),
        initial_counter=parsed("testingonly.initialZxid"),
    )
