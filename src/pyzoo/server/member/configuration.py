"""Configuration: who the members are, as committed and as last proposed, and where this server is among them."""

from collections.abc import Callable
from typing import final

from mypy_extensions import i64

from pyzoo.config.membership import Membership, QuorumServer, election_addresses, quorum_addresses
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.paths import CONFIG
from pyzoo.datatree.tree import DataTree
from pyzoo.quorum.link import OBSERVER_MASTER
from pyzoo.quorum.verifier import QuorumVerifier, make_verifier
from pyzoo.server.member.config_files import PeerConfigFiles

Addresses = list[tuple[str, int]]


@final
class Configuration:
    """`current` is committed, `last_seen` the newest one that was proposed; they are the same but for a while."""

    def __init__(self, config: ServerConfig, files: PeerConfigFiles) -> None:
        self._my_id = config.server_id
        self._master_port = config.quorum.observer_master_port
        self.files = files
        self.current = self._verifier(config.membership)
        seen = config.last_seen_membership
        self.last_seen = self.current if seen is None else self._verifier(seen)
        self._me: QuorumServer | None = None
        self._masters: list[int] = []
        self.settle()

    def _verifier(self, members: Membership) -> QuorumVerifier:
        return make_verifier(members, self.files.oracle)

    # --- changes

    def see(self, members: Membership) -> None:
        """They were proposed."""
        self.files.save_next(members)
        self.last_seen = self._verifier(members)

    def forget_proposed(self) -> None:
        """What was proposed will never be committed."""
        self.files.remove_next()
        self.last_seen = self.current

    def commit(self, members: Membership) -> None:
        """They are current now."""
        self.current = self._verifier(members)
        if members.version >= self.last_seen.version:
            self.last_seen = self.current
        self.files.save_current(members)

    def settle(self) -> None:
        """A server that no configuration names any more stays where it was (QuorumPeer.setQuorumVerifier)."""
        self._me = self._server(self._my_id) or self._me

    def show_in(self, tree: DataTree, wall_ms: i64) -> None:
        """What /zookeeper/config shows is the configuration of this server."""
        members = self.current.members
        if tree.get_node(CONFIG) is not None:
            tree.set_config(members.text().encode(), members.version, wall_ms)

    # --- this server

    @property
    def _member(self) -> QuorumServer | None:
        return self.current.members.server(self._my_id)

    @property
    def is_observer(self) -> bool:
        """Whether this server is an observer in the current configuration."""
        me = self._member
        return me is not None and me.observer

    def client_address(self) -> tuple[str, int] | None:
        """Where the current configuration says that clients find this server; None where it does not."""
        me = self._member
        return None if me is None else me.client_address

    def own_election_addresses(self) -> Addresses:
        """Where this server hears of elections."""
        return [] if self._me is None else election_addresses(self._me)

    def own_quorum_addresses(self) -> Addresses:
        """Where learners find this server while it leads."""
        return [] if self._me is None else quorum_addresses(self._me)

    def own_master_addresses(self) -> Addresses:
        """Where this server's observer master listens."""
        me = self._member
        return [] if me is None else [(host, self._master_port) for host, _ in quorum_addresses(me)]

    # --- others

    def _server(self, sid: int) -> QuorumServer | None:
        return self.current.members.server(sid) or self.last_seen.members.server(sid)

    def addresses_of(self, sid: int, port: int) -> Addresses:
        """Where learners find another member at this kind of port."""
        member = self._server(sid)
        addresses = [] if member is None else quorum_addresses(member)
        return [(host, self._master_port) for host, _ in addresses] if port == OBSERVER_MASTER else addresses

    def next_observer_master(self, draw: Callable[[int], int]) -> int:
        """The voter whose observer master an observer tries next.

        Round robin over the voters, which were shuffled once (QuorumPeer.findLearnerMaster).
        """
        voters = sorted(self.current.voters)
        if set(self._masters) != set(voters):
            self._masters = []
            while voters:
                self._masters.append(voters.pop(draw(len(voters))))
        self._masters.append(self._masters.pop(0))
        return self._masters[-1]
