"""Checker: a rule, and Facts: what all rules look at."""

from collections.abc import Callable, Set

from attrs import define

from pyzoo.config.membership import Membership
from pyzoo.sim.checkers.quorums import may_decide
from pyzoo.sim.client import ClientObserver, SimClient
from pyzoo.sim.ledger import Entry, Ledger
from pyzoo.sim.member import SimMember
from pyzoo.sim.operation import Operation
from pyzoo.sim.options import ORACLE_SID, Options
from pyzoo.sim.world import InvariantViolation, World


@define
class Facts:
    """The world as the checkers see it.

    `membership` is the one that the ledger has come to, `newest_epoch` the last one in which a leader has taken office.
    """

    world: World
    options: Options
    ledger: Ledger
    members: dict[int, SimMember]
    membership: Membership
    committed: Callable[[SimMember, Entry], None] = lambda _member, _entry: None
    newest_epoch: int = 0

    def is_quorum(self, membership: Membership, sids: Set[int]) -> bool:
        """Whether these may decide, also by what the oracle says."""
        return may_decide(membership, sids) or (self.options.oracle and ORACLE_SID in sids)


class Checker:
    """One rule; every call may raise InvariantViolation."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.ledger = facts.ledger

    def require(self, holds: bool, message: str) -> None:
        """Raise InvariantViolation unless it holds."""
        if not holds:
            raise InvariantViolation(message)

    def turned(self, member: SimMember) -> None:
        """A turn of a member is over; `is_serving` and the like may be asked."""

    def committed(self, member: SimMember, entry: Entry) -> None:
        """A leader has committed the next transaction; it is in the ledger already."""

    def sent(self, client: SimClient, operation: Operation) -> None:
        """A request leaves."""

    def replied(self, client: SimClient, operation: Operation) -> None:
        """It is answered."""

    def event(self, client: SimClient, type: int, path: str, zxid: int) -> None:
        """A watch has fired."""

    def disconnected(self, client: SimClient) -> None:
        """The connection is over."""

    def session_opened(self, client: SimClient) -> None:
        """A session begins or goes on."""

    def session_expired(self, client: SimClient) -> None:
        """The server says that the session is over."""

    def replied_read_only(self, client: SimClient, operation: Operation) -> None:
        """A server without a quorum has answered."""


class Observers(ClientObserver):
    """Passes on to all checkers what clients are told."""

    def __init__(self, checkers: list[Checker]) -> None:
        self.checkers = checkers

    def sent(self, client: SimClient, operation: Operation) -> None:
        for checker in self.checkers:
            checker.sent(client, operation)

    def replied(self, client: SimClient, operation: Operation) -> None:
        for checker in self.checkers:
            checker.replied(client, operation)

    def event(self, client: SimClient, type: int, path: str, zxid: int) -> None:
        for checker in self.checkers:
            checker.event(client, type, path, zxid)

    def disconnected(self, client: SimClient) -> None:
        for checker in self.checkers:
            checker.disconnected(client)

    def session_opened(self, client: SimClient) -> None:
        for checker in self.checkers:
            checker.session_opened(client)

    def session_expired(self, client: SimClient) -> None:
        for checker in self.checkers:
            checker.session_expired(client)

    def replied_read_only(self, client: SimClient, operation: Operation) -> None:
        for checker in self.checkers:
            checker.replied_read_only(client, operation)
