"""A whole member of an ensemble, without sockets or disk, whose leader or whose learners say anything."""

from pyzoo.config.parse import parse_config_text
from pyzoo.errors import StorageError
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ConnectRequest, CreateRequest, RequestHeader
from pyzoo.persistence.directories import Directories, open_directories
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.proposals import proposals_for_sync
from pyzoo.persistence.snapshot.saved import save_snapshot
from pyzoo.persistence.snapshot.stream import stream_chunks
from pyzoo.persistence.txnlog import TxnLog
from pyzoo.quorum import packets as qp
from pyzoo.quorum.hello import Hello, encode_hello
from pyzoo.quorum.link import ELECTION, OBSERVER_MASTER, QUORUM, PeerLink
from pyzoo.quorum.notification import Notification
from pyzoo.quorum.packets import packet
from pyzoo.quorum.vote import LOOKING, Vote
from pyzoo.server.effects import Effects
from pyzoo.server.member.learning import Learning
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.server.member.storage import PeerStorage
from tests.fuzz.fuzz_files import small_tree, txns
from tests.fuzz.mutators import stepped
from tests.fuzz.pieces import head_and_rest, join_frames, join_steps, steps
from tests.fuzz.target import Target
from tests.support.apprentices import leader_info
from tests.support.codec import encoded
from tests.support.dialogue import OPEN
from tests.support.histories import z

PATH = "/conf/zoo.cfg"
SETTINGS = "".join(
    [
        "dataDir=/data\ninitLimit=10\nsyncLimit=5\ntickTime=200\nextendedTypesEnabled=true\nreconfigEnabled=true\nskipACL=yes\n",
        *(f"server.{number}={host}:2888:3888:participant;0.0.0.0:2181\n" for number, host in enumerate("abc", 1)),
    ]
)
MOST_STEPS = 40
STEP_MS = 90
"""Less than what a member takes for a pause of its own."""
END_MS = 2700
"""More than any limit of these settings."""
WALL_MS = 1_700_000_000_000


