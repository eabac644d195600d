"""Learner: how a follower or observer comes into step with its leader, and stays there.

    CONNECTS        the leader's port is dialled, five times at the most
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

from attrs import frozen
from mypy_extensions import i64, mypyc_attr

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.records import QuorumPacket
from pyzoo.quorum import packets as qp
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.link import PeerLink
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

DIAL_TRIES: Final = 8
"""Apache's learner tries five times, with a whole pause between any two: as long in all."""
FIRST_PAUSE_PART: Final = 8
"""The first pause is this part of a whole one, each next one twice as long: the leader is often only a little late."""
NEVER: Final = 0x7FFFFFFFFFFFFFFF

NO_SYNC: Final = ""


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
    """What a learner asks of the peer that it is a part of; each call is done when it returns."""

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

    def log(self, proposal: Proposal) -> None:
        """Append to the log; `persisted` of the learner follows. A reconfiguration becomes the last seen one."""
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
        """Apply a committed transaction, and answer who asked for it here."""
        raise NotImplementedError

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

    def take_touches(self) -> bytes:
        """The sessions heard of since the last call, as the data of a PING."""
        raise NotImplementedError


@final
class Learner:
    """One time behind one leader. `failure` says why it is over; `needs_reload` that memory is not to be trusted."""

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
        self._tries_left: i64 = DIAL_TRIES
        self._pause_ms: i64 = max(settings.connect_delay_ms // FIRST_PAUSE_PART, 1)
        self._connect_until_ms: i64 = now_ms + settings.connect_limit_ms
        self._deadline_ms: i64 = now_ms
        self._waits_for_snapshot = False
        self._wants_snapshot = False
        self._waits_for_zxid: i64 = 0
        self._sync_began_ms: i64 = now_ms
        self._syncing: list[Proposal] = []
        self._not_logged: deque[Proposal] = deque()
        self._committed: deque[Proposal] = deque()
        self._activations: dict[int, int] = {}
        self._pending: deque[Proposal] = deque()
        self._unacked: deque[Proposal] = deque()

    # --- connecting

    def advance(self, now_ms: i64) -> None:
        """Time has passed: dial again, or give up on a leader that is silent."""
        self.now_ms = now_ms
        if now_ms < self._deadline_ms or self.state == OVER:
            return
        if self.state != CONNECTS:
            self.fail("the leader was silent for too long")
        elif self.link is not None:
            # The shell answers within the time that it was given; this is only for one that does not.
            self.link.abort()
            self._dial_failed()
        elif self._tries_left == 0 or now_ms >= self._connect_until_ms:
            self.fail("the leader cannot be reached")
        else:
            self._tries_left -= 1
            left = self._connect_until_ms - now_ms
            self._deadline_ms = self._connect_until_ms + self.settings.tick_time_ms
            self.link = self.owner.dial(int(left))

    def _dial_failed(self) -> None:
        self.link = None
        self._deadline_ms = self.now_ms + self._pause_ms
        self._pause_ms = min(2 * self._pause_ms, self.settings.connect_delay_ms)

    def next_deadline_ms(self) -> i64:
        """When `advance` has something to do again."""
        return NEVER if self.state == OVER else self._deadline_ms

    def connected(self, now_ms: i64) -> None:
        """The leader's port has answered."""
        self.now_ms = now_ms
        accepted, _ = self.owner.epochs()
        self.state = WAITS_FOR_INFO
        self._extend_deadline()
        self._send(
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
            self._dial_failed()
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

    def _send(self, data: bytes) -> None:
        if self.link is not None:
            self.link.send(data)

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
            while self.state != STREAMS and self.state != OVER:
                received = self._packets.take()
                if received is None:
                    return
                self._packet(received)
        except ProtocolViolation as violation:
            self.fail(str(violation))

    def _packet(self, received: QuorumPacket) -> None:
        state = self.state
        if state == SERVES:
            self._serving(received)
        elif state >= SYNCS:
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
        self._send(packet(qp.ACKEPOCH, self.owner.last_zxid(), qp.encode_ack_epoch(current)))

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
            self._queue(received.zxid, received.data)
        elif type == qp.COMMIT:
            self._commit_of_sync(received.zxid)
        elif type == qp.COMMITANDACTIVATE:
            self._activate_in_sync(received.zxid, qp.decode_designated_leader(received.data))
        elif type == qp.INFORM:
            self._queue(received.zxid, received.data)
            self._commit_of_sync(received.zxid)
        elif type == qp.INFORMANDACTIVATE:
            designated, payload = qp.decode_designated_leader_and_txn(received.data)
            self._queue(received.zxid, payload)
            self._activate_in_sync(received.zxid, designated)
        elif type == qp.NEWLEADER and self.state == SYNCS:
            self._new_leader(received)
        elif type == qp.UPTODATE and self.state == WAITS_TO_SERVE:
            self._up_to_date()

    def _queue(self, zxid: i64, payload: bytes | None) -> None:
        if payload is None:
            raise ProtocolViolation(f"the proposal {zxid_text(zxid)} has no transaction")
        last = self.last_queued
        if self._snapshot_zxid >= zxid:
            # Apache's leader may send again what the snapshot holds already.
            self._snapshot_zxid = 0
        elif zxid != last + 1 and epoch_of(zxid) <= epoch_of(last):
            raise ProtocolViolation(f"the proposal {zxid_text(zxid)} does not follow {zxid_text(last)}")
        self.last_queued = zxid
        self._not_logged.append(Proposal(zxid, payload))

    def _commit_of_sync(self, zxid: i64) -> None:
        """A SNAP or TRUNC is completed in memory, and saved whole; a DIFF goes to the log first."""
        at = len(self._committed)
        if at >= len(self._not_logged) or self._not_logged[at].zxid != zxid:
            raise ProtocolViolation(f"COMMIT of {zxid_text(zxid)}, which is not what was proposed next")
        if self._wants_snapshot and self.state == SYNCS:
            self._apply_synced(self._not_logged.popleft())
        else:
            self._committed.append(self._not_logged[at])

    def _activate_in_sync(self, zxid: i64, designated: int) -> None:
        self._activations[zxid] = designated
        self._commit_of_sync(zxid)

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
            self._log_committed()

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
        self._send(packet(qp.ACK, first_zxid(self.epoch), None))

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
        self._send(packet(qp.ACK, first_zxid(self.epoch), None))
        self.state = SERVES
        self._count_sync(self.now_ms - self._sync_began_ms)
        self.owner.start_serving()
        waiting, committed = self._not_logged, self._committed
        self._not_logged, self._committed = deque(), deque()
        for proposal in waiting:
            self._take_proposal(proposal)
        for proposal in committed:
            self._take_commit(proposal.zxid, self._activations.pop(proposal.zxid, None))

    def _count_sync(self, took_ms: i64) -> None:
        if self.is_observer:
            self.metrics.observer_sync_time.add(took_ms)
        else:
            self.metrics.follower_sync_time.add(took_ms)

    # --- the live stream

    def _serving(self, received: QuorumPacket) -> None:
        type, zxid = received.type, received.zxid
        if type == qp.PROPOSAL:
            if not self.is_observer:
                self.metrics.learner_proposal_received_count += 1
                self._queue(zxid, received.data)
                self._take_proposal(self._not_logged.popleft())
        elif type == qp.COMMIT:
            if not self.is_observer:
                self.metrics.learner_commit_received_count += 1
                self._take_commit(zxid, None)
        elif type == qp.INFORM:
            self.metrics.learner_commit_received_count += 1
            self._queue(zxid, received.data)
            self._take_proposal(self._not_logged.popleft())
            self._take_commit(zxid, None)
        elif type == qp.PING:
            self._send(packet(qp.PING, zxid, self.owner.take_touches()))
        else:
            self._rare(received)

    def _rare(self, received: QuorumPacket) -> None:
        type, zxid = received.type, received.zxid
        if type == qp.SYNC:
            self.owner.sync_received()
        elif type == qp.REVALIDATE:
            session_id, valid = qp.decode_revalidated(received.data)
            self.owner.revalidated(session_id, valid)
        elif type == qp.COMMITANDACTIVATE:
            self._take_commit(zxid, qp.decode_designated_leader(received.data))
        elif type == qp.INFORMANDACTIVATE:
            designated, payload = qp.decode_designated_leader_and_txn(received.data)
            self._queue(zxid, payload)
            self._take_proposal(self._not_logged.popleft())
            self._take_commit(zxid, designated)
        else:
            logger.warning("Ignoring packet %d of the leader", type)

    def _take_proposal(self, proposal: Proposal) -> None:
        self._pending.append(proposal)
        self._unacked.append(proposal)
        self.owner.log(proposal)
        self.owner.proposed(proposal)

    def _take_commit(self, zxid: i64, designated: int | None) -> None:
        """It has to be the oldest pending one: with any other this server's history is not the leader's."""
        if self.state != SERVES:
            return
        pending = self._pending
        if not pending or pending[0].zxid != zxid:
            expected = zxid_text(pending[0].zxid) if pending else "nothing"
            self.needs_reload = True
            raise ProtocolViolation(f"COMMIT of {zxid_text(zxid)}, expected was {expected}")
        proposal = pending.popleft()
        if designated is None:
            self.owner.commit(proposal)
            return
        major = self.owner.activate(proposal, designated)
        self.owner.commit(proposal)
        self.owner.activated(proposal, designated)
        if major:
            self.fail("a reconfiguration changes this server's role or leader")

    def persisted(self, zxid: i64) -> None:
        """The log is safe up to `zxid`: acknowledge, each proposal for itself."""
        if self.state == SAVES:
            if self._waits_for_zxid != 0 and zxid >= self._waits_for_zxid:
                self._acknowledge_new_leader()
            return
        unacked = self._unacked
        if self.is_observer:
            unacked.clear()
            return
        while unacked and unacked[0].zxid <= zxid:
            proposal = unacked.popleft()
            self._send(packet(qp.ACK, proposal.zxid, None))
            self.owner.acknowledged(proposal)

    def send_request(self, data: bytes) -> None:
        """Forward a client's request."""
        self._send(data)

    def send_revalidate(self, session_id: i64, timeout_ms: i64) -> None:
        """Ask the leader about a session that a client brings along."""
        self._send(packet(qp.REVALIDATE, -1, qp.encode_revalidate(session_id, timeout_ms)))

    @property
    def has_pending(self) -> bool:
        """Whether a proposal waits for its commit."""
        return len(self._pending) > 0

    def unfinished(self) -> list[Proposal]:
        """What is logged and not known to be committed; it counts as this server's history all the same."""
        return [*self._syncing, *self._pending]
