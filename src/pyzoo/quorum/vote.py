"""A vote, the states of a peer, and which of two votes is the better one."""

from typing import Final

from attrs import frozen

LOOKING: Final = 0
FOLLOWING: Final = 1
LEADING: Final = 2
OBSERVING: Final = 3

NO_VALUE: Final = -(1 << 63)
"""What an observer puts into each field of its vote (Long.MIN_VALUE)."""

UNUSABLE_ZXID: Final = -1
"""The zxid of a server whose database is unexpectedly empty; it must not vote (ZOOKEEPER-261)."""


@frozen
class Vote:
    """Who should lead, with what that server has: its last logged zxid and the epoch that it last took part in.

    `election_epoch` is the round of the voter's process. `version` is that of the notification format it came in,
    `state` the state of the peer that sent it.
    """

    leader: int
    zxid: int
    election_epoch: int
    peer_epoch: int
    state: int = LOOKING
    version: int = 0

    def agrees_with(self, other: "Vote") -> bool:
        """Whether two votes count for the same election (Vote.equals).

        Followers of one established leader may report different zxids and rounds (ZOOKEEPER-1805), so these
        count only while somebody is still looking.
        """
        if self.state == LOOKING or other.state == LOOKING:
            return self.candidacy == other.candidacy and self.election_epoch == other.election_epoch
        if (self.version == 0) != (other.version == 0):
            return self.leader == other.leader
        return self.leader == other.leader and self.peer_epoch == other.peer_epoch

    @property
    def candidacy(self) -> tuple[int, int, int]:
        """What votes are compared by, best last: epoch, zxid, server id."""
        return self.peer_epoch, self.zxid, self.leader
