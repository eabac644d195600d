"""Learner: how a follower or observer comes into step with its leader, and stays there.

    CONNECTS        the leader's port is dialled, a few times at the most
    WAITS_FOR_INFO  FOLLOWERINFO or OBSERVERINFO is sent, LEADERINFO has to come
    WAITS_FOR_SYNC  the epoch is promised; DIFF, TRUNC or SNAP has to come
    STREAMS         a snapshot is coming
    SYNCS           proposals of the sync are coming, then NEWLEADER
    SAVES           NEWLEADER has come; a snapshot, then the transactions of the sync become durable
    WAITS_TO_SERVE  NEWLEADER is acknowledged, UPTODATE has to come
    SERVES          the live stream
    OVER            see `failure`

The order at NEWLEADER is what ZOOKEEPER-3911, 4643, 4646, 4685, 4394 and 4925 taught: snapshot, log and sync,
apply, current epoch, acknowledge. (Learner.syncWithLeader, Follower, Observer.)
"""

import logging
from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.records import QuorumPacket
from pyzoo.quorum import packets as qp
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.leader_connector import LeaderConnector
from pyzoo.quorum.learner_owner import LearnerOwner, LearnerSettings
from pyzoo.quorum.link import LinkReceiver, PeerLink
from pyzoo.quorum.packets import PacketBuffer, packet
from pyzoo.quorum.proposal_queue import ProposalQueue
from pyzoo.quorum.quorum_metrics import QuorumMetrics, new_quorum_metrics
from pyzoo.zxid import epoch_of, first_zxid, zxid_text

logger: Final = logging.getLogger(__name__)

CONNECTS: Final = 0
WAITS_FOR_INFO: Final = 1
WAITS_FOR_SYNC: Final = 2
STREAMS: Final = 3
SYNCS: Final = 4
SAVES: Final = 5
WAITS_TO_SERVE: Final = 6
SERVES: Final = 7
OVER: Final = 8

NEVER: Final = 0x7FFFFFFFFFFFFFFF

NO_SYNC: Final = ""


