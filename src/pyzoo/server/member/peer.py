"""QuorumPeer: a member of an ensemble, whatever its role is at the moment.

    LOOKING                        the election runs; nobody is served, or only reads
    LEADING, FOLLOWING, OBSERVING  a Role does the work, and its server has the clients
    stopping                       the role is over; what was logged has to be safe before the next election

The database outlives the roles. What a stopped role has logged and not applied is applied then: logged
transactions are this server's history, committed or not, until a leader cuts them off (ZOOKEEPER-2845).
"""

import logging
from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from pyzoo.config.membership import Membership, QuorumServer, election_addresses, quorum_addresses
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.paths import CONFIG
from pyzoo.errors import ConfigError, MalformedRecord, StorageError
from pyzoo.persistence.restored import RestoredSnapshot
from pyzoo.quorum.cnxmanager import QuorumCnxManager
from pyzoo.quorum.election import FastLeaderElection
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import ELECTION, OBSERVER_MASTER, QUORUM, PeerLink
from pyzoo.quorum.notification import decode_notification
from pyzoo.quorum.reconfig import change_of
from pyzoo.quorum.verifier import QuorumVerifier, make_verifier
from pyzoo.quorum.vote import FOLLOWING, LEADING, LOOKING, OBSERVING, UNUSABLE_ZXID, Vote
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.database import ZKDatabase
from pyzoo.server.effects import Effects, LogRead
from pyzoo.server.member.configuration import PeerConfigFiles
from pyzoo.server.member.host import PeerHost, Role
from pyzoo.server.member.leading import Leading
from pyzoo.server.member.learning import Learning
from pyzoo.server.member.restore import EnsembleRestore
from pyzoo.server.member.settings import cnxmanager_settings, election_settings
from pyzoo.server.member.storage import PeerStorage
from pyzoo.server.member.view import view_of
from pyzoo.server.roles.read_only import LookingZooKeeperServer, ReadOnlyZooKeeperServer
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.zxid import zxid_text

logger: Final = logging.getLogger(__name__)

NEVER: Final = 0x7FFFFFFFFFFFFFFF
STATE_NAMES: Final = {LOOKING: "looking", FOLLOWING: "following", LEADING: "leading", OBSERVING: "observing"}
READ_ONLY_GRACE_MS: Final = 2000
FIRST_PAUSE_MS: Final = 100


