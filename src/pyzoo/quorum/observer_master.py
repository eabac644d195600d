"""ObserverMaster: a follower that passes on what is committed to observers, in place of the leader.

On the wire it is the leader's protocol without its quorums: the epoch stands, and whoever is in step may serve.
Requests go on to the leader as the follower's own.
"""

from typing import final

from mypy_extensions import i64, mypyc_attr

from pyzoo.errors import ProtocolViolation
from pyzoo.quorum.history import History, Proposal
from pyzoo.quorum.learner_handler import LearnerHandler, LearnerHub, LearnerRequests
from pyzoo.quorum.learner_master import AckReceiver
from pyzoo.quorum.packets import INFORM, INFORMANDACTIVATE, PING, encode_designated_leader_and_txn, packet
from pyzoo.quorum.quorum_metrics import QuorumMetrics


@mypyc_attr(allow_interpreted_subclasses=True)
class ObserverMasterOwner(LearnerRequests):
    """What an observer master asks of the follower that it is a part of; requests go on to the leader."""

    def config_text(self) -> bytes:
        """The current configuration.

        Apache's sends the last one that was proposed: if that was never committed, the observer makes it its own, and
        every leader refuses the observer from then on.
        """
        raise NotImplementedError

    def config_version(self) -> int:
        """The version of the current configuration."""
        raise NotImplementedError


@final
class ObserverMaster(LearnerHub):
    """The observers of one follower."""

    def __init__(
        self,
        owner: ObserverMasterOwner,
        history: History,
        epoch: i64,
        tick_time_ms: int,
        init_limit: int,
        sync_limit: int,
        uses_disk: bool,
        now_ms: i64,
        metrics: QuorumMetrics | None = None,
    ) -> None:
        """Limits are in ticks."""
        super().__init__(
            owner,
            AckReceiver(),
            history,
            init_limit * tick_time_ms,
            sync_limit * tick_time_ms,
            uses_disk=uses_disk,
            metrics=metrics,
        )
        self.owner = owner
        self.epoch = epoch
        self.observing: dict[LearnerHandler, None] = {}
        self._half_tick_ms: i64 = max(tick_time_ms // 2, 1)
        self._next_ping_ms: i64 = now_ms + self._half_tick_ms

    def removed(self, handler: LearnerHandler) -> None:
        super().removed(handler)
        self.observing.pop(handler, None)

    # --- handshake

    def check_learner(self, handler: LearnerHandler, config_version: i64) -> None:
        if not handler.is_observer:
            raise ProtocolViolation("only observers are served here; a follower has to go to the leader")
        if config_version > self.owner.config_version():
            raise ProtocolViolation(f"it knows configuration {config_version:x}, which is newer than ours")

    def epoch_reported(self, sid: i64, accepted_epoch: i64) -> None:
        """The epoch stands."""

    @property
    def is_epoch_fixed(self) -> bool:
        return True

    def epoch_acked(self, sid: i64, current_epoch: i64, last_zxid: i64) -> bool:
        return True

    @property
    def is_epoch_acked(self) -> bool:
        return True

    def config_text(self, is_observer: bool) -> bytes:
        return self.owner.config_text()

    def new_leader_acked(self, sid: i64) -> None:
        """It needs no quorum."""

    @property
    def is_serving(self) -> bool:
        return True

    def start_forwarding(self, handler: LearnerHandler, after_zxid: i64) -> None:
        """What is committed here is applied here, so nothing lies between the sync and what comes."""
        self.observing[handler] = None

    # --- broadcast

    def committed(self, proposal: Proposal) -> None:
        """The follower has applied this."""
        if self.observing:
            data = packet(INFORM, proposal.zxid, proposal.payload)
            for handler in self.observing:
                handler.queue_packet(data)

    def activated(self, proposal: Proposal, designated: int) -> None:
        """The follower has applied a reconfiguration."""
        data = packet(INFORMANDACTIVATE, proposal.zxid, encode_designated_leader_and_txn(designated, proposal.payload))
        for handler in self.observing:
            handler.queue_packet(data)

    # --- time

    def advance(self, now_ms: i64) -> None:
        """Time has passed: pings, and observers that are silent."""
        for handler in list(self.handlers):
            handler.advance(now_ms)
        if now_ms >= self._next_ping_ms:
            self._next_ping_ms = now_ms + self._half_tick_ms
            data = packet(PING, self.history.last_zxid, None)
            for handler in list(self.handlers):
                handler.ping(data)

    def next_deadline_ms(self) -> i64:
        """When `advance` has something to do again."""
        deadline = self._next_ping_ms
        for handler in self.handlers:
            if handler.deadline_ms < deadline:
                deadline = handler.deadline_ms
        return deadline

    def close(self) -> None:
        """End all connections."""
        for handler in list(self.handlers):
            handler.link.abort()
            handler.gone(handler.now_ms)