@final
class Learner(LinkReceiver):
    """One time behind one leader. `failure` says why it is over; `needs_reload` that memory is not to be trusted.

    It is long as its states are many, and each needs what those before it have left: the proposals of the sync, what of
    them is committed, logged, acknowledged.
    """

    def __init__(
        self, settings: LearnerSettings, owner: LearnerOwner, now_ms: i64, metrics: QuorumMetrics | None = None
    ) -> None:
        self.settings = settings
        self.owner = owner
        self.metrics = new_quorum_metrics() if metrics is None else metrics
        self.is_observer: bool = settings.is_observer
        self.state: i64 = CONNECTS
        self.sync_kind = NO_SYNC
        self.epoch: i64 = 0
        self.failure: str | None = None
        self.needs_reload = False
        self.now_ms: i64 = now_ms
        self.link: PeerLink | None = None
        self.last_queued: i64 = 0
        self._snapshot_zxid: i64 = 0
        self._packets = PacketBuffer()
        self._connector = LeaderConnector(settings, owner, now_ms)
        self._deadline_ms: i64 = now_ms
        self._waits_for_snapshot = False
        self._wants_snapshot = False
        self._waits_for_zxid: i64 = 0
        self._sync_began_ms: i64 = now_ms
        self._syncing: list[Proposal] = []
        self._not_logged: deque[Proposal] = deque()
        self._committed: deque[Proposal] = deque()
        self._activations: dict[int, int] = {}
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
        return NEVER if self.state == OVER else self._deadline_ms

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

    def fail(self, reason: str) -> None:
        """It is over; the peer looks for a leader again."""
        if self.state == OVER:
            return
        logger.info("No longer behind the leader: %s", reason)
        # A snapshot that is not saved yet, or only in part, is no history of ours (ZOOKEEPER-3642).
        self.needs_reload = self.needs_reload or (self._wants_snapshot and self.state in (STREAMS, SYNCS, SAVES))
        self.state = OVER
        self.failure = reason
        if self.link is not None:
            self.link.abort()

    def send(self, data: bytes) -> None:
        """Send a packet to the leader; nothing happens without a connection."""
        if self.link is not None:
            self.link.send(data)

    def _acknowledge(self, zxid: i64) -> None:
        if self.link is not None:
            self.link.send_packet(qp.ACK, zxid, None)

    def _extend_deadline(self) -> None:
        past_new_leader = self.state >= WAITS_TO_SERVE
        limit = self.settings.sync_limit_ms if past_new_leader else self.settings.init_limit_ms
        self._deadline_ms = self.now_ms + limit

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
        if state >= SYNCS:
            self._syncing_packet(received)
        elif state == WAITS_FOR_SYNC:
            self._first_of_sync(received)
        else:
            self._leader_info(received)

    def _leader_info(self, received: QuorumPacket) -> None:
        """LEADERINFO: promise the epoch, once (Learner.registerWithLeader)."""
        if received.type != qp.LEADERINFO:
            raise ProtocolViolation(f"packet {received.type} in place of LEADERINFO")
        self.epoch = epoch_of(received.zxid)
        accepted, current = self.owner.epochs()
        if self.epoch < accepted:
            raise ProtocolViolation(f"the leader proposes epoch {self.epoch}, but {accepted} is promised already")
        if self.epoch > accepted:
            self.owner.save_accepted_epoch(self.epoch)
        else:
            current = -1
        self.state = WAITS_FOR_SYNC
        self._sync_began_ms = self.now_ms
        self.send(packet(qp.ACKEPOCH, self.owner.last_zxid(), qp.encode_ack_epoch(current)))

    # --- synchronisation

    def _first_of_sync(self, received: QuorumPacket) -> None:
        type, zxid = received.type, received.zxid
        if type == qp.DIFF:
            self._begin_sync("DIFF", self.owner.last_zxid())
        elif type == qp.TRUNC:
            self.needs_reload = True
            self.owner.truncate(zxid)
            self.needs_reload = False
            self._wants_snapshot = True
            self._begin_sync("TRUNC", zxid)
        elif type == qp.SNAP:
            logger.info("Syncing with leader: SNAP %s", zxid_text(zxid))
            self.sync_kind = "SNAP"
            self._wants_snapshot = True
            self.last_queued = zxid
            self._snapshot_zxid = zxid
            self.state = STREAMS
            self.owner.begin_snapshot(zxid)
            self._stream(self._packets.rest())
        else:
            raise ProtocolViolation(f"packet {type} in place of DIFF, TRUNC or SNAP")

    def _begin_sync(self, kind: str, last_zxid: i64) -> None:
        logger.info("Syncing with leader: %s %s", kind, zxid_text(last_zxid))
        self.sync_kind = kind
        self.last_queued = last_zxid
        self.state = SYNCS
        self.owner.synchronised()

    def _stream(self, data: bytes) -> None:
        rest = self.owner.snapshot_received(data)
        if rest is not None:
            self.state = SYNCS
            self.owner.synchronised()
            self._packets.append(rest)

    def _syncing_packet(self, received: QuorumPacket) -> None:
        """Between the first packet and UPTODATE; the leader's pings are not answered here."""
        type = received.type
        if type == qp.PROPOSAL:
            self._not_logged.append(self._next(received.zxid, received.data))
        elif type == qp.COMMIT:
            self._commit_of_sync(received.zxid)
        elif type == qp.COMMITANDACTIVATE:
            self._commit_of_sync(received.zxid, qp.decode_designated_leader(received.data))
        elif type == qp.INFORM:
            self._not_logged.append(self._next(received.zxid, received.data))
            self._commit_of_sync(received.zxid)
        elif type == qp.INFORMANDACTIVATE:
            designated, payload = qp.decode_designated_leader_and_txn(received.data)
            self._not_logged.append(self._next(received.zxid, payload))
            self._commit_of_sync(received.zxid, designated)
        elif type == qp.NEWLEADER and self.state == SYNCS:
            self._new_leader(received)
        elif type == qp.UPTODATE and self.state == WAITS_TO_SERVE:
            self._up_to_date()

    def _next(self, zxid: i64, payload: bytes | None) -> Proposal:
        """What the leader proposes; raises ProtocolViolation where it does not follow what came before."""
        if payload is None:
            raise ProtocolViolation(f"the proposal {zxid_text(zxid)} has no transaction")
        last = self.last_queued
        if self._snapshot_zxid >= zxid:
            # Apache's leader may send again what the snapshot holds already.
            self._snapshot_zxid = 0
        elif zxid != last + 1 and epoch_of(zxid) <= epoch_of(last):
            raise ProtocolViolation(f"the proposal {zxid_text(zxid)} does not follow {zxid_text(last)}")
        self.last_queued = zxid
        return Proposal(zxid, payload)

    def _commit_of_sync(self, zxid: i64, designated: int | None = None) -> None:
        """A SNAP or TRUNC is completed in memory, and saved whole; a DIFF goes to the log first."""
        if designated is not None:
            self._activations[zxid] = designated
        at = len(self._committed)
        if at >= len(self._not_logged) or self._not_logged[at].zxid != zxid:
            raise ProtocolViolation(f"COMMIT of {zxid_text(zxid)}, which is not what was proposed next")
        if self._wants_snapshot and self.state == SYNCS:
            self._apply_synced(self._not_logged.popleft())
        else:
            self._committed.append(self._not_logged[at])

    def _new_leader(self, received: QuorumPacket) -> None:
        if epoch_of(received.zxid) != self.epoch:
            raise ProtocolViolation(f"NEWLEADER is of epoch {epoch_of(received.zxid)}, not {self.epoch}")
        if received.data is not None:
            self.owner.config_received(received.data.decode("utf-8", "replace"))
        self.state = SAVES
        if self._wants_snapshot:
            self._waits_for_snapshot = True
            self.owner.save_snapshot()
        else:
            self._log_committed()

    def snapshot_saved(self) -> None:
        """What `save_snapshot` asked for is on disk."""
        if self._waits_for_snapshot and self.state == SAVES:
            self._waits_for_snapshot = False
            self._wants_snapshot = False
            try:
                self._log_committed()
            except ProtocolViolation as violation:
                self.fail(str(violation))

    def _log_committed(self) -> None:
        """Log what the sync has committed; the rest goes the usual way after UPTODATE (ZOOKEEPER-4394)."""
        for proposal in self._committed:
            self.owner.log(proposal)
            self._syncing.append(proposal)
            self._not_logged.popleft()
        self._committed.clear()
        if self._syncing:
            self._waits_for_zxid = self._syncing[-1].zxid
        else:
            self._acknowledge_new_leader()

    def _end_sync(self) -> None:
        """All of the sync is logged; what cannot be applied is the end, with a memory that is behind the log."""
        try:
            self._acknowledge_new_leader()
        except ProtocolViolation as violation:
            self.needs_reload = True
            self.fail(str(violation))

    def _acknowledge_new_leader(self) -> None:
        self._waits_for_zxid = 0
        for proposal in self._syncing:
            self._apply_synced(proposal)
        self._syncing = []
        if self.state == OVER:
            return
        self.owner.save_current_epoch(self.epoch)
        self.state = WAITS_TO_SERVE
        self._extend_deadline()
        self.send(packet(qp.ACK, first_zxid(self.epoch), None))

    def _apply_synced(self, proposal: Proposal) -> None:
        designated = self._activations.pop(proposal.zxid, None)
        major = designated is not None and self.owner.activate(proposal, designated)
        self.owner.apply(proposal)
        if major:
            self.fail("a reconfiguration in the sync changes this server's role or leader")

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
