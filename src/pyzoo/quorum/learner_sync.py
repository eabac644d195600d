"""LearnerSync: how a follower or observer comes into step with its leader.

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
apply, current epoch, acknowledge. (Learner.syncWithLeader.)
"""

import logging
from collections import deque
from typing import Final

from mypy_extensions import i64

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.records import QuorumPacket
from pyzoo.quorum import packets as qp
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner_owner import LearnerOwner, LearnerSettings
from pyzoo.quorum.link import LinkReceiver, PeerLink
from pyzoo.quorum.packets import PacketBuffer, packet
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

NO_SYNC: Final = ""


class LearnerSync(LinkReceiver):
    """The sync of a Learner. `failure` says why it is over; `needs_reload` that memory is not to be trusted.

    Each state needs what those before it have left: the proposals of the sync, what of them is committed, logged.
    """

    def __init__(
        self, settings: LearnerSettings, owner: LearnerOwner, now_ms: i64, metrics: QuorumMetrics | None
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
        self._deadline_ms: i64 = now_ms
        self._waits_for_snapshot = False
        self._wants_snapshot = False
        self._waits_for_zxid: i64 = 0
        self._sync_began_ms: i64 = now_ms
        self._syncing: list[Proposal] = []
        self._not_logged: deque[Proposal] = deque()
        self._committed: deque[Proposal] = deque()
        self._activations: dict[int, int] = {}

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

    def _extend_deadline(self) -> None:
        past_new_leader = self.state >= WAITS_TO_SERVE
        limit = self.settings.sync_limit_ms if past_new_leader else self.settings.init_limit_ms
        self._deadline_ms = self.now_ms + limit

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
