"""Leader: fixes the epoch with a quorum, brings learners into step, and commits what a quorum has logged.

Three phases: DISCOVERY until a quorum has promised the epoch, SYNCHRONIZATION until a quorum holds the leader's
history durably, BROADCAST after that. The leader counts itself in each quorum and has no other privilege. What
one learner is told is in learner_handler.py; this is what all of them together decide.
"""

import logging
from collections import deque
from typing import Final, final

from attrs import frozen
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.records import Id
from pyzoo.quorum.group_commit import GroupCommit
from pyzoo.quorum.history import History
from pyzoo.quorum.learner_handler import LearnerHandler, LearnerHub
from pyzoo.quorum.link import PeerLink
from pyzoo.quorum.packets import (
    COMMIT,
    COMMITANDACTIVATE,
    INFORM,
    INFORMANDACTIVATE,
    PING,
    PROPOSAL,
    encode_designated_leader,
    encode_designated_leader_and_txn,
    packet,
)
from pyzoo.quorum.quorum_metrics import QuorumMetrics
from pyzoo.quorum.reconfig import designated_leader
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.zxid import first_zxid, zxid_text

logger: Final = logging.getLogger(__name__)

DISCOVERY: Final = 0
SYNCHRONIZATION: Final = 1
BROADCAST: Final = 2
PHASE_NAMES: Final = ("discovery", "synchronization", "broadcast")

