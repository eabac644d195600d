"""Learner: a follower or observer that finds its leader, comes into step with it (LearnerSync), and stays there.

(Learner, Follower, Observer.)
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.records import QuorumPacket
from pyzoo.quorum import packets as qp
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.leader_connector import LeaderConnector
from pyzoo.quorum.learner_owner import LearnerOwner, LearnerSettings
from pyzoo.quorum.learner_sync import (
    CONNECTS,
    OVER,
    SAVES,
    SERVES,
    STREAMS,
    SYNCS,
    WAITS_FOR_INFO,
    WAITS_FOR_SYNC,
    WAITS_TO_SERVE,
    LearnerSync,
)
from pyzoo.quorum.packets import PacketBuffer, packet
from pyzoo.quorum.proposal_queue import ProposalQueue
from pyzoo.quorum.quorum_metrics import QuorumMetrics
from pyzoo.zxid import first_zxid, zxid_text

NEVER: Final = 0x7FFFFFFFFFFFFFFF


@final
class Learner(LearnerSync):
    """One time behind one leader, from the first dial on. `failure` of LearnerSync says why it is over."""

    def __init__(
        self, settings: LearnerSettings, owner: LearnerOwner, now_ms: i64, metrics: QuorumMetrics | None = None
    ) -> None:
        super().__init__(settings, owner, now_ms, metrics)
        self._connector = LeaderConnector(settings, owner, now_ms)
        self._pending = ProposalQueue()
        self._unacked = ProposalQueue()

    # --- connecting

    def advance(self, now_ms: i64) -> None:
        """Time has passed: dial again, or give up on a leader that is silent."""
        self.now_ms = now_ms
        if now_ms < self.next_deadline_ms():
            return
        if self.state != CONNECTS:
            self.fail("the leader was silent for too long")
            return
        if self.link is not None:
            self.link.abort()
            self.link = None
            self._connector.failed(now_ms)
            return
        link = self._connector.dial(now_ms)
        if link is None:
            self.fail("the leader cannot be reached")
        else:
            link.receiver = self
            self.link = link

    def next_deadline_ms(self) -> i64:
        """When `advance` has something to do again."""
        if self.state == CONNECTS:
            return self._connector.deadline_ms
        if self.state == OVER:
            return NEVER
        return self._deadline_ms

    def connected(self, now_ms: i64) -> None:
        """The leader's port has answered."""
        self.now_ms = now_ms
        accepted, _ = self.owner.epochs()
        self.state = WAITS_FOR_INFO
        self._extend_deadline()
        self.send(
            packet(
                qp.OBSERVERINFO if self.is_observer else qp.FOLLOWERINFO,
                first_zxid(accepted),
                qp.encode_learner_info(self.settings.my_id, self.owner.config_version()),
            )
        )

    def gone(self, now_ms: i64) -> None:
        """The connection broke, or could not be made."""
        self.now_ms = now_ms
        if self.state == CONNECTS:
            self.link = None
            self._connector.failed(now_ms)
        else:
            self.fail("the connection to the leader broke")

    # --- what comes in

    def bytes_received(self, data: bytes, now_ms: i64) -> None:
        """Take what arrived from the leader."""
        self.now_ms = now_ms
        self._extend_deadline()
        try:
            if self.state == STREAMS:
                self._stream(data)
            else:
                self._packets.append(data)
            packets = self._packets
            while self.state != STREAMS and self.state != OVER and packets.next():
                if self.state == SERVES:
                    self._serving(packets)
                else:
                    self._packet(packets.packet())
        except ProtocolViolation as violation:
            self.fail(str(violation))
        finally:
            self.owner.apply_committed()

    def _packet(self, received: QuorumPacket) -> None:
        state = self.state
        if received.type == qp.UPTODATE and state == WAITS_TO_SERVE:
            self._up_to_date()
        elif state >= SYNCS:
            self._syncing_packet(received)
        elif state == WAITS_FOR_SYNC:
            self._first_of_sync(received)
        else:
            self._leader_info(received)

    def _up_to_date(self) -> None:
        if self.owner.activate_received():
            self.fail("the leader's configuration changes this server's role or leader")
            return
        self.send(packet(qp.ACK, first_zxid(self.epoch), None))
        self.state = SERVES
        sync_time = self.metrics.observer_sync_time if self.is_observer else self.metrics.follower_sync_time
        sync_time.add(self.now_ms - self._sync_began_ms)
        self.owner.start_serving()
        waiting, committed = self._not_logged, self._committed
        self._not_logged, self._committed = deque(), deque()
        for proposal in waiting:
            self._take_proposal(proposal)
        for proposal in committed:
            self._take_commit(proposal.zxid, self._activations.pop(proposal.zxid, None))

    # --- the live stream

    def _serving(self, received: PacketBuffer) -> None:
        type, zxid = received.type, received.zxid
        if type == qp.PROPOSAL:
            if not self.is_observer:
                self.metrics.learner_proposal_received_count += 1
                self._take_proposal(self._next(zxid, received.data))
        elif type == qp.COMMIT:
            if not self.is_observer:
                self.metrics.learner_commit_received_count += 1
                self._take_commit(zxid, None)
        elif type == qp.INFORM:
            self.metrics.learner_commit_received_count += 1
            self._take_proposal(self._next(zxid, received.data))
            self._take_commit(zxid, None)
        else:
            self.owner.apply_committed()
            self._rare(received)

    def _rare(self, received: PacketBuffer) -> None:
        type, zxid = received.type, received.zxid
        if type == qp.PING:
            self.send(packet(qp.PING, zxid, self.owner.take_touches()))
        elif type == qp.SYNC:
            self.owner.sync_received()
        elif type == qp.REVALIDATE:
            session_id, valid = qp.decode_revalidated(received.data)
            self.owner.revalidated(session_id, valid)
        elif type == qp.COMMITANDACTIVATE:
            self._take_commit(zxid, qp.decode_designated_leader(received.data))
        elif type == qp.INFORMANDACTIVATE:
            designated, payload = qp.decode_designated_leader_and_txn(received.data)
            self._take_proposal(self._next(zxid, payload))
            self._take_commit(zxid, designated)
        else:
            self.owner.other_received(type, zxid, received.data)

    def _take_proposal(self, proposal: Proposal) -> None:
        kept = self.owner.log(proposal)
        self._pending.append(kept)
        self._unacked.append(kept)
        self.owner.proposed(kept)

    def _take_commit(self, zxid: i64, designated: int | None) -> None:
        """It has to be the oldest pending one: with any other this server's history is not the leader's."""
        if self.state != SERVES:
            return
        pending = self._pending
        if pending.is_empty or pending.oldest.zxid != zxid:
            expected = "nothing" if pending.is_empty else zxid_text(pending.oldest.zxid)
            self.needs_reload = True
            raise ProtocolViolation(f"COMMIT of {zxid_text(zxid)}, expected was {expected}")
        if designated is None:
            self.owner.commit(pending.take())
            return
        self.owner.apply_committed()
        major = self.owner.activate(pending.oldest, designated)
        proposal = pending.take()
        self.owner.commit(proposal)
        self.owner.activated(proposal, designated)
        if major:
            self.fail("a reconfiguration changes this server's role or leader")

    def _acknowledge(self, zxid: i64) -> None:
        if self.link is not None:
            self.link.send_packet(qp.ACK, zxid, None)

    def persisted(self, zxid: i64) -> None:
        """The log is safe up to `zxid`: acknowledge, each proposal for itself."""
        if self.state == SAVES:
            if self._waits_for_zxid != 0 and zxid >= self._waits_for_zxid:
                self._end_sync()
            return
        unacked = self._unacked
        if self.is_observer:
            unacked.clear()
            return
        while not unacked.is_empty and unacked.oldest.zxid <= zxid:
            proposal = unacked.take()
            self._acknowledge(proposal.zxid)
            self.owner.acknowledged(proposal)

    @property
    def has_pending(self) -> bool:
        """Whether a proposal waits for its commit."""
        return not self._pending.is_empty

    def unfinished(self) -> list[Proposal]:
        """What is logged and not known to be committed; it counts as this server's history all the same."""
        return [*self._syncing, *self._pending]
