"""Leading: this server's term as leader, between the quorum's Leader and the requests of its server."""

from typing import final

from attrs import evolve
from mypy_extensions import i32, i64

from pyzoo.config.settings import ServerConfig
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import Id
from pyzoo.quorum.hand_over import HandOver, others_can_elect
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.leader import Leader
from pyzoo.quorum.leader_owner import LeaderOwner, LeaderSettings
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import QUORUM, PeerLink
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.clients.request import Request
from pyzoo.server.member.role import NEVER, Role, RoleOwner
from pyzoo.server.roles.leader import LeaderZooKeeperServer


def leader_settings(config: ServerConfig) -> LeaderSettings:
    """What a leader needs of the settings."""
    tuning = config.tuning
    return LeaderSettings(
        my_id=config.server_id,
        tick_time_ms=config.tick_time_ms,
        init_limit=config.init_limit,
        sync_limit=config.sync_limit,
        force_snapshot_sync=tuning.force_snapshot_sync,
        snapshot_size_factor=config.snapshot_size_factor,
        max_concurrent_snap_syncs=tuning.max_concurrent_snap_syncs,
        max_concurrent_diff_syncs=tuning.max_concurrent_diff_syncs,
        max_time_to_wait_for_epoch_ms=tuning.max_time_to_wait_for_epoch_ms,
        initial_counter=tuning.initial_counter,
    )


class _Owner(LeaderOwner):
    """What the leader asks, answered by the role."""

    def __init__(self, role: "Leading") -> None:
        self.role = role

    def save_accepted_epoch(self, epoch: int) -> None:
        self.role.host.storage.save_accepted_epoch(epoch)

    def save_current_epoch(self, epoch: int) -> None:
        self.role.host.storage.save_current_epoch(epoch)

    def start_serving(self, zxid: int) -> None:
        self.role.start_serving(zxid)

    def commit(self, zxid: i64) -> None:
        server = self.role.server
        assert server is not None
        server.metrics.request_commit_queued += 1
        server.commits.commit_up_to(zxid)

    def activate(self, members: QuorumVerifier, designated: int, zxid: int) -> None:
        self.role.host.process_reconfig(members.members, designated, zxid)

    def request_received(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        server = self.role.server
        if server is not None:
            request = Request(None, session_id, cxid, type, InputArchive(body), ids, server.now_ms)
            request.owner = handler.id
            server.forwarded(handler, request)

    def touch_session(self, session_id: i64, timeout_ms: i64) -> None:
        server = self.role.server
        if server is not None:
            server.sessions.touch(session_id, timeout_ms, server.now_ms)

    def revalidate_session(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> None:
        server = self.role.server
        lives = server is not None and server.sessions.touch(session_id, timeout_ms, server.now_ms)
        if lives and server is not None:
            server.sessions.set_owner(session_id, handler.id)
        handler.send_revalidated(session_id, lives)

    def read_log(self, handler: LearnerHandler, from_zxid: i64, to_zxid: i64) -> None:
        self.role.host.read_log(handler, int(from_zxid), int(to_zxid))

    def first_config(self, version: int) -> QuorumVerifier:
        host = self.role.host
        host.see_config(evolve(host.configuration.current.members, version=version))
        return host.configuration.last_seen

    def config_proposed(self, members: QuorumVerifier) -> None:
        self.role.host.see_config(members.members)


@final
class Leading(Role):
    """See the module; `leader.failure` ends it."""

    def __init__(self, host: RoleOwner, accepted_epoch: int, current_epoch: int) -> None:
        super().__init__(host)
        self.server: LeaderZooKeeperServer | None = None
        self.hand_over: HandOver | None = None
        self.leader = Leader(
            leader_settings(host.config),
            _Owner(self),
            host.database,
            host.configuration.current,
            host.configuration.last_seen,
            accepted_epoch,
            current_epoch,
            host.now_ms,
            host.metrics.quorum,
        )

    def begin(self) -> None:
        self.leader.begin()

    @property
    def failure(self) -> str | None:
        return self.leader.failure

    def fail(self, reason: str) -> None:
        self.leader.fail(reason)

    # --- learners

    def accepted(self, link: PeerLink) -> None:
        if link.port != QUORUM:
            link.abort()
            return
        self.leader.learner_connected(link, self.host.now_ms)

    # --- the server

    def start_serving(self, zxid: int) -> None:
        """A quorum holds the history: everything in it is committed."""
        host = self.host
        host.database.tree.last_processed_zxid = zxid
        server = host.new_server(LeaderZooKeeperServer)
        server.lead(self.leader, host.configuration.current)
        self.server = server
        host.serving(server, int(self.leader.epoch))

    def persisted(self, zxid: i64) -> None:
        server = self.server
        if server is not None:
            server.persisted(zxid)

    def listen_addresses(self) -> dict[int, list[tuple[str, int]]]:
        return {QUORUM: self.host.configuration.own_quorum_addresses()}

    @property
    def is_holding(self) -> bool:
        return self.leader.broadcast.is_holding

    def held_until_ns(self, now_ns: i64, patience_ns: i64) -> i64:
        return self.leader.broadcast.held_until_ns(now_ns, patience_ns)

    def release(self) -> None:
        self.leader.broadcast.release()

    def unfinished(self) -> list[Proposal]:
        server = self.server
        return [] if server is None else server.unfinished()

    def begin_hand_over(self) -> bool:
        leader = self.leader
        if leader.failure is not None or not leader.is_serving or not others_can_elect(leader.broadcast):
            return False
        self.hand_over = HandOver(leader.broadcast)
        return True

    @property
    def is_handed_over(self) -> bool:
        return self.hand_over is None or self.hand_over.is_over

    def close(self) -> None:
        for handler in list(self.leader.handlers):
            handler.link.abort()

    def looking_reported(self, sid: i64) -> None:
        self.leader.looking_reported(sid)

    # --- time

    def advance(self) -> None:
        self.leader.advance(self.host.now_ms)

    def next_deadline_ms(self) -> i64:
        return NEVER if self.leader.failure is not None else self.leader.next_deadline_ms()
