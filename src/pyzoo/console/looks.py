"""EnsembleLooks: how the console sees the whole ensemble; the runtime has what asks the members."""

from collections.abc import Mapping
from typing import Protocol

from pyzoo.console.overview import Overview
from pyzoo.console.samples import SampleRing


class EnsembleLooks(Protocol):
    """Nobody is asked, and no disk looked at, unless somebody wants an overview."""

    @property
    def samples(self) -> Mapping[int, SampleRing]:
        """The samples of each member by id: of this one all, of others those of times when somebody looked."""
        ...

    async def overview(self) -> Overview:
        """All members, a few seconds old at most, in the order of their ids."""
        ...
