"""Process: what the parts of a member see of the whole."""

from collections.abc import Callable
from typing import Protocol

from pyzoo.server.member.peer import QuorumPeer
from pyzoo.sim.durable import DurableHistory
from pyzoo.sim.network import Network
from pyzoo.sim.world import World


class Process(Protocol):
    """A process that may be another one, or none, when something that was begun comes to its end: see `life`."""

    world: World
    network: Network
    host: str
    durable: DurableHistory
    life: int
    peer: QuorumPeer | None

    def arrived(self, step: Callable[[], None]) -> None:
        """Something for the next turn."""

    def attempt(self, step: Callable[[QuorumPeer], None]) -> None:
        """Let the process do something; a failing disk, or a bug, ends it."""

    def sync_ms(self) -> int:
        """How long the next sync takes."""
