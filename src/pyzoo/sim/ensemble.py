"""Ensemble: all members, the clients, and the checkers that look on."""

from attrs import evolve

from pyzoo.config.membership import Membership
from pyzoo.sim.checkers import all_checkers
from pyzoo.sim.checkers.base import Facts
from pyzoo.sim.checkers.writes import WriteChecker
from pyzoo.sim.client import SimClient
from pyzoo.sim.ledger import Entry, Ledger
from pyzoo.sim.machine import CLIENT_PORT, Machine, first_membership, host_of, member_line
from pyzoo.sim.member import MemberOwner, SimMember
from pyzoo.sim.network import Address, Network
from pyzoo.sim.operator import Operator
from pyzoo.sim.options import Options
from pyzoo.sim.workload import Worker
from pyzoo.sim.world import World


class Ensemble(MemberOwner):
    """Everything of one run; members by id."""

    def __init__(self, world: World, options: Options) -> None:
        self.world = world
        self.options = options
        self.network = Network(world)
        self.network.weather = options.weather
        self.members: dict[int, SimMember] = {}
        members = first_membership(options)
        self.facts = Facts(world, options, Ledger(), self.members, members, self._committed)
        self.checkers = all_checkers(self.facts)
        self.clients = [
            SimClient(world, self.network, f"client{number}", self._client_addresses, self.checkers)
            for number in range(1, options.clients + 1)
        ]
        self.workers = [Worker(world, client, options) for client in self.clients]
        for server in members.servers:
            self.add_member(server.id, members)
        if options.reconfig:
            self._add_operator()

    def add_member(self, sid: int, members: Membership) -> SimMember:
        """A machine with its files; it is not started."""
        member = SimMember(Machine(self.world, self.options, sid, members), self.network, self)
        self.members[sid] = member
        return member

    def _add_operator(self) -> None:
        client = SimClient(self.world, self.network, "operator", self._client_addresses, self.checkers)
        self.clients.append(client)
        self.workers.append(Operator(self.world, client, self.options, self.facts, list(self.members)))

    def start(self) -> None:
        """Start all members, not at quite the same time, and the clients."""
        for member in self.members.values():
            self.world.after(self.world.draw(300), member.start)
        for worker in self.workers:
            self.world.after(self.world.draw(500), worker.start)

    def _client_addresses(self) -> list[Address]:
        return [(host_of(sid), CLIENT_PORT) for sid in self.members]

    # --- for the checkers

    def turned(self, member: SimMember) -> None:
        for checker in self.checkers:
            checker.turned(member)

    def handed_over(self, member: SimMember) -> None:
        for checker in self.checkers:
            checker.handed_over(member)

    def members_with(self, sid: int) -> Membership:
        members = self.facts.membership
        if members.server(sid) is not None:
            return evolve(members, version=0)
        return Membership((*members.servers, member_line(sid, True)))

    def _committed(self, member: SimMember, entry: Entry) -> None:
        for checker in self.checkers:
            checker.committed(member, entry)

    # --- what it has come to

    @property
    def acknowledged(self) -> int:
        """How many writes clients have been told of."""
        return sum(checker.acknowledged for checker in self.checkers if isinstance(checker, WriteChecker))

    def leader(self) -> SimMember | None:
        """The member in office with the newest epoch."""
        leaders = [member for member in self.members.values() if member.is_established_leader]
        return max(leaders, key=lambda member: member.epoch, default=None)

    def current_members(self) -> list[SimMember]:
        """Those that belong to the ensemble now."""
        return [self.members[server.id] for server in self.facts.membership.servers]

    def has_promised_more(self, member: SimMember, epoch: int) -> bool:
        """Whether it may not follow the leader of this epoch: it waits for the next one, as in Apache's ensembles."""
        return member.peer is not None and not member.is_serving and member.peer.storage.epochs.accepted > epoch

    def is_converged(self) -> bool:
        """Whether every member serves the end of the history, and no request is under way."""
        leader = self.leader()
        if leader is None:
            return False
        serving: set[int] = set()
        for member in self.current_members():
            if not member.is_serving or member.peer is None or member.epoch != leader.epoch:
                if self.has_promised_more(member, leader.epoch):
                    continue
                return False
            if self.facts.ledger.position(member.peer.database.last_zxid) != len(self.facts.ledger.entries):
                return False
            serving.add(member.sid)
        # While the office is handed over all the others may have promised more than its holder.
        if not self.facts.is_quorum(self.facts.membership, serving):
            return False
        return not any(client.waiting for client in self.clients)
