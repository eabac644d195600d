"""QuorumPeer: a member of an ensemble, whatever its Role is at the moment.

    Looking            the election runs; nobody is served, or only reads
    Leading, Learning  the role's server has the clients
    Stopping           such a role is over; what was logged has to be safe before the next election

The database outlives the roles. What a stopped role has logged and not applied is applied then: logged
transactions are this server's history, committed or not, until a leader cuts them off (ZOOKEEPER-2845).
"""

import logging
from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from pyzoo.config.membership import Membership
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import StorageError
from pyzoo.quorum.cnxmanager import QuorumCnxManager
from pyzoo.quorum.election import FastLeaderElection
from pyzoo.quorum.link import ELECTION, PeerLink
from pyzoo.quorum.vote import LEADING, OBSERVING
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.database import ZKDatabase
from pyzoo.server.effects import Effects
from pyzoo.server.member.config_files import PeerConfigFiles
from pyzoo.server.member.configuration import Configuration
from pyzoo.server.member.loading import DatabaseLoader
from pyzoo.server.member.looking import STATE_NAMES, Looking, Stopping, looking_server
from pyzoo.server.member.messenger import Messenger
from pyzoo.server.member.reconfiguration import Reconfiguration
from pyzoo.server.member.restore import EnsembleRestore
from pyzoo.server.member.role import NEVER, Role, RoleOwner
from pyzoo.server.member.settings import cnxmanager_settings, election_settings
from pyzoo.server.member.storage import PeerStorage
from pyzoo.server.member.view import view_of
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.zxid import zxid_text

logger: Final = logging.getLogger(__name__)

FIRST_PAUSE_MS: Final = 100


