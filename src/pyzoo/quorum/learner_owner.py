"""What a learner is told when it begins, and what it asks of the peer that it is a part of."""

import logging
from typing import Final

from attrs import frozen
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.quorum.history import Proposal
from pyzoo.quorum.link import PeerLink

logger: Final = logging.getLogger(__name__)


@frozen
class LearnerSettings:
    """Limits are in ticks; `connect_limit` 0 stands for `init_limit`."""

    my_id: int
    is_observer: bool
    tick_time_ms: int
    init_limit: int
    sync_limit: int
    connect_limit: int = 0
    connect_delay_ms: int = 100

    @property
    def init_limit_ms(self) -> int:
        """How long each step may take until NEWLEADER."""
        return self.init_limit * self.tick_time_ms

    @property
    def sync_limit_ms(self) -> int:
        """How long the leader may be silent afterwards."""
        return self.sync_limit * self.tick_time_ms

    @property
    def connect_limit_ms(self) -> int:
        """How long connecting may take."""
        return (self.connect_limit or self.init_limit) * self.tick_time_ms


@mypyc_attr(allow_interpreted_subclasses=True)
class LearnerOwner:
    """Each call is done when it returns."""

    def dial(self, timeout_ms: int) -> PeerLink:
        """Begin to connect to the leader."""
        raise NotImplementedError

    def epochs(self) -> tuple[int, int]:
        """The accepted and the current epoch."""
        raise NotImplementedError

    def save_accepted_epoch(self, epoch: int) -> None:
        """Keep the promise durably; raises StorageError."""
        raise NotImplementedError

    def save_current_epoch(self, epoch: int) -> None:
        """Keep durably that the history of this epoch is here; raises StorageError."""
        raise NotImplementedError

    def config_version(self) -> int:
        """The version of the current configuration."""
        raise NotImplementedError

    def last_zxid(self) -> int:
        """The newest transaction that the database holds."""
        raise NotImplementedError

    def begin_snapshot(self, zxid: int) -> None:
        """Clear the database, which `snapshot_received` fills."""
        raise NotImplementedError

    def snapshot_received(self, data: bytes) -> bytes | None:
        """The next bytes of the stream; once it is complete what is behind it, else None.

        Raises ProtocolViolation.
        """
        raise NotImplementedError

    def truncate(self, zxid: int) -> None:
        """Cut the log after `zxid` and load the database anew; raises StorageError where that is impossible."""
        raise NotImplementedError

    def synchronised(self) -> None:
        """DIFF, TRUNC or SNAP is through; its proposals follow."""
        raise NotImplementedError

    def apply(self, proposal: Proposal) -> None:
        """Apply a committed transaction of the sync to memory."""
        raise NotImplementedError

    def log(self, proposal: Proposal) -> Proposal:
        """Append to the log; `persisted` of the learner follows. A reconfiguration becomes the last seen one.

        Returns the same, with what `commit` is to find of it again. Raises MalformedRecord for what is no transaction,
        which is not logged then: no start could read it.
        """
        raise NotImplementedError

    def save_snapshot(self) -> None:
        """Save the database durably; `snapshot_saved` of the learner follows."""
        raise NotImplementedError

    def config_received(self, text: str) -> None:
        """The leader's last seen configuration came with NEWLEADER."""
        raise NotImplementedError

    def activate_received(self) -> bool:
        """Make it current, at UPTODATE; True when this server has to look for a leader again."""
        raise NotImplementedError

    def activate(self, proposal: Proposal, designated: int) -> bool:
        """A reconfiguration is committed; True when this server has another role or leader now."""
        raise NotImplementedError

    def start_serving(self) -> None:
        """In step: serve clients."""
        raise NotImplementedError

    def commit(self, proposal: Proposal) -> None:
        """A transaction is committed: it is applied with the next `apply_committed`, which follows soon."""
        raise NotImplementedError

    def apply_committed(self) -> None:
        """Apply all for which `commit` was called, and answer who asked for it here."""

    def proposed(self, proposal: Proposal) -> None:
        """A proposal of the live stream has come and goes to the log."""

    def acknowledged(self, proposal: Proposal) -> None:
        """A proposal of the live stream is in the log, and the leader was told so."""

    def activated(self, proposal: Proposal, designated: int) -> None:
        """A reconfiguration was committed; for observers of this server."""

    def sync_received(self) -> None:
        """The oldest sync that was sent to the leader is through."""
        raise NotImplementedError

    def revalidated(self, session_id: i64, valid: bool) -> None:
        """The leader's answer about a session."""
        raise NotImplementedError

    def other_received(self, type: i32, zxid: i64, data: bytes | None) -> None:
        """A packet of a type that no ensemble has."""
        logger.warning("Ignoring packet %d of the leader", type)

    def take_touches(self) -> bytes:
        """The sessions heard of since the last call, as the data of a PING."""
        raise NotImplementedError
