"""What a leader is told when it begins, and what it asks of the peer that it is a part of."""

from attrs import frozen
from mypy_extensions import i64, mypyc_attr

from pyzoo.quorum.learner_handler import LearnerRequests
from pyzoo.quorum.verifier import QuorumVerifier


@frozen
class LeaderSettings:
    """Limits are in ticks; -1 in `max_time_to_wait_for_epoch_ms` is off, a negative factor keeps off the disk."""

    my_id: int
    tick_time_ms: int
    init_limit: int
    sync_limit: int
    force_snapshot_sync: bool = False
    snapshot_size_factor: float = 0.33
    max_concurrent_snap_syncs: int = 10
    max_concurrent_diff_syncs: int = 100
    max_time_to_wait_for_epoch_ms: int = -1
    initial_counter: int = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class LeaderOwner(LearnerRequests):
    """Each call is done when it returns."""

    def save_accepted_epoch(self, epoch: int) -> None:
        """Keep the promise durably; raises StorageError."""
        raise NotImplementedError

    def save_current_epoch(self, epoch: int) -> None:
        """The epoch is established with a quorum: keep that durably; raises StorageError."""
        raise NotImplementedError

    def start_serving(self, zxid: int) -> None:
        """The history is the ensemble's now; `zxid` is the last one given away."""
        raise NotImplementedError

    def commit(self, zxid: i64) -> None:
        """Apply all proposals up to this one, and answer who asked for them."""
        raise NotImplementedError

    def activate(self, members: QuorumVerifier, designated: int, zxid: int) -> None:
        """A reconfiguration is committed (QuorumPeer.processReconfig); comes before its `commit`."""
        raise NotImplementedError

    def first_config(self, version: int) -> QuorumVerifier:
        """The configuration that was never established gets its version (ZOOKEEPER-1783); the last seen one."""
        raise NotImplementedError

    def config_proposed(self, members: QuorumVerifier) -> None:
        """A reconfiguration is proposed: it is the last seen configuration now."""
        raise NotImplementedError
