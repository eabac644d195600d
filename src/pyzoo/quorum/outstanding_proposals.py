"""OutstandingProposals: what a leader has proposed and not committed yet, with who has logged it."""

from collections.abc import Iterator
from typing import Final, final

from mypy_extensions import i64

from pyzoo.quorum.verifier import QuorumVerifier

_FIRST_SLOTS: Final = 256


@final
class OutstandingProposal:
    """A proposal that no quorum has acknowledged yet; `next` is a configuration under way.

    `acks` has a bit for each server that has logged it, which one is known to whoever counts them.
    """

    def __init__(self, zxid: i64, payload: bytes, next: QuorumVerifier | None, is_reconfig: bool, now_ms: i64) -> None:
        self.zxid: i64 = zxid
        self.proposed_ms: i64 = now_ms
        self.payload = payload
        self.next = next
        self.is_reconfig = is_reconfig
        self.acks = 0


@final
class OutstandingProposals:
    """Their zxids follow each other, so each has a slot of a ring; `first_zxid` is the oldest one's."""

    def __init__(self) -> None:
        self.first_zxid: i64 = 0
        self._count: i64 = 0
        self._mask: i64 = _FIRST_SLOTS - 1
        self._slots: list[OutstandingProposal | None] = [None] * _FIRST_SLOTS

    def __len__(self) -> int:
        return int(self._count)

    def __iter__(self) -> Iterator[OutstandingProposal]:
        """From the oldest on."""
        found: list[OutstandingProposal] = []
        for zxid in range(self.first_zxid, self.first_zxid + self._count):
            proposal = self.get(zxid)
            if proposal is not None:
                found.append(proposal)
        return iter(found)

    def add(self, proposal: OutstandingProposal) -> None:
        """Add the next one."""
        if self._count == 0:
            self.first_zxid = proposal.zxid
        elif self._count > self._mask:
            self._grow()
        self._slots[proposal.zxid & self._mask] = proposal
        self._count += 1

    def get(self, zxid: i64) -> OutstandingProposal | None:
        """The proposal with this zxid, if it is one of them."""
        at = zxid - self.first_zxid
        return self._slots[zxid & self._mask] if 0 <= at < self._count else None

    def remove_first(self) -> None:
        """The oldest is committed; there has to be one."""
        self._slots[self.first_zxid & self._mask] = None
        self.first_zxid += 1
        self._count -= 1

    def _grow(self) -> None:
        proposals = list(self)
        self._mask = 2 * self._mask + 1
        self._slots = [None] * (int(self._mask) + 1)
        for proposal in proposals:
            self._slots[proposal.zxid & self._mask] = proposal
