"""Machine: what a member runs on and keeps over its restarts: host name, disk, clocks, configuration files."""

from typing import Final

from attrs import evolve

from pyzoo.config.dynamic_files import next_path
from pyzoo.config.membership import Membership, QuorumServer, ServerAddress
from pyzoo.config.parse import files_needed, parse_config_text
from pyzoo.config.settings import ServerConfig
from pyzoo.sim.disk import SimDisk
from pyzoo.sim.options import ORACLE_SID, Options
from pyzoo.sim.world import World

QUORUM_PORT: Final = 2888
ELECTION_PORT: Final = 3888
MASTER_PORT: Final = 2889
CLIENT_PORT: Final = 2181
CONFIG_PATH: Final = "/conf/zoo.cfg"
DATA_DIR: Final = "/data"
ORACLE_PATH: Final = "/conf/oracle"
CONTAINER_CHECK_MS: Final = 1000
WALL_START_MS: Final = 1_700_000_000_000
MAX_DRIFT_PPM: Final = 2000


def host_of(sid: int) -> str:
    """The host that a member runs on."""
    return f"server{sid}"


def member_line(sid: int, observer: bool) -> QuorumServer:
    """A member as the member list has it."""
    host = host_of(sid)
    return QuorumServer(sid, (ServerAddress(host, QUORUM_PORT, ELECTION_PORT),), observer, host, CLIENT_PORT)


def first_membership(options: Options) -> Membership:
    """The ensemble as it begins; in groups of about three if quorums are hierarchical."""
    servers = [member_line(sid, False) for sid in options.voter_ids]
    servers += [member_line(sid, True) for sid in options.observer_ids]
    members = Membership(tuple(servers))
    if not options.hierarchical:
        return members
    size = 2 if options.voters < 6 else 3
    ids = options.voter_ids
    groups = [tuple(ids[at : at + size]) for at in range(0, len(ids), size)]
    return evolve(members, groups=tuple(enumerate(groups, 1)))


class Machine:
    """The clocks of a machine differ from the world's: the wall clock jumps, the other one only drifts."""

    def __init__(self, world: World, options: Options, sid: int, members: Membership) -> None:
        self.world = world
        self.options = options
        self.sid = sid
        self.host = host_of(sid)
        self.disk = SimDisk(world)
        self.drift_ppm = world.between(-MAX_DRIFT_PPM, MAX_DRIFT_PPM)
        self.wall_skew_ms = world.between(-2000, 2000)
        self._boot_ms = world.between(1_000_000, 5_000_000)
        self._write_files(members)

    # --- time

    def now_ms(self) -> int:
        """The monotonic clock."""
        return self._boot_ms + self.world.now_ms + self.world.now_ms * self.drift_ppm // 1_000_000

    def wall_ms(self) -> int:
        """The wall clock."""
        return WALL_START_MS + self.world.now_ms + self.wall_skew_ms

    def delay_until(self, monotonic_ms: int) -> int:
        """World time until the monotonic clock shows this, and never less than 1 ms."""
        left = monotonic_ms - self.now_ms()
        return max(1, left * 1_000_000 // (1_000_000 + self.drift_ppm) + 1)

    # --- files

    def _write_files(self, members: Membership) -> None:
        disk = self.disk
        for directory in ("/conf", DATA_DIR):
            disk.make_directory(directory)
        self._write(f"{DATA_DIR}/myid", str(self.sid))
        if self.options.oracle:
            self._write(ORACLE_PATH, "1" if self.sid == ORACLE_SID else "0")
        self.write_config(members)

    def write_config(self, members: Membership) -> None:
        """Write the configuration file as an operator does; what a reconfiguration was about to do is forgotten."""
        self._write(CONFIG_PATH, "\n".join([*self._settings(), *members.lines(), ""]))
        if self.disk.exists(next_path(CONFIG_PATH)):
            self.disk.remove(next_path(CONFIG_PATH))

    def _settings(self) -> list[str]:
        options = self.options
        lines = [
            f"dataDir={DATA_DIR}",
            f"tickTime={options.tick_ms}",
            f"initLimit={options.init_limit}",
            f"syncLimit={options.sync_limit}",
            "maxClientCnxns=0",
            f"reconfigEnabled={str(options.reconfig).lower()}",
            f"localSessionsEnabled={str(options.local_sessions).lower()}",
            f"localSessionsUpgradingEnabled={str(options.upgrades_local_sessions).lower()}",
            f"syncEnabled={str(options.observer_sync).lower()}",
            f"maxSessionTimeout={options.tick_ms * 20}",
        ]
        if options.observer_masters:
            lines.append(f"observerMasterPort={MASTER_PORT}")
        if options.oracle:
            lines.append(f"oraclePath={ORACLE_PATH}")
        return lines

    def _properties(self) -> dict[str, str]:
        options = self.options
        return {
            "zookeeper.skipACL": "yes",
            "zookeeper.snapCount": str(options.snap_count),
            "zookeeper.preAllocSize": str(options.pre_alloc_kb),
            "zookeeper.txnLogSizeLimitInKb": str(options.log_size_limit_kb),
            "zookeeper.snapshotSizeFactor": str(options.snapshot_size_factor),
            "zookeeper.forceSnapshotSync": str(options.force_snapshot_sync).lower(),
            "zookeeper.leaderServes": "yes" if options.leader_serves else "no",
            "zookeeper.extendedTypesEnabled": str(options.all_nodes).lower(),
            "znode.container.checkIntervalMs": str(CONTAINER_CHECK_MS),
            "readonlymode.enabled": str(options.read_only).lower(),
            "zookeeper.digest.enabled": str(options.digest).lower(),
            "zookeeper.fastleader.maxNotificationInterval": str(options.max_notification_interval_ms),
        }

    def _write(self, path: str, text: str) -> None:
        file = self.disk.create(path)
        file.write_at(0, text.encode())
        file.sync()
        self.disk.sync_directory(path.rpartition("/")[0])

    def _read(self, path: str) -> str:
        file = self.disk.open_read(path)
        return file.read(self.disk.size(path)).decode("iso-8859-1")

    def config(self) -> ServerConfig:
        """The settings as a start reads them; raises ConfigError."""
        text = self._read(CONFIG_PATH)
        paths = [path for path in files_needed(text, CONFIG_PATH).paths() if self.disk.exists(path)]
        config, _ = parse_config_text(text, CONFIG_PATH, self._properties(), {path: self._read(path) for path in paths})
        return evolve(config, slice_units=self.options.slice_units)
