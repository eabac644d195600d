"""ObserverMasterPart: a follower's part as observer master, between its observers and its own server."""

from typing import final

from mypy_extensions import i32, i64

from pyzoo.jute.records import Id
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import PeerLink
from pyzoo.quorum.observer_master import ObserverMaster, ObserverMasterOwner
from pyzoo.server.member.role import RoleOwner
from pyzoo.server.roles.follower import FollowerZooKeeperServer


@final
class ObserverMasterPart(ObserverMasterOwner):
    """An observer master, and what it asks."""

    def __init__(self, host: RoleOwner, server: FollowerZooKeeperServer, epoch: i64) -> None:
        config = host.config
        self.host = host
        self.server = server
        self.master = ObserverMaster(
            self,
            host.database,
            epoch,
            config.tick_time_ms,
            config.init_limit,
            config.sync_limit,
            config.snapshot_size_factor >= 0,
            host.now_ms,
            host.metrics.quorum,
        )

    def accepted(self, link: PeerLink) -> None:
        """An observer has connected."""
        self.master.new_handler(link, self.host.now_ms)

    def committed(self, proposal: Proposal) -> None:
        """This server has applied a transaction."""
        self.master.committed(proposal)

    # --- what the observer master asks

    def config_text(self) -> bytes:
        return self.host.configuration.current.members.text().encode()

    def config_version(self) -> int:
        return self.host.configuration.current.version

    def request_received(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        self.server.forward(handler, session_id, cxid, type, body, ids)

    def touch_session(self, session_id: i64, timeout_ms: i64) -> None:
        self.server.touch_global(session_id, timeout_ms)

    def revalidate_session(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> None:
        self.server.revalidate_for(handler, session_id, timeout_ms)

    def read_log(self, handler: LearnerHandler, from_zxid: i64, to_zxid: i64) -> None:
        self.host.read_log(handler, int(from_zxid), int(to_zxid))
