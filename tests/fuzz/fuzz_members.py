"""What other members of an ensemble may send: packets of both sides, elections, hellos, SASL between members."""

from attrs import evolve

from pyzoo.errors import MalformedRecord, ProtocolViolation
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import Id, QuorumPacket
from pyzoo.outbox import Packets
from pyzoo.quorum import packets as qp
from pyzoo.quorum.cnxmanager import ANONYMOUS, RECEIVE_LIMIT, CnxManagerSettings, QuorumCnxManager
from pyzoo.quorum.election import ElectionSettings, FastLeaderElection
from pyzoo.quorum.hello import MAX_ADDRESSES, MAX_MESSAGE, Hello, decode_hello, encode_hello, hello_size
from pyzoo.quorum.notification import VERSION, Notification, decode_notification
from pyzoo.quorum.packets import PacketBuffer, packet
from pyzoo.quorum.verifier import make_verifier
from pyzoo.quorum.vote import FOLLOWING, LEADING, LOOKING, Vote
from tests.fuzz.mutators import stepped
from tests.fuzz.pieces import arrivals, head_and_rest, join_frames, join_steps, steps
from tests.fuzz.target import Target
from tests.support.apprentices import Apprentice, commit, diff, inform, leader_info, new_leader, proposal
from tests.support.codec import encoded
from tests.support.electors import members
from tests.support.histories import payload_of, z
from tests.support.terms import Term

MOST_SENT = 1 << 20
MINUTE_MS = 60_000


def fuzz_packets(data: bytes) -> None:
    """Packets come out alike in any split, as Construct's twin reads them, and their data is read or refused."""
    how, wire = head_and_rest(data)
    expected, ends_badly = _packets_of(wire)
    buffer = PacketBuffer()
    found: list[QuorumPacket] = []
    violated = False
    for piece in arrivals(wire, how):
        buffer.append(piece)
        try:
            while (one := buffer.take()) is not None:
                found.append(one)
        except MalformedRecord:
            violated = True
            break
    assert found == expected[: len(found)]
    assert violated or len(found) == len(expected)
    assert violated <= ends_badly
    for one in found:
        assert len(encoded(one)) >= 20
        for decode in DECODERS:
            try:
                decode(one.data)
            except MalformedRecord:
                pass


DECODERS = (
    qp.decode_learner_info,
    qp.decode_ack_epoch,
    qp.decode_touches,
    qp.decode_revalidate,
    qp.decode_revalidated,
    qp.decode_request,
    qp.decode_designated_leader,
    qp.decode_designated_leader_and_txn,
)


def _packets_of(wire: bytes) -> tuple[list[QuorumPacket], bool]:
    """Packets one after the other, and whether something is left behind them that is no packet."""
    archive = InputArchive(wire)
    found = []
    while archive.pos < archive.end:
        try:
            found.append(QuorumPacket.decode(archive))
        except MalformedRecord:
            return found, True
    return found, False


def fuzz_leader(data: bytes) -> None:
    """One learner that sends anything: the leader goes on with the follower that it has."""
    how, rest = head_and_rest(data)
    term = Term(3)
    good = term.known(2)
    bad = [term.connect(3, is_observer=bool(how & 1)), term.connect(7, is_observer=True)]
    if how & 2:
        bad[0].info()
        good.ack_epoch()
        good.ack_new_leader()
    for code, piece in steps(rest):
        if code & 0x80:
            term.run(code & 0x7F)
        else:
            bad[code & 1].say(piece)
        assert term.leader.failure is None or term.now_ms > 0
        for one in bad:
            assert len(one.bytes_heard()) <= MOST_SENT
    assert not good.link.gone or term.now_ms > 0
    if term.leader.failure is None:
        term.run(10)


def fuzz_learner(data: bytes) -> None:
    """A leader that says anything is left for good, or it is followed; nothing that it did not propose is applied."""
    how, wire = head_and_rest(data)
    apprentice = _FuzzedApprentice(bool(how & 1))
    apprentice.connect()
    if how & 2:
        apprentice.hear(leader_info(1))
    if how & 4:
        apprentice.hear(diff(), new_leader(1), packet(qp.UPTODATE, -1, None))
    for piece in arrivals(wire, how >> 3):
        apprentice.hear(piece)
        apprentice.persist()
        if apprentice.is_over:
            break
    apprentice.steps()
    apprentice.run(MINUTE_MS)
    assert apprentice.is_over


