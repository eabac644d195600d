"""The overview of an ensemble: what all its members say, what the leader knows of them, put together."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from pyzoo.config.membership import Membership
from pyzoo.config.surroundings import CertificateFacts
from pyzoo.console.member_words import UNKNOWN, MemberState
from pyzoo.console.samples import KEPT_MS, MOST_SAMPLES
from pyzoo.quorum.verifier import make_verifier
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.zxid import counter_of, epoch_of


@frozen
class Disk:
    """Room for a directory of this member, in bytes; `used` is what the directory itself takes."""

    name: str
    path: str
    free: int
    total: int
    used: int


@frozen
class Snapshots:
    """The snapshots of this member: how many there are, the zxid and time (ms) of the newest, -1 without one."""

    count: int = 0
    zxid: int = -1
    saved_ms: int = -1


LATE_MS: Final = 15_000
"""A learner that is so far behind its leader lags: it has missed several looks."""


@frozen
class Surroundings:
    """What only this member knows, of itself: disks, snapshots, certificates and limits; 0 is no limit."""

    disks: tuple[Disk, ...] = ()
    snapshots: Snapshots | None = None
    certificates: tuple[CertificateFacts, ...] = ()
    outstanding_limit: int = 0
    most_connections: int = 0
    slow_syncs: int = 0
    slow_sync_ms: int = 0


@frozen
class Lag:
    """How far a member is behind its leader; None is what cannot be told, as over the end of an epoch."""

    txns: int | None
    ms: int | None


@frozen
class Overview:
    """The whole ensemble as one member sees it, at `at_ms` since 1970.

    `leader_id` is -1 where none is known. `has_quorum`: whether the voters that serve are a quorum of the
    configuration; `fragile`: whether one more failure may end that. `lags` are by member id.
    """

    at_ms: int
    own_id: int
    members: tuple[MemberState, ...]
    leader_id: int
    has_quorum: bool
    fragile: bool
    lags: dict[int, Lag]
    own: Surroundings

    @property
    def is_ensemble(self) -> bool:
        """Whether there is more than this server."""
        return len(self.members) > 1

    @property
    def leader(self) -> MemberState | None:
        """The member that leads, if it is known and says so."""
        return next((member for member in self.members if member.leads), None)


class LeaderZxids:
    """When the leader was where: times and zxids of looks at it, none older than `KEPT_MS`."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque(maxlen=MOST_SAMPLES)

    def look(self, at_ms: int, zxid: int) -> None:
        """The leader had this zxid at this time; only news are kept."""
        seen = self._seen
        while seen and (seen[-1][0] >= at_ms or at_ms - seen[0][0] > KEPT_MS):
            # A clock that was set back, or what is too old.
            seen.pop() if seen[-1][0] >= at_ms else seen.popleft()
        if not seen or seen[-1][1] != zxid:
            seen.append((at_ms, zxid))

    def behind_ms(self, zxid: int, now_ms: int) -> int:
        """For how long the leader has been ahead of this zxid, as far as that was seen; 0 where it is not."""
        since = next((at for at, leaders in self._seen if leaders > zxid), now_ms)
        return max(now_ms - since, 0)


def lag_of(member: MemberState, leader: MemberState | None, zxids: LeaderZxids, now_ms: int) -> Lag | None:
    """How far behind the leader a member is; None for the leader itself, and where either did not answer."""
    if leader is None or member.id == leader.id or member.zxid is None or leader.zxid is None:
        return None
    behind_ms = zxids.behind_ms(member.zxid, now_ms)
    if member.zxid >= leader.zxid or (member.serves and counter_of(leader.zxid) == 0):
        # An epoch without a transaction: who serves in it has acknowledged its beginning.
        return Lag(0, 0)
    same_epoch = epoch_of(member.zxid) == epoch_of(leader.zxid)
    return Lag(leader.zxid - member.zxid if same_epoch else None, behind_ms)


def lags_of(members: Sequence[MemberState], zxids: LeaderZxids, now_ms: int) -> dict[int, Lag]:
    """The lags of all who have a leader."""
    leader = next((member for member in members if member.leads), None)
    found = {member.id: lag_of(member, leader, zxids, now_ms) for member in members}
    return {sid: lag for sid, lag in found.items() if lag is not None}


def overview_of(
    server: ZooKeeperServer, members: Sequence[MemberState], zxids: LeaderZxids, own: Surroundings
) -> Overview:
    """What the members say, put together, at the time that the server has."""
    now_ms, view = int(server.wall_ms), server.ensemble
    leader = next((member for member in members if member.leads), None)
    known = -1 if view is None else view.leader_id()
    has_quorum, fragile = (True, False) if view is None else quorum_of(view.members.members, members)
    return Overview(
        at_ms=now_ms,
        own_id=server.config.server_id,
        members=tuple(in_epoch(member, leader) for member in members),
        leader_id=known if leader is None else leader.id,
        has_quorum=has_quorum,
        fragile=fragile,
        lags=lags_of(members, zxids, now_ms),
        own=own,
    )


def in_epoch(member: MemberState, leader: MemberState | None) -> MemberState:
    """The member with the epoch of the leader that it serves with."""
    if leader is None or leader.zxid is None or not member.serves:
        return member
    return evolve(member, leaders_epoch=epoch_of(leader.zxid))


def quorum_of(configuration: Membership, members: Sequence[MemberState]) -> tuple[bool, bool]:
    """Whether there is a quorum, and whether one more failure may end it, with the voters that serve.

    A member that serves is proof of a quorum, whether the others answer their clients or not. Who could not be asked is
    taken to serve then.
    """
    verifier = make_verifier(configuration)
    has_quorum = any(member.serves for member in members)
    up = {member.id for member in members if member.serves or (has_quorum and member.role == UNKNOWN)}
    missing = verifier.voters - up
    fragile = bool(missing) and any(not verifier.contains_quorum(up - {one}) for one in up & verifier.voters)
    return has_quorum or verifier.contains_quorum(up), fragile
