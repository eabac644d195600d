"""Checker: a rule, and Facts: what all rules look at."""

from collections.abc import Callable, Set

from attrs import define

from pyzoo.config.membership import Membership
from pyzoo.sim.checkers.quorums import may_decide
from pyzoo.sim.client import ClientObserver
from pyzoo.sim.ledger import Entry, Ledger
from pyzoo.sim.member import SimMember
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


class Checker(ClientObserver):
    """One rule, which looks at members and hears what clients hear; every call may raise InvariantViolation."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.ledger = facts.ledger

    def require(self, holds: bool, message: str) -> None:
        """Raise InvariantViolation unless it holds."""
        if not holds:
            raise InvariantViolation(message)

    def turned(self, member: SimMember) -> None:
        """A turn of a member is over; `is_serving` and the like may be asked."""

    def handed_over(self, member: SimMember) -> None:
        """A leader that was told to stop waits for its followers no more."""

    def committed(self, member: SimMember, entry: Entry) -> None:
        """A leader has committed the next transaction; it is in the ledger already."""
