"""RoleOwner and Role: what the roles of a member ask of it, and what it asks of them."""

from collections.abc import Callable
from typing import Final, TypeVar

from mypy_extensions import i64

from pyzoo.config.membership import Membership
from pyzoo.config.settings import ServerConfig
from pyzoo.quorum.election import FastLeaderElection
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import PeerLink
from pyzoo.quorum.vote import LOOKING
from pyzoo.server.core import Core
from pyzoo.server.database import ZKDatabase
from pyzoo.server.effects import Effects, LogRead
from pyzoo.server.member.configuration import Configuration
from pyzoo.server.member.storage import PeerStorage
from pyzoo.server.metrics import new_metrics
from pyzoo.server.requests.log_batch import LogBatcher
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

NEVER: Final = 0x7FFFFFFFFFFFFFFF
Server = TypeVar("Server", bound=ZooKeeperServer)


class RoleOwner(Core):
    """A member as its roles see it.

    `state` is that of its vote, `front` the server that has the clients, `server` the same while it serves any;
    `listens_elsewhere` that the ports have to be looked at which it listens on.
    """

    front: ZooKeeperServer
    role: "Role"
    election: FastLeaderElection

    def __init__(
        self,
        config: ServerConfig,
        storage: PeerStorage,
        configuration: Configuration,
        database: ZKDatabase,
        now_ms: int,
        wall_ms: int,
        draw: Callable[[int], int],
    ) -> None:
        super().__init__(now_ms, wall_ms, new_metrics(config, now_ms), Effects())
        self.config = config
        self.storage = storage
        self.draw = draw
        self.log = LogBatcher(config, draw)
        self.my_id: i64 = config.server_id
        self.configuration = configuration
        self.state: i64 = LOOKING
        self.server: ZooKeeperServer | None = None
        self.database = database
        self.logged_zxid: i64 = database.last_zxid
        self.listens_elsewhere = False

    def new_server(self, kind: type[Server]) -> Server:
        """The server of a role, on what outlives the roles of this member."""
        return kind(
            self.config,
            self.database,
            int(self.now_ms),
            int(self.wall_ms),
            self.draw,
            self.log,
            self.metrics,
            self.effects,
        )

    def serving(self, server: ZooKeeperServer, epoch: int) -> None:
        """From now on this role's server has the clients."""
        raise NotImplementedError

    def put_in_front(self, server: ZooKeeperServer) -> None:
        """Another server gets the clients; those of the last one are sent away."""
        raise NotImplementedError

    def dial(self, port: int, sid: i64, timeout_ms: int) -> PeerLink:
        """Begin to connect to another member's port."""
        raise NotImplementedError

    def process_reconfig(self, members: Membership, designated: int | None, zxid: int) -> bool:
        """A configuration becomes current; True when this server's role or leader changes with it."""
        raise NotImplementedError

    def see_config(self, members: Membership) -> None:
        """A configuration was proposed, or learned of."""
        raise NotImplementedError

    def forget_proposed_config(self, version: int) -> None:
        """The proposed configuration of this version will never be committed; nothing happens if it is another one."""
        raise NotImplementedError

    def read_log(self, handler: LearnerHandler, from_zxid: int, to_zxid: int) -> None:
        """Read proposals from disk and give them to the handler."""
        self.effects.errands.reads.append(LogRead(handler, from_zxid, to_zxid, self.config.snapshot_size_factor))

    def set_config_node(self) -> None:
        """Let /zookeeper/config show the current configuration."""
        self.configuration.show_in(self.database.tree, self.wall_ms)

    def replace_database(self, database: ZKDatabase) -> None:
        """The database was loaded anew."""
        raise NotImplementedError


class Role:
    """What a member is: a leader, a learner, or one of those without a leader (looking.py).

    Roles have the names of Apache's states (QuorumPeer.ServerState: LOOKING, LEADING). What a leader does for the
    quorum is Leader's, what it does for clients LeaderZooKeeperServer's; Leading has both.
    """

    def __init__(self, host: RoleOwner) -> None:
        self.host = host

    def begin(self) -> None:
        """Start; comes once."""

    @property
    def failure(self) -> str | None:
        """Why it is over, None while it is not."""
        return None

    def fail(self, reason: str) -> None:
        """End it."""

    @property
    def needs_reload(self) -> bool:
        """Whether what is in memory must not be trusted any more."""
        return False

    @property
    def keeps_log(self) -> bool:
        """Whether the disk gets what the database gets."""
        return True

    def accepted(self, link: PeerLink) -> None:
        """Another member has connected to a port of this role."""
        link.abort()

    def persisted(self, zxid: i64) -> None:
        """The log is safe up to `zxid`."""

    @property
    def is_holding(self) -> bool:
        """Whether there are proposals that were neither sent nor logged yet."""
        return False

    def held_until_ns(self, now_ns: i64, patience_ns: i64) -> i64:
        """When `release` has to come at the latest, 0 for now, while `is_holding`; see GroupCommit."""
        return 0

    def release(self) -> None:
        """Send and log what was held back."""

    def snapshot_saved(self) -> None:
        """The snapshot that was asked for is on disk."""

    def unfinished(self) -> list[Proposal]:
        """What is in the log and not in the database, in order."""
        return []

    def begin_hand_over(self) -> bool:
        """This server is about to end: let others take over what it does, if they can; whether that takes a moment."""
        return False

    @property
    def is_handed_over(self) -> bool:
        """Whether there is nothing left to wait for."""
        return True

    def close(self) -> None:
        """Let go of all links."""

    def listen_addresses(self) -> dict[int, list[tuple[str, int]]]:
        """Ports that this role wants open beside the usual ones."""
        return {}

    def looking_reported(self, sid: i64) -> None:
        """A voter says that it looks for a leader."""

    def advance(self) -> None:
        """The host's time has moved."""

    def next_deadline_ms(self) -> i64:
        """When `advance` has something to do again."""
        return NEVER
