"""A learner with an owner that remembers what it is asked, and a leader that is bytes on a link."""

from mypy_extensions import i64

from pyzoo.errors import MalformedRecord, StorageError
from pyzoo.jute.records import QuorumPacket
from pyzoo.outbox import Packets
from pyzoo.quorum import packets as qp
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner import Learner
from pyzoo.quorum.learner_owner import LearnerOwner, LearnerSettings
from pyzoo.quorum.link import QUORUM, PeerLink
from pyzoo.quorum.packets import packet
from tests.support.histories import payload_of, z
from tests.support.terms import INIT_MS, SYNC_MS, TICK_MS, Said, named, packets_of

END = b"/BenWasHere"
"""The end of a snapshot's stream, as far as these tests know streams."""

Step = tuple[object, ...]


class RecordingLearnerOwner(LearnerOwner):
    """`done` is what the learner has asked for and what it has sent, in order."""

    def __init__(self, accepted: int, current: int, last: int) -> None:
        self.done: list[Step] = []
        self.accepted, self.current, self.last = accepted, current, last
        self.links: list[PeerLink] = []
        self.stream = b""
        self.touches = b""
        self.majors: set[int] = set()
        self.received_is_major = False
        self.truncates = True
        self.takes_any = False
        self.refuses: set[int] = set()

    def said(self) -> Said:
        """What was sent on the newest link since the last time."""
        return named(self.packets())

    def packets(self) -> list[QuorumPacket]:
        return packets_of(self.links[-1].data_to_send()) if self.links else []

    def did(self, *step: object) -> None:
        """Note a step, after whatever was sent before it."""
        self.note_sent()
        self.done.append(step)

    def note_sent(self) -> None:
        self.done += [("send", name, zxid) for name, zxid in self.said()]

    def dial(self, timeout_ms: int) -> PeerLink:
        self.done.append(("dial", timeout_ms))
        self.links.append(PeerLink(Packets(), QUORUM, "leader", [("10.0.0.1", 2888)], timeout_ms))
        return self.links[-1]

    def epochs(self) -> tuple[int, int]:
        return self.accepted, self.current

    def save_accepted_epoch(self, epoch: int) -> None:
        self.did("accepted epoch", epoch)
        self.accepted = epoch

    def save_current_epoch(self, epoch: int) -> None:
        self.did("current epoch", epoch)
        self.current = epoch

    def config_version(self) -> int:
        return 0

    def last_zxid(self) -> int:
        return self.last

    def begin_snapshot(self, zxid: int) -> None:
        self.did("begin snapshot", zxid)
        self.last = zxid

    def snapshot_received(self, data: bytes) -> bytes | None:
        self.stream += data
        stream, end, rest = self.stream.partition(END)
        if not end:
            return None
        self.did("snapshot", stream)
        return rest

    def truncate(self, zxid: int) -> None:
        if not self.truncates:
            raise StorageError("the log cannot be cut")
        self.did("truncate", zxid)
        self.last = zxid

    def synchronised(self) -> None:
        self.did("synchronised")

    def apply(self, proposal: Proposal) -> None:
        assert self.takes_any or payload_of(proposal.zxid) == proposal.payload
        self.did("apply", proposal.zxid)
        self.last = proposal.zxid

    def log(self, proposal: Proposal) -> Proposal:
        if proposal.zxid in self.refuses:
            raise MalformedRecord("no transaction")
        assert self.takes_any or payload_of(proposal.zxid) == proposal.payload
        self.did("log", proposal.zxid)
        return proposal

    def save_snapshot(self) -> None:
        self.did("save snapshot")

    def config_received(self, text: str) -> None:
        self.did("config", text)

    def activate_received(self) -> bool:
        self.did("activate received")
        return self.received_is_major

    def activate(self, proposal: Proposal, designated: int) -> bool:
        if proposal.zxid in self.refuses:
            raise MalformedRecord("no reconfiguration")
        self.did("activate", proposal.zxid, designated)
        return proposal.zxid in self.majors

    def start_serving(self) -> None:
        self.did("serve")

    def commit(self, proposal: Proposal) -> None:
        self.did("commit", proposal.zxid)

    def sync_received(self) -> None:
        self.did("sync")

    def revalidated(self, session_id: i64, valid: bool) -> None:
        self.did("revalidated", session_id, valid)

    def take_touches(self) -> bytes:
        touches, self.touches = self.touches, b""
        return touches


