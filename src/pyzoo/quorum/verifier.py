"""Quorum verifiers: which sets of servers are enough to decide.

Any two quorums of one verifier share a server; everything that ZAB promises rests on that. (QuorumMaj,
QuorumHierarchical, QuorumOracleMaj.)
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Set

from pyzoo.config.membership import Membership


class QuorumVerifier(ABC):
    """The members of one configuration with its rule."""

    def __init__(self, members: Membership) -> None:
        self.members = members
        self.voters = frozenset(server.id for server in members.voters)
        self.oracle: Callable[[], bool] | None = None

    @property
    def version(self) -> int:
        """The zxid of the reconfig that made this configuration; 0 for one that was never established."""
        return self.members.version

    @abstractmethod
    def contains_quorum(self, servers: Set[int]) -> bool:
        """Whether these servers are enough; those without a vote do not count."""

    def weight_of(self, server: int) -> int:
        """The weight of a server's vote; one of weight 0 can never lead."""
        return 1

    def have_logged(self, servers: Set[int], me: int) -> bool:
        """Whether it is enough to commit that these servers have logged something; `me` is the leader."""
        return self.contains_quorum(servers)

    @property
    def asks_oracle(self) -> bool:
        """Whether an oracle may decide now."""
        return False

    @property
    def oracle_refuses(self) -> bool:
        """Whether an oracle may decide now, and says that this server is not to go on alone."""
        return False

    def followers_in_step(self, followers: Set[int]) -> None:
        """Tell which followers are in step now; only a verifier with an oracle listens."""
        return


class QuorumMaj(QuorumVerifier):
    """More than half of the voters."""

    def contains_quorum(self, servers: Set[int]) -> bool:
        return 2 * len(self.voters & servers) > len(self.voters)


class QuorumHierarchical(QuorumVerifier):
    """More than half of the weight in more than half of the groups that have weight."""

    def __init__(self, members: Membership) -> None:
        super().__init__(members)
        self._weights = dict(members.weights)
        self._groups = [frozenset(servers) & self.voters for _, servers in members.groups]
        self._group_weights = [sum(map(self.weight_of, group)) for group in self._groups]
        self._counted_groups = sum(weight > 0 for weight in self._group_weights)

    def weight_of(self, server: int) -> int:
        return self._weights.get(server, 1)

    def contains_quorum(self, servers: Set[int]) -> bool:
        won = 0
        for group, total in zip(self._groups, self._group_weights, strict=True):
            present = sum(map(self.weight_of, group & servers))
            won += 2 * present > total
        return won > 0 and 2 * won > self._counted_groups


class QuorumOracleMaj(QuorumMaj):
    """A majority; with two voters, one of which is alone, what an outside oracle says.

    `oracle` is asked afresh each time; it answers False when it cannot be reached.
    """

    def __init__(self, members: Membership, oracle: Callable[[], bool]) -> None:
        super().__init__(members)
        self.oracle = oracle
        self._oracle = oracle
        self._is_needed = True

    @property
    def asks_oracle(self) -> bool:
        return self._is_needed and len(self.voters) <= 2

    @property
    def oracle_refuses(self) -> bool:
        return self.asks_oracle and not self._oracle()

    def contains_quorum(self, servers: Set[int]) -> bool:
        if super().contains_quorum(servers):
            return True
        return self.asks_oracle and bool(self.voters & servers) and self._oracle()

    def have_logged(self, servers: Set[int], me: int) -> bool:
        """The oracle lets a server go on alone only with what it has logged itself (Apache's leader does not ask)."""
        return self.contains_quorum(servers) and (me in servers or not self.asks_oracle)

    def followers_in_step(self, followers: Set[int]) -> None:
        self._is_needed = not followers and len(self.voters) == 2


def make_verifier(members: Membership, oracle: Callable[[], bool] | None = None) -> QuorumVerifier:
    """The verifier that a member list asks for; groups win over an oracle."""
    if members.groups or members.weights:
        return QuorumHierarchical(members)
    if oracle is not None:
        return QuorumOracleMaj(members, oracle)
    return QuorumMaj(members)


def next_after(current: QuorumVerifier, last_seen: QuorumVerifier) -> QuorumVerifier | None:
    """The configuration that is about to replace the current one; None when no reconfiguration is under way."""
    return last_seen if last_seen.version > current.version else None


def contains_both_quorums(servers: Set[int], current: QuorumVerifier, last_seen: QuorumVerifier) -> bool:
    """A quorum of the current configuration, and of one that is about to replace it: no two of these are apart."""
    if not current.contains_quorum(servers):
        return False
    next = next_after(current, last_seen)
    return next is None or next.contains_quorum(servers)


def both_have_logged(servers: Set[int], me: int, current: QuorumVerifier, next: QuorumVerifier | None) -> bool:
    """Whether it is enough to commit, by the current configuration and by the one that was about to replace it."""
    return current.have_logged(servers, me) and (next is None or next.have_logged(servers, me))
