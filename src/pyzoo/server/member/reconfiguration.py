"""Reconfiguration: what a member does when its ensemble gets other members, or proposes them."""

from typing import final

from pyzoo.config.membership import Membership, election_addresses
from pyzoo.quorum.cnxmanager import QuorumCnxManager
from pyzoo.quorum.reconfig import change_of
from pyzoo.quorum.vote import Vote
from pyzoo.server.member.role import RoleOwner


@final
class Reconfiguration:
    """`next_vote` is for the leader that a committed one designates, until the next election takes it."""

    def __init__(self, host: RoleOwner, cnx: QuorumCnxManager) -> None:
        self._host = host
        self._cnx = cnx
        self.next_vote: Vote | None = None

    def see(self, members: Membership) -> None:
        """A configuration was proposed (QuorumPeer.setLastSeenQuorumVerifier)."""
        host = self._host
        if not host.config.reconfig_enabled or members.version <= host.configuration.last_seen.version:
            return
        host.configuration.see(members)
        self.tell_members()
        self._cnx.connect_all(int(host.now_ms))

    def forget_proposed(self, version: int) -> None:
        """What was cut off from the log must not ask for its quorum when this server leads (Apache's keeps it)."""
        configuration = self._host.configuration
        if configuration.last_seen.version == version and version > configuration.current.version:
            configuration.forget_proposed()
            self.tell_members()

    def process(self, members: Membership, designated: int | None, zxid: int) -> bool:
        """A configuration is committed (QuorumPeer.processReconfig); True for another role or leader of this server."""
        host = self._host
        if not host.config.reconfig_enabled:
            return False
        host.database.settle()
        configuration, election = host.configuration, host.election
        old = configuration.current.members
        vote_leader = election.current_vote.leader
        if members.version > old.version:
            configuration.commit(members)
            host.effects.errands.client_address = configuration.client_address()
            host.set_config_node()
            if host.front.ensemble is not None:
                host.front.ensemble.members = configuration.current
            election.configure(configuration.current, configuration.last_seen)
        change = change_of(old, members, int(host.my_id), vote_leader, designated)
        if not change.content_changed:
            return False
        self.tell_members()
        if change.major and designated is not None:
            self.next_vote = Vote(designated, zxid, election.logical_clock, host.storage.epochs.current)
        return change.major

    def take_next_vote(self) -> Vote | None:
        """What to vote for first in the next election, once."""
        vote = self.next_vote
        self.next_vote = None
        return vote

    def tell_members(self) -> None:
        """The election and its channel get to know of other members, or of other addresses."""
        host = self._host
        configuration = host.configuration
        current, last_seen = configuration.current, configuration.last_seen
        configuration.settle()
        host.listens_elsewhere = True
        host.election.configure(current, last_seen)
        self._cnx.set_addresses(
            {server.id: election_addresses(server) for server in current.members.servers},
            {server.id: election_addresses(server) for server in last_seen.members.servers},
        )