LAST_COUNTER: Final = 0xFFFFFFFE
"""The last usable counter of an epoch: with the next one a new epoch has to begin (ZOOKEEPER-1277)."""


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
class LeaderOwner:
    """What a leader asks of the peer that it is a part of; each call is done when it returns."""

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
        """Apply this proposal and answer who asked for it."""
        raise NotImplementedError

    def activate(self, members: QuorumVerifier, designated: int, zxid: int) -> None:
        """A reconfiguration is committed (QuorumPeer.processReconfig); comes before its `commit`."""
        raise NotImplementedError

    def request_received(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        """A request of a learner's client; the handler's id names the session's owner."""
        raise NotImplementedError

    def touch_session(self, session_id: i64, timeout_ms: i64) -> None:
        """A session was heard of at a learner."""
        raise NotImplementedError

    def revalidate_session(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> bool:
        """Whether the session lives; if so it now belongs to that learner's server."""
        raise NotImplementedError

    def read_log(self, handler: LearnerHandler, from_zxid: int, to_zxid: int) -> None:
        """Read proposals from disk; give them to `handler.log_read`."""
        raise NotImplementedError

    def first_config(self, version: int) -> QuorumVerifier:
        """The configuration that was never established gets its version (ZOOKEEPER-1783); the last seen one."""
        raise NotImplementedError

    def config_proposed(self, members: QuorumVerifier) -> None:
        """A reconfiguration is proposed: it is the last seen configuration now."""
        raise NotImplementedError


@final
class OutstandingProposal:
    """A proposal that no quorum has acknowledged yet, with who has; `next` is a configuration under way."""

    def __init__(self, zxid: i64, payload: bytes, next: QuorumVerifier | None, is_reconfig: bool, now_ms: i64) -> None:
        self.zxid: i64 = zxid
        self.proposed_ms: i64 = now_ms
        self.payload = payload
        self.next = next
        self.is_reconfig = is_reconfig
        self.acks: set[int] = set()


@final
class Leader(LearnerHub):
    """One term of office; see the module. `failure` says why it is over.

    `allowed_to_commit` is False once a reconfiguration has named another leader.
    """

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
        super().__init__(
            history,
            settings.init_limit * settings.tick_time_ms,
            settings.sync_limit * settings.tick_time_ms,
            settings.force_snapshot_sync,
            settings.snapshot_size_factor >= 0,
            settings.max_concurrent_snap_syncs,
            settings.max_concurrent_diff_syncs,
            metrics,
        )
        self.settings = settings
        self.owner = owner
        self.my_id: i64 = settings.my_id
        self.current = current
        self.last_seen = last_seen
        self.phase: i64 = DISCOVERY
        self.epoch = accepted_epoch + 1
        self.failure: str | None = None
        self.now_ms: i64 = now_ms
        self.begun_ms: i64 = now_ms
        self.tick: i64 = 0
        self.forwarding: dict[LearnerHandler, None] = {}
        self.observing: dict[LearnerHandler, None] = {}
        self.outstanding: dict[int, OutstandingProposal] = {}
        self._unlogged: deque[OutstandingProposal] = deque()
        self._held: list[OutstandingProposal] = []
        self._group = GroupCommit()
        self.last_proposed: i64 = 0
        self.last_committed: i64 = 0
        self.allowed_to_commit = True
        self.proposal_size_last: i64 = -1
        self.proposal_size_min: i64 = -1
        self.proposal_size_max: i64 = -1
        self._start_state = (current_epoch, int(history.last_zxid))
        self._epoch_fixed = False
        self._epoch_acked = False
        self._connecting: set[int] = set()
        self._electing: set[int] = set()
        self._new_leader_acks: set[int] = set()
        self._syncs: dict[int, list[LearnerHandler]] = {}
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
        self.forwarding.pop(handler, None)
        self.observing.pop(handler, None)

    def heard_of(self, handler: LearnerHandler) -> None:
        handler.tick_of_next_ack = self.tick + self.settings.sync_limit

    def check_learner(self, handler: LearnerHandler, config_version: i64) -> None:
        for other in list(self.handlers):
            if other is not handler and other.is_known and other.sid == handler.sid:
                other.close("it has connected anew")
        if config_version > self.current.version:
            raise ProtocolViolation(
                f"it knows configuration {config_version:x}, which is newer than ours, {self.current.version:x}"
            )

    # --- discovery

    def epoch_reported(self, sid: i64, accepted_epoch: i64) -> None:
        """A server has said which epoch it promised last (Leader.getEpochToPropose)."""
        if self._epoch_fixed:
            return
        if accepted_epoch >= self.epoch:
            self.epoch = accepted_epoch + 1
        if sid in self.current.voters:
            self._connecting.add(sid)
        if self.my_id in self._connecting and self.current.contains_quorum(self._connecting):
            self._fix_epoch()

    @property
    def is_epoch_fixed(self) -> bool:
        return self._epoch_fixed

    def _fix_epoch(self) -> None:
        self._epoch_fixed = True
        self.owner.save_accepted_epoch(self.epoch)
        start: i64 = first_zxid(self.epoch) + self.settings.initial_counter
        self.last_proposed = start
        self.last_committed = start
        self._phase_deadline_ms = self.now_ms + self.init_limit_ms
        if self.current.version == 0 and self.last_seen.version == 0:
            self.last_seen = self.owner.first_config(first_zxid(self.epoch))
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
            if last_zxid != -1 and sid in self.current.voters:
                self._electing.add(sid)
        if self.my_id in self._electing and self.current.contains_quorum(self._electing):
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
        if sid in self.current.voters or sid in self.last_seen.voters:
            self._new_leader_acks.add(sid)
        if self._is_quorum(self._new_leader_acks):
            self._take_office()

    def _is_quorum(self, servers: set[int]) -> bool:
        """A quorum of the current configuration, and of one that is about to replace it."""
        newer = self.last_seen.version > self.current.version
        return self.current.contains_quorum(servers) and (not newer or self.last_seen.contains_quorum(servers))

    def _take_office(self) -> None:
        self.phase = BROADCAST
        logger.info("Leading with epoch %d, a quorum of %s is in step", self.epoch, sorted(self._new_leader_acks))
        self._next_half_tick_ms = self.now_ms + self._half_tick_ms
        if self.last_seen.version > self.current.version:
            # A reconfiguration that the last leader left behind is completed (ZOOKEEPER-1324).
            self._activate(self.last_seen, self._designated(self.last_seen, self._new_leader_acks), self.last_proposed)
        self.owner.start_serving(self.last_proposed)
        for handler in list(self.handlers):
            handler.server_runs()

    def start_forwarding(self, handler: LearnerHandler, after_zxid: i64) -> None:
        """From here on this learner gets everything; what is on its way already first (Leader.startForwarding)."""
        if handler.is_observer:
            self.observing[handler] = None
            return
        self.release()
        for zxid, proposal in self.outstanding.items():
            if zxid > after_zxid:
                # What it acknowledged before may have been cut off again since: only a new acknowledgement counts.
                proposal.acks.discard(int(handler.sid))
                handler.queue_proposal(packet(PROPOSAL, proposal.zxid, proposal.payload), proposal.zxid)
        self.forwarding[handler] = None
        self.current.followers_in_step({other.sid for other in self.forwarding if other.sid in self.current.voters})

    # --- broadcast

    @property
    def has_zxids_left(self) -> bool:
        """Whether this epoch has room for another transaction."""
        return (self.last_proposed & 0xFFFFFFFF) < LAST_COUNTER

    def propose(self, zxid: i64, payload: bytes, reconfig: QuorumVerifier | None = None) -> None:
        """Take a transaction for the followers, who get it with `release`.

        The caller logs it no sooner than that, and tells `acked_up_to` when it is durable.
        """
        if reconfig is not None:
            self.last_seen = reconfig
            self.owner.config_proposed(reconfig)
        next = self.last_seen if self.last_seen.version > self.current.version else None
        proposal = OutstandingProposal(zxid, payload, next, reconfig is not None, self.now_ms)
        self.outstanding[zxid] = proposal
        self._unlogged.append(proposal)
        self.metrics.proposal_count += 1
        self.last_proposed = zxid
        self._count_size(len(payload))
        self._held.append(proposal)

    @property
    def is_holding(self) -> bool:
        """Whether there are proposals that were not sent yet."""
        return len(self._held) > 0

    def held_until_ns(self, now_ns: i64, patience_ns: i64) -> i64:
        """When `release` has to come at the latest, 0 for now, while `is_holding`; see GroupCommit."""
        held: i64 = len(self._held)
        if self._held[-1].is_reconfig:
            return 0
        return self._group.held_until_ns(held, len(self.outstanding) - held, now_ns, patience_ns)

    def release(self) -> None:
        """Send what was held back."""
        held = self._held
        if not held:
            return
        self._group.released(len(held))
        for proposal in held:
            data = packet(PROPOSAL, proposal.zxid, proposal.payload)
            for handler in self.forwarding:
                handler.queue_proposal(data, proposal.zxid)
        held.clear()

    def _count_size(self, size: i64) -> None:
        self.proposal_size_last = size
        if size > self.proposal_size_max:
            self.proposal_size_max = size
        if self.proposal_size_min < 0 or size < self.proposal_size_min:
            self.proposal_size_min = size

    def reset_proposal_sizes(self) -> None:
        """Begin to measure anew."""
        self.proposal_size_last = -1
        self.proposal_size_min = -1
        self.proposal_size_max = -1

    def acked(self, sid: i64, zxid: i64) -> None:
        """A server has logged this proposal (Leader.processAck)."""
        if not self.allowed_to_commit or (zxid & 0xFFFFFFFF) == 0 or zxid <= self.last_committed:
            return
        proposal = self.outstanding.get(zxid)
        if proposal is None or (self._held and zxid >= self._held[0].zxid):
            logger.warning("Server %d acknowledges %s, which was not proposed", sid, zxid_text(zxid))
            return
        self._acked(proposal, sid)
        self.try_to_commit()

    def _acked(self, proposal: OutstandingProposal, sid: i64) -> None:
        frequency = self.metrics.ack_logging_frequency
        if frequency > 0 and proposal.zxid % frequency == 0:
            self.metrics.ack_latency.of(str(sid)).add(self.now_ms - proposal.proposed_ms)
        proposal.acks.add(sid)

    def acked_up_to(self, sid: i64, zxid: i64) -> None:
        """This server, which logs in order, has logged all proposals up to this one."""
        unlogged = self._unlogged
        while unlogged and unlogged[0].zxid <= zxid:
            proposal = unlogged.popleft()
            self.metrics.proposal_ack_creation_latency.add(self.now_ms - proposal.proposed_ms)
            if proposal.zxid > self.last_committed:
                self._acked(proposal, sid)
        self.try_to_commit()

    def try_to_commit(self) -> None:
        """Commit, strictly in order, what has its quorums."""
        while self.allowed_to_commit:
            proposal = self.outstanding.get(self.last_committed + 1)
            if proposal is None or not self._have_logged(self.current, proposal.acks):
                return
            if proposal.next is not None and not self._have_logged(proposal.next, proposal.acks):
                return
            self._commit(proposal)

    def _have_logged(self, verifier: QuorumVerifier, acks: set[int]) -> bool:
        """An oracle lets this server go on alone only with what it has logged itself (Apache's leader does not ask)."""
        return verifier.contains_quorum(acks) and (self.my_id in acks or not verifier.asks_oracle)

    def _commit(self, proposal: OutstandingProposal) -> None:
        zxid = proposal.zxid
        del self.outstanding[zxid]
        self.last_committed = zxid
        if proposal.is_reconfig and proposal.next is not None:
            self._commit_reconfig(proposal, proposal.next)
        else:
            self.metrics.quorum_ack_latency.add(self.now_ms - proposal.proposed_ms)
            self.metrics.commit_count += 1
            data = packet(COMMIT, zxid, None)
            for handler in self.forwarding:
                handler.queue_commit(data)
            if self.observing:
                data = packet(INFORM, zxid, proposal.payload)
                for handler in self.observing:
                    handler.queue_packet(data)
        self.owner.commit(zxid)
        if self._syncs:
            for handler in self._syncs.pop(zxid, []):
                handler.send_sync()

    # --- reconfiguration

    def _designated(self, new: QuorumVerifier, acks: set[int]) -> int:
        following: list[set[int]] = []
        at: i64 = self.last_committed + 1
        while at in self.outstanding:
            following.append(self.outstanding[at].acks)
            at += 1
        return designated_leader(self.my_id, self.current.members, new.members, acks, following)

    def _commit_reconfig(self, proposal: OutstandingProposal, new: QuorumVerifier) -> None:
        designated = self._designated(new, proposal.acks)
        data = packet(COMMITANDACTIVATE, proposal.zxid, encode_designated_leader(designated))
        for handler in self.forwarding:
            handler.queue_commit(data)
        data = packet(INFORMANDACTIVATE, proposal.zxid, encode_designated_leader_and_txn(designated, proposal.payload))
        for handler in self.observing:
            handler.queue_packet(data)
        self._activate(new, designated, proposal.zxid)

    def _activate(self, new: QuorumVerifier, designated: int, zxid: i64) -> None:
        """From here on `new` decides; a leader that it does not keep stops committing (8.4)."""
        self.current = new
        if designated != self.my_id:
            logger.warning("The new configuration has another leader: server %d", designated)
            self.allowed_to_commit = False
        self.owner.activate(new, designated, zxid)

    def has_quorum_in_step(self, verifier: QuorumVerifier) -> bool:
        """Whether a quorum of these voters is connected and heard of lately."""
        present = {int(handler.sid) for handler in self.forwarding if handler.tick_of_next_ack >= self.tick}
        present.add(self.my_id)
        return verifier.contains_quorum({sid for sid in present if sid in verifier.voters})

    # --- what learners ask

    @property
    def is_serving(self) -> bool:
        return self.phase == BROADCAST

    def config_text(self) -> bytes:
        return self.last_seen.members.text().encode()

    def read_log(self, handler: LearnerHandler, from_zxid: i64, to_zxid: i64) -> None:
        self.owner.read_log(handler, from_zxid, to_zxid)

    def request_received(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        self.owner.request_received(handler, session_id, cxid, type, body, ids)

    def touch_session(self, session_id: i64, timeout_ms: i64) -> None:
        self.owner.touch_session(session_id, timeout_ms)

    def revalidate_session(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> None:
        handler.send_revalidated(session_id, self.owner.revalidate_session(handler, session_id, timeout_ms))

    def sync_requested(self, handler: LearnerHandler) -> None:
        """Answer SYNC when everything proposed until now is committed (Leader.processSync)."""
        if not self.outstanding:
            handler.send_sync()
        else:
            self._syncs.setdefault(self.last_proposed, []).append(handler)

    @property
    def pending_syncs(self) -> int:
        """How many SYNCs wait for a commit."""
        return sum([len(waiting) for waiting in self._syncs.values()])

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
        data = packet(PING, self.last_proposed, None)
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
        in_step = {int(handler.sid) for handler in self.forwarding if handler.sid in self.current.voters}
        self.current.followers_in_step(in_step)
        if not self.current.asks_oracle or not self._is_quorum(alive):
            return False
        self.try_to_commit()
        return True

    def next_deadline_ms(self) -> i64:
        """When `advance` has something to do again."""
        deadline = self._next_half_tick_ms if self.phase == BROADCAST else self._phase_deadline_ms
        for handler in self.handlers:
            other = handler.deadline_ms
            if other < deadline:
                deadline = other
        return deadline

    # --- what operators see

    @property
    def synced_followers(self) -> int:
        """Followers that are forwarded to, with a vote or without."""
        return len(self.forwarding)

    @property
    def synced_non_voting_followers(self) -> int:
        """Those of them without a vote."""
        return len([handler for handler in self.forwarding if handler.sid not in self.current.voters])

    @property
    def synced_observers(self) -> int:
        """Observers that are forwarded to."""
        return len(self.observing)
