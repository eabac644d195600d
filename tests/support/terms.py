"""A leader with an owner that remembers what it is asked, and learners that are bytes on a link."""

from collections.abc import Callable

from mypy_extensions import i32, i64

from pyzoo.config.membership import Membership
from pyzoo.jute.records import Id, QuorumPacket
from pyzoo.outbox import Packets
from pyzoo.quorum import packets as qp
from pyzoo.quorum.leader import Leader
from pyzoo.quorum.leader_owner import LeaderOwner, LeaderSettings
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import QUORUM, PeerLink
from pyzoo.quorum.packets import PacketBuffer, packet
from pyzoo.quorum.verifier import QuorumVerifier, make_verifier
from tests.support.electors import members
from tests.support.histories import FakeHistory, payload_of, z

TICK_MS = 1000
INIT_MS = 10 * TICK_MS
SYNC_MS = 5 * TICK_MS
NAMES = {
    qp.REQUEST: "REQUEST",
    qp.PROPOSAL: "PROPOSAL",
    qp.ACK: "ACK",
    qp.COMMIT: "COMMIT",
    qp.PING: "PING",
    qp.REVALIDATE: "REVALIDATE",
    qp.SYNC: "SYNC",
    qp.INFORM: "INFORM",
    qp.COMMITANDACTIVATE: "COMMITANDACTIVATE",
    qp.NEWLEADER: "NEWLEADER",
    qp.FOLLOWERINFO: "FOLLOWERINFO",
    qp.UPTODATE: "UPTODATE",
    qp.DIFF: "DIFF",
    qp.TRUNC: "TRUNC",
    qp.SNAP: "SNAP",
    qp.OBSERVERINFO: "OBSERVERINFO",
    qp.LEADERINFO: "LEADERINFO",
    qp.ACKEPOCH: "ACKEPOCH",
    qp.INFORMANDACTIVATE: "INFORMANDACTIVATE",
}

Said = list[tuple[str, int]]


def named(packets: list[QuorumPacket]) -> Said:
    return [(NAMES[one.type], int(one.zxid)) for one in packets]


def packets_of(data: bytes) -> list[QuorumPacket]:
    buffer = PacketBuffer()
    buffer.append(data)
    found = []
    while (one := buffer.take()) is not None:
        found.append(one)
    assert buffer.rest() == b""
    return found


class RecordingOwner(LeaderOwner):
    """`done` is what the leader has asked for, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[object, ...]] = []
        self.committed = 0
        self.live_sessions: set[int] = set()
        self.handlers_of_requests: list[LearnerHandler] = []
        self.seen: QuorumVerifier | None = None

    def named(self, *names: str) -> list[tuple[object, ...]]:
        return [one for one in self.done if one[0] in names]

    def commits(self) -> list[object]:
        return [one[1] for one in self.named("commit")]

    def save_accepted_epoch(self, epoch: int) -> None:
        self.done.append(("accepted epoch", epoch))

    def save_current_epoch(self, epoch: int) -> None:
        self.done.append(("current epoch", epoch))

    def start_serving(self, zxid: int) -> None:
        self.done.append(("serve", zxid))

    def commit(self, zxid: i64) -> None:
        first = max(self.committed, (zxid >> 32) << 32) + 1
        self.committed = zxid
        self.done += [("commit", one) for one in range(first, zxid + 1)]

    def activate(self, members: QuorumVerifier, designated: int, zxid: int) -> None:
        self.done.append(("activate", sorted(members.voters), designated, zxid))

    def request_received(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        self.done.append(("request", session_id, cxid, type, body, ids))
        self.handlers_of_requests.append(handler)

    def touch_session(self, session_id: i64, timeout_ms: i64) -> None:
        self.done.append(("touch", session_id, timeout_ms))

    def revalidate_session(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> None:
        self.done.append(("revalidate", int(handler.sid), session_id, timeout_ms))
        handler.send_revalidated(session_id, session_id in self.live_sessions)

    def read_log(self, handler: LearnerHandler, from_zxid: i64, to_zxid: i64) -> None:
        self.done.append(("read log", int(handler.sid), from_zxid, to_zxid))

    def first_config(self, version: int) -> QuorumVerifier:
        self.done.append(("first config", version))
        assert self.seen is not None
        return self.seen

    def config_proposed(self, members: QuorumVerifier) -> None:
        self.done.append(("config proposed", sorted(members.voters)))


class Far:
    """A learner's end of a connection to a leader."""

    def __init__(self, term: "Term", sid: int, is_observer: bool, step: int) -> None:
        self.term = term
        self.sid = sid
        self.is_observer = is_observer
        self.step = step
        self.link = PeerLink(Packets(), QUORUM, f"10.0.0.{sid}:40000", [], 0)
        self.handler = term.leader.learner_connected(self.link, term.now_ms)

    def say(self, *packets: bytes) -> None:
        """Packets reach the leader, in pieces of `step` bytes."""
        wire = b"".join(packets)
        for at in range(0, len(wire), self.step):
            if not self.link.closing:
                self.handler.bytes_received(wire[at : at + self.step], self.term.now_ms)

    def info(self, accepted: int = 0, config_version: int = 0) -> None:
        type = qp.OBSERVERINFO if self.is_observer else qp.FOLLOWERINFO
        self.say(packet(type, z(accepted, 0), qp.encode_learner_info(self.sid, config_version)))

    def ack_epoch(self, current: int = 0, zxid: int = 0) -> None:
        self.say(packet(qp.ACKEPOCH, zxid, qp.encode_ack_epoch(current)))

    def ack(self, *zxids: int) -> None:
        self.say(*(packet(qp.ACK, zxid, None) for zxid in zxids))

    def ack_new_leader(self) -> None:
        self.ack(z(int(self.term.leader.epoch), 0))

    def bytes_heard(self) -> bytes:
        return self.link.data_to_send()

    def packets(self) -> list[QuorumPacket]:
        return packets_of(self.bytes_heard())

    def heard(self) -> Said:
        """Names and zxids of what was sent to it since the last time, without pings."""
        return [one for one in named(self.packets()) if one[0] != "PING"]

    @property
    def is_closed(self) -> bool:
        return self.link.gone


