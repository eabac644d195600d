"""LearnerPart: what the quorum's Learner asks of this member, and what is not in the log or the database yet."""

from typing import Final, final

from librt.strings import read_i32_be, read_i64_be
from mypy_extensions import i64

from pyzoo.config.membership import Membership, members_of_text
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.paths import CONFIG
from pyzoo.errors import ConfigError, MalformedRecord, ProtocolViolation
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import field_limit
from pyzoo.jute.records import SetDataTxn
from pyzoo.persistence.log_format import decode_txn
from pyzoo.persistence.snapshot.stream import SnapshotStreamReader
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner import Learner
from pyzoo.quorum.learner_owner import LearnerOwner, LearnerSettings
from pyzoo.quorum.learner_sync import SYNCS
from pyzoo.quorum.link import OBSERVER_MASTER, QUORUM, PeerLink
from pyzoo.quorum.sync_plan import SNAP
from pyzoo.server.database import AppliedTxn, decoded
from pyzoo.server.member.observer_master_part import ObserverMasterPart
from pyzoo.server.member.role import RoleOwner
from pyzoo.server.roles.follower import FollowerZooKeeperServer
from pyzoo.server.roles.learner import LearnerZooKeeperServer
from pyzoo.server.roles.observer import ObserverZooKeeperServer
from pyzoo.summaries import AdvancedSummary
from pyzoo.zxid import zxid_text

TIME_OFFSET: Final = 20
TYPE_OFFSET: Final = 28
"""Where time and type stand in the header of a transaction."""


def learner_settings(config: ServerConfig, is_observer: bool) -> LearnerSettings:
    """What a learner needs of the settings."""
    return LearnerSettings(
        my_id=config.server_id,
        is_observer=is_observer,
        tick_time_ms=config.tick_time_ms,
        init_limit=config.init_limit,
        sync_limit=config.sync_limit,
        connect_limit=config.quorum.connect_to_learner_master_limit,
        connect_delay_ms=config.tuning.leader_connect_delay_ms,
    )


def time_of_txn(payload: bytes) -> i64:
    """When the leader made a transaction (wall clock, ms), without decoding it."""
    return read_i64_be(payload, TIME_OFFSET)


def is_reconfig(payload: bytes) -> bool:
    """Whether a transaction is a reconfiguration, without decoding it."""
    return len(payload) >= TYPE_OFFSET + 4 and read_i32_be(payload, TYPE_OFFSET) == op.RECONFIG


def members_of_txn(payload: bytes) -> Membership:
    """The configuration in a reconfig transaction; raises ProtocolViolation."""
    _, txn, _ = decode_txn(payload)
    if not isinstance(txn, SetDataTxn) or txn.path != CONFIG or txn.data is None:
        raise MalformedRecord("a reconfig transaction without a configuration")
    try:
        return members_of_text(txn.data.decode("utf-8", "replace"))
    except ConfigError as error:
        raise MalformedRecord(f"a configuration that cannot be read: {error}") from error


