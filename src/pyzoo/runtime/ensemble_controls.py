"""EnsembleControls: what is done to an ensemble, whether its members are processes or threads."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from pyzoo.runtime.ensemble_plan import EnsembleError, EnsemblePlan, PortTaken, new_plan

START_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.1
LEADERS = ("leader", "standalone")


class EnsembleMember(Protocol):
    """One member, running or not."""

    @property
    def sid(self) -> int: ...

    @property
    def client_port(self) -> int: ...

    @property
    def connect_string(self) -> str: ...

    @property
    def is_running(self) -> bool: ...

    def mode(self) -> str | None: ...


AnyMember = TypeVar("AnyMember", bound=EnsembleMember)
Sids = int | Iterable[int]
"""A member by its id, or several."""


class EnsembleControls(ABC, Generic[AnyMember]):
    """Members by their ids, who leads, restarts, and faults of the network between them."""

    plan: EnsemblePlan
    members: list[AnyMember]

    def __init__(self, moves: int) -> None:
        """Where ports are taken it moves to others up to so many times."""
        self._moves_left = moves
        self._cut: dict[int, set[int]] = {}
        self._delay_ms = 0

    # --- start

    def start(self, timeout_s: float = START_SECONDS) -> None:
        """Start all members; returns when each of them serves. Raises EnsembleError, and stops what it started.

        Where free ports that it has chosen are no longer free it moves to others.
        """
        running = [str(member.sid) for member in self.members if member.is_running]
        if running:
            raise EnsembleError(f"the ensemble is started already (members {', '.join(running)} run): stop it first")
        while True:
            try:
                self._start(timeout_s)
                return
            except PortTaken:
                if not self._moves_left:
                    raise
            self._moves_left -= 1
            self.plan = new_plan(self.plan.nodes, self.plan.observers, self.plan.host, None, self.plan.tick_time_ms)
            self.members = self._members()

    @abstractmethod
    def _members(self) -> list[AnyMember]:
        """The members of the plan, none of which runs."""

    @abstractmethod
    def _start(self, timeout_s: float) -> None:
        """Start all members where the plan says. Raises EnsembleError, PortTaken; nothing runs then."""

    # --- members

    @property
    def connect_string(self) -> str:
        """All members, as a client is pointed at them."""
        return ",".join(member.connect_string for member in self.members)

    def member(self, sid: int) -> AnyMember:
        """The member with this id; raises KeyError."""
        for member in self.members:
            if member.sid == sid:
                return member
        raise KeyError(f"no member {sid}: there are {', '.join(str(each.sid) for each in self.members)}")

    def member_at(self, connect_string: str) -> AnyMember:
        """The member that a client is connected to, by HOST:PORT; raises EnsembleError.

        All are on this machine, so the port is enough to tell them apart.
        """
        port = connect_string.partition("/")[0].rpartition(":")[2]
        for member in self.members:
            if str(member.client_port) == port:
                return member
        raise EnsembleError(f"no member at {connect_string}: there are {self.connect_string}")

    def leader(self) -> AnyMember | None:
        """The member that leads now, if any."""
        return next((member for member in self.members if member.mode() in LEADERS), None)

    def find_leader(self, timeout_s: float = START_SECONDS) -> AnyMember:
        """The member that leads, as soon as there is one. Raises EnsembleError when time is up."""
        deadline = time.monotonic() + timeout_s
        pause_s = FIRST_PAUSE_SECONDS
        while (leader := self.leader()) is None:
            if time.monotonic() > deadline:
                raise EnsembleError(f"nobody leads after {timeout_s:g} s: {self._states()}; a majority has to run")
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_SECONDS)
        return leader

    def _states(self) -> str:
        """How each member is, for people."""
        return ", ".join(
            f"member {each.sid} {(each.mode() or 'does not serve') if each.is_running else 'does not run'}"
            for each in self.members
        )

    @abstractmethod
    def wait_until_serving(self, timeout_s: float = START_SECONDS) -> None:
        """Return when every started member that is not paused serves. Raises EnsembleError."""

    @abstractmethod
    def restart(self, sid: int, timeout_s: float = START_SECONDS) -> None:
        """Start a member again, stopped first if it runs; returns when it serves. Raises EnsembleError."""

    def rolling_restart(self, timeout_s: float = START_SECONDS) -> None:
        """Restart one member after the other, the leader last; the next one not before all serve again.

        Members that did not run run afterwards. Raises EnsembleError when one takes longer than `timeout_s`.
        """
        leader = self.find_leader(timeout_s)
        for member in sorted(self.members, key=lambda each: (each.sid == leader.sid, each.sid)):
            self.restart(member.sid, timeout_s)
            self.wait_until_serving(timeout_s)

    # --- the network between members

    def partition(self, a: Sids, b: Sids | None = None) -> None:
        """Cut the links between two members, or groups of members; without `b` between `a` and all others.

        Both directions, elections too; clients still reach every member. What was cut before stays so. Links break at
        once, as when a firewall resets them. Returns when all running members have done it. Raises EnsembleError for
        a member on both sides, KeyError for one that does not exist.
        """
        ones = self._sids(a)
        others = {member.sid for member in self.members} - ones if b is None else self._sids(b)
        both = ones & others
        if both:
            raise EnsembleError(f"member {min(both)} is on both sides: give two groups that have none in common")
        for sid in ones:
            self._cut.setdefault(sid, set()).update(others)
        for sid in others:
            self._cut.setdefault(sid, set()).update(ones)
        self._tell_faults()

    def delay(self, ms: int) -> None:
        """Let all that members tell each other arrive so many ms later, in each direction; 0 ends it."""
        if ms < 0:
            raise EnsembleError(f"delay({ms}): give milliseconds from 0 on")
        self._delay_ms = ms
        self._tell_faults()

    def heal(self) -> None:
        """Undo `partition` and `delay`; members find each other again at once."""
        self._cut.clear()
        self._delay_ms = 0
        self._tell_faults()

    def _sids(self, sids: Sids) -> set[int]:
        return {self.member(sid).sid for sid in ([sids] if isinstance(sids, int) else sids)}

    def _cut_of(self, sid: int) -> frozenset[int]:
        """Whom a member cannot reach."""
        return frozenset(self._cut.get(sid, ()))

    @abstractmethod
    def _tell_faults(self) -> None:
        """Let all members that run know what is cut and how late they are, and return when they do."""
