"""How a learner catches up: by a DIFF, a TRUNC or a SNAP (LearnerHandler.syncFollower, queueCommittedProposals).

The cases, the first that holds decides; `peer` is the learner's last zxid, min and max are those of the
committed log, or lastProcessedZxid where that is empty:

    1  snapshots are forced                     SNAP
    2  peer == lastProcessedZxid                DIFF, nothing to send
    3  peer > max, but not the start of an epoch  TRUNC to max
    4  min <= peer <= max                       from the committed log
    5  peer < min                               from the log on disk, then the committed log
    6  anything else                            SNAP

The scan of 4 and 5 sends what is newer than `peer`, after a TRUNC where the learner has something in between
that was never committed. It gives way to a SNAP where that would cut into another epoch, and, unlike in
Apache, at every gap inside an epoch (ZOOKEEPER-2846).
"""

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from pyzoo.quorum.history import CommittedLog, Proposal
from pyzoo.zxid import counter_of, epoch_of

DIFF: Final = "DIFF"
TRUNC: Final = "TRUNC"
SNAP: Final = "SNAP"


@frozen
class SyncPlan:
    """`zxid` goes with the packet; `proposals`, each with its COMMIT, follow it."""

    kind: str
    zxid: int
    proposals: tuple[Proposal, ...] = ()

    @property
    def last_zxid(self) -> int:
        """What the learner has when it is through."""
        return self.proposals[-1].zxid if self.proposals else self.zxid


def bounds(log: CommittedLog, last_processed: int) -> tuple[int, int]:
    """min and max of the committed log."""
    return (log.min_zxid, log.max_zxid) if log.proposals else (last_processed, last_processed)


def needs_disk(peer: int, last_processed: int, log: CommittedLog, forced: bool, uses_disk: bool) -> bool:
    """Whether case 5 holds, so that the log on disk has to be read first, from `peer` on."""
    return not forced and uses_disk and peer != last_processed and peer < bounds(log, last_processed)[0]


def plan_sync(
    peer: int, last_processed: int, log: CommittedLog, forced: bool = False, from_disk: list[Proposal] | None = None
) -> SyncPlan:
    """Choose; `from_disk` are committed proposals from `peer` on, None where they cannot be had."""
    least, most = bounds(log, last_processed)
    snap = SyncPlan(SNAP, last_processed)
    if forced:
        return snap
    if peer == last_processed:
        return SyncPlan(DIFF, peer)
    if peer > most:
        return snap if counter_of(peer) == 0 else SyncPlan(TRUNC, most)
    if peer >= least:
        return _scan(peer, most, log.proposals) or snap
    if not from_disk or not _reaches(from_disk, least, log):
        return snap
    joined = [proposal for proposal in from_disk if proposal.zxid < least]
    joined += log.proposals or [proposal for proposal in from_disk if proposal.zxid == last_processed]
    return _scan(peer, most, joined) or snap


def _reaches(from_disk: list[Proposal], least: int, log: CommittedLog) -> bool:
    """Whether nothing can be missing between the log on disk and the committed log, or the present without one.

    After a snapshot of a leader the log on disk ends in the past, perhaps in another epoch.
    """
    end = from_disk[-1].zxid
    return end >= least or (len(log.proposals) > 0 and end + 1 == least)


def _scan(peer: int, most: int, proposals: Iterable[Proposal]) -> SyncPlan | None:
    """What is newer than `peer` of an ordered history; None for a SNAP."""
    known: int | None = None  # the last zxid that is not newer than `peer`
    newer: list[Proposal] = []
    for proposal in proposals:
        if proposal.zxid <= peer:
            known = proposal.zxid
            continue
        before = newer[-1].zxid if newer else known
        if before is not None and proposal.zxid != before + 1 and epoch_of(proposal.zxid) == epoch_of(before):
            return None
        newer.append(proposal)
    if known == peer or counter_of(peer) == 0:
        return SyncPlan(DIFF, most, tuple(newer))
    if known is None or (newer and epoch_of(newer[0].zxid) != epoch_of(peer)):
        return None
    return SyncPlan(TRUNC, known, tuple(newer))
