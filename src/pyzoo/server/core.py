"""Core: what a shell drives, be it a server alone or a member of an ensemble.

One task touches it, one turn at a time: the time is set, what has arrived is handed over, and then the effects
are carried out, all of them, in any order.
"""

from mypy_extensions import i64

from pyzoo.quorum.link import PeerLink
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.effects import Effects
from pyzoo.server.metrics import ServerMetrics


class Core:
    """`now_ms` is the monotonic time of this turn.

    A snapshot that is being made of the running server is worthless once `snapshot_epoch` has changed.
    """

    def __init__(self, now_ms: int, wall_ms: int, metrics: ServerMetrics, effects: Effects) -> None:
        self.now_ms: i64 = now_ms
        self.wall_ms: i64 = wall_ms
        self.metrics = metrics
        self.effects = effects
        self.snapshot_epoch: i64 = 0

    # --- clients

    def accept(self, address: str, port: int, secure: bool = False) -> ServerCnxn | None:
        """A connection came in, with `secure` to the secure port; None when it has to be closed at once."""
        raise NotImplementedError

    def secured(self, cnxn: ServerCnxn, certificate: bytes) -> None:
        """The TLS handshake of a connection is over, and nothing that it says has been looked at yet.

        `certificate` is the client's, DER, which the trust store vouches for; empty when it has shown none. A client
        that must not come in is refused by closing `cnxn`.
        """
        raise NotImplementedError

    def client_gone(self, cnxn: ServerCnxn) -> None:
        """The socket of a connection is closed; its session lives on."""
        raise NotImplementedError

    def data_received(self, cnxn: ServerCnxn, data: bytes) -> None:
        """Take what arrived on a connection and begin to work on every whole frame."""
        raise NotImplementedError

    def frames_waiting(self, cnxn: ServerCnxn) -> None:
        """Go on with the frames that are there, as far as back-pressure allows."""
        raise NotImplementedError

    def wants_input(self, cnxn: ServerCnxn) -> bool:
        """Whether the shell may read from this connection now."""
        raise NotImplementedError

    @property
    def is_busy(self) -> bool:
        """Whether some request is on its way, so that its next step is to be expected soon."""
        raise NotImplementedError

    # --- other processes of the same server

    def link_received(self, link: PeerLink, data: bytes) -> None:
        """Bytes of the other end of a connection between a writer and a worker."""
        raise NotImplementedError

    def link_drained(self, link: PeerLink) -> None:
        """The other end has taken all bytes."""
        raise NotImplementedError

    def link_gone(self, link: PeerLink) -> None:
        """The other end is gone."""
        raise NotImplementedError

    # --- disk

    def take_effects(self) -> Effects:
        """What is to be done now, all of it; its `log` is forgotten with the next call."""
        raise NotImplementedError

    def held_until_ns(self, now_ns: i64, patience_ns: i64) -> i64:
        """When `release` has to come at the latest, 0 for now, while the effects are held back; see GroupCommit."""
        return 0

    def release(self) -> None:
        """Send and log what is held back: effects follow."""

    def persisted(self, zxid: i64) -> None:
        """All log records up to `zxid` are safe."""
        raise NotImplementedError

    def snapshot_began(self) -> None:
        """The shell saves a snapshot now; no other is asked for meanwhile."""
        raise NotImplementedError

    def snapshot_ended(self, failed: bool) -> None:
        """The snapshot that was begun is saved, or could not be (`failed`); the next one may be asked for."""
        raise NotImplementedError

    # --- time

    def advance(self, now_ms: int, wall_ms: int) -> None:
        """The time of this turn (monotonic and wall clock, ms)."""
        raise NotImplementedError

    def next_deadline_ms(self) -> int:
        """The monotonic time at which `advance` has something to do again; AT_ONCE while nobody else needs a pause."""
        raise NotImplementedError