@final
class QuorumPeer(RoleOwner):
    """The core of a member; see the module, and Core for how it is driven.

    It has many methods for it is what the shell calls: most pass on to the server in front or to the role.
    """

    def __init__(
        self, config: ServerConfig, storage: PeerStorage, now_ms: int, wall_ms: int, draw: Callable[[int], int]
    ) -> None:
        """Loads the database; raises StorageError. `draw(n)` gives a number from 0 to n - 1."""
        files = PeerConfigFiles(config, storage)
        configuration = Configuration(config, files)
        super().__init__(config, storage, configuration, storage.load(), now_ms, wall_ms, draw)
        current = configuration.current
        self.cnx = QuorumCnxManager(cnxmanager_settings(config, current.members), self.effects.packets)
        self.election = FastLeaderElection(
            election_settings(config, configuration.is_observer), current, self.cnx.has_delivered, self.cnx.can_answer
        )
        self._reconfiguration = Reconfiguration(self, self.cnx)
        self._reconfiguration.tell_members()
        self._loader = DatabaseLoader(self)
        self._messenger = Messenger(self, self.cnx)
        self.restoring = EnsembleRestore(self)
        self.role = Looking(self, self._loader, 0, None)
        self.front = looking_server(self)
        self.front.ensemble = view_of(self, self.role, int(self.state))
        self._unavailable_since_ms: i64 = now_ms
        self._submitted_zxid: i64 = 0
        self._in_flight: i64 = 0
        self._failed_roles = 0
        self._is_leaving = False
        files.back_up()
        self.set_config_node()

    # --- clients

    def accept(self, address: str, port: int, secure: bool = False) -> ServerCnxn | None:
        if self._is_leaving or (self.state == LEADING and not self.configuration.files.leader_serves):
            return None
        return self.front.accept(address, port, secure)

    def secured(self, cnxn: ServerCnxn, certificate: bytes) -> None:
        self.front.secured(cnxn, certificate)

    def client_gone(self, cnxn: ServerCnxn) -> None:
        self.front.client_gone(cnxn)

    def data_received(self, cnxn: ServerCnxn, data: bytes) -> None:
        if not self._is_leaving:
            self.front.data_received(cnxn, data)

    def frames_waiting(self, cnxn: ServerCnxn) -> None:
        if not self._is_leaving:
            self.front.frames_waiting(cnxn)

    def wants_input(self, cnxn: ServerCnxn) -> bool:
        return self.front.wants_input(cnxn)

    @property
    def is_busy(self) -> bool:
        return self.front.is_busy

    def put_in_front(self, server: ZooKeeperServer) -> None:
        """Another server gets the clients; those of the last one are sent away."""
        old = self.front
        old.shutdown()
        server.environment = old.environment
        server.connections.addresses = old.connections.addresses
        server.stats.trace_mask = old.stats.trace_mask
        server.admission.fail_requests(old.admission.faults)
        server.ensemble = view_of(self, self.role, int(self.state))
        self.front = server

    def serving(self, server: ZooKeeperServer, epoch: int) -> None:
        self.server = server
        self._failed_roles = 0
        self._count_unavailable()
        self.listens_elsewhere = True
        self.put_in_front(server)
        self.election.established(epoch)
        self.set_config_node()
        self.restoring.elected()
        logger.info("%s with epoch %d, last zxid %s", STATE_NAMES[int(self.state)].upper(), epoch,
                    zxid_text(self.database.last_zxid))  # fmt: skip

    def _count_unavailable(self) -> None:
        took_ms = self.now_ms - self._unavailable_since_ms
        self._unavailable_since_ms = NEVER
        self.metrics.quorum.unavailable_time.add(took_ms)
        if self.state == LEADING:
            self.metrics.quorum.leader_unavailable_time.add(took_ms)

    # --- links to other members

    def listen_addresses(self) -> dict[int, list[tuple[str, int]]]:
        """The ports that have to be open now, each with its addresses."""
        addresses = self.configuration.own_election_addresses()
        return {ELECTION: addresses, **self.role.listen_addresses()} if addresses else {}

    def peer_accepted(self, port: int, host: str, remote_port: int) -> PeerLink:
        """Another member, or somebody, has connected."""
        if port == ELECTION:
            return self.cnx.accepted(host, remote_port, int(self.now_ms))
        link = PeerLink(self.effects.packets, port, f"{host}:{remote_port}", [], 0)
        self._guarded(lambda: self.role.accepted(link))
        return link

    def dial(self, port: int, sid: i64, timeout_ms: int) -> PeerLink:
        addresses = self.configuration.addresses_of(int(sid), port)
        link = PeerLink(self.effects.packets, port, f"server {sid}", addresses, timeout_ms)
        link.sid = sid
        self.effects.errands.dials.append(link)
        return link

    def peer_connected(self, link: PeerLink) -> None:
        """A dial succeeded."""
        link.connected = True
        if link.port == ELECTION:
            self.cnx.connected(link, int(self.now_ms))
        elif self._is_in_term:
            self._guarded(lambda: link.receiver.connected(self.now_ms))

    def peer_bytes(self, link: PeerLink, data: bytes) -> None:
        """Bytes of another member."""
        if link.closing:
            return
        if link.port == ELECTION:
            self.cnx.bytes_received(link, data, int(self.now_ms))
        elif self._is_in_term:
            try:
                link.receiver.bytes_received(data, self.now_ms)
            except StorageError as error:
                self._role_failed(self.role, error)

    def peer_drained(self, link: PeerLink) -> None:
        """The network has taken all bytes of a link."""
        if link.port == ELECTION:
            self.cnx.drained(link, int(self.now_ms))
        elif self._is_in_term and not link.closing:
            link.receiver.drained(self.now_ms)

    def peer_gone(self, link: PeerLink) -> None:
        """A connection broke, or a dial failed; not called for links that this core has closed."""
        receiver = link.broke()
        if link.port == ELECTION:
            self.cnx.gone(link, int(self.now_ms))
        elif self._is_in_term:
            self._guarded(lambda: receiver.gone(self.now_ms))

    @property
    def _is_in_term(self) -> bool:
        """Whether there is somebody who hears of links to other members."""
        return not isinstance(self.role, Looking) and not isinstance(self.role, Stopping)

    def _guarded(self, step: Callable[[], None]) -> None:
        role = self.role
        try:
            step()
        except StorageError as error:
            self._role_failed(role, error)

    def _role_failed(self, role: Role, error: StorageError) -> None:
        logger.error("%s", error)
        role.fail(str(error))

    # --- disk

    def held_until_ns(self, now_ns: i64, patience_ns: i64) -> i64:
        return self.role.held_until_ns(now_ns, patience_ns)

    def release(self) -> None:
        self.role.release()

    def take_effects(self) -> Effects:
        if self.front.throttler.limit > 0 and not self._is_leaving:
            self.front.release_throttled()
        while self._step():
            pass
        effects = self.effects
        effects.holds = self.role.is_holding
        batch = None if effects.holds else self.log.take()
        effects.log = batch
        if batch is not None:
            self._submitted_zxid = batch.last_zxid
            self.logged_zxid = batch.last_zxid
            self._in_flight += 1
            if batch.roll_after and self.server is not None and not self.front.snapshot_running:
                effects.errands.starts_snapshot = True
        if self.listens_elsewhere:
            self.listens_elsewhere = False
            effects.errands.listen = self.listen_addresses()
        if self.cnx.has_dials:
            effects.errands.dials += self.cnx.take_dials()
        return effects

    def persisted(self, zxid: i64) -> None:
        if zxid == self._submitted_zxid:
            self._in_flight = 0
        self._guarded(lambda: self.role.persisted(zxid))

    @property
    def _is_log_quiet(self) -> bool:
        return self._in_flight == 0 and not self.log.has_records

    def snapshot_saved(self) -> None:
        """The snapshot that was asked for is on disk."""
        self._guarded(self.role.snapshot_saved)

    def snapshot_failed(self, error: StorageError) -> None:
        """It cannot be saved: without it this server cannot follow."""
        self._role_failed(self.role, error)

    def snapshot_began(self) -> None:
        self.front.snapshot_began()

    def snapshot_ended(self, failed: bool) -> None:
        self.front.snapshot_ended(failed)

    def replace_database(self, database: ZKDatabase) -> None:
        self._loader.count()
        self.database = database
        self.logged_zxid = database.last_zxid
        database.tree.session_observer = self.front.tree.session_observer
        self.set_config_node()

    # --- time

    def advance(self, now_ms: int, wall_ms: int) -> None:
        """After a long pause of this process time only moves: what arrived meanwhile is heard before it is judged."""
        was_paused = now_ms - self.now_ms > self.config.tick_time_ms // 2
        self.now_ms = now_ms
        self.wall_ms = wall_ms
        if was_paused:
            self.front.now_ms = now_ms
            self.front.wall_ms = wall_ms
            return
        self.front.advance(now_ms, wall_ms)
        self.cnx.advance(now_ms)
        self._guarded(self.role.advance)

    def next_deadline_ms(self) -> int:
        deadline: i64 = min(self.front.next_deadline_ms(), self.role.next_deadline_ms())
        election_ms = self.cnx.next_deadline_ms()
        return int(deadline) if election_ms is None else min(int(deadline), election_ms)

    # --- roles

    def _step(self) -> bool:
        """Let something that has happened have its consequences; whether there may be more."""
        moved = self._messenger.exchange()
        role = self.role
        vote = self.election.outcome
        if role.failure is not None:
            self._become(Stopping(self, role))
        elif isinstance(role, Stopping) and self._is_log_quiet:
            self._stopped(role.role)
        elif isinstance(role, Looking) and vote is not None:
            self.election.outcome = None
            self._become(role.elected(vote))
        else:
            return moved
        return True

    def _become(self, role: Role) -> None:
        self.role = role
        self.listens_elsewhere = True
        self._guarded(role.begin)

    def _stopped(self, role: Role) -> None:
        """The log is quiet: bring the database up to it, and look for a leader."""
        self._loader.catch_up(role)
        self.restoring.log_quiet()
        if self._unavailable_since_ms == NEVER:
            self._unavailable_since_ms = self.now_ms
        next_vote = self._reconfiguration.take_next_vote()
        pause_ms = 0 if next_vote is not None else self._pause_before_looking()
        self._become(Looking(self, self._loader, pause_ms, next_vote))

    def _pause_before_looking(self) -> int:
        """Observers wait a little; who was refused again and again, such as for a promised epoch, waits longer."""
        limit = self.configuration.files.observer_election_delay_ms
        pause = self.draw(limit) if self.state == OBSERVING and limit > 0 else 0
        if self._failed_roles > 1:
            pause += min(FIRST_PAUSE_MS << min(self._failed_roles - 2, 10), self.config.tick_time_ms)
        self._failed_roles += 1
        return pause

    # --- the end

    def begin_hand_over(self) -> bool:
        """This server is about to end: a leader whose followers can elect another one takes no requests from here on.

        Whether there is something to wait for, until it `is_handed_over` or time is up. The end itself has to follow:
        clients whose requests are not taken must see their connections break.
        """
        self._is_leaving = self.role.begin_hand_over()
        if self._is_leaving:
            logger.info("Handing over: no more requests are taken, the followers get level")
        return self._is_leaving

    @property
    def is_handed_over(self) -> bool:
        """Whether the others can elect at once, or nothing that is waited for here would help them."""
        return self.role.is_handed_over

    # --- configuration

    def see_config(self, members: Membership) -> None:
        self._reconfiguration.see(members)

    def forget_proposed_config(self, version: int) -> None:
        self._reconfiguration.forget_proposed(version)

    def process_reconfig(self, members: Membership, designated: int | None, zxid: int) -> bool:
        return self._reconfiguration.process(members, designated, zxid)
