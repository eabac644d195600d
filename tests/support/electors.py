"""Electing servers on a network whose time is a number and whose delays one seed draws."""

import heapq
import random

from pyzoo.config.membership import Membership, QuorumServer, ServerAddress
from pyzoo.quorum.election import ElectionSettings, FastLeaderElection
from pyzoo.quorum.notification import decode_notification
from pyzoo.quorum.verifier import make_verifier
from pyzoo.quorum.vote import Vote

LONGEST_DELAY_MS = 60


def members(voters: int, observers: int = 0, **hierarchy: tuple[tuple[int, object], ...]) -> Membership:
    """Servers 1 to `voters`, then the observers."""
    servers = [
        QuorumServer(sid, (ServerAddress("host", 2888, 3888),), observer=sid > voters)
        for sid in range(1, voters + observers + 1)
    ]
    return Membership(tuple(servers), **hierarchy)  # type: ignore[arg-type]


class Electors:
    """An ensemble in election; what is sent travels as bytes, and not at all to or from a server that is down."""

    def __init__(self, membership: Membership, seed: int) -> None:
        self.now_ms = 0
        self.chance = random.Random(seed)
        self.membership = membership
        self.servers: dict[int, FastLeaderElection] = {}
        self._in_flight: list[tuple[int, int, int, int, bytes]] = []
        self._count = 0

    def start(self, sid: int, zxid: int = 0, epoch: int = 0) -> None:
        server = self.membership.server(sid)
        assert server is not None
        election = FastLeaderElection(ElectionSettings(sid, server.observer), make_verifier(self.membership))
        self.servers[sid] = election
        election.look_for_leader(zxid, epoch, self.now_ms)
        self._collect(sid)

    def look_again(self, sid: int, zxid: int = 0, epoch: int = 0) -> None:
        self.servers[sid].look_for_leader(zxid, epoch, self.now_ms)
        self._collect(sid)

    def stop(self, sid: int) -> None:
        del self.servers[sid]

    def run(self, for_ms: int) -> None:
        """Let time pass, event by event."""
        end_ms = self.now_ms + for_ms
        while (at_ms := self._next_event_ms()) <= end_ms:
            self.now_ms = at_ms
            while self._in_flight and self._in_flight[0][0] <= at_ms:
                _, _, sender, receiver, payload = heapq.heappop(self._in_flight)
                if receiver in self.servers and sender in self.servers:
                    self.servers[receiver].notification_received(sender, decode_notification(payload), at_ms)
                    self._collect(receiver)
            for sid, election in self.servers.items():
                election.advance(at_ms)
                self._collect(sid)
        self.now_ms = end_ms

    def outcomes(self) -> dict[int, Vote | None]:
        return {sid: election.outcome for sid, election in self.servers.items()}

    def leaders(self) -> dict[int, int | None]:
        """Whom each server that is up has elected."""
        return {sid: vote.leader if vote is not None else None for sid, vote in self.outcomes().items()}

    def without_backing(self) -> list[int]:
        """Those whose leader has no quorum behind it: in a real ensemble they give up and look again."""
        leaders = self.leaders()
        return [
            sid
            for sid, leader in leaders.items()
            if leader is not None
            and not self.servers[sid].current.contains_quorum({one for one in leaders if leaders[one] == leader})
        ]

    def _next_event_ms(self) -> int:
        deadlines = [deadline for one in self.servers.values() if (deadline := one.next_deadline_ms()) is not None]
        if self._in_flight:
            deadlines.append(self._in_flight[0][0])
        return min(deadlines, default=1 << 60)

    def _collect(self, sid: int) -> None:
        for receiver, notification in self.servers[sid].take_messages():
            self._count += 1
            at_ms = self.now_ms + self.chance.randint(1, LONGEST_DELAY_MS)
            heapq.heappush(self._in_flight, (at_ms, self._count, sid, receiver, notification.encode()))
