"""Looking and Stopping: what a member is between two terms, without a leader."""

import logging
from typing import Final, final

from mypy_extensions import i64

from pyzoo.quorum.vote import FOLLOWING, LEADING, LOOKING, OBSERVING, Vote
from pyzoo.server.member.leading import Leading
from pyzoo.server.member.learning import Learning
from pyzoo.server.member.loading import DatabaseLoader
from pyzoo.server.member.role import NEVER, Role, RoleOwner
from pyzoo.server.member.settings import election_settings
from pyzoo.server.roles.read_only import LookingZooKeeperServer, ReadOnlyZooKeeperServer
from pyzoo.zxid import zxid_text

logger: Final = logging.getLogger(__name__)

READ_ONLY_GRACE_MS: Final = 2000
STATE_NAMES: Final = {LOOKING: "looking", FOLLOWING: "following", LEADING: "leading", OBSERVING: "observing"}


def looking_server(host: RoleOwner) -> LookingZooKeeperServer:
    """A server that sends clients away."""
    server = host.new_server(LookingZooKeeperServer)
    server.look(host.configuration.current)
    return server


def serve_nobody(host: RoleOwner) -> None:
    """Put such a server in front."""
    host.server = None
    host.put_in_front(looking_server(host))


@final
class Looking(Role):
    """The election runs; nobody is served, or only reads."""

    def __init__(self, host: RoleOwner, loader: DatabaseLoader, pause_ms: i64, decided: Vote | None) -> None:
        """It begins after a pause, or is `decided` already, where a reconfiguration has named the leader (8.4)."""
        super().__init__(host)
        self._loader = loader
        self._decided = decided
        self._look_at_ms: i64 = NEVER if decided is not None else host.now_ms + pause_ms
        self._since_ms: i64 = host.now_ms
        self._election_since_ms: i64 = host.now_ms

    def begin(self) -> None:
        serve_nobody(self.host)
        if self._decided is not None:
            self.host.election.decide(self._decided)
        else:
            self.advance()

    def look_again(self) -> None:
        """Begin the election anew, at once."""
        self._look_at_ms = self.host.now_ms
        self.advance()

    def advance(self) -> None:
        host = self.host
        if self._look_at_ms <= host.now_ms:
            self._look_for_leader()
        host.election.advance(int(host.now_ms))
        if host.server is None and self._read_only_at_ms() <= host.now_ms:
            self._serve_read_only()

    def _read_only_at_ms(self) -> i64:
        config = self.host.config
        if not config.readonly_mode_enabled:
            return NEVER
        return self._since_ms + max(READ_ONLY_GRACE_MS, config.tick_time_ms)

    def next_deadline_ms(self) -> i64:
        deadline = self._look_at_ms
        election_ms = self.host.election.next_deadline_ms()
        if election_ms is not None and election_ms < deadline:
            deadline = election_ms
        return min(deadline, self._read_only_at_ms()) if self.host.server is None else deadline

    def _look_for_leader(self) -> None:
        host = self.host
        self._look_at_ms = NEVER
        if self._loader.forget_what_disk_lacks():
            serve_nobody(host)
        self._election_since_ms = host.now_ms
        host.metrics.quorum.looking_count += 1
        host.state = LOOKING
        election = host.election
        configuration = host.configuration
        election.configure(configuration.current, configuration.last_seen)
        election.settings = election_settings(host.config, configuration.is_observer)
        epoch = host.storage.epochs.current
        logger.info("LOOKING, last zxid %s, epoch %d", zxid_text(host.database.last_zxid), epoch)
        election.look_for_leader(int(host.database.last_zxid), epoch, int(host.now_ms))

    def _serve_read_only(self) -> None:
        host = self.host
        server = host.new_server(ReadOnlyZooKeeperServer)
        server.read_only(host.configuration.current)
        host.server = server
        host.put_in_front(server)
        logger.info("Serving reads only, for there is no quorum")

    def elected(self, vote: Vote) -> Role:
        """The election is over; the role that follows (QuorumPeer.run)."""
        host = self.host
        if host.server is not None:
            serve_nobody(host)
        epochs = host.storage.epochs
        role: Role
        if vote.leader == host.my_id:
            host.state = LEADING
            role = Leading(host, epochs.accepted, epochs.current)
        else:
            observes = host.configuration.is_observer
            host.state = OBSERVING if observes else FOLLOWING
            role = Learning(host, vote.leader, observes)
        if host.state != OBSERVING:
            host.metrics.quorum.election_time.add(host.now_ms - self._election_since_ms)
        host.election.state = int(host.state)
        logger.info("%s, the leader is server %d", STATE_NAMES[int(host.state)].upper(), vote.leader)
        return role


@final
class Stopping(Role):
    """A `role` is over; what was logged has to be safe before the next election."""

    def __init__(self, host: RoleOwner, role: Role) -> None:
        super().__init__(host)
        self.role = role

    def begin(self) -> None:
        host = self.host
        logger.warning("No longer %s: %s", STATE_NAMES[int(host.state)], self.role.failure)
        self.role.close()
        host.effects.errands.reads = []
        host.effects.errands.saves_snapshot = False
        # What a running snapshot would still see may never be committed.
        host.snapshot_epoch += 1
        serve_nobody(host)
