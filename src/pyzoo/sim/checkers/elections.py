"""A round of the election ends no sooner than it may: better votes get their time, unless nobody is left to have one.

That is so when all voters have told the same one, but for those whom the server that ends it has dialled in vain.

Who ends a round too soon leads or follows somebody who is behind, and the ensemble elects again. Nothing is lost by
that, so no other rule sees it.
"""

from typing import Final

from attrs import evolve, frozen

from pyzoo.quorum.vote import LOOKING, Vote
from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.machine import ELECTION_PORT, host_of
from pyzoo.sim.member import SimMember

FINALIZE_WAIT_MS: Final = 200

_Ballot = tuple[int, int, int]
"""A round, and the candidate that somebody is for in it with its zxid; a leader in office has another epoch at once."""


@frozen
class _Opinion:
    """What a member that looks is for, since when by its clock."""

    life: int
    ballot: _Ballot
    since_ms: int
    looked_at_ms: int
    """When it began to look, in the world's time."""


class ElectionChecker(Checker):
    """Remembers what each member was ever for, and how somebody has found a leader.

    That is with the leader's epoch, and by its ballot: a leader that is alone a quorum is in office in the turn of its
    election, and what it had said before has the epoch of before.
    """

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self._opinions: dict[int, _Opinion] = {}
        self._told: set[tuple[int, _Ballot]] = set()
        self._found: set[tuple[int, int]] = set()
        self._ended: set[_Ballot] = set()

    def turned(self, member: SimMember) -> None:
        peer = member.peer
        if peer is None:
            return
        election = peer.election
        vote = election.current_vote
        ballot = (election.logical_clock, vote.leader, vote.zxid)
        before = self._opinions.get(member.sid)
        if election.state == LOOKING:
            self._told.add((member.sid, ballot))
            if before is None or before.life != member.life:
                now_ms = self.facts.world.now_ms
                self._opinions[member.sid] = _Opinion(member.life, ballot, int(peer.now_ms), now_ms)
            elif before.ballot != ballot:
                self._opinions[member.sid] = evolve(before, ballot=ballot, since_ms=int(peer.now_ms))
            return
        if before is not None:
            del self._opinions[member.sid]
            self._told.add((member.sid, ballot))
            if before.life == member.life:
                self._judge(member, vote, ballot, before)
        self._found.add((vote.leader, vote.peer_epoch))
        self._ended.add(ballot)

    def _judge(self, member: SimMember, vote: Vote, ballot: _Ballot, before: _Opinion) -> None:
        """A member has found its leader: by those who have one, after the wait, or by the votes of all who can vote."""
        peer = member.peer
        assert peer is not None
        if (vote.leader, vote.peer_epoch) in self._found or ballot in self._ended:
            return  # whoever has it may say so, and that may be long on its way
        if before.ballot == ballot and int(peer.now_ms) - before.since_ms >= FINALIZE_WAIT_MS:
            return
        voters = peer.configuration.current.members.voters
        silent = [
            voter.id
            for voter in voters
            if (voter.id, ballot) not in self._told and not self._is_unreachable(member, voter.id, before.looked_at_ms)
        ]
        self.require(
            not silent,
            f"server {member.sid} has ended round {ballot[0]} for server {vote.leader} before {silent} had voted so",
        )

    def _is_unreachable(self, member: SimMember, sid: int, since_ms: int) -> bool:
        """Whether a member has dialled another one in vain since it looks."""
        failed_ms = member.network.dials_in_vain.get((member.host, (host_of(sid), ELECTION_PORT)))
        return failed_ms is not None and failed_ms >= since_ms
