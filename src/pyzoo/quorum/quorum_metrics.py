"""QuorumMetrics: what a member counts about elections, proposals and its learners; times in ms.

Counters are attributes that their owner adds to, named as in metric_table.py. They outlive the roles of a
member.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.metric_table import Kind, Owner, names_of
from pyzoo.summaries import SummaryRegistry

QUORUM_COUNTERS: Final = names_of(Kind.COUNTER, Owner.QUORUM)


@final
class QuorumMetrics:
    """All that has to do with an ensemble.

    Latencies begin with the leader's clock in the header of the transaction, so between machines they are as good
    as their clocks; one that comes out negative is left away (Request.logLatency). `ack_logging_frequency` is how
    seldom the acknowledgements of single servers are timed; 0 is never (Leader.ackLoggingFrequency).
    """

    def __init__(self, registry: SummaryRegistry) -> None:
        self.ack_logging_frequency: i64 = 0
        self.commit_count: i64 = 0
        self.diff_count: i64 = 0
        self.learner_commit_received_count: i64 = 0
        self.learner_proposal_received_count: i64 = 0
        self.looking_count: i64 = 0
        self.proposal_count: i64 = 0
        self.quit_leading_due_to_disloyal_voter: i64 = 0
        self.revalidate_count: i64 = 0
        self.snap_count: i64 = 0
        self.election_time = registry.basic("election_time")
        self.unavailable_time = registry.basic("unavailable_time")
        self.leader_unavailable_time = registry.basic("leader_unavailable_time")
        self.follower_sync_time = registry.basic("follower_sync_time")
        self.observer_sync_time = registry.basic("observer_sync_time")
        self.inflight_snap_count = registry.basic("inflight_snap_count")
        self.inflight_diff_count = registry.basic("inflight_diff_count")
        self.proposal_latency = registry.advanced("proposal_latency")
        self.proposal_ack_creation_latency = registry.advanced("proposal_ack_creation_latency")
        self.quorum_ack_latency = registry.advanced("quorum_ack_latency")
        self.commit_propagation_latency = registry.advanced("commit_propagation_latency")
        self.ack_latency = registry.advanced_set("ack_latency")
        self.learner_handler_qp_size = registry.basic_set("learner_handler_qp_size")
        self.learner_handler_qp_time_ms = registry.advanced_set("learner_handler_qp_time_ms")

    def counters(self) -> dict[str, int]:
        """The counters by name."""
        return {name: getattr(self, name) for name in QUORUM_COUNTERS}

    def reset(self) -> None:
        """Set the counters to 0; the summaries are reset by their registry."""
        for name in QUORUM_COUNTERS:
            setattr(self, name, 0)


def new_quorum_metrics() -> QuorumMetrics:
    """Metrics that nobody reads, for a leader or learner on its own."""
    return QuorumMetrics(SummaryRegistry(False, 0))
