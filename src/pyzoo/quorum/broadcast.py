"""Broadcast: the leader's third phase. Proposals go out in order, and are committed when quorums have logged them.

What is proposed while a reconfiguration is under way needs a quorum of either configuration. What the configurations
are is known here: a reconfiguration is a proposal like others.
"""

import logging
from typing import Final, final

from mypy_extensions import i64

from pyzoo.quorum.group_commit import GroupCommit
from pyzoo.quorum.leader_owner import LeaderOwner
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.learner_master import AckReceiver
from pyzoo.quorum.outstanding_proposals import OutstandingProposal, OutstandingProposals
from pyzoo.quorum.packets import (
    COMMIT,
    COMMITANDACTIVATE,
    INFORM,
    INFORMANDACTIVATE,
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
_SETS: Final = 256
"""So many sets of servers are looked up: those of the first eight that have acknowledged something."""
_UNKNOWN: Final = 0
_TOO_FEW: Final = 1
_ENOUGH: Final = 2


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
        self.outstanding = OutstandingProposals()
        self.last_proposed: i64 = 0
        self.last_committed: i64 = 0
        self.allowed_to_commit = True
        self.is_closed = False
        self.sizes = BufferStats()
        self._unlogged: list[OutstandingProposal] = []
        self._held: list[OutstandingProposal] = []
        self._group = GroupCommit()
        self._end_of_counter: i64 = LAST_COUNTER
        self._syncs: dict[int, list[LearnerHandler]] = {}
        self._sids: list[int] = []
        """Whose acknowledgement each bit stands for."""
        self._is_enough: list[int] = [_UNKNOWN] * _SETS
        """Whether these bits are a quorum of `current`."""

    # --- who gets it

    def start_forwarding(self, handler: LearnerHandler, after_zxid: i64) -> None:
        """From here on this learner gets everything; what is on its way already first (Leader.startForwarding)."""
        if handler.is_observer:
            self.observing[handler] = None
            return
        self.release()
        for proposal in self.outstanding:
            if proposal.zxid > after_zxid:
                # What it acknowledged before may have been cut off again since: only a new acknowledgement counts.
                proposal.acks &= ~self._bit_of(handler.sid)
                handler.queue_proposal(proposal.zxid, proposal.payload)
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
        self.outstanding.add(proposal)
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
        for handler in self.forwarding:
            for proposal in held:
                handler.queue_proposal(proposal.zxid, proposal.payload)
        held.clear()

    # --- acknowledgements

    def acked(self, sid: i64, zxid: i64) -> None:
        """A server has logged this proposal (Leader.processAck); `try_to_commit` is to follow."""
        if not self.allowed_to_commit or (zxid & 0xFFFFFFFF) == 0 or zxid <= self.last_committed:
            return
        proposal = self.outstanding.get(zxid)
        if proposal is None or (self._held and zxid >= self._held[0].zxid):
            logger.warning("Server %d acknowledges %s, which was not proposed", sid, zxid_text(zxid))
            return
        self._acked(proposal, sid, self._bit_of(sid))

    def _bit_of(self, sid: i64) -> int:
        """What stands for this server in the acknowledgements of a proposal."""
        sids = self._sids
        count: i64 = len(sids)
        at: i64 = 0
        while at < count and sids[at] != sid:
            at += 1
        if at == count:
            sids.append(sid)
        return 1 << int(at)

    def _acked(self, proposal: OutstandingProposal, sid: i64, bit: int) -> None:
        frequency = self.metrics.ack_logging_frequency
        if frequency > 0 and proposal.zxid % frequency == 0:
            self.metrics.ack_latency.of(str(sid)).add(self.now_ms - proposal.proposed_ms)
        proposal.acks |= bit

    def acked_by(self, handler: LearnerHandler) -> i64:
        """The last zxid that a follower in step has certainly acknowledged, for operators."""
        missing = handler.sync_limit_check.next_to_ack
        bit = self._bit_of(handler.sid)
        for proposal in self.outstanding:
            if proposal.acks & bit == 0:
                return min(proposal.zxid, missing) - 1
        return min(self.last_proposed, missing - 1)

    def acked_up_to(self, sid: i64, zxid: i64) -> None:
        """This server, which logs in order, has logged all proposals up to this one."""
        unlogged, bit = self._unlogged, self._bit_of(sid)
        logged: i64 = 0
        for proposal in unlogged:
            if proposal.zxid > zxid:
                break
            logged += 1
            self.metrics.proposal_ack_creation_latency.add(self.now_ms - proposal.proposed_ms)
            if proposal.zxid > self.last_committed:
                self._acked(proposal, sid, bit)
        self._unlogged = unlogged[logged:]
        self.try_to_commit()

    # --- commits

    def try_to_commit(self) -> None:
        """Commit, strictly in order, what has its quorums."""
        begin = self.last_committed
        while self.allowed_to_commit:
            proposal = self.outstanding.get(self.last_committed + 1)
            if proposal is None or not self._has_quorums(proposal):
                break
            if proposal.is_reconfig and self.last_committed > begin:
                self.owner.commit(self.last_committed)
            self._commit(proposal)
        if self.last_committed > begin:
            self.owner.commit(self.last_committed)

    def _has_quorums(self, proposal: OutstandingProposal) -> bool:
        acks = proposal.acks
        if proposal.next is not None or self.current.oracle is not None or acks >= _SETS:
            return both_have_logged(self._servers_of(acks), self.my_id, self.current, proposal.next)
        known = self._is_enough[acks]
        if known == _UNKNOWN:
            known = _ENOUGH if self.current.have_logged(self._servers_of(acks), self.my_id) else _TOO_FEW
            self._is_enough[acks] = known
        return known == _ENOUGH

    def _servers_of(self, acks: int) -> set[int]:
        return {sid for at, sid in enumerate(self._sids) if acks >> at & 1}

    def _commit(self, proposal: OutstandingProposal) -> None:
        zxid = proposal.zxid
        self.outstanding.remove_first()
        self.last_committed = zxid
        if proposal.is_reconfig and proposal.next is not None:
            self._commit_reconfig(proposal, proposal.next)
        else:
            self.metrics.quorum_ack_latency.add(self.now_ms - proposal.proposed_ms)
            self.metrics.commit_count += 1
            for handler in self.forwarding:
                handler.queue_commit(COMMIT, zxid, None)
            if self.observing:
                data = packet(INFORM, zxid, proposal.payload)
                for handler in self.observing:
                    handler.queue_packet(data)
        if self._syncs:
            for handler in self._syncs.pop(zxid, []):
                handler.send_sync()

    def sync_requested(self, handler: LearnerHandler) -> None:
        """Answer SYNC when everything proposed until now is committed (Leader.processSync)."""
        if len(self.outstanding) == 0:
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
        for proposal in self.outstanding:
            following.append(self._servers_of(proposal.acks))
        return designated_leader(int(self.my_id), self.current.members, new.members, acks, following)

    def _commit_reconfig(self, proposal: OutstandingProposal, new: QuorumVerifier) -> None:
        designated = self._designated(new, self._servers_of(proposal.acks))
        data = encode_designated_leader(designated)
        for handler in self.forwarding:
            handler.queue_commit(COMMITANDACTIVATE, proposal.zxid, data)
        data = packet(INFORMANDACTIVATE, proposal.zxid, encode_designated_leader_and_txn(designated, proposal.payload))
        for handler in self.observing:
            handler.queue_packet(data)
        self._activate(new, designated, proposal.zxid)

    def _activate(self, new: QuorumVerifier, designated: int, zxid: i64) -> None:
        """From here on `new` decides; a leader that it does not keep stops committing."""
        self.current = new
        self._is_enough = [_UNKNOWN] * _SETS
        if designated != self.my_id:
            logger.warning("The new configuration has another leader: server %d", designated)
            self.allowed_to_commit = False
        self.owner.activate(new, designated, int(zxid))
