"""LearnerMaster: what a leader and an observer master have in common for those who learn from them.

It knows servers by their ids; the connections that learners have to it are those of LearnerHub.
"""

from mypy_extensions import i64

from pyzoo.quorum.history import History
from pyzoo.quorum.quorum_metrics import QuorumMetrics, new_quorum_metrics
from pyzoo.quorum.sync_plan import DIFF, SNAP, TRUNC


class AckReceiver:
    """Who counts acknowledgements; this one does not, for observers have no say."""

    def acked(self, sid: i64, zxid: i64) -> None:
        """A learner has logged this proposal; `try_to_commit` follows when all that it has sent was looked at."""

    def try_to_commit(self) -> None:
        """Commit what has enough acknowledgements now."""


class LearnerMaster:
    """What handlers of learners ask of whoever they work for.

    Limits are in ms; `max_snaps` and `max_diffs` are how many learners may be in the middle of either kind of sync
    before observers are sent away (LearnerSnapshotThrottler).
    """

    def __init__(
        self,
        acks: AckReceiver,
        history: History,
        init_limit_ms: int,
        sync_limit_ms: int,
        forces_snapshots: bool,
        uses_disk: bool,
        max_snaps: int,
        max_diffs: int,
        metrics: QuorumMetrics | None,
    ) -> None:
        self.acks = acks
        self.history = history
        self.metrics = new_quorum_metrics() if metrics is None else metrics
        self.init_limit_ms: i64 = init_limit_ms
        self.sync_limit_ms: i64 = sync_limit_ms
        self.forces_snapshots = forces_snapshots
        self.uses_disk = uses_disk
        self.max_syncs: dict[str, int] = {SNAP: max_snaps, DIFF: max_diffs, TRUNC: max_diffs}
        self.epoch: i64 = 0

    def epoch_reported(self, sid: i64, accepted_epoch: i64) -> None:
        """A learner has said which epoch it promised last."""
        raise NotImplementedError

    @property
    def is_epoch_fixed(self) -> bool:
        """Whether LEADERINFO can be sent."""
        raise NotImplementedError

    def epoch_acked(self, sid: i64, current_epoch: i64, last_zxid: i64) -> bool:
        """A learner has promised the epoch; False when it may not follow."""
        raise NotImplementedError

    @property
    def is_epoch_acked(self) -> bool:
        """Whether learners can be synchronised."""
        raise NotImplementedError

    def config_text(self, is_observer: bool) -> bytes:
        """The configuration that goes with NEWLEADER to such a learner."""
        raise NotImplementedError

    def new_leader_acked(self, sid: i64) -> None:
        """A learner holds the history durably."""
        raise NotImplementedError

    @property
    def is_serving(self) -> bool:
        """Whether learners may serve."""
        raise NotImplementedError

    def committed_zxid(self) -> i64:
        """What is committed by now; a learner that acknowledges NEWLEADER after that has it."""
        return 0