class _FuzzedApprentice(Apprentice):
    """Whose owner takes any transaction."""

    def __init__(self, is_observer: bool) -> None:
        super().__init__(is_observer=is_observer)
        self.owner.takes_any = True
        self.persisted = 0

    def persist(self) -> None:
        """The log of all that came is safe."""
        logged = [int(str(step[1])) for step in self.owner.done if step[0] == "log"]
        for zxid in logged:
            self.learner.persisted(zxid)


def fuzz_notifications(data: bytes) -> None:
    """Notifications of members and strangers: those that look get an answer, and the election comes to an end."""
    how, rest = head_and_rest(data)
    election = FastLeaderElection(ElectionSettings(1, bool(how & 1)), make_verifier(members(3, 1)))
    election.look_for_leader(z(1, 5), 1, 0)
    now_ms = 0
    for code, piece in steps(rest):
        now_ms += code >> 4
        try:
            notification = decode_notification(piece)
        except MalformedRecord:
            continue
        election.notification_received(code & 7, notification, now_ms)
        election.advance(now_ms)
        sent = election.take_messages()
        assert len(sent) <= 16
        for _, message in sent:
            assert decode_notification(message.encode()).vote == evolve(message.vote, version=VERSION)
        if election.outcome is not None:
            break
    if election.outcome is None:
        for _ in range(4):
            now_ms = election.next_deadline_ms() or now_ms
            election.advance(now_ms)


def fuzz_hello(data: bytes) -> None:
    """The election port: any bytes from several connections; what a member says still arrives, and little is held."""
    how, rest = head_and_rest(data)
    my_id = 2
    manager = QuorumCnxManager(CnxManagerSettings(my_id, [("127.0.0.1", 1)], bool(how & 1)), Packets())
    known = {sid: [("127.0.0.1", 100 + sid)] for sid in (1, 2, 3)}
    manager.set_addresses(known, known if how & 2 else {})
    links = [manager.accepted("192.0.2.7", port, 0) for port in range(4)]
    now_ms = 0
    for code, piece in steps(rest):
        link = links[code & 3]
        now_ms += code >> 6
        if code & 4:
            manager.send(code >> 4 & 3, piece, now_ms)
        elif code & 8:
            manager.gone(link, now_ms)
            links[code & 3] = manager.accepted("192.0.2.8", 9, now_ms)
        elif not link.closing:
            manager.bytes_received(link, piece, now_ms)
        manager.advance(now_ms)
        for dial in manager.take_dials():
            assert 0 < len(dial.addresses) <= MAX_ADDRESSES
            manager.connected(dial, now_ms) if code & 16 else manager.gone(dial, now_ms)
        assert len(manager.take_received()) <= RECEIVE_LIMIT
    third = manager.accepted("192.0.2.9", 1, now_ms)
    manager.bytes_received(third, encode_hello(Hello(3, [("h", 1)]), False) + join_frames([b"vote"]), now_ms)
    assert manager.take_received() == [(3, b"vote")]
    assert _hello_is_read_alike(rest)


def _hello_is_read_alike(data: bytes) -> bool:
    """The size of a hello is known as soon as its head is there, and what is read is written the same."""
    try:
        size = hello_size(data)
        if size is None or len(data) < size:
            return True
        hello = decode_hello(data[:size])
    except ProtocolViolation:
        return True
    assert size <= MAX_ADDRESSES + 20
    if hello.addresses:
        written = encode_hello(hello, True)
        assert decode_hello(written) == hello
    return True


def _packet_seeds() -> list[bytes]:
    wire = [
        packet(qp.FOLLOWERINFO, z(1, 0), qp.encode_learner_info(3, 0)),
        packet(qp.ACKEPOCH, z(1, 2), qp.encode_ack_epoch(1)),
        packet(qp.ACK, z(1, 0), None),
        packet(qp.PING, 5, qp.encode_touches({7: 4000, 9: 1})),
        packet(qp.REVALIDATE, -1, qp.encode_revalidate(7, 4000)),
        packet(qp.REVALIDATE, -1, qp.encode_revalidated(7, True)),
        qp.request_packet(qp.encode_request(7, 1, 1, b"body"), [Id("ip", "h"), Id(None, None)]),
        packet(qp.COMMITANDACTIVATE, 3, qp.encode_designated_leader(1)),
        packet(qp.INFORMANDACTIVATE, 3, qp.encode_designated_leader_and_txn(1, b"txn")),
    ]
    return [b"\0" + b"".join(wire), b"\1" + b"".join(wire), *(b"\7" + one for one in wire)]