@final
class LearnerPart(LearnerOwner):
    """A learner and what it fills; `server` and `hosting` are there once it is in step."""

    def __init__(self, host: RoleOwner, leader_sid: i64, is_observer: bool) -> None:
        self.host = host
        self.leader_sid: i64 = leader_sid
        self.master_sid: i64 = leader_sid
        """Whose port an observer is connected to."""
        self.learner = Learner(learner_settings(host.config, is_observer), self, host.now_ms, host.metrics.quorum)
        self.server: LearnerZooKeeperServer | None = None
        self.hosting: ObserverMasterPart | None = None
        # Observers may keep nothing on disk.
        self.keeps_log: bool = not is_observer or host.config.quorum.sync_enabled
        self.snapshot_zxid: i64 = 0
        self._received: Membership | None = None
        self._stale_version = 0
        self._reader: SnapshotStreamReader | None = None
        self._unlogged_zxid: i64 = 0
        self._has_committed = False
        self._snapshot_skipped = False

    def serving_server(self) -> LearnerZooKeeperServer:
        """The server, once there is one."""
        server = self.server
        assert server is not None
        return server

    # --- the handshake

    def dial(self, timeout_ms: int) -> PeerLink:
        """To the leader's quorum port, or to an observer master."""
        port = self.host.config.quorum.observer_master_port
        if not self.learner.is_observer or port == 0:
            return self.host.dial(QUORUM, self.leader_sid, timeout_ms)
        self.master_sid = self.host.configuration.next_observer_master(self.host.draw)
        return self.host.dial(OBSERVER_MASTER, self.master_sid, timeout_ms)

    def epochs(self) -> tuple[int, int]:
        epochs = self.host.storage.epochs
        return epochs.accepted, epochs.current

    def save_accepted_epoch(self, epoch: int) -> None:
        self.host.storage.save_accepted_epoch(epoch)

    def save_current_epoch(self, epoch: int) -> None:
        self.host.storage.save_current_epoch(epoch)

    def config_version(self) -> int:
        return self.host.configuration.current.version

    def last_zxid(self) -> int:
        return self.host.database.last_zxid

    # --- synchronisation

    def begin_snapshot(self, zxid: int) -> None:
        """A stream is coming that replaces the whole database."""
        database = self.host.database
        database.committed_log.clear()
        database.sessions.clear()
        self.snapshot_zxid = zxid
        self._reader = SnapshotStreamReader(database.tree, field_limit())

    def snapshot_received(self, data: bytes) -> bytes | None:
        """The next bytes of it; what is behind it when it is complete."""
        reader = self._reader
        assert reader is not None
        if not reader.feed(data):
            return None
        database = self.host.database
        database.sessions.update(reader.sessions)
        database.tree.last_processed_zxid = self.snapshot_zxid
        self._reader = None
        return reader.rest()

    def truncate(self, zxid: int) -> None:
        """Cut off what was never committed."""
        database = self.host.storage.truncate(zxid)
        self.host.replace_database(database)
        if database.last_zxid != zxid:
            # To go on from here would leave a hole; the next sync begins at what there really is.
            raise ProtocolViolation(f"TRUNC to {zxid_text(zxid)} has led to {zxid_text(database.last_zxid)}")

    def save_snapshot(self) -> None:
        """After a SNAP or a TRUNC the log alone does not lead to this state."""
        host = self.host
        if not self.keeps_log:
            self._snapshot_skipped = True
            return
        host.effects.errands.saves_snapshot = True

    def synchronised(self) -> None:
        """The configuration node is this server's own affair (ZOOKEEPER-2819)."""
        self.host.set_config_node()

    def apply(self, proposal: Proposal) -> None:
        is_fuzzy = self.learner.sync_kind == SNAP and self.learner.state == SYNCS
        self.host.database.apply(proposal.zxid, proposal.payload, not is_fuzzy)

    def config_received(self, text: str) -> None:
        """The leader's last seen configuration: kept until UPTODATE."""
        try:
            self._received = members_of_text(text)
        except ConfigError as error:
            raise MalformedRecord(f"the leader's configuration cannot be read: {error}") from error
        if self._received.version < self.host.configuration.last_seen.version:
            self._stale_version = self.host.configuration.last_seen.version
        self.host.see_config(self._received)

    def activate_received(self) -> bool:
        """Make it current."""
        received = self._received
        if received is None:
            return False
        changed = self.host.process_reconfig(received, None, received.version)
        self.host.forget_proposed_config(self._stale_version)
        return changed

    # --- the live stream

    def add_latency(self, summary: AdvancedSummary, proposal: Proposal) -> None:
        """How long ago the leader made a transaction; its clock may be ahead of this one.

        What is too short to be a transaction is found out where it is applied.
        """
        if len(proposal.payload) < TYPE_OFFSET:
            return
        latency_ms = self.host.wall_ms - time_of_txn(proposal.payload)
        if latency_ms >= 0:
            summary.add(latency_ms)

    def log(self, proposal: Proposal) -> Proposal:
        """To the log; a reconfiguration is known from here on. What no start could read raises MalformedRecord."""
        applied = decoded(proposal.zxid, proposal.payload)
        if is_reconfig(proposal.payload):
            self.host.see_config(members_of_txn(proposal.payload))
        if self.keeps_log:
            self.host.metrics.sync_processor_request_queued += 1
            self.host.log.append(proposal.zxid, proposal.payload)
        else:
            self._unlogged_zxid = proposal.zxid
        return applied

    def start_serving(self) -> None:
        """In step."""
        host = self.host
        server: LearnerZooKeeperServer
        if self.learner.is_observer:
            server = host.new_server(ObserverZooKeeperServer)
        else:
            server = follower = host.new_server(FollowerZooKeeperServer)
            if host.config.quorum.observer_master_port > 0:
                self.hosting = ObserverMasterPart(host, follower, self.learner.epoch)
        server.learn(self.learner, host.configuration.current)
        self.server = server
        host.serving(server, int(self.learner.epoch))

    def activate(self, proposal: Proposal, designated: int) -> bool:
        return self.host.process_reconfig(members_of_txn(proposal.payload), designated, proposal.zxid)

    def proposed(self, proposal: Proposal) -> None:
        if not self.learner.is_observer:
            self.add_latency(self.host.metrics.quorum.proposal_latency, proposal)

    def acknowledged(self, proposal: Proposal) -> None:
        self.add_latency(self.host.metrics.quorum.proposal_ack_creation_latency, proposal)

    def commit(self, proposal: Proposal) -> None:
        self.add_latency(self.host.metrics.quorum.commit_propagation_latency, proposal)
        assert isinstance(proposal, AppliedTxn), "what is committed was logged"
        self.serving_server().txns.committed(proposal)
        self._has_committed = True
        hosting = self.hosting
        if hosting is not None and not is_reconfig(proposal.payload):
            hosting.committed(proposal)

    def apply_committed(self) -> None:
        if self._has_committed:
            self._has_committed = False
            self.serving_server().commits.go_on()

    def activated(self, proposal: Proposal, designated: int) -> None:
        hosting = self.hosting
        if hosting is not None:
            hosting.master.activated(proposal, designated)

    def sync_received(self) -> None:
        self.serving_server().sync_received()

    def revalidated(self, session_id: i64, valid: bool) -> None:
        self.serving_server().revalidated(session_id, valid)

    def take_touches(self) -> bytes:
        return self.serving_server().take_touches()

    # --- what waits for no disk

    @property
    def owes_word(self) -> bool:
        """Whether the learner was not told yet that what is kept nowhere is done."""
        return self._snapshot_skipped or self._unlogged_zxid != 0

    def give_word(self) -> None:
        """Tell it."""
        if self._snapshot_skipped:
            self._snapshot_skipped = False
            self.learner.snapshot_saved()
        if self._unlogged_zxid != 0:
            zxid = self._unlogged_zxid
            self._unlogged_zxid = 0
            self.learner.persisted(zxid)
