"""LearnerHandler: the leader's side of one learner's connection, from its first packet to the live stream.

Its states are those of LearnerPackets. What all learners of one leader, or of one observer master, have in common is
their LearnerHub.
"""

import logging
from collections.abc import Iterator
from typing import Final, final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.records import Id, QuorumPacket
from pyzoo.quorum import packets as qp
from pyzoo.quorum.history import History, Proposal
from pyzoo.quorum.learner_master import AckReceiver, LearnerMaster
from pyzoo.quorum.learner_packets import (
    ACTIVE,
    READS_LOG,
    STREAMS,
    WAITS_FOR_ACK,
    WAITS_FOR_ACKEPOCH,
    WAITS_FOR_EPOCH,
    WAITS_FOR_INFO,
    WAITS_FOR_QUORUM,
    WAITS_FOR_SERVER,
    LearnerPackets,
)
from pyzoo.quorum.link import PeerLink
from pyzoo.quorum.packets import PacketBuffer, packet
from pyzoo.quorum.quorum_metrics import QuorumMetrics
from pyzoo.quorum.sync_plan import DIFF, SNAP, TRUNC, SyncPlan, bounds, needs_disk, plan_sync
from pyzoo.zxid import epoch_of, first_zxid, zxid_text

logger: Final = logging.getLogger(__name__)

_READING: Final = (WAITS_FOR_INFO, WAITS_FOR_ACKEPOCH, STREAMS, WAITS_FOR_ACK, ACTIVE)
"""States in which the learner has to be heard of, or to take bytes, within a limit."""

STREAM_BYTES: Final = 1 << 20
MOST_EARLY_ACKS: Final = 1 << 20
NEVER: Final = 0x7FFFFFFFFFFFFFFF
_PACKET_OF_KIND: Final = {DIFF: qp.DIFF, TRUNC: qp.TRUNC, SNAP: qp.SNAP}


