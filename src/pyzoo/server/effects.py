"""Effects: what a core wants its shell to do after a turn, in one batch.

All of it may be done at once and in any order: whatever has to wait for the disk is held back by the core and comes out
of a later batch, after `persisted`. A server without an ensemble has no packets, and hardly ever an errand.
"""

from typing import final

from mypy_extensions import i32, i64

from pyzoo.errors import ProtocolViolation, without_frames
from pyzoo.outbox import Outbox, Packets
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import PeerLink
from pyzoo.sasl.mechanism import SaslServer


@final
class LogBatch:
    """Whole log records of `txns` transactions to append and sync together.

    `pieces`, one behind the other, are complete records (checksum, length, payload, end mark); a piece may end within
    one, for data that is large is a piece of its own, which nobody has to copy. A new file is named after `first_zxid`.
    With `roll_after` the next batch starts a new file. The core wants `persisted(last_zxid)` when they are safe.
    """

    def __init__(self, first_zxid: i64, last_zxid: i64, pieces: list[bytes], roll_after: bool, txns: i64 = 1) -> None:
        self.first_zxid: i64 = first_zxid
        self.last_zxid: i64 = last_zxid
        self.pieces = pieces
        self.roll_after = roll_after
        self.txns: i64 = txns

    @property
    def records(self) -> bytes:
        """All of them in one piece, a copy."""
        return b"".join(self.pieces)

    @property
    def length(self) -> i64:
        """The bytes of all records."""
        length: i64 = 0
        for piece in self.pieces:
            length += len(piece)
        return length


@final
class LogRead:
    """Proposals that are wanted from the log on disk; the answer goes to the handler's `log_read`."""

    def __init__(self, handler: LearnerHandler, from_zxid: int, to_zxid: int, size_limit_factor: float) -> None:
        self.handler = handler
        self.from_zxid = from_zxid
        self.to_zxid = to_zxid
        self.size_limit_factor = size_limit_factor


@final
class SaslStep:
    """A token of a client that may take a while; `cnxn`, a ServerCnxn, waits for its answer, of the request `xid`.

    `failure` is what the exchange raised, if it did.
    """

    def __init__(self, cnxn: Outbox, server: SaslServer, xid: i32, token: bytes) -> None:
        self.cnxn = cnxn
        self.server = server
        self.xid: i32 = xid
        self.token = token
        self.answer: bytes | None = None
        self.failure: ProtocolViolation | None = None

    def run(self) -> None:
        """Find the answer; nothing of the core is touched, so that a thread can do it."""
        try:
            self.answer = self.server.evaluate(self.token)
        except ProtocolViolation as failure:
            self.failure = without_frames(failure)


@final
class Errands:
    """What takes longer than a turn; most turns have none.

    `dials` are links to be connected. `listen` are the ports for members that have to be open from now on, by their
    kind; None is for those of before. `reads` are of the log. `starts_snapshot`: begin a snapshot of the running
    server, beside it. `saves_snapshot`: save the database now, `snapshot_saved` is waited for. `is_restored`: the
    restore of a snapshot has ended, in whichever way. `client_address` is where clients are to be served now.
    `sasl_steps` are tokens of clients, to be found the answer to. `opens_client_ports` and `ends` are of a worker: it
    is in step, so that clients may come, or cannot go on.
    """

    def __init__(self) -> None:
        self.dials: list[PeerLink] = []
        self.listen: dict[int, list[tuple[str, int]]] | None = None
        self.reads: list[LogRead] = []
        self.starts_snapshot = False
        self.saves_snapshot = False
        self.is_restored = False
        self.client_address: tuple[str, int] | None = None
        self.sasl_steps: list[SaslStep] = []
        self.opens_client_ports = False
        self.ends = False


@final
class Effects:
    """The batch: one object for the life of a core, which the shell empties after each turn.

    `packets` are to other members, `replies` to clients. `log` is new with each `take_effects`. While the core `holds`
    proposals back they wait for company, and the shell calls `release` by the time that `held_until_ns` says.
    """

    def __init__(self) -> None:
        self.packets = Packets()
        self.replies = Packets()
        self.log: LogBatch | None = None
        self.holds = False
        self._errands: Errands | None = None

    @property
    def errands(self) -> Errands:
        """Those of this turn, for the core to add to."""
        errands = self._errands
        if errands is None:
            errands = Errands()
            self._errands = errands
        return errands

    def take_errands(self) -> Errands | None:
        """Those since the last call."""
        errands = self._errands
        self._errands = None
        return errands
