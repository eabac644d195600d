"""Leader: fixes the epoch with a quorum, brings learners into step, and commits what a quorum has logged.

Three phases: DISCOVERY until a quorum has promised the epoch, SYNCHRONIZATION until a quorum holds the leader's
history durably, BROADCAST after that. The leader counts itself in each quorum and has no other privilege. What
one learner is told is in learner_handler.py; this is what all of them together decide.
"""

import logging
from typing import Final, final

from mypy_extensions import i64

from pyzoo.errors import ProtocolViolation
from pyzoo.quorum.broadcast import Broadcast
from pyzoo.quorum.history import History
from pyzoo.quorum.leader_owner import LeaderOwner, LeaderSettings
from pyzoo.quorum.learner_handler import LearnerHandler, LearnerHub
from pyzoo.quorum.link import PeerLink
from pyzoo.quorum.packets import PING, packet
from pyzoo.quorum.quorum_metrics import QuorumMetrics, new_quorum_metrics
from pyzoo.quorum.verifier import QuorumVerifier, contains_both_quorums
from pyzoo.zxid import first_zxid, zxid_text

logger: Final = logging.getLogger(__name__)

DISCOVERY: Final = 0
SYNCHRONIZATION: Final = 1
BROADCAST: Final = 2
PHASE_NAMES: Final = ("discovery", "synchronization", "broadcast")


