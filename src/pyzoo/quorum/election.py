"""FastLeaderElection: the servers agree on the voter with the newest history.

Driven from outside: `look_for_leader` begins a round, `notification_received` and `advance` move it on, `outcome`
is the vote that won. Between rounds it goes on answering those who still look. What is to be sent lies in
`take_messages`; a message to oneself never leaves.

A quorum that agrees waits a moment for a better vote (finalizeWait). Where every voter that can answer has told this
same vote in this round none can come, and the round ends at once; Apache's servers wait all the same. Who cannot answer
the election channel knows: nobody listens where that voter would.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from pyzoo.quorum.notification import Notification
from pyzoo.quorum.verifier import QuorumVerifier, contains_both_quorums
from pyzoo.quorum.vote import FOLLOWING, LEADING, LOOKING, NO_VALUE, OBSERVING, UNUSABLE_ZXID, Vote

FINALIZE_WAIT_MS: Final = 200
ANSWER_AGAIN_MS: Final = 50
"""Who is no voter of ours and asks again gets the same answer no sooner: we may be none of its, and it answers too."""

MOST_ANSWERED: Final = 1000
"""So many of them are remembered."""


@frozen
class ElectionSettings:
    """Who we are and how patient; the intervals are in ms (zookeeper.fastleader.*NotificationInterval)."""

    my_id: int
    is_observer: bool = False
    min_notification_interval_ms: int = 200
    max_notification_interval_ms: int = 60_000


class FastLeaderElection:
    """One server's part in all elections of its life; see the module for how it is driven."""

    def __init__(
        self,
        settings: ElectionSettings,
        current: QuorumVerifier,
        has_delivered: Callable[[], bool] = lambda: True,
        can_answer: Callable[[int], bool] = lambda _sid: True,
    ) -> None:
        """`has_delivered` says whether anything sent so far has reached its peer's connection.

        `can_answer` says whether a voter may still be heard of: not one that was dialled in vain, until it comes by
        itself. `voter_lost` and `voter_unreachable` tell when that has changed.
        """
        self.settings = settings
        self.current = current
        self.last_seen = current
        self.state = LOOKING
        self.logical_clock = 0
        self.current_vote = Vote(settings.my_id, NO_VALUE, 0, NO_VALUE)
        self.outcome: Vote | None = None
        self.wants_connect_all = False
        self._has_delivered = has_delivered
        self._can_answer = can_answer
        self._is_running = False
        self._initial = self.current_vote
        self._proposal = self.current_vote
        self._received: dict[int, Vote] = {}
        self._out_of_election: dict[int, Vote] = {}
        self._messages: list[tuple[int, Notification]] = []
        self._to_self: deque[Notification] = deque()
        self._asked_again: set[int] = set()
        self._answered: dict[int, tuple[Vote, int]] = {}
        self._interval_ms = 0
        self._timeout_at_ms = 0
        self._finalize_at_ms: int | None = None

    # --- the round

    def look_for_leader(self, zxid: int, peer_epoch: int, now_ms: int) -> None:
        """Begin a round with what this server has: its last logged zxid and its current epoch."""
        my_id = self.settings.my_id
        self.state = LOOKING
        self.outcome = None
        self.logical_clock += 1
        if my_id in self.current.voters:
            self._initial = Vote(my_id, zxid, self.logical_clock, peer_epoch)
        else:
            self._initial = Vote(NO_VALUE, NO_VALUE, self.logical_clock, NO_VALUE)
        self._proposal = self.current_vote = self._initial
        self._received = {}
        self._out_of_election = {}
        self._asked_again = set()
        self._finalize_at_ms = None
        self._is_running = True
        self._interval_ms = self.settings.min_notification_interval_ms
        self._timeout_at_ms = now_ms + self._interval_ms
        self._send_proposal()
        self._hear_myself(now_ms)

    def configure(self, current: QuorumVerifier, last_seen: QuorumVerifier) -> None:
        """The configuration changed; the round, if one goes on, has to be begun anew by the caller."""
        self.current = current
        self.last_seen = last_seen

    def established(self, epoch: int) -> None:
        """The elected leader has begun its epoch: answers carry it from now on (QuorumPeer.updateElectionVote)."""
        self.current_vote = evolve(self.current_vote, peer_epoch=epoch)

    def notification_received(self, sender: int, notification: Notification, now_ms: int) -> None:
        """A notification of another server came in (Messenger.WorkerReceiver)."""
        vote = notification.vote
        if sender not in self._voters():
            if vote.state == LOOKING:
                self._answer_stranger(sender, now_ms)
        elif self.state == LOOKING:
            if vote.state == LOOKING and self._is_behind(vote):
                self._answer(sender, self._proposal, self.logical_clock)
            self._take(sender, vote, now_ms)
            self._hear_myself(now_ms)
        elif vote.state == LOOKING:
            self._answer(sender, self.current_vote, self.current_vote.election_epoch)

    def _answer_stranger(self, sender: int, now_ms: int) -> None:
        """Tell who looks and is no voter what we are for.

        Apache's servers answer whatever it says. Two that are no voters to each other, such as a member that a
        reconfiguration has removed and an observer, then answer each other without end.
        """
        answer = self._said(self.current_vote, self.logical_clock)
        last = self._answered.get(sender)
        if last is not None and last[0] == answer and now_ms - last[1] < ANSWER_AGAIN_MS:
            return
        if len(self._answered) >= MOST_ANSWERED:
            self._answered.clear()
        self._answered[sender] = (answer, now_ms)
        self._answer(sender, self.current_vote, self.logical_clock)

    def voter_lost(self, sid: int) -> None:
        """The connection with a voter broke, and what was said last may be lost: once a round it is said again.

        So the voter is dialled, which shows whether it is still there.
        """
        if self._is_running and sid in self._voters() and sid not in self._asked_again:
            self._asked_again.add(sid)
            self._answer(sid, self._proposal, self.logical_clock)

    def voter_unreachable(self) -> None:
        """Some voter was dialled in vain: it may be the last one that was waited for."""
        if self._finalize_at_ms is not None and self._nobody_is_left(self._agreeing(self._received, self._proposal)):
            self.decide(self._proposal)

    def _is_behind(self, vote: Vote) -> bool:
        """Whether the sender may not know our proposal: it is of an older round, or for a worse candidate.

        Apache's servers say nothing in the second case. But who looked before the sender did has told it too early,
        and would lose an election that it should win.
        """
        if vote.election_epoch != self.logical_clock:
            return vote.election_epoch < self.logical_clock
        return self._is_running and self._beats(self._proposal, vote)

    def advance(self, now_ms: int) -> None:
        """Time has passed: end a round that has been quiet, or say the proposal again."""
        if not self._is_running:
            return
        if self._finalize_at_ms is not None:
            if now_ms >= self._finalize_at_ms:
                self.decide(self._proposal)
        elif now_ms >= self._timeout_at_ms:
            self._nothing_heard(now_ms)

    def next_deadline_ms(self) -> int | None:
        """When `advance` has something to do."""
        if not self._is_running:
            return None
        return self._timeout_at_ms if self._finalize_at_ms is None else self._finalize_at_ms

    def take_messages(self) -> list[tuple[int, Notification]]:
        """What to send: receiver and notification, newest last."""
        messages = self._messages
        self._messages = []
        return messages

    # --- what is heard

    def _hear_myself(self, now_ms: int) -> None:
        while self._to_self and self._is_running:
            self._take(self.settings.my_id, self._to_self.popleft().vote, now_ms)

    def _take(self, sender: int, vote: Vote, now_ms: int) -> None:
        """One notification of a voter, in its turn (FastLeaderElection.lookForLeader)."""
        if not self._is_running:
            return
        if self._finalize_at_ms is not None:
            if not self._beats(vote, self._proposal):
                self._finalize_at_ms = now_ms + FINALIZE_WAIT_MS
                self._agreed_late(sender, vote)
                return
            self._finalize_at_ms = None
        self._timeout_at_ms = now_ms + self._interval_ms
        if vote.leader not in self._voters():
            return
        if vote.state == LOOKING:
            self._looking(sender, vote, now_ms)
        elif vote.state != OBSERVING:
            self._settled(sender, vote)

    def _looking(self, sender: int, vote: Vote, now_ms: int) -> None:
        if vote.election_epoch < self.logical_clock or UNUSABLE_ZXID in (vote.zxid, self._initial.zxid):
            return
        if vote.election_epoch > self.logical_clock:
            self.logical_clock = vote.election_epoch
            self._received = {}
            better = vote if self._beats(vote, self._initial) else self._initial
            self._propose(better)
        elif self._beats(vote, self._proposal):
            self._propose(vote)
        self._received[sender] = vote
        agreeing = self._agreeing(self._received, self._proposal)
        if not self._is_quorum(agreeing):
            return
        if self._nobody_is_left(agreeing):
            self.decide(self._proposal)
        else:
            self._finalize_at_ms = now_ms + FINALIZE_WAIT_MS

    def _agreed_late(self, sender: int, vote: Vote) -> None:
        """A vote that is not better came while the round waited: it may be the last one that agrees."""
        if vote.state == LOOKING and vote.agrees_with(self._proposal):
            self._received[sender] = vote
            if self._nobody_is_left(self._agreeing(self._received, self._proposal)):
                self.decide(self._proposal)

    def _nobody_is_left(self, agreeing: set[int]) -> bool:
        """Whether nobody can have a better vote: of a quorum that agrees, whether all others cannot answer.

        Where an oracle takes the place of the other voter that one is waited for all the same.
        """
        missing = self._voters() - agreeing
        if not missing:
            return True
        return not self.current.asks_oracle and not any(map(self._can_answer, missing))

    def _settled(self, sender: int, vote: Vote) -> None:
        """The sender follows or leads already (receivedFollowingNotification, receivedLeadingNotification)."""
        if vote.election_epoch == self.logical_clock:
            self._received[sender] = evolve(vote, version=0)
            if self._is_established(self._received, vote):
                self.decide(vote)
                return
        self._out_of_election[sender] = vote
        if self._is_established(self._out_of_election, vote):
            self.logical_clock = vote.election_epoch
            self.decide(vote)
        elif vote.state == LEADING and self.current.oracle_refuses:
            self.decide(vote)

    def _is_established(self, votes: dict[int, Vote], vote: Vote) -> bool:
        """Whether a quorum follows a leader already.

        One of the current configuration is enough: a new one that only this server has logged may never come, and
        then Apache's server never joins. To follow is safe, and a leader counts its quorums itself.
        """
        return self.current.contains_quorum(self._agreeing(votes, vote)) and self._leads(votes, vote)

    def _leads(self, votes: dict[int, Vote], vote: Vote) -> bool:
        """Only a leader that says so itself is followed, or everybody could follow one that is gone (checkLeader)."""
        if vote.leader == self.settings.my_id:
            return self.logical_clock == vote.election_epoch
        own = votes.get(vote.leader)
        return own is not None and own.state == LEADING

    def _agreeing(self, votes: dict[int, Vote], vote: Vote) -> set[int]:
        return {sender for sender, other in votes.items() if vote.agrees_with(other)}

    def _is_quorum(self, servers: set[int]) -> bool:
        return contains_both_quorums(servers, self.current, self.last_seen)

    def _beats(self, vote: Vote, other: Vote) -> bool:
        return self.current.weight_of(vote.leader) != 0 and vote.candidacy > other.candidacy

    def decide(self, vote: Vote) -> None:
        """End the round with this vote; also where a reconfiguration names the leader and there was none."""
        self._is_running = False
        self._finalize_at_ms = None
        self._to_self.clear()
        if vote.leader == self.settings.my_id:
            self.state = LEADING
        else:
            self.state = OBSERVING if self.settings.is_observer else FOLLOWING
        self.outcome = self.current_vote = Vote(
            vote.leader, vote.zxid, self.logical_clock, vote.peer_epoch, state=self.state
        )

    # --- what is said

    def _nothing_heard(self, now_ms: int) -> None:
        if self._has_delivered():
            self._send_proposal()
        else:
            self.wants_connect_all = True
        self._interval_ms = min(2 * self._interval_ms, self.settings.max_notification_interval_ms)
        self._timeout_at_ms = now_ms + self._interval_ms
        if self.current.asks_oracle and self._is_quorum(self._agreeing(self._received, self._proposal)):
            self._finalize_at_ms = now_ms + FINALIZE_WAIT_MS
        self._hear_myself(now_ms)

    def _propose(self, vote: Vote) -> None:
        self._proposal = self.current_vote = Vote(vote.leader, vote.zxid, self.logical_clock, vote.peer_epoch)
        self._send_proposal()

    def _send_proposal(self) -> None:
        for receiver in sorted(self._voters()):
            self._answer(receiver, self._proposal, self.logical_clock)

    def _answer(self, receiver: int, vote: Vote, round: int) -> None:
        notification = Notification(self._said(vote, round), self.current.members.text())
        if receiver == self.settings.my_id:
            self._to_self.append(notification)
        else:
            self._messages.append((receiver, notification))

    def _said(self, vote: Vote, round: int) -> Vote:
        """A vote as others are told of it."""
        return Vote(vote.leader, vote.zxid, round, vote.peer_epoch, self.state)

    def _voters(self) -> frozenset[int]:
        return self.current.voters | self.last_seen.voters