@mypyc_attr(allow_interpreted_subclasses=True)
class LearnerRequests:
    """What learners ask for, once they are in step or on the way there: answered by a server, not by ZAB."""

    def request_received(
        self, handler: "LearnerHandler", session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        """A request of a learner's client; the handler's id names the session's owner."""
        raise NotImplementedError

    def touch_session(self, session_id: i64, timeout_ms: i64) -> None:
        """A session was heard of at a learner."""
        raise NotImplementedError

    def revalidate_session(self, handler: "LearnerHandler", session_id: i64, timeout_ms: i64) -> None:
        """Answer with `handler.send_revalidated`, at once or later; a session that lives moves to that learner."""
        raise NotImplementedError

    def read_log(self, handler: "LearnerHandler", from_zxid: i64, to_zxid: i64) -> None:
        """Read proposals from disk; give them to `handler.log_read`."""
        raise NotImplementedError

    def other_received(self, handler: "LearnerHandler", type: i32, zxid: i64, data: bytes | None) -> None:
        """A packet of a type that no ensemble has."""
        logger.warning("Ignoring packet %d of %s", type, handler.name())


class LearnerHub(LearnerMaster):
    """The LearnerMaster with the handlers of its learners, whose `requests` go to a server."""

    def __init__(
        self,
        requests: LearnerRequests,
        acks: AckReceiver,
        history: History,
        init_limit_ms: int,
        sync_limit_ms: int,
        forces_snapshots: bool = False,
        uses_disk: bool = False,
        max_snaps: int = 10,
        max_diffs: int = 100,
        metrics: QuorumMetrics | None = None,
    ) -> None:
        super().__init__(
            acks, history, init_limit_ms, sync_limit_ms, forces_snapshots, uses_disk, max_snaps, max_diffs, metrics
        )
        self.requests = requests
        self.handlers: dict[LearnerHandler, None] = {}
        self._last_handler_id: i64 = 0

    def new_handler(self, link: PeerLink, now_ms: i64) -> "LearnerHandler":
        """Begin to talk to a learner that has connected."""
        self._last_handler_id += 1
        handler = LearnerHandler(self, link, self._last_handler_id, now_ms)
        self.handlers[handler] = None
        link.receiver = handler
        return handler

    def handler(self, id: i64) -> "LearnerHandler | None":
        """The handler with this number while it lives."""
        for handler in self.handlers:
            if handler.id == id:
                return handler
        return None

    def count_syncs(self, kind: str) -> None:
        """A sync of this kind has begun or ended: count those under way."""
        if kind == SNAP:
            self.metrics.inflight_snap_count.add(self.syncing(SNAP))
        else:
            self.metrics.inflight_diff_count.add(self.syncing(DIFF) + self.syncing(TRUNC))

    def removed(self, handler: "LearnerHandler") -> None:
        """The connection of this learner is over: forget it."""
        self.handlers.pop(handler, None)

    def syncing(self, kind: str) -> int:
        """How many learners are in the middle of this kind of sync."""
        return len([handler for handler in self.handlers if handler.sync_kind == kind and handler.is_syncing])

    def check_learner(self, handler: "LearnerHandler", config_version: i64) -> None:
        """Raise ProtocolViolation for a learner that must not come here."""
        raise NotImplementedError

    def start_forwarding(self, handler: "LearnerHandler", after_zxid: i64) -> None:
        """Queue what is newer than `after_zxid`, then everything that comes."""
        raise NotImplementedError

    def heard_of(self, handler: "LearnerHandler") -> None:
        """A packet of this learner has come in, of whatever type: it lives."""


@final
class LearnerHandler(LearnerPackets):
    """One learner; `sid` is known after its first packet, `id` at once. Up to `acked_zxid` all is on its disk."""

    def __init__(self, hub: LearnerHub, link: PeerLink, id: i64, now_ms: i64) -> None:
        super().__init__(link, now_ms)
        self.hub = hub
        self.id: i64 = id
        self.sid: i64 = -1
        self.is_observer = False
        self.tick_of_next_ack: i64 = 0
        self.sync_kind = ""
        self.last_zxid: i64 = 0
        self.acked_zxid: i64 = 0
        self._packets = PacketBuffer()
        self._all_taken_ms: i64 = now_ms
        self._read_deadline_ms: i64 = now_ms + hub.init_limit_ms
        self._early_acks: list[int] = []
        self._chunks: Iterator[bytes] | None = None
        self._synced_zxid: i64 = 0

    @property
    def is_known(self) -> bool:
        """Whether it has said who it is."""
        return self.state != WAITS_FOR_INFO

    @property
    def is_syncing(self) -> bool:
        """Whether it is between the choice of its sync and its acknowledgement."""
        return READS_LOG <= self.state <= WAITS_FOR_ACK

    def name(self) -> str:
        """What messages call this learner."""
        return f"learner {self.sid} at {self.link.remote}" if self.is_known else f"a learner at {self.link.remote}"

    # --- what comes in

    def bytes_received(self, data: bytes, now_ms: i64) -> None:
        """Take what arrived on the connection."""
        self.now_ms = now_ms
        packets, stats = self._packets, self.stats
        packets.append(data)
        self._extend_deadline()
        is_first = True
        try:
            while not self.link.closing and packets.next():
                stats.packets_received += 1
                if is_first:
                    is_first = False
                    self.hub.heard_of(self)
                if self.state >= WAITS_FOR_SERVER:
                    self._active(packets)
                else:
                    self._packet(packets.packet())
        except ProtocolViolation as violation:
            self.close(str(violation))
        self.hub.acks.try_to_commit()

    def _extend_deadline(self) -> None:
        limit = self.hub.sync_limit_ms if self.state >= WAITS_FOR_SERVER else self.hub.init_limit_ms
        self._read_deadline_ms = self.now_ms + limit

    def _packet(self, received: QuorumPacket) -> None:
        state = self.state
        if state == WAITS_FOR_INFO:
            self._info(received)
        elif state == WAITS_FOR_ACKEPOCH:
            self._ack_epoch(received)
        elif state == WAITS_FOR_ACK or state == STREAMS:
            self._ack_of_new_leader(received)
        else:
            raise ProtocolViolation(f"packet {received.type} has come out of turn")

    def _info(self, received: QuorumPacket) -> None:
        if received.type != qp.FOLLOWERINFO and received.type != qp.OBSERVERINFO:
            raise ProtocolViolation(f"the first packet is of type {received.type}, not FOLLOWERINFO or OBSERVERINFO")
        info = qp.decode_learner_info(received.data)
        if info.protocol_version < qp.PROTOCOL_VERSION:
            raise ProtocolViolation(f"protocol version {info.protocol_version:#x} is older than ZooKeeper 3.4")
        self.is_observer = received.type == qp.OBSERVERINFO
        self.sid = info.serverid
        self.link.sid = self.sid
        self.stats.queue_size = self.hub.metrics.learner_handler_qp_size.of(str(self.sid))
        self.hub.check_learner(self, info.config_version)
        self.state = WAITS_FOR_EPOCH
        logger.info("%s connected, it has promised epoch %d", self.name(), epoch_of(received.zxid))
        self.hub.epoch_reported(self.sid, epoch_of(received.zxid))
        if self.hub.is_epoch_fixed:
            self.epoch_fixed()

    def epoch_fixed(self) -> None:
        """A quorum has reported its epochs, and so the new one is known: answer with LEADERINFO."""
        if self.state == WAITS_FOR_EPOCH:
            self.state = WAITS_FOR_ACKEPOCH
            self._extend_deadline()
            self.send(packet(qp.LEADERINFO, first_zxid(self.hub.epoch), qp.LEADER_INFO_DATA))

    def _ack_epoch(self, received: QuorumPacket) -> None:
        if received.type != qp.ACKEPOCH:
            raise ProtocolViolation(f"packet {received.type} in place of ACKEPOCH")
        self.last_zxid = received.zxid
        self.state = WAITS_FOR_QUORUM
        if not self.hub.epoch_acked(self.sid, i64(qp.decode_ack_epoch(received.data)), self.last_zxid):
            self.close("it is ahead of its leader")
        elif self.hub.is_epoch_acked:
            self.epoch_acknowledged()

    # --- synchronisation

    def epoch_acknowledged(self) -> None:
        """A quorum has promised the epoch: choose how this learner catches up."""
        if self.state != WAITS_FOR_QUORUM:
            return
        hub = self.hub
        hub.history.settle()
        log, last = hub.history.committed_log, hub.history.last_zxid
        if needs_disk(self.last_zxid, last, log, hub.forces_snapshots, hub.uses_disk):
            self.state = READS_LOG
            hub.requests.read_log(self, self.last_zxid, bounds(log, last)[1])
        else:
            self._synchronise(plan_sync(self.last_zxid, last, log, hub.forces_snapshots))

    def log_read(self, proposals: list[Proposal] | None) -> None:
        """What the log on disk has from the learner's last zxid on; None when it cannot serve."""
        if self.state == READS_LOG and not self.link.closing:
            history = self.hub.history
            history.settle()
            self._synchronise(plan_sync(self.last_zxid, history.last_zxid, history.committed_log, False, proposals))

    def _synchronise(self, plan: SyncPlan) -> None:
        if self.is_observer and self.hub.syncing(plan.kind) >= self.hub.max_syncs[plan.kind]:
            self.close(f"too many learners are being synchronised by {plan.kind} at the same time")
            return
        logger.info(
            "Synchronizing with learner %d: %s %s and %d proposals, its last zxid is %s",
            self.sid,
            plan.kind,
            zxid_text(plan.zxid),
            len(plan.proposals),
            zxid_text(self.last_zxid),
        )
        self.sync_kind = plan.kind
        self.send(packet(_PACKET_OF_KIND[plan.kind], plan.zxid, None))
        if plan.kind == SNAP:
            self.hub.metrics.snap_count += 1
            self.state = STREAMS
            self.hub.count_syncs(SNAP)
            self._chunks = self.hub.history.snapshot_chunks()
            self.hub.start_forwarding(self, plan.zxid)
            self.link.wants_drain = True
            self.drained(self.now_ms)
            return
        self.hub.metrics.diff_count += 1
        for proposal in plan.proposals:
            self.send(packet(qp.PROPOSAL, proposal.zxid, proposal.payload))
            self.send(packet(qp.COMMIT, proposal.zxid, None))
        self.hub.start_forwarding(self, plan.last_zxid)
        self._send_new_leader()

    def drained(self, now_ms: i64) -> None:
        """The network has taken what there was: go on with the snapshot."""
        self.now_ms = now_ms
        chunks = self._chunks
        if chunks is None:
            return
        self._extend_deadline()
        size: i64 = 0
        for chunk in chunks:
            self.link.send(chunk)
            size += len(chunk)
            if size >= STREAM_BYTES:
                return
        self._chunks = None
        self.link.wants_drain = False
        self._send_new_leader()

    def _send_new_leader(self) -> None:
        """Behind everything that is queued (ZOOKEEPER-3104)."""
        self.send_queued()
        self.state = WAITS_FOR_ACK
        if self.sync_kind != SNAP:
            self.hub.count_syncs(self.sync_kind)
        self._extend_deadline()
        self._synced_zxid = self.hub.committed_zxid()
        self.send(packet(qp.NEWLEADER, first_zxid(self.hub.epoch), self.hub.config_text(self.is_observer)))

    def _ack_of_new_leader(self, received: QuorumPacket) -> None:
        """The next packet has to be the acknowledgement of NEWLEADER.

        Servers before 3.9.3 may acknowledge proposals of the sync ahead of it (ZOOKEEPER-4685).
        """
        if received.type != qp.ACK:
            raise ProtocolViolation(f"packet {received.type} in place of the ACK of NEWLEADER")
        if self.state == STREAMS or received.zxid != first_zxid(self.hub.epoch):
            if len(self._early_acks) == MOST_EARLY_ACKS:
                raise ProtocolViolation("it acknowledges without end, and not NEWLEADER")
            self._early_acks.append(received.zxid)
            return
        self.state = WAITS_FOR_SERVER
        self.acked_zxid = self._synced_zxid
        self._extend_deadline()
        self.hub.count_syncs(self.sync_kind)
        self.hub.new_leader_acked(self.sid)
        for zxid in self._early_acks:
            if zxid > self.acked_zxid:
                self.acked_zxid = zxid
            self.hub.acks.acked(self.sid, zxid)
        self._early_acks = []
        if self.hub.is_serving:
            self.server_runs()

    def server_runs(self) -> None:
        """The hub serves: so may a learner that is in step."""
        if self.state != WAITS_FOR_SERVER or self.link.closing:
            return
        self.state = ACTIVE
        self.send(packet(qp.UPTODATE, -1, None))
        self.send_held_commits()

    # --- broadcast

    def _active(self, received: PacketBuffer) -> None:
        type = received.type
        if type == qp.ACK:
            self.acked_zxid = received.zxid
            self.sync_limit_check.acked(received.zxid)
            self.hub.acks.acked(self.sid, received.zxid)
        elif type == qp.REQUEST:
            self.stats.requests_received += 1
            session_id, cxid, op_type, body = qp.decode_request(received.data)
            self.hub.requests.request_received(self, session_id, cxid, op_type, body, received.ids or [])
        elif type == qp.PING:
            for session_id, timeout_ms in qp.decode_touches(received.data):
                self.hub.requests.touch_session(session_id, timeout_ms)
        elif type == qp.REVALIDATE:
            self.hub.metrics.revalidate_count += 1
            session_id, timeout_ms = qp.decode_revalidate(received.data)
            self.hub.requests.revalidate_session(self, session_id, timeout_ms)
        else:
            self.hub.requests.other_received(self, type, received.zxid, received.data)

    # --- time

    def ping(self, data: bytes) -> None:
        """Send a PING, or give up on a learner that does not acknowledge (LearnerHandler.ping)."""
        if self.state < WAITS_FOR_ACK:
            return
        if self.link.unsent == 0:
            self._all_taken_ms = self.now_ms
        self.hub.metrics.learner_handler_qp_time_ms.of(str(self.sid)).add(self.now_ms - self._all_taken_ms)
        check = self.sync_limit_check
        if check.is_late(self.now_ms, self.hub.sync_limit_ms):
            self.close(f"it has not acknowledged {zxid_text(check.timed_zxid)} within the limit")
        else:
            self.send(data)

    def advance(self, now_ms: i64) -> None:
        """Time has passed: close the connection of a learner that was silent for too long."""
        self.now_ms = now_ms
        if now_ms >= self.deadline_ms:
            self.close("it was silent for too long")

    @property
    def deadline_ms(self) -> i64:
        """When this learner has to have said something."""
        return self._read_deadline_ms if self.state in _READING else NEVER

    def close(self, reason: str) -> None:
        """End the connection; `reason` is for the log."""
        logger.warning("Closing the connection of %s: %s", self.name(), reason)
        self.link.abort()
        self.gone(self.now_ms)

    def gone(self, now_ms: i64) -> None:
        """The connection is over, whoever has ended it."""
        self._chunks = None
        self.hub.removed(self)
