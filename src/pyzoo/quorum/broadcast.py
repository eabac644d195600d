"""Broadcast: the leader's third phase. Proposals go out in order, and are committed when quorums have logged them.

What is proposed while a reconfiguration is under way needs a quorum of either configuration. What the configurations
are is known here: a reconfiguration is a proposal like others.
"""

import logging
from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.quorum.group_commit import GroupCommit
from pyzoo.quorum.leader_owner import LeaderOwner
from pyzoo.quorum.learner_handler import AckReceiver, LearnerHandler
from pyzoo.quorum.packets import (
    COMMIT,
    COMMITANDACTIVATE,
    INFORM,
    INFORMANDACTIVATE,
    PROPOSAL,
    encode_designated_leader,
    encode_designated_leader_and_txn,
    packet,
)
from pyzoo.quorum.quorum_metrics import QuorumMetrics
from pyzoo.quorum.reconfig import designated_leader
from pyzoo.quorum.verifier import QuorumVerifier, both_have_logged, next_after
from pyzoo.zxid import zxid_text

logger: Final = logging.getLogger(__name__)

LAST_COUNTER: Final = 0xFFFFFFFE
"""The last usable counter of an epoch: with the next one a new epoch has to begin (ZOOKEEPER-1277)."""


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
class BufferStats:
    """Sizes of proposals in bytes, -1 before the first (BufferStats)."""

    def __init__(self) -> None:
        self.last: i64 = -1
        self.min: i64 = -1
        self.max: i64 = -1


@final
class Broadcast(AckReceiver):
    """What is proposed in one term of office, and the learners that get it; `now_ms` is told by the leader.

    `current` is the configuration that decides, `last_seen` the newest that was proposed. `allowed_to_commit` is False
    once a reconfiguration has named another leader, `is_closed` is True once the office is being handed over.
    """

    def __init__(
        self,
        my_id: i64,
        owner: LeaderOwner,
        current: QuorumVerifier,
        last_seen: QuorumVerifier,
        metrics: QuorumMetrics,
        now_ms: i64,
    ) -> None:
        self.my_id: i64 = my_id
        self.owner = owner
        self.current = current
        self.last_seen = last_seen
        self.metrics = metrics
        self.now_ms: i64 = now_ms
        self.forwarding: dict[LearnerHandler, None] = {}
        self.observing: dict[LearnerHandler, None] = {}
        self.outstanding: dict[int, OutstandingProposal] = {}
        self.last_proposed: i64 = 0
        self.last_committed: i64 = 0
        self.allowed_to_commit = True
        self.is_closed = False
        self.sizes = BufferStats()
        self._unlogged: deque[OutstandingProposal] = deque()
        self._held: list[OutstandingProposal] = []
        self._group = GroupCommit()
        self._end_of_counter: i64 = LAST_COUNTER
        self._syncs: dict[int, list[LearnerHandler]] = {}

    # --- who gets it

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
        self.current.followers_in_step(self.voters_in_step())

    def voters_in_step(self) -> set[int]:
        """The voters that are forwarded to."""
        return {int(handler.sid) for handler in self.forwarding if handler.sid in self.current.voters}

    def removed(self, handler: LearnerHandler) -> None:
        """A learner's connection is over."""
        self.forwarding.pop(handler, None)
        self.observing.pop(handler, None)

    # --- proposals

    @property
    def takes_proposals(self) -> bool:
        """Whether there may be another transaction: this epoch has room for it, and its leader has not closed it."""
        return (self.last_proposed & 0xFFFFFFFF) < self._end_of_counter

    def close(self) -> None:
        """Take no more proposals; those that were held back go out."""
        self.is_closed = True
        self._end_of_counter = 0
        self.release()

    def propose(self, zxid: i64, payload: bytes, reconfig: QuorumVerifier | None = None) -> None:
        """Take a transaction for the followers, who get it with `release`.

        The caller logs it no sooner than that, and tells `acked_up_to` when it is durable.
        """
        if reconfig is not None:
            self.last_seen = reconfig
            self.owner.config_proposed(reconfig)
        next = next_after(self.current, self.last_seen)
        proposal = OutstandingProposal(zxid, payload, next, reconfig is not None, self.now_ms)
        self.outstanding[zxid] = proposal
        self._unlogged.append(proposal)
        self.metrics.proposal_count += 1
        self.last_proposed = zxid
        sizes = self.sizes
        size: i64 = len(payload)
        sizes.last = size
        if size > sizes.max:
            sizes.max = size
        if sizes.min < 0 or size < sizes.min:
            sizes.min = size
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
        """Send the proposals that were held back to all who follow."""
        held = self._held
        if not held:
            return
        self._group.released(len(held))
        for proposal in held:
            data = packet(PROPOSAL, proposal.zxid, proposal.payload)
            for handler in self.forwarding:
                handler.queue_proposal(data, proposal.zxid)
        held.clear()

    # --- acknowledgements

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

    def acked_by(self, handler: LearnerHandler) -> i64:
        """The last zxid that a follower in step has certainly acknowledged, for operators."""
        missing = handler.sync_limit_check.next_to_ack
        for zxid, proposal in self.outstanding.items():
            if int(handler.sid) not in proposal.acks:
                return min(i64(zxid), missing) - 1
        return min(self.last_proposed, missing - 1)

    def acked_up_to(self, sid: i64, zxid: i64) -> None:
        """This server, which logs in order, has logged all proposals up to this one."""
        unlogged = self._unlogged
        while unlogged and unlogged[0].zxid <= zxid:
            proposal = unlogged.popleft()
            self.metrics.proposal_ack_creation_latency.add(self.now_ms - proposal.proposed_ms)
            if proposal.zxid > self.last_committed:
                self._acked(proposal, sid)
        self.try_to_commit()

    # --- commits

    def try_to_commit(self) -> None:
        """Commit, strictly in order, what has its quorums."""
        while self.allowed_to_commit:
            proposal = self.outstanding.get(self.last_committed + 1)
            if proposal is None or not both_have_logged(proposal.acks, self.my_id, self.current, proposal.next):
                return
            self._commit(proposal)

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

    # --- reconfiguration

    def complete_reconfig(self, acks: set[int]) -> None:
        """Activate a reconfiguration that the last leader left behind (ZOOKEEPER-1324); `acks` have its history."""
        if next_after(self.current, self.last_seen) is not None:
            self._activate(self.last_seen, self._designated(self.last_seen, acks), self.last_proposed)

    def _designated(self, new: QuorumVerifier, acks: set[int]) -> int:
        following: list[set[int]] = []
        at: i64 = self.last_committed + 1
        while at in self.outstanding:
            following.append(self.outstanding[at].acks)
            at += 1
        return designated_leader(int(self.my_id), self.current.members, new.members, acks, following)

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
        """From here on `new` decides; a leader that it does not keep stops committing."""
        self.current = new
        if designated != self.my_id:
            logger.warning("The new configuration has another leader: server %d", designated)
            self.allowed_to_commit = False
        self.owner.activate(new, designated, int(zxid))