@final
class QuorumPeer(PeerHost):
    """The core of a member; see the module, and Core for how it is driven."""

    def __init__(
        self, config: ServerConfig, storage: PeerStorage, now_ms: int, wall_ms: int, draw: Callable[[int], int]
    ) -> None:
        """Loads the database; raises StorageError. `draw(n)` gives a number from 0 to n - 1."""
        files = PeerConfigFiles(config, storage)
        super().__init__(
            config, storage, make_verifier(config.membership, files.oracle), storage.load(), now_ms, wall_ms, draw
        )
        self.my_id: i64 = config.server_id
        self.files = files
        if config.last_seen_membership is not None:
            self.last_seen = self._verifier(config.last_seen_membership)
        self._me = self._listed()
        self.links = self.effects.packets
        self.cnx = QuorumCnxManager(cnxmanager_settings(config, self.current.members), self.links)
        self._tell_addresses()
        self.election = FastLeaderElection(
            election_settings(config, self.is_observer()), self.current, self.cnx.has_delivered
        )
        self.election.configure(self.current, self.last_seen)
        self.state: i64 = LOOKING
        self.role: Role | None = None
        self.server: ZooKeeperServer | None = None
        self.front: ZooKeeperServer = self._looking_server()
        self._stopping = False
        self._next_vote: Vote | None = None
        self._look_at_ms: i64 = now_ms
        self._looking_since_ms: i64 = now_ms
        self._election_since_ms: i64 = now_ms
        self._unavailable_since_ms: i64 = now_ms
        self._submitted_zxid: i64 = 0
        self._in_flight: i64 = 0
        self._listens_elsewhere = True
        self._masters: list[int] = []
        self._failed_roles = 0
        self._is_ahead_of_disk = False
        self._restoring = EnsembleRestore(self)
        recovered = storage.recovered
        self._count_load()
        if recovered is not None and recovered.last_zxid < 0:
            self.database.tree.last_processed_zxid = UNUSABLE_ZXID
        files.back_up()
        self.set_config_node()

    def _verifier(self, members: Membership) -> QuorumVerifier:
        return make_verifier(members, self.files.oracle)

    def _listed(self) -> QuorumServer | None:
        """This server as the configurations have it."""
        sid = int(self.my_id)
        return self.current.members.server(sid) or self.last_seen.members.server(sid)

    def is_observer(self) -> bool:
        me = self.current.members.server(int(self.my_id))
        return me is not None and me.observer

    def _looking_server(self) -> LookingZooKeeperServer:
        server = self.new_server(LookingZooKeeperServer)
        server.look(self.current)
        server.ensemble = view_of(self, None, LOOKING)
        return server

    # --- clients

    def accept(self, address: str, port: int) -> ServerCnxn | None:
        if self.state == LEADING and not self.files.leader_serves:
            return None
        return self.front.accept(address, port)

    def client_gone(self, cnxn: ServerCnxn) -> None:
        self.front.client_gone(cnxn)

    def data_received(self, cnxn: ServerCnxn, data: bytes) -> None:
        self.front.data_received(cnxn, data)

    def frames_waiting(self, cnxn: ServerCnxn) -> None:
        self.front.frames_waiting(cnxn)

    def wants_input(self, cnxn: ServerCnxn) -> bool:
        return self.front.wants_input(cnxn)

    @property
    def is_busy(self) -> bool:
        return self.front.is_busy

    def _put_in_front(self, server: ZooKeeperServer) -> None:
        """Another server gets the clients; those of the last one are sent away."""
        old = self.front
        old.shutdown()
        server.environment = old.environment
        server.stats.trace_mask = old.stats.trace_mask
        server.ensemble = view_of(self, self.role, int(self.state))
        self.front = server

    def serving(self, server: ZooKeeperServer, epoch: int) -> None:
        self.server = server
        self._failed_roles = 0
        self._count_unavailable()
        self._listens_elsewhere = True
        self._put_in_front(server)
        self.election.established(epoch)
        self.set_config_node()
        self._restoring.elected(self.state == LEADING, self._leader_name())
        logger.info("%s with epoch %d, last zxid %s", STATE_NAMES[int(self.state)].upper(), epoch,
                    zxid_text(self.database.last_zxid))  # fmt: skip

    def _count_unavailable(self) -> None:
        took_ms = self.now_ms - self._unavailable_since_ms
        self._unavailable_since_ms = NEVER
        self.metrics.quorum.unavailable_time.add(took_ms)
        if self.state == LEADING:
            self.metrics.quorum.leader_unavailable_time.add(took_ms)

    def client_address(self) -> tuple[str, int] | None:
        """Where the current configuration says that clients find this server; None where it does not."""
        me = self.current.members.server(int(self.my_id))
        return None if me is None else me.client_address

    # --- links to other members

    def listen_addresses(self) -> dict[int, list[tuple[str, int]]]:
        """The ports that have to be open now, each with its addresses."""
        me = self._me
        if me is None:
            return {}
        ports = {ELECTION: election_addresses(me)}
        if self.state == LEADING and not self._stopping:
            ports[QUORUM] = quorum_addresses(me)
        role = self.role
        if role is not None:
            ports.update(role.listen_addresses())
        return ports

    def peer_accepted(self, port: int, host: str, remote_port: int) -> PeerLink:
        """Another member, or somebody, has connected."""
        if port == ELECTION:
            return self.cnx.accepted(host, remote_port, int(self.now_ms))
        link = PeerLink(self.links, port, f"{host}:{remote_port}", [], 0)
        role = self.role
        if role is None or self._stopping:
            link.abort()
        else:
            self._guarded(lambda: role.accepted(link))
        return link

    def dial(self, port: int, sid: i64, timeout_ms: int) -> PeerLink:
        member = self.current.members.server(int(sid)) or self.last_seen.members.server(int(sid))
        addresses = [] if member is None else quorum_addresses(member)
        if port == OBSERVER_MASTER:
            addresses = [(host, self.config.quorum.observer_master_port) for host, _ in addresses]
        return self.dial_addresses(port, f"server {sid}", addresses, timeout_ms)

    def next_observer_master(self) -> i64:
        """Round robin over the voters, which were shuffled once (QuorumPeer.findLearnerMaster)."""
        voters = sorted(self.current.voters)
        if set(self._masters) != set(voters):
            self._masters = []
            while voters:
                self._masters.append(voters.pop(self.draw(len(voters))))
        self._masters.append(self._masters.pop(0))
        return self._masters[-1]

    def observer_master_addresses(self) -> list[tuple[str, int]]:
        me = self.current.members.server(int(self.my_id))
        port = self.config.quorum.observer_master_port
        return [] if me is None else [(host, port) for host, _ in quorum_addresses(me)]

    def dial_addresses(self, port: int, name: str, addresses: list[tuple[str, int]], timeout_ms: int) -> PeerLink:
        """Begin to connect to one of these addresses."""
        link = PeerLink(self.links, port, name, addresses, timeout_ms)
        self.effects.errands.dials.append(link)
        return link

    def peer_connected(self, link: PeerLink) -> None:
        """A dial succeeded."""
        link.connected = True
        role = self.role
        if link.port == ELECTION:
            self.cnx.connected(link, int(self.now_ms))
        elif role is not None:
            self._guarded(lambda: link.receiver.connected(self.now_ms))

    def peer_bytes(self, link: PeerLink, data: bytes) -> None:
        """Bytes of another member."""
        role = self.role
        if link.closing:
            return
        if link.port == ELECTION:
            self.cnx.bytes_received(link, data, int(self.now_ms))
        elif role is not None and not self._stopping:
            try:
                link.receiver.bytes_received(data, self.now_ms)
            except StorageError as error:
                self._role_failed(role, error)

    def peer_drained(self, link: PeerLink) -> None:
        """The network has taken all bytes of a link."""
        role = self.role
        if link.port == ELECTION:
            self.cnx.drained(link, int(self.now_ms))
        elif role is not None and not link.closing:
            link.receiver.drained(self.now_ms)

    def peer_gone(self, link: PeerLink) -> None:
        """A connection broke, or a dial failed; not called for links that this core has closed."""
        link.closing = True
        link.gone = True
        role = self.role
        if link.port == ELECTION:
            self.cnx.gone(link, int(self.now_ms))
        elif role is not None:
            self._guarded(lambda: link.receiver.gone(self.now_ms))

    def _guarded(self, step: Callable[[], None]) -> None:
        role = self.role
        assert role is not None
        try:
            step()
        except StorageError as error:
            self._role_failed(role, error)

    def _role_failed(self, role: Role, error: StorageError) -> None:
        logger.error("%s", error)
        role.fail(str(error))

    # --- disk

    def held_until_ns(self, now_ns: i64, patience_ns: i64) -> i64:
        role = self.role
        return 0 if role is None else role.held_until_ns(now_ns, patience_ns)

    def release(self) -> None:
        role = self.role
        if role is not None:
            role.release()

    def take_effects(self) -> Effects:
        if self.front.throttler.limit > 0:
            self.front.release_throttled()
        self._settle()
        effects = self.effects
        role = self.role
        effects.holds = role is not None and not self._stopping and role.is_holding
        batch = None if effects.holds else self.log.take()
        effects.log = batch
        if batch is not None:
            self._submitted_zxid = batch.last_zxid
            self.logged_zxid = batch.last_zxid
            self._in_flight += 1
            if batch.roll_after and self.server is not None and not self._stopping and not self.front.snapshot_running:
                effects.errands.starts_snapshot = True
        if self._listens_elsewhere:
            self._listens_elsewhere = False
            effects.errands.listen = self.listen_addresses()
        if self.cnx.has_dials:
            effects.errands.dials += self.cnx.take_dials()
        return effects

    def persisted(self, zxid: i64) -> None:
        if zxid == self._submitted_zxid:
            self._in_flight = 0
        role = self.role
        if role is not None and not self._stopping:
            self._guarded(lambda: role.persisted(zxid))

    @property
    def _is_log_quiet(self) -> bool:
        return self._in_flight == 0 and not self.log.has_records

    def read_log(self, handler: LearnerHandler, from_zxid: int, to_zxid: int) -> None:
        self.effects.errands.reads.append(LogRead(handler, from_zxid, to_zxid, self.config.snapshot_size_factor))

    def log_read(self, read: LogRead, proposals: list[Proposal] | None) -> None:
        """What the log has of what was asked for; None when it cannot serve."""
        read.handler.log_read(proposals)

    def save_snapshot(self) -> None:
        self.effects.errands.saves_snapshot = True

    def snapshot_saved(self) -> None:
        """The snapshot that was asked for is on disk."""
        role = self.role
        if role is not None and not self._stopping:
            self._guarded(role.snapshot_saved)

    def snapshot_failed(self, error: StorageError) -> None:
        """It cannot be saved: without it this server cannot follow."""
        role = self.role
        if role is not None:
            self._role_failed(role, error)

    def snapshot_began(self) -> None:
        self.front.snapshot_began()

    def snapshot_ended(self, failed: bool) -> None:
        self.front.snapshot_ended(failed)

    def _count_load(self) -> None:
        recovered = self.storage.recovered
        if recovered is not None:
            snapshot_ms, replay_ms = recovered.snapshot_load_ns // 1_000_000, recovered.replay_ns // 1_000_000
            self.metrics.loaded(snapshot_ms, replay_ms, recovered.replayed.txn_count)

    def replace_database(self, database: ZKDatabase) -> None:
        self._count_load()
        self.database = database
        self.logged_zxid = database.last_zxid
        database.tree.session_observer = self.front.tree.session_observer
        self.set_config_node()

    # --- restoring a snapshot

    def restore(self, restored: RestoredSnapshot) -> None:
        """Replace the database of the whole ensemble; `is_restoring` until that has happened or failed.

        Raises StorageError where this server does not lead; nothing has changed then. See EnsembleRestore.
        """
        server = self.check_leads()
        role = self.role
        assert role is not None, "a leader that serves has a role"
        self._restoring.begin(restored)
        server.shutdown(restored.tree, self.database.last_zxid)
        role.fail("its database is replaced by a snapshot, which all members get from here")

    def check_leads(self) -> ZooKeeperServer:
        """The server of a leader, which can restore a snapshot; raises StorageError where this one is none."""
        server = self.server
        if server is None or self.state != LEADING or self.role is None or self._stopping:
            raise StorageError(f"only the leader can restore a snapshot, which is {self._leader_name()} now")
        return server

    @property
    def is_restoring(self) -> bool:
        """Whether a snapshot waits for a quorum."""
        return self._restoring.is_under_way

    def take_restore_failure(self) -> str:
        """Why the last restore came to nothing, once; empty when it succeeded."""
        return self._restoring.take_failure()

    def _leader_name(self) -> str:
        view = self.front.ensemble
        leader = -1 if view is None else view.leader_id()
        return "nobody" if leader < 0 else f"server {leader}"

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
        role = self.role
        if role is not None:
            if not self._stopping:
                self._guarded(role.advance)
        else:
            self._advance_election()

    def _advance_election(self) -> None:
        now_ms = int(self.now_ms)
        if self._look_at_ms != NEVER and now_ms >= self._look_at_ms:
            self._look_for_leader()
        self.election.advance(now_ms)
        grace: i64 = max(READ_ONLY_GRACE_MS, self.config.tick_time_ms)
        if self.config.readonly_mode_enabled and self.server is None and now_ms - self._looking_since_ms >= grace:
            self._serve_read_only()

    def _serve_read_only(self) -> None:
        server = self.new_server(ReadOnlyZooKeeperServer)
        server.read_only(self.current)
        self.server = server
        self._put_in_front(server)
        logger.info("Serving reads only, for there is no quorum")

    def next_deadline_ms(self) -> int:
        deadline: i64 = self.front.next_deadline_ms()
        others = [self.cnx.next_deadline_ms()]
        role = self.role
        if role is None:
            others += [self.election.next_deadline_ms(), int(self._look_at_ms)]
            if self.config.readonly_mode_enabled and self.server is None:
                others.append(int(self._looking_since_ms) + max(READ_ONLY_GRACE_MS, self.config.tick_time_ms))
        elif not self._stopping:
            others.append(int(role.next_deadline_ms()))
        for other in others:
            if other is not None and other < deadline:
                deadline = other
        return int(deadline)

    # --- elections

    def _look_for_leader(self) -> None:
        self._look_at_ms = NEVER
        if self._forget_what_disk_lacks():
            self.server = None
            self._put_in_front(self._looking_server())
        self._election_since_ms = self.now_ms
        self.metrics.quorum.looking_count += 1
        self.state = LOOKING
        self.election.configure(self.current, self.last_seen)
        self.election.settings = election_settings(self.config, self.is_observer())
        logger.info("LOOKING, last zxid %s, epoch %d", zxid_text(self.database.last_zxid), self.storage.epochs.current)
        self.election.look_for_leader(int(self.database.last_zxid), self.storage.epochs.current, int(self.now_ms))

    def _settle(self) -> None:
        """Let everything that has happened have its consequences, until there are no more."""
        while self._step():
            pass

    def _step(self) -> bool:
        moved = self._exchange_notifications()
        role = self.role
        if role is not None and not self._stopping and role.failure is not None:
            self._stop_role(role)
            moved = True
        if self._stopping and self._is_log_quiet:
            self._after_stop()
            moved = True
        if self.role is None and self.election.outcome is not None:
            vote = self.election.outcome
            self.election.outcome = None
            self._take_role(vote)
            moved = True
        return moved

    def _exchange_notifications(self) -> bool:
        now_ms = int(self.now_ms)
        moved = False
        for sender, payload in self.cnx.take_received():
            moved = True
            self._notified(sender, payload, now_ms)
        for receiver, notification in self.election.take_messages():
            self.cnx.send(receiver, notification.encode(), now_ms)
        if self.election.wants_connect_all:
            self.election.wants_connect_all = False
            self.cnx.connect_all(now_ms)
        return moved

    def _notified(self, sender: int, payload: bytes, now_ms: int) -> None:
        try:
            notification = decode_notification(payload)
        except MalformedRecord as error:
            logger.warning("Ignoring a notification of server %d: %s", sender, error)
            return
        if notification.config:
            if self._learn_config(notification.config):
                return
            self.files.note_difference(sender, notification.config, self.current.members)
        vote = notification.vote
        role = self.role
        if role is not None and vote.state == LOOKING:
            role.looking_reported(sender)
        self.election.notification_received(sender, notification, now_ms)

    def _learn_config(self, text: str) -> bool:
        """Adopt a newer configuration while looking; True when the election has to begin anew (WorkerReceiver)."""
        if self.role is not None or not self.files.mentions_newer(text, self.current.version):
            return False
        try:
            members = self.files.parse(text)
        except ConfigError as error:
            logger.warning("A configuration in a notification cannot be read: %s", error)
            return False
        changed = not members.same_members(self.current.members)
        if self.config.reconfig_enabled:
            logger.info("Adopting the configuration %x of another server", members.version)
            self.process_reconfig(members, None, members.version)
        if changed and self.config.reconfig_enabled:
            self._look_at_ms = self.now_ms
            self._advance_election()
            return True
        return False

    # --- roles

    def _take_role(self, vote: Vote) -> None:
        """The election is over (QuorumPeer.run)."""
        if isinstance(self.front, ReadOnlyZooKeeperServer):
            self.server = None
            self._put_in_front(self._looking_server())
        epochs = self.storage.epochs
        role: Role
        if vote.leader == self.my_id:
            self.state = LEADING
            role = Leading(self, epochs.accepted, epochs.current)
        else:
            observes = self.is_observer()
            self.state = OBSERVING if observes else FOLLOWING
            role = Learning(self, vote.leader, observes)
        if self.state != OBSERVING:
            self.metrics.quorum.election_time.add(self.now_ms - self._election_since_ms)
        self.election.state = int(self.state)
        self.role = role
        self._listens_elsewhere = True
        logger.info("%s, the leader is server %d", STATE_NAMES[int(self.state)].upper(), vote.leader)
        self._guarded(role.begin)

    def _stop_role(self, role: Role) -> None:
        logger.warning("No longer %s: %s", STATE_NAMES[int(self.state)], role.failure)
        role.close()
        self._stopping = True
        self._listens_elsewhere = True
        self.effects.errands.reads = []
        self.effects.errands.saves_snapshot = False
        # What a running snapshot would still see may never be committed.
        self.snapshot_epoch += 1
        self.server = None
        self._put_in_front(self._looking_server())

    def _after_stop(self) -> None:
        """The log is quiet: bring the database up to it, and look for a leader."""
        role = self.role
        assert role is not None
        if role.needs_reload:
            self._reload()
        else:
            self._is_ahead_of_disk = self._is_ahead_of_disk or not role.keeps_log
            for proposal in role.unfinished():
                self.database.apply(proposal.zxid, proposal.payload)
        self._forget_what_disk_lacks()
        self._restoring.log_quiet()
        self.role = None
        self._stopping = False
        self._put_in_front(self._looking_server())
        self._looking_since_ms = self.now_ms
        self._election_since_ms = self.now_ms
        if self._unavailable_since_ms == NEVER:
            self._unavailable_since_ms = self.now_ms
        next_vote = self._next_vote
        self._next_vote = None
        if next_vote is not None:
            # A reconfiguration has named the leader: no election (8.4).
            self.election.decide(next_vote)
            return
        self._look_at_ms = self.now_ms + self._pause_before_looking()
        self._failed_roles += 1
        self._advance_election()

    def _reload(self) -> None:
        self.replace_database(self.storage.load())
        self._is_ahead_of_disk = False

    def _forget_what_disk_lacks(self) -> bool:
        """An observer that kept nothing on disk and now has a vote has the history that its disk has; True if so.

        Its log would begin behind what it only had in memory. (Apache's server has that hole.)
        """
        forgets = self._is_ahead_of_disk and not self.is_observer()
        if forgets:
            self._reload()
        return forgets

    def _pause_before_looking(self) -> int:
        """Observers wait a little; who was refused again and again, such as for a promised epoch, waits longer."""
        limit = self.files.observer_election_delay_ms
        pause = self.draw(limit) if self.state == OBSERVING and limit > 0 else 0
        if self._failed_roles > 1:
            pause += min(FIRST_PAUSE_MS << min(self._failed_roles - 2, 10), self.config.tick_time_ms)
        return pause

    # --- configuration

    def set_config_node(self) -> None:
        """What /zookeeper/config shows is the configuration of this server."""
        members = self.current.members
        node = self.database.tree.get_node(CONFIG)
        if node is not None:
            self.database.tree.set_config(members.text().encode(), members.version, self.wall_ms)

    def see_config(self, members: Membership) -> None:
        """A configuration was proposed (QuorumPeer.setLastSeenQuorumVerifier)."""
        if not self.config.reconfig_enabled or members.version <= self.last_seen.version:
            return
        self.files.save_next(members)
        self._set_last_seen(self._verifier(members))
        self.cnx.connect_all(int(self.now_ms))

    def forget_proposed_config(self, version: int) -> None:
        """What was cut off from the log must not ask for its quorum when this server leads (Apache's keeps it)."""
        if self.last_seen.version != version or version <= self.current.version:
            return
        self.files.remove_next()
        self._set_last_seen(self.current)

    def _set_last_seen(self, verifier: QuorumVerifier) -> None:
        self.last_seen = verifier
        self.election.configure(self.current, verifier)
        self._tell_addresses()

    def process_reconfig(self, members: Membership, designated: int | None, zxid: int) -> bool:
        """A configuration is committed (QuorumPeer.processReconfig)."""
        if not self.config.reconfig_enabled:
            return False
        self.database.settle()
        old = self.current.members
        vote_leader = self.election.current_vote.leader
        if members.version > old.version:
            self.current = self._verifier(members)
            self.effects.errands.client_address = self.client_address()
            if members.version >= self.last_seen.version:
                self.last_seen = self.current
            self.files.save_current(members)
            self.set_config_node()
            if self.front.ensemble is not None:
                self.front.ensemble.members = self.current
            self.election.configure(self.current, self.last_seen)
        change = change_of(old, members, int(self.my_id), vote_leader, designated)
        if not change.content_changed:
            return False
        self._tell_addresses()
        if change.major and designated is not None:
            self._next_vote = Vote(designated, zxid, self.election.logical_clock, self.storage.epochs.current)
        return change.major

    def _tell_addresses(self) -> None:
        """A server that no configuration names any more stays where it was (QuorumPeer.setQuorumVerifier)."""
        self._me = self._listed() or self._me
        self._listens_elsewhere = True
        self.cnx.set_addresses(
            {server.id: election_addresses(server) for server in self.current.members.servers},
            {server.id: election_addresses(server) for server in self.last_seen.members.servers},
        )
