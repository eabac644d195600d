"""Scenarios of the quorum as text: a line for what happens to a server, below it, indented, what it does and says.

    leader of 3
    2 connects
    2 -> FOLLOWERINFO 0
        accepted epoch 1
        2 <- LEADERINFO 1:0

`replayed` does what the lines say and writes anew what comes of it: a text is right when its replay writes the same.
Zxids are `epoch:counter`. What is said to a server reaches it in pieces of `step` bytes. A line that begins with # says
what follows is about; empty lines are for people.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from pyzoo.config.membership import Membership
from pyzoo.jute.records import QuorumPacket
from pyzoo.quorum import packets as qp
from pyzoo.quorum.election import ElectionSettings, FastLeaderElection
from pyzoo.quorum.notification import Notification, decode_notification
from pyzoo.quorum.packets import PacketBuffer, packet
from pyzoo.quorum.verifier import make_verifier
from pyzoo.quorum.vote import Vote
from tests.support.apprentices import END, Apprentice, serving_learner, syncing
from tests.support.electors import members
from tests.support.histories import payload_of, proposals_of, run_of, z
from tests.support.terms import NAMES, Far, Term, serving

TYPES = {name: type for type, name in NAMES.items()}
STATES = ("looking", "following", "leading", "observing")


def zxid_of(text: str) -> int:
    epoch, _, counter = text.partition(":")
    return z(int(epoch), int(counter))


def shown_step(step: tuple[object, ...]) -> str:
    """What an owner was asked for."""
    match step:
        case ("activate", list() as voters, leader, zxid):
            return f"activate {shown(zxid)} with voters {shown(voters)} and leader {leader}"
        case ("activate", zxid, leader):
            return f"activate {shown(zxid)} with leader {leader}"
        case ("config", _):
            return "the configuration"
        case ("send", name, zxid):
            return f"-> {name} {shown(zxid)}".removesuffix(" 0")
    return " ".join(map(shown, step))


def shown(value: object) -> str:
    if isinstance(value, int) and value >= 1 << 32:
        return f"{value >> 32}:{value & 0xFFFF_FFFF}"
    if isinstance(value, bytes):
        return value.decode()
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def shown_packet(one: QuorumPacket) -> str:
    words = [NAMES[one.type], "" if one.zxid in (-1, 0) else shown(int(one.zxid))]
    if one.type in (qp.PROPOSAL, qp.INFORM, qp.INFORMANDACTIVATE):
        assert (one.data or b"").endswith(payload_of(int(one.zxid)))
    if one.type in (qp.COMMITANDACTIVATE, qp.INFORMANDACTIVATE):
        words.append(f"leader {int.from_bytes((one.data or b'')[:8], 'big')}")
    return " ".join(filter(None, words))


class Play(ABC):
    """A server to which things happen."""

    @abstractmethod
    def do(self, words: list[str]) -> None:
        """What a line says; raises ValueError for one that means nothing."""

    @abstractmethod
    def done(self) -> Iterable[str]:
        """What it has done and said since the last time."""


class LeaderPlay(Play):
    """Server 1, elected, with a history, as `of 3` or `of 3 with 1:1 to 1:5`; nobody has connected.

    With `of 3 serving 2` it serves, in epoch 1. Of its history `caching 2` are in memory.
    """

    def __init__(self, words: list[str], step: int) -> None:
        self.fars: dict[int, Far] = {}
        self._open: list[Far] = []
        self._step = step
        match words[1:]:
            case [voters, "serving", *sids]:
                self.term, fars = serving(*map(int, sids), voters=int(voters))
                self.term.owner.done.clear()
                self.term.history.last = z(1, 0)
                self._open = fars
                self.fars = {far.sid: far for far in fars}
            case [voters, "with", first, "to", last, *cached]:
                epoch, counter = divmod(zxid_of(last), 1 << 32)
                zxids = run_of(epoch, zxid_of(first) & 0xFFFF_FFFF, counter)
                self.term = Term(int(voters), zxids, epoch, epoch, cached=int(cached[1]) if cached else None)
            case [voters]:
                self.term = Term(int(voters))
            case _:
                raise ValueError(words)

    def do(self, words: list[str]) -> None:
        match words:
            case [sid, "connects", *role]:
                self.fars[int(sid)] = self.term.connect(int(sid), role == ["as", "observer"], self._step)
                self._open.append(self.fars[int(sid)])
            case [sid, "joins", *role]:
                self.do([sid, "connects", *role])
                far = self.fars[int(sid)]
                far.info(0)
                far.ack_epoch(0, self.term.history.last)
                far.ack_new_leader()
                far.heard()
            case [sid, "gets", "log", first, "to", last]:
                epoch, counter = divmod(zxid_of(first), 1 << 32)
                found = proposals_of(run_of(epoch, counter, zxid_of(last) & 0xFFFF_FFFF))
                self.fars[int(sid)].handler.log_read(found)
            case [sid, "gets", "no", "log"]:
                self.fars[int(sid)].handler.log_read(None)
            case [sid, "asks", "for", "sync"]:
                self.term.leader.broadcast.sync_requested(self.fars[int(sid)].handler)
            case [sid, "breaks"]:
                far = self.fars.pop(int(sid))
                self._open.remove(far)
                far.handler.gone(self.term.now_ms)
            case [sid, "->", "FOLLOWERINFO" | "OBSERVERINFO", epoch]:
                self.fars[int(sid)].info(int(epoch))
            case [sid, "->", "ACKEPOCH", epoch, "with", zxid]:
                self.fars[int(sid)].ack_epoch(int(epoch), zxid_of(zxid))
            case [sid, "->", "ACK", *zxids]:
                self.fars[int(sid)].ack(*map(zxid_of, zxids))
            case [sid, "->", "PING"]:
                self.fars[int(sid)].say(packet(qp.PING, 0, b""))
            case ["propose", zxid]:
                self.term.propose(zxid_of(zxid))
            case ["propose", zxid, "voters", *sids]:
                self._reconfigure(zxid_of(zxid), {int(sid) for sid in sids})
            case ["applied", zxid]:
                self.term.history.committed_log.add(zxid_of(zxid), payload_of(zxid_of(zxid)))
                self.term.history.last = zxid_of(zxid)
            case ["logged", zxid]:
                self.term.leader.broadcast.acked_up_to(1, zxid_of(zxid))
            case ["wait", ms, "ms"]:
                self.term.run(int(ms))
            case _:
                raise ValueError(words)

    def _reconfigure(self, zxid: int, sids: set[int]) -> None:
        servers = [server for server in members(max(sids)).servers if server.id in sids]
        new = make_verifier(Membership(tuple(servers), version=zxid))
        self.term.leader.broadcast.propose(zxid, payload_of(zxid), new)
        self.term.leader.broadcast.release()

    def done(self) -> Iterable[str]:
        owner = self.term.owner
        done, owner.done = owner.done, []
        yield from map(shown_step, done)
        for sid, far in self.fars.items():
            yield from (f"{sid} <- {said}" for said in self._said(far.bytes_heard()))
        yield from (f"{far.sid} is closed" for far in self._open if far.is_closed)
        self._open = [far for far in self._open if not far.is_closed]
        if self.term.leader.failure is not None:
            yield f"over: {self.term.leader.failure}"

    def _said(self, data: bytes) -> Iterable[str]:
        buffer = PacketBuffer()
        buffer.append(data)
        while (one := buffer.take()) is not None:
            if one.type != qp.PING:
                yield shown_packet(one)
            if one.type == qp.SNAP:
                snapshot = b"".join(self.term.history.chunks)
                rest = buffer.rest()
                assert rest.startswith(snapshot)
                yield "the snapshot"
                yield from self._said(rest.removeprefix(snapshot))
                return


class LearnerPlay(Play):
    """`learner accepted 1 with 1:2`, `observer accepted 0 with 0:0`: server 2, which has found its leader.

    `learner promised 1` waits for the sync of epoch 1, `learner serving` is in step in it; both have no history.
    """

    def __init__(self, words: list[str], is_observer: bool, step: int) -> None:
        self._step = step
        match words:
            case ["accepted", epoch, "with", zxid]:
                self.apprentice = Apprentice(int(epoch), int(epoch), zxid_of(zxid), is_observer)
            case ["promised", epoch]:
                self.apprentice = syncing(int(epoch), is_observer=is_observer)
            case ["serving"]:
                self.apprentice = serving_learner(is_observer)
            case _:
                raise ValueError(words)

    def do(self, words: list[str]) -> None:
        learner = self.apprentice.learner
        match words:
            case ["connected"]:
                self.apprentice.connect()
            case ["<-", "the", "snapshot"]:
                self.apprentice.hear(b"nodes", END, step=self._step)
            case ["<-", *said]:
                self.apprentice.hear(self._packet(said), step=self._step)
            case ["logged", zxid]:
                learner.persisted(zxid_of(zxid))
            case ["snapshot", "saved"]:
                learner.snapshot_saved()
            case ["wait", ms, "ms"]:
                self.apprentice.run(int(ms))
            case _:
                raise ValueError(words)

    def _packet(self, said: list[str]) -> bytes:
        match said:
            case ["LEADERINFO", zxid]:
                return packet(qp.LEADERINFO, zxid_of(zxid), qp.LEADER_INFO_DATA)
            case ["NEWLEADER", zxid]:
                return packet(qp.NEWLEADER, zxid_of(zxid), b"config")
            case ["PROPOSAL" | "INFORM" as name, zxid]:
                return packet(TYPES[name], zxid_of(zxid), payload_of(zxid_of(zxid)))
            case ["COMMITANDACTIVATE", zxid, "leader", sid]:
                return packet(qp.COMMITANDACTIVATE, zxid_of(zxid), qp.encode_designated_leader(int(sid)))
            case ["INFORMANDACTIVATE", zxid, "leader", sid]:
                data = qp.encode_designated_leader_and_txn(int(sid), payload_of(zxid_of(zxid)))
                return packet(qp.INFORMANDACTIVATE, zxid_of(zxid), data)
            case [name]:
                return packet(TYPES[name], -1, None)
            case [name, zxid]:
                return packet(TYPES[name], zxid_of(zxid), None)
        raise ValueError(said)

    def done(self) -> Iterable[str]:
        yield from map(shown_step, self.apprentice.steps())
        if self.apprentice.is_over:
            yield f"over: {self.apprentice.learner.failure}"
        if self.apprentice.learner.needs_reload:
            yield "its memory is not its history"


class ElectionPlay(Play):
    """`election of 3 with 0:5`: server 1 looks for a leader, with a history that ends there.

    Who `is lost` has broken its connection; who `cannot be reached` was dialled in vain, until it `comes`.
    """

    def __init__(self, words: list[str]) -> None:
        self.now_ms = 0
        self._unreachable: set[int] = set()
        self.election = FastLeaderElection(
            ElectionSettings(1, False),
            make_verifier(members(int(words[1]))),
            can_answer=lambda sid: sid not in self._unreachable,
        )
        self._outcome: Vote | None = None
        self._look(words[3])

    def _look(self, zxid: str) -> None:
        self._outcome = None
        self.election.look_for_leader(zxid_of(zxid), zxid_of(zxid) >> 32, self.now_ms)

    def do(self, words: list[str]) -> None:
        match words:
            case [sid, "->", state, "for", leader, "with", zxid, "in", "round", round]:
                epoch = zxid_of(zxid) >> 32
                vote = Vote(int(leader), zxid_of(zxid), int(round), epoch, STATES.index(state))
                heard = decode_notification(Notification(vote).encode())
                self.election.notification_received(int(sid), heard, self.now_ms)
            case [sid, "is", "lost"]:
                self.election.voter_lost(int(sid))
            case [sid, "cannot", "be", "reached"]:
                self._unreachable.add(int(sid))
                self.election.voter_unreachable()
            case [sid, "comes"]:
                self._unreachable.discard(int(sid))
            case ["look", "again", "with", zxid]:
                self._look(zxid)
            case ["wait", ms, "ms"]:
                self.now_ms += int(ms)
                self.election.advance(self.now_ms)
            case _:
                raise ValueError(words)

    def done(self) -> Iterable[str]:
        receivers: dict[str, list[int]] = {}
        for receiver, notification in self.election.take_messages():
            vote = notification.vote
            text = f"{STATES[vote.state]} for {vote.leader} with {shown_zxid(vote.zxid)} in round {vote.election_epoch}"
            receivers.setdefault(text, []).append(receiver)
        yield from (f"{' '.join(map(str, sids))} <- {text}" for text, sids in receivers.items())
        outcome = self.election.outcome
        if outcome is not None and outcome != self._outcome:
            yield f"{STATES[self.election.state]}: {outcome.leader}"
        self._outcome = outcome


def shown_zxid(zxid: int) -> str:
    return f"{zxid >> 32}:{zxid & 0xFFFF_FFFF}"


KINDS: dict[str, Callable[[list[str], int], Play]] = {
    "leader": LeaderPlay,
    "learner": lambda words, step: LearnerPlay(words, False, step),
    "observer": lambda words, step: LearnerPlay(words, True, step),
    "election": lambda words, _: ElectionPlay(words),
}


def scenarios(text: str) -> list[str]:
    """The parts of a text that each begin with a server of their own; what is said of it comes first."""
    found: list[str] = []
    for paragraph in text.strip().split("\n\n"):
        first = next(line for line in paragraph.splitlines() if not line.startswith("#"))
        if first.split()[0] in KINDS:
            found.append(paragraph)
        else:
            found[-1] += f"\n\n{paragraph}"
    return found


def replayed(text: str, step: int = 1 << 20) -> str:
    """The text as it is when everything happens again; raises ValueError for lines that mean nothing."""
    play: Play | None = None
    lines = []
    for line in text.splitlines():
        if line.startswith("    "):
            continue
        lines.append(line)
        if not line or line.startswith("#"):
            continue
        words = line.split()
        if words[0] in KINDS:
            play = KINDS[words[0]](words[1:], step)
        elif play is not None:
            play.do(words)
        else:
            raise ValueError(f"who is it about? {line}")
        lines += [f"    {one}" for one in play.done()]
    return "\n".join(lines) + "\n"