class Apprentice:
    """Server 2 behind a leader that says what the test says."""

    def __init__(
        self, accepted: int = 0, current: int = 0, last: int = 0, is_observer: bool = False, connect_limit: int = 0
    ) -> None:
        self.now_ms = 0
        self.owner = RecordingLearnerOwner(accepted, current, last)
        settings = LearnerSettings(
            2, is_observer, TICK_MS, INIT_MS // TICK_MS, SYNC_MS // TICK_MS, connect_limit=connect_limit
        )
        self.learner = Learner(settings, self.owner, 0)
        self.learner.advance(0)

    @property
    def link(self) -> PeerLink:
        return self.owner.links[-1]

    @property
    def is_over(self) -> bool:
        return self.learner.failure is not None

    def connect(self) -> None:
        self.learner.connected(self.now_ms)

    def hear(self, *packets: bytes, step: int = 1 << 20) -> None:
        """Packets of the leader arrive, in pieces of so many bytes."""
        wire = b"".join(packets)
        for at in range(0, len(wire), step):
            if not self.link.closing:
                self.learner.bytes_received(wire[at : at + step], self.now_ms)

    def steps(self) -> list[Step]:
        """What was asked for and sent since the last time, in order."""
        self.owner.note_sent()
        done, self.owner.done = self.owner.done, []
        return done

    def sent(self) -> Said:
        return [(str(one[1]), int(str(one[2]))) for one in self.steps() if one[0] == "send"]

    def run(self, for_ms: int) -> None:
        """Let time pass, from deadline to deadline."""
        end_ms = self.now_ms + for_ms
        while (at_ms := int(self.learner.next_deadline_ms())) <= end_ms:
            self.now_ms = max(at_ms, self.now_ms)
            self.learner.advance(self.now_ms)
        self.now_ms = end_ms
        self.learner.advance(end_ms)


def leader_info(epoch: int) -> bytes:
    return packet(qp.LEADERINFO, z(epoch, 0), qp.LEADER_INFO_DATA)


def diff(zxid: int = 0) -> bytes:
    return packet(qp.DIFF, zxid, None)


def proposal(zxid: int) -> bytes:
    return packet(qp.PROPOSAL, zxid, payload_of(zxid))


def commit(zxid: int) -> bytes:
    return packet(qp.COMMIT, zxid, None)


def inform(zxid: int) -> bytes:
    return packet(qp.INFORM, zxid, payload_of(zxid))


def commit_and_activate(zxid: int, designated: int) -> bytes:
    return packet(qp.COMMITANDACTIVATE, zxid, qp.encode_designated_leader(designated))


def new_leader(epoch: int) -> bytes:
    return packet(qp.NEWLEADER, z(epoch, 0), b"config")


UPTODATE = packet(qp.UPTODATE, -1, None)


def syncing(epoch: int = 1, last: int = 0, is_observer: bool = False) -> Apprentice:
    """A learner that has promised the epoch and waits for its sync."""
    apprentice = Apprentice(accepted=epoch - 1, current=epoch - 1, last=last, is_observer=is_observer)
    apprentice.connect()
    apprentice.hear(leader_info(epoch))
    apprentice.steps()
    return apprentice


def serving_learner(is_observer: bool = False) -> Apprentice:
    """A learner in step in epoch 1, with an empty history."""
    apprentice = syncing(is_observer=is_observer)
    apprentice.hear(diff(), new_leader(1), UPTODATE)
    apprentice.steps()
    return apprentice