class Machine:
    """The shell of one member, as far as it needs one; whoever it dials answers at once."""

    def __init__(self, sid: int, more_settings: str = "") -> None:
        self.disk = MemoryDisk()
        settings = SETTINGS + more_settings
        for directory in ("/conf", "/data"):
            self.disk.make_directory(directory)
        for path, text in ((PATH, settings), ("/data/myid", str(sid))):
            self.disk.create(path).write_at(0, text.encode())
        config, _ = parse_config_text(settings, PATH, {}, {"/data/myid": str(sid)})
        self.directories: Directories = open_directories(self.disk, "/data", "/data")
        storage = PeerStorage(config, self.disk, self.directories)
        self.log = TxnLog(self.disk, self.directories.logs, 16, True, -1)
        storage.roll_log = self.log.roll
        self.now_ms = 1
        self.dialled: list[PeerLink] = []
        self.peer = QuorumPeer(config, storage, 0, WALL_MS, lambda _: 0)
        self.turn()

    def run(self, ms: int) -> None:
        """Let some time pass."""
        for _ in range(0, ms, STEP_MS):
            self.now_ms += STEP_MS
            self.turn()

    def turn(self) -> None:
        """Do what the member wants done."""
        self.peer.advance(self.now_ms, WALL_MS + self.now_ms)
        for _ in range(20):
            effects = self.peer.take_effects()
            if effects.holds:
                self.peer.release()
                effects = self.peer.take_effects()
            if not self._carry_out(effects):
                return

    def _carry_out(self, effects: Effects) -> bool:
        """Whether there was something to do."""
        errands = effects.take_errands()
        batch = effects.log
        if batch is not None:
            self.log.append(batch.first_zxid, batch.records)
            self.log.commit()
            self.peer.persisted(batch.last_zxid)
        if errands is not None:
            if errands.saves_snapshot:
                self._save()
            for read in errands.reads:
                storage, factor = self.peer.storage, read.size_limit_factor
                found = proposals_for_sync(storage.disk, storage.directories, read.from_zxid, read.to_zxid, factor)
                read.handler.log_read(found)
            for link in errands.dials:
                self.dialled.append(link)
                self.peer.peer_connected(link)
        for outbox in effects.packets.take():
            outbox.data_to_send()
            if isinstance(outbox, PeerLink) and outbox.wants_drain:
                self.peer.peer_drained(outbox)
        for cnxn in effects.replies.take():
            cnxn.data_to_send()
        return batch is not None or errands is not None

    def _save(self) -> None:
        database = self.peer.database
        try:
            save_snapshot(self.disk, self.directories.snapshots, database.tree, database.sessions)
        except StorageError as error:
            self.peer.snapshot_failed(error)
        else:
            self.peer.snapshot_saved()

    def elect(self, leader: int, voters: tuple[int, ...]) -> None:
        """Let the others vote for this leader."""
        payload = Notification(Vote(leader, 0 if leader == 1 else z(1, 9), 1, 0, LOOKING)).encode()
        self.run(2 * STEP_MS)
        for sid in voters:
            # Who has the larger number dials; this member has done so where that is itself.
            dialled = [link for link in self.dialled if link.remote == f"server {sid}" and not link.closing]
            link = dialled[0] if dialled else self.peer.peer_accepted(ELECTION, "h", 40_000)
            hello = b"" if dialled else encode_hello(Hello(sid, [("h", 3888)]), False)
            self.peer.peer_bytes(link, hello + join_frames([payload]))
        self.run(6 * STEP_MS)

    def link_to_leader(self) -> PeerLink | None:
        """The connection that it has made to the leader's port, while that is open."""
        links = [link for link in self.dialled if link.port == QUORUM and not link.closing]
        return links[-1] if links else None

    def say(self, link: PeerLink, data: bytes) -> None:
        """Bytes arrive on a link."""
        if data and not link.closing:
            self.peer.peer_bytes(link, data)
            self.turn()


def fuzz_follower(data: bytes) -> None:
    """A member whose leader says anything: it follows, or leaves that leader and looks again; it never ends."""
    how, rest = head_and_rest(data)
    machine = Machine(1)
    machine.elect(3, (2, 3))
    link = machine.link_to_leader()
    assert link is not None
    if how & 1:
        machine.say(link, leader_info(1))
    if how & 2:
        machine.say(link, packet(qp.DIFF, 0, None) + NEW_LEADER + packet(qp.UPTODATE, -1, None))
    client = machine.peer.accept("127.0.0.1", 5)
    for count, (code, piece) in enumerate(steps(rest)):
        if count == MOST_STEPS:
            break
        if code & 0x80:
            machine.run(code & 0x7F)
        elif code & 0x40 and client is not None and not client.closing:
            machine.peer.data_received(client, piece)
        elif link is not None:
            machine.say(link, piece)
        machine.turn()
        link = machine.link_to_leader()
    machine.run(END_MS)
    assert not isinstance(machine.peer.role, Learning) or machine.link_to_leader() is not link, "nobody leads it"