@final
class Leader(LearnerHub):
    """One term of office; see the module. `failure` says why it is over."""

    def __init__(
        self,
        settings: LeaderSettings,
        owner: LeaderOwner,
        history: History,
        current: QuorumVerifier,
        last_seen: QuorumVerifier,
        accepted_epoch: int,
        current_epoch: int,
        now_ms: i64,
        metrics: QuorumMetrics | None = None,
    ) -> None:
        self.broadcast = Broadcast(
            settings.my_id, owner, current, last_seen, new_quorum_metrics() if metrics is None else metrics, now_ms
        )
        super().__init__(
            owner,
            self.broadcast,
            history,
            settings.init_limit * settings.tick_time_ms,
            settings.sync_limit * settings.tick_time_ms,
            settings.force_snapshot_sync,
            settings.snapshot_size_factor >= 0,
            settings.max_concurrent_snap_syncs,
            settings.max_concurrent_diff_syncs,
            self.broadcast.metrics,
        )
        self.settings = settings
        self.owner = owner
        self.my_id: i64 = settings.my_id
        self.phase: i64 = DISCOVERY
        self.epoch = accepted_epoch + 1
        self.failure: str | None = None
        self.now_ms: i64 = now_ms
        self.begun_ms: i64 = now_ms
        self.tick: i64 = 0
        self._start_state = (current_epoch, int(history.last_zxid))
        self._epoch_fixed = False
        self._epoch_acked = False
        self._connecting: set[int] = set()
        self._electing: set[int] = set()
        self._new_leader_acks: set[int] = set()
        self._half_tick_ms: i64 = max(settings.tick_time_ms // 2, 1)
        self._next_half_tick_ms: i64 = 0
        self._is_full_tick = False
        self._phase_deadline_ms: i64 = now_ms + self.init_limit_ms

    def begin(self) -> None:
        """The leader's own part of the first quorum; alone it may be through at once."""
        self.epoch_reported(self.my_id, self.epoch - 1)

    def fail(self, reason: str) -> None:
        """The term is over; the peer looks for a leader again."""
        if self.failure is None:
            self.failure = reason

    # --- learners come and go

    def learner_connected(self, link: PeerLink, now_ms: i64) -> LearnerHandler:
        """A learner has dialled the quorum port."""
        handler = self.new_handler(link, now_ms)
        handler.tick_of_next_ack = self.tick + self.settings.init_limit + self.settings.sync_limit
        return handler

    def removed(self, handler: LearnerHandler) -> None:
        super().removed(handler)
        self.broadcast.removed(handler)

    def committed_zxid(self) -> i64:
        return self.broadcast.last_committed

    def heard_of(self, handler: LearnerHandler) -> None:
        handler.tick_of_next_ack = self.tick + self.settings.sync_limit

    def check_learner(self, handler: LearnerHandler, config_version: i64) -> None:
        for other in list(self.handlers):
            if other is not handler and other.is_known and other.sid == handler.sid:
                other.close("it has connected anew")
        ours = self.broadcast.current.version
        if config_version > ours:
            raise ProtocolViolation(f"it knows configuration {config_version:x}, which is newer than ours, {ours:x}")

    # --- discovery

    def epoch_reported(self, sid: i64, accepted_epoch: i64) -> None:
        """A server has said which epoch it promised last (Leader.getEpochToPropose)."""
        if self._epoch_fixed:
            return
        if accepted_epoch >= self.epoch:
            self.epoch = accepted_epoch + 1
        if sid in self.broadcast.current.voters:
            self._connecting.add(sid)
        if self.my_id in self._connecting and self.broadcast.current.contains_quorum(self._connecting):
            self._fix_epoch()

    @property
    def is_epoch_fixed(self) -> bool:
        return self._epoch_fixed

    def _fix_epoch(self) -> None:
        self._epoch_fixed = True
        self.owner.save_accepted_epoch(self.epoch)
        start: i64 = first_zxid(self.epoch) + self.settings.initial_counter
        broadcast = self.broadcast
        broadcast.last_proposed = start
        broadcast.last_committed = start
        self._phase_deadline_ms = self.now_ms + self.init_limit_ms
        if broadcast.current.version == 0 and broadcast.last_seen.version == 0:
            broadcast.last_seen = self.owner.first_config(first_zxid(self.epoch))
        logger.info("Proposing epoch %d, with a history up to %s", self.epoch, zxid_text(self._start_state[1]))
        self.epoch_acked(self.my_id, self._start_state[0], self._start_state[1])
        for handler in list(self.handlers):
            handler.epoch_fixed()

    def epoch_acked(self, sid: i64, current_epoch: i64, last_zxid: i64) -> bool:
        """A server has promised the epoch; False when it is ahead of this leader, who then must not lead it.

        (Leader.waitForEpochAck.) Once there was a quorum nothing is compared any more: a server that is ahead
        then holds what was never committed.
        """
        if self._epoch_acked:
            return True
        if current_epoch != -1:
            if (int(current_epoch), int(last_zxid)) > self._start_state:
                logger.warning(
                    "Server %d is ahead of the leader: epoch %d, zxid %s", sid, current_epoch, zxid_text(last_zxid)
                )
                return False
            if last_zxid != -1 and sid in self.broadcast.current.voters:
                self._electing.add(sid)
        if self.my_id in self._electing and self.broadcast.current.contains_quorum(self._electing):
            self._begin_synchronization()
        return True

    @property
    def is_epoch_acked(self) -> bool:
        return self._epoch_acked

    def _begin_synchronization(self) -> None:
        self._epoch_acked = True
        self.owner.save_current_epoch(self.epoch)
        self.phase = SYNCHRONIZATION
        self._phase_deadline_ms = self.now_ms + self.init_limit_ms
        self.new_leader_acked(self.my_id)
        for handler in list(self.handlers):
            handler.epoch_acknowledged()

    # --- synchronization

    def new_leader_acked(self, sid: i64) -> None:
        """A server holds the leader's history durably (Leader.waitForNewLeaderAck)."""
        if self.phase != SYNCHRONIZATION:
            return
        if sid in self.broadcast.current.voters or sid in self.broadcast.last_seen.voters:
            self._new_leader_acks.add(sid)
        if self._is_quorum(self._new_leader_acks):
            self._take_office()

    def _is_quorum(self, servers: set[int]) -> bool:
        return contains_both_quorums(servers, self.broadcast.current, self.broadcast.last_seen)

    def _take_office(self) -> None:
        self.phase = BROADCAST
        logger.info("Leading with epoch %d, a quorum of %s is in step", self.epoch, sorted(self._new_leader_acks))
        self._next_half_tick_ms = self.now_ms + self._half_tick_ms
        self.broadcast.complete_reconfig(self._new_leader_acks)
        self.owner.start_serving(int(self.broadcast.last_proposed))
        for handler in list(self.handlers):
            handler.server_runs()

    def start_forwarding(self, handler: LearnerHandler, after_zxid: i64) -> None:
        self.broadcast.start_forwarding(handler, after_zxid)

    def has_quorum_in_step(self, verifier: QuorumVerifier) -> bool:
        """Whether a quorum of these voters is connected and heard of lately."""
        present = {int(handler.sid) for handler in self.broadcast.forwarding if handler.tick_of_next_ack >= self.tick}
        present.add(self.my_id)
        return verifier.contains_quorum({sid for sid in present if sid in verifier.voters})

    # --- what learners ask

    @property
    def is_serving(self) -> bool:
        return self.phase == BROADCAST

    def config_text(self, is_observer: bool) -> bytes:
        # An observer gets no proposals, and takes this for committed: what is only proposed may never be.
        only_current = is_observer and self.is_serving
        verifier = self.broadcast.current if only_current else self.broadcast.last_seen
        return verifier.members.text().encode()

    def looking_reported(self, sid: i64) -> None:
        """A voter looks for a leader although it should follow this one (Leader.reportLookingSid)."""
        limit = self.settings.max_time_to_wait_for_epoch_ms
        if limit >= 0 and not self._epoch_fixed and self.now_ms - self.begun_ms > limit:
            self.metrics.quit_leading_due_to_disloyal_voter += 1
            self.fail(f"server {sid} looks for a leader again while the epoch is still open")

    # --- time

    def advance(self, now_ms: i64) -> None:
        """Time has passed: pings, the check of the quorum, and the limits of the phases."""
        self.now_ms = now_ms
        self.broadcast.now_ms = now_ms
        for handler in list(self.handlers):
            handler.advance(now_ms)
        if self.phase != BROADCAST:
            if now_ms >= self._phase_deadline_ms:
                self.fail(f"no quorum came together in the phase of {PHASE_NAMES[self.phase]}")
        elif now_ms >= self._next_half_tick_ms:
            self._next_half_tick_ms = now_ms + self._half_tick_ms
            self._half_tick()

    def _half_tick(self) -> None:
        if self._is_full_tick:
            self.tick += 1
            if not self._has_quorum():
                self.fail("it lost its quorum of followers")
                return
        self._is_full_tick = not self._is_full_tick
        data = packet(PING, self.broadcast.last_proposed, None)
        for handler in list(self.handlers):
            handler.ping(data)

    def _has_quorum(self) -> bool:
        alive = {
            int(handler.sid)
            for handler in self.handlers
            if handler.is_known and not handler.is_observer and handler.tick_of_next_ack >= self.tick
        }
        alive.add(self.my_id)
        if self._is_quorum(alive):
            return True
        broadcast = self.broadcast
        broadcast.current.followers_in_step(broadcast.voters_in_step())
        if not broadcast.current.asks_oracle or not self._is_quorum(alive):
            return False
        broadcast.try_to_commit()
        return True

    def next_deadline_ms(self) -> i64:
        """When `advance` has something to do again."""
        deadline = self._next_half_tick_ms if self.phase == BROADCAST else self._phase_deadline_ms
        for handler in self.handlers:
            other = handler.deadline_ms
            if other < deadline:
                deadline = other
        return deadline