PACKETS_OF_LEARNERS = [
    packet(qp.FOLLOWERINFO, z(0, 0), qp.encode_learner_info(3, 0)),
    packet(qp.FOLLOWERINFO, z(0x7FFFFFFF, 0), qp.encode_learner_info(3, 0)),
    packet(qp.OBSERVERINFO, z(0, 0), qp.encode_learner_info(7, 0)),
    packet(qp.ACKEPOCH, z(0, 0), qp.encode_ack_epoch(0)),
    packet(qp.ACK, z(1, 0), None),
    packet(qp.ACK, z(1, 1), None),
    packet(qp.PING, 5, qp.encode_touches({7: 4000})),
    packet(qp.REVALIDATE, -1, qp.encode_revalidate(7, 4000)),
    qp.request_packet(qp.encode_request(7, 1, 1, b"body"), [Id("ip", "h")]),
]


def _leader_seeds() -> list[bytes]:
    walk = [PACKETS_OF_LEARNERS[at] for at in (0, 3, 4, 5, 6, 7, 8)]
    return [bytes([how]) + join_steps([(how & 1 ^ 1, one) for one in walk] + [(0x90, b"")]) for how in range(4)] + [
        b"\2" + join_steps([(0, one)]) for one in PACKETS_OF_LEARNERS
    ]


def _leader_packets() -> list[bytes]:
    first = z(1, 1)
    return [
        leader_info(1),
        diff(),
        packet(qp.TRUNC, z(0, 0), None),
        packet(qp.SNAP, z(1, 0), None) + b"stream/BenWasHere",
        new_leader(1),
        packet(qp.UPTODATE, -1, None),
        proposal(first),
        commit(first),
        inform(first),
        packet(qp.COMMITANDACTIVATE, first, qp.encode_designated_leader(1)),
        packet(qp.INFORMANDACTIVATE, first, qp.encode_designated_leader_and_txn(1, payload_of(first))),
        packet(qp.PING, 1, None),
        packet(qp.SYNC, 0, None),
        packet(qp.REVALIDATE, -1, qp.encode_revalidated(7, True)),
    ]


def _learner_seeds() -> list[bytes]:
    parts = _leader_packets()
    chains = [(0, 1, 6, 7, 4, 5, 11, 12, 13), (0, 2, 6, 7, 4, 5), (0, 3, 6, 7, 4, 5), (0, 1, 4, 5, 8, 10, 11)]
    whole = [b"".join(parts[at] for at in chain) for chain in chains]
    return [bytes([how]) + wire for wire in whole for how in (0, 1, 8 + 1, 56)] + [
        b"\6" + parts[6] + parts[7],
        b"\7" + parts[8],
        b"\6" + parts[9],
    ]


def _votes() -> list[bytes]:
    votes = [Vote(3, z(1, 9), 1, 1, state) for state in (LOOKING, FOLLOWING, LEADING)]
    whole = [Notification(vote, "server.1=a:1:2").encode() for vote in votes]
    return [*whole, whole[0][:28], whole[0][:36], whole[0][:40], whole[0][:44]]


def _notification_seeds() -> list[bytes]:
    return [b"\0" + join_steps([(2, one), (0x33, one), (0xF4, one)]) for one in _votes()]


HELLOS = [
    encode_hello(Hello(3, [("10.0.0.3", 3888)]), False),
    encode_hello(Hello(1, [("::1", 3888), ("b", 1)]), True),
    encode_hello(Hello(ANONYMOUS, [("10.0.0.9", 3888)]), False),
    (3).to_bytes(8, "big"),
    join_frames([b"vote", b"again"]),
    join_frames([b""]),
    (MAX_MESSAGE + 1).to_bytes(4, "big"),
]


def _hello_seeds() -> list[bytes]:
    alone = [b"\0" + join_steps([(0, one), (0, HELLOS[4]), (0x14, b"say"), (0x24, b"it")]) for one in HELLOS]
    return [*alone, b"\3" + join_steps([(number, one) for number, one in enumerate(HELLOS[:4])])]


TARGETS = (
    Target(fuzz_packets, _packet_seeds, words=[b"\xff\xff\xff\xff", b"\0\0\0\1"]),
    Target(
        fuzz_leader,
        _leader_seeds,
        words=[bytes(8), z(1, 0).to_bytes(8, "big")],
        mutator=stepped(1, PACKETS_OF_LEARNERS),
        weight=2,
    ),
    Target(fuzz_learner, _learner_seeds, words=_leader_packets(), weight=2),
    Target(fuzz_notifications, _notification_seeds, mutator=stepped(1, _votes())),
    Target(fuzz_hello, _hello_seeds, words=[b"127.0.0.1:80", b"|"], mutator=stepped(1, HELLOS)),
)