def fuzz_observer_master(data: bytes) -> None:
    """A member that follows, and has observers of its own that say anything: it goes on following."""
    how, rest = head_and_rest(data)
    machine = Machine(1, "observerMasterPort=2191\n")
    machine.elect(3, (2, 3))
    link = machine.link_to_leader()
    assert link is not None
    machine.say(link, leader_info(1))
    machine.say(link, packet(qp.DIFF, 0, None) + NEW_LEADER + packet(qp.UPTODATE, -1, None))
    observers = [machine.peer.peer_accepted(OBSERVER_MASTER, "o", port) for port in (1, 2)]
    if how & 1:
        machine.say(observers[0], OBSERVERINFO + packet(qp.ACKEPOCH, 0, qp.encode_ack_epoch(0)))
        machine.say(observers[0], packet(qp.ACK, z(1, 0), None))
    news = iter(zip(_proposals(), _commits(19), strict=False))
    for count, (code, piece) in enumerate(steps(rest)):
        if count == MOST_STEPS:
            break
        for _ in range(1 + (code & 0x80) // 16):
            machine.run(STEP_MS)
            machine.say(link, packet(qp.PING, 0, None))
        if code & 0x40:
            machine.say(link, b"".join(next(news, ())))
        machine.say(observers[code & 1], piece)
    assert machine.link_to_leader() is link, "an observer has ended what it has with its leader"
    machine.run(END_MS)


OBSERVERINFO = packet(qp.OBSERVERINFO, 0, qp.encode_learner_info(9, 0))
CONFIG = "".join(line + "\n" for line in SETTINGS.splitlines() if line.startswith("server.")) + "version=0"
NEW_LEADER = packet(qp.NEWLEADER, z(1, 0), CONFIG.encode())


def fuzz_leading(data: bytes) -> None:
    """A member that leads, one of whose learners says anything while another one follows as it should."""
    how, rest = head_and_rest(data)
    machine = Machine(3)
    machine.elect(3, (1, 2))
    assert machine.peer.listen_addresses().get(QUORUM), "it leads"
    good = machine.peer.peer_accepted(QUORUM, "a", 1)
    machine.say(good, _followerinfo(1))
    machine.say(good, packet(qp.ACKEPOCH, 0, qp.encode_ack_epoch(0)))
    machine.say(good, packet(qp.ACK, z(1, 0), None))
    bad = [machine.peer.peer_accepted(QUORUM, "b", 2), machine.peer.peer_accepted(QUORUM, "x", 9)]
    if how & 1:
        machine.say(bad[0], _followerinfo(2))
        machine.say(bad[0], packet(qp.ACKEPOCH, 0, qp.encode_ack_epoch(0)))
        machine.say(bad[0], packet(qp.ACK, z(1, 0), None))
    for count, (code, piece) in enumerate(steps(rest)):
        if count == MOST_STEPS:
            break
        if code & 0x80:
            machine.run(code & 0x7F)
        machine.say(bad[code & 1], piece)
    machine.run(END_MS)


def _followerinfo(sid: int) -> bytes:
    return packet(qp.FOLLOWERINFO, 0, qp.encode_learner_info(sid, 0))


def _proposals() -> list[bytes]:
    found = []
    for number, payload in enumerate(txns(), 1):
        zxid = z(1, number)
        found.append(packet(qp.PROPOSAL, zxid, payload[:12] + zxid.to_bytes(8, "big") + payload[20:]))
    return found


def _commits(count: int) -> list[bytes]:
    return [packet(qp.COMMIT, z(1, number), None) for number in range(1, count + 1)]


def _leaders_words() -> list[bytes]:
    snapshot = b"".join(stream_chunks(*small_tree()))
    return [
        leader_info(1),
        packet(qp.DIFF, 0, None),
        packet(qp.SNAP, z(1, 0), None) + snapshot,
        packet(qp.TRUNC, 0, None),
        NEW_LEADER,
        packet(qp.UPTODATE, -1, None),
        packet(qp.PING, 0, None),
        packet(qp.SYNC, 0, None),
        packet(qp.REVALIDATE, -1, qp.encode_revalidated(7, True)),
        *_proposals(),
        *_commits(6),
        packet(qp.COMMITANDACTIVATE, z(1, 1), qp.encode_designated_leader(3)),
        packet(qp.INFORM, z(1, 1), _txn(1)),
        packet(qp.INFORMANDACTIVATE, z(1, 1), qp.encode_designated_leader_and_txn(3, _txn(1))),
    ]


def _txn(number: int) -> bytes:
    payload = txns()[1]
    return payload[:12] + z(1, number).to_bytes(8, "big") + payload[20:]


def _follower_seeds() -> list[bytes]:
    words = _leaders_words()
    proposals, commits = _proposals(), _commits(19)
    synced = [words[1], *(one for pair in zip(proposals, commits, strict=False) for one in pair), words[4], words[5]]
    live = [one for pair in zip(proposals, commits, strict=False) for one in pair]
    hello = join_frames([encoded(ConnectRequest(0, 0, 9000, 0, bytes(16), False))])
    create = join_frames([encoded(RequestHeader(1, op.CREATE)) + encoded(CreateRequest("/x", b"", OPEN, 1))])
    return [
        b"\1" + join_steps([(0, one) for one in synced]),
        b"\1" + join_steps([(0, words[2]), (0, words[4]), (0, words[5]), (0x40, hello), (0x40, create)]),
        b"\1" + join_steps([(0, words[3]), (0, words[4]), (0, words[5])]),
        b"\3" + join_steps([(0, one) for one in live]),
        b"\3" + join_steps([(0x40, hello), (0, words[6]), (0, words[7]), (0, words[8])]),
        b"\0" + join_steps([(0, words[0]), (0, words[2]), (0, words[4])]),
        b"\3" + join_steps([(0, proposals[10]), (0, words[-3]), (0, words[-1])]),
    ]


def _learners_words() -> list[bytes]:
    create = encoded(CreateRequest("/x", b"", OPEN, 0))
    return [
        _followerinfo(2),
        packet(qp.OBSERVERINFO, 0, qp.encode_learner_info(9, 0)),
        packet(qp.ACKEPOCH, 0, qp.encode_ack_epoch(0)),
        packet(qp.ACK, z(1, 0), None),
        packet(qp.ACK, z(1, 1), None),
        packet(qp.PING, 0, qp.encode_touches({7: 4000})),
        packet(qp.REVALIDATE, -1, qp.encode_revalidate(7, 4000)),
        qp.request_packet(qp.encode_request(7, 1, op.CREATE, create), []),
        qp.request_packet(qp.encode_request(7, 1, op.CREATE_SESSION, (4000).to_bytes(4, "big")), []),
        qp.request_packet(qp.encode_request(7, 1, op.CLOSE_SESSION, b""), []),
        qp.request_packet(qp.encode_request(7, 1, op.SYNC, b"\0\0\0\1/"), []),
        packet(qp.FOLLOWERINFO, z(0x7FFFFFFE, 0), qp.encode_learner_info(2, 0)),
    ]


def _leading_seeds() -> list[bytes]:
    words = _learners_words()
    return [
        b"\1" + join_steps([(0, one) for one in words[4:11]]),
        b"\0" + join_steps([(0, one) for one in words[:1] + words[2:]]),
        b"\0" + join_steps([(1, one) for one in words[1:]]),
        b"\0" + join_steps([(0, words[11]), (0x81, words[1])]),
    ]


def _observer_seeds() -> list[bytes]:
    words = _learners_words()
    return [
        b"\1" + join_steps([(0x40, one) for one in words[4:11]]),
        b"\0" + join_steps([(0x40, words[1]), (0x41, words[2]), (0x40, words[2]), (0x40, words[3]), (0x80, words[5])]),
        b"\1" + join_steps([(0x80, words[5]), (0x41, words[1]), (0x41, words[2]), (0xC0, words[6]), (0x80, words[8])]),
        b"\0" + join_steps([(0, words[0]), (1, words[1]), (1, words[4])]),
    ]


TARGETS = (
    Target(fuzz_follower, _follower_seeds, mutator=stepped(1, _leaders_words()), most=8192, weight=2),
    Target(fuzz_leading, _leading_seeds, mutator=stepped(1, _learners_words()), weight=2),
    Target(fuzz_observer_master, _observer_seeds, mutator=stepped(1, _learners_words())),
)