class Term:
    """Server 1 as the leader of some voters and observers; nobody has connected."""

    def __init__(
        self,
        voters: int = 3,
        zxids: list[int] | None = None,
        accepted: int = 0,
        current_epoch: int = 0,
        cached: int | None = None,
        membership: Membership | None = None,
        last_seen: Membership | None = None,
        snapshot_size_factor: float = 0.33,
        max_concurrent_snap_syncs: int = 10,
        max_time_to_wait_for_epoch_ms: int = -1,
        oracle: Callable[[], bool] | None = None,
    ) -> None:
        self.now_ms = 0
        self.owner = RecordingOwner()
        self.history = FakeHistory(zxids or [], cached=cached)
        current = make_verifier(membership or members(voters), oracle)
        seen = current if last_seen is None else make_verifier(last_seen)
        self.owner.seen = seen
        settings = LeaderSettings(
            1,
            TICK_MS,
            INIT_MS // TICK_MS,
            SYNC_MS // TICK_MS,
            snapshot_size_factor=snapshot_size_factor,
            max_concurrent_snap_syncs=max_concurrent_snap_syncs,
            max_time_to_wait_for_epoch_ms=max_time_to_wait_for_epoch_ms,
        )
        self.leader = Leader(settings, self.owner, self.history, current, seen, accepted, current_epoch, 0)
        self.leader.begin()

    def connect(self, sid: int, is_observer: bool = False, step: int = 1 << 20) -> Far:
        return Far(self, sid, is_observer, step)

    def known(self, sid: int, accepted: int = 0, is_observer: bool = False) -> Far:
        """One that has sent its FOLLOWERINFO or OBSERVERINFO."""
        far = self.connect(sid, is_observer)
        far.info(accepted)
        return far

    def promised(self, sid: int, zxid: int | None = None, current: int = 0, is_observer: bool = False) -> Far:
        """One that has promised the epoch; it has the leader's history unless `zxid` says otherwise."""
        far = self.known(sid, is_observer=is_observer)
        far.ack_epoch(current, self.history.last if zxid is None else zxid)
        return far

    def joined(self, sid: int, zxid: int | None = None, is_observer: bool = False) -> Far:
        """One that has acknowledged NEWLEADER; what it heard is forgotten."""
        far = self.promised(sid, zxid, is_observer=is_observer)
        far.ack_new_leader()
        far.heard()
        return far

    def propose(self, zxid: int, *ackers: int) -> None:
        """Propose and send; these servers acknowledge it without a word on a link."""
        self.leader.broadcast.propose(zxid, payload_of(zxid))
        self.leader.broadcast.release()
        for sid in ackers:
            self.acked(sid, zxid)

    def acked(self, sid: int, zxid: int) -> None:
        """A server acknowledges a proposal, and no other together with it."""
        self.leader.broadcast.acked(sid, zxid)
        self.leader.broadcast.try_to_commit()

    def run(self, for_ms: int) -> None:
        """Let time pass, from deadline to deadline."""
        end_ms = self.now_ms + for_ms
        while self.leader.failure is None and (at_ms := int(self.leader.next_deadline_ms())) <= end_ms:
            self.now_ms = max(at_ms, self.now_ms)
            self.leader.advance(self.now_ms)
        self.now_ms = end_ms
        if self.leader.failure is None:
            self.leader.advance(end_ms)


def serving(*followers: int, voters: int = 3) -> tuple[Term, list[Far]]:
    """A leader in epoch 1 with these followers in step."""
    term = Term(voters)
    fars = [term.known(sid) for sid in followers]
    for far in fars:
        far.ack_epoch()
    for far in fars:
        far.ack_new_leader()
    for far in fars:
        far.heard()
    return term, fars
