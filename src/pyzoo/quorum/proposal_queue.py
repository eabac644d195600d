"""ProposalQueue: proposals in the order of their zxids, from one step to the next."""

from collections.abc import Iterator
from typing import final

from mypy_extensions import i64

from pyzoo.quorum.history import Proposal


@final
class ProposalQueue:
    """First in, first out. A list, whose ends compiled code gets at without a call, and how many of it are gone."""

    def __init__(self) -> None:
        self._proposals: list[Proposal] = []
        self._gone: i64 = 0

    def __len__(self) -> int:
        return len(self._proposals) - int(self._gone)

    def __iter__(self) -> Iterator[Proposal]:
        return iter(self._proposals[self._gone :])

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return self._gone == len(self._proposals)

    @property
    def oldest(self) -> Proposal:
        """The one that `take` gives next; there has to be one."""
        return self._proposals[self._gone]

    def append(self, proposal: Proposal) -> None:
        """Add the newest."""
        self._proposals.append(proposal)

    def take(self) -> Proposal:
        """Take the oldest; there has to be one."""
        proposals = self._proposals
        proposal = proposals[self._gone]
        self._gone += 1
        if 2 * self._gone >= len(proposals):
            self._proposals = proposals[self._gone :]
            self._gone = 0
        return proposal

    def clear(self) -> None:
        """Forget all."""
        self._proposals = []
        self._gone = 0
