"""What the four-letter words answer: a function for each, from a server and the asking connection to a text.

The texts are an interface, byte for byte. Only reading happens here, apart from the words that reset counters;
what lies outside the server is asked of its ServerEnvironment.
"""

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from pyzoo.config.java_numbers import double_text
from pyzoo.datatree.java_order import table_order
from pyzoo.datatree.watches import Watcher
from pyzoo.jute import opcodes as op
from pyzoo.release import FULL_VERSION
from pyzoo.server.cnxn import NO_LATENCY, ServerCnxn
from pyzoo.server.modes import NOT_SERVING, READ_ONLY
from pyzoo.server.monitor import monitor_text
from pyzoo.server.sessions import SessionTracker
from pyzoo.server.wanted_watches import NULL_PATH

if TYPE_CHECKING:
    from pyzoo.server.standalone import ZooKeeperServer

LAST_OPERATIONS: Final[dict[int, str]] = {
    op.PING: "PING",
    op.CREATE_SESSION: "SESS",
    op.MULTI: "MULT",
    op.MULTI_READ: "MLTR",
    op.CREATE: "CREA",
    op.CREATE2: "CREA",
    op.CREATE_CONTAINER: "CREA",
    op.CREATE_TTL: "CREA",
    op.DELETE: "DELE",
    op.SET_DATA: "SETD",
    op.RECONFIG: "RECO",
    op.SET_ACL: "SETA",
    op.CLOSE_SESSION: "CLOS",
    op.SYNC: "SYNC",
    op.CHECK: "CHEC",
    op.EXISTS: "EXIS",
    op.GET_DATA: "GETD",
    op.SET_WATCHES: "SETW",
    op.SET_WATCHES2: "STW2",
    op.ADD_WATCH: "ADDW",
    op.GET_ACL: "GETA",
    op.GET_CHILDREN: "GETC",
    op.GET_CHILDREN2: "GETC",
    op.GET_ALL_CHILDREN_NUMBER: "GETACN",
    op.CHECK_WATCHES: "CHKW",
    op.REMOVE_WATCHES: "REMW",
    op.WHO_AM_I: "HOMI",
    op.GET_EPHEMERALS: "GETE",
}
"""What `cons` calls the last operation of a connection; `NA` for none."""


def hex_text(value: i64) -> str:
    """A 64-bit value as Java's Long.toHexString writes it."""
    wide: int = value
    return f"{wide & 0xFFFFFFFFFFFFFFFF:x}"


def address_text(cnxn: ServerCnxn) -> str:
    """The client's address as Java writes an InetSocketAddress."""
    address = f"[{cnxn.address}]" if ":" in cnxn.address else cnxn.address
    return f"/{address}:{cnxn.port}"


# --- the server as a whole


def ruok(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """Are you OK?"""
    return "imok"


def isro(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """Whether clients can write."""
    if server.mode == NOT_SERVING:
        return "null"
    return "ro" if server.mode == READ_ONLY else "rw"


def gtmk(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """The trace mask."""
    return str(server.stats.trace_mask)


def stats_text(server: "ZooKeeperServer") -> str:
    """What `srvr` and `stat` have in common."""
    stats = server.stats
    return (
        f"Latency min/avg/max: {stats.min_latency}/{double_text(stats.avg_latency)}/{stats.max_latency}\n"
        f"Received: {stats.packets_received}\n"
        f"Sent: {stats.packets_sent}\n"
        f"Connections: {len(server.cnxns)}\n"
        f"Outstanding: {server.in_process}\n"
        f"Zxid: 0x{hex_text(server.tree.last_processed_zxid)}\n"
        f"Mode: {server.mode}\n"
        f"Node count: {server.tree.node_count}\n"
        + ("" if server.ensemble is None else server.ensemble.proposal_sizes())
    )


def version_text(server: "ZooKeeperServer") -> str:
    """The first lines of `srvr` and `stat`."""
    note = "READ-ONLY mode; serving only read-only clients\n" if server.mode == READ_ONLY else ""
    return f"Zookeeper version: {FULL_VERSION}\n{note}"


def srvr(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """Statistics of the server."""
    return version_text(server) + stats_text(server)


def stat(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """Statistics of the server with a line for each connection."""
    clients = "".join([_brief_text(one, cnxn) + ")\n" for one in server.cnxns])
    return f"{version_text(server)}Clients:\n{clients}\n" + stats_text(server)


def conf(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """The settings in force."""
    config, environment = server.config, server.environment
    ensemble = ""
    if server.ensemble is not None:
        ensemble = server.ensemble.conf_lines(config.init_limit, config.sync_limit, server.mode != READ_ONLY)
    return (
        f"clientPort={environment.client_port()}\n"
        f"secureClientPort={environment.secure_client_port()}\n"
        f"dataDir={environment.snap_dir()}\n"
        f"dataDirSize={environment.data_dir_size()}\n"
        f"dataLogDir={environment.log_dir()}\n"
        f"dataLogSize={environment.log_dir_size()}\n"
        f"tickTime={config.tick_time_ms}\n"
        f"maxClientCnxns={config.max_client_cnxns}\n"
        f"minSessionTimeout={server.min_session_timeout_ms}\n"
        f"maxSessionTimeout={server.max_session_timeout_ms}\n"
        f"clientPortListenBacklog={config.client_port_listen_backlog}\n"
        f"serverId={config.server_id}\n{ensemble}"
    )


def dirs(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """The sizes of the data directories."""
    environment = server.environment
    return f"datadir_size: {environment.data_dir_size()}\nlogdir_size: {environment.log_dir_size()}\n"


def envi(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """Where the server runs."""
    lines = [f"{key}={value}\n" for key, value in server.environment.properties()]
    return f"Environment:\nzookeeper.version={FULL_VERSION}\n" + "".join(lines)


def digests(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """The digests of the tree at past zxids."""
    return "".join([f"{hex_text(zxid)}: {digest}\n" for zxid, digest in server.tree.digests.entries])


def mntr(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """All metrics."""
    return monitor_text(server)


def srst(server: "ZooKeeperServer", cnxn: ServerCnxn | None) -> str:
    """Set the statistics of the server back."""
    server.stats.reset()
    if not server.metrics.registry.windowed:
        server.tree.digests.mismatches = 0
    if server.ensemble is not None:
        server.ensemble.reset()
    return "Server stats reset.\n"


# --- connections


def _brief_text(one: ServerCnxn, asking: ServerCnxn) -> str:
    """The beginning of a connection's line; the one that asks is no longer read from."""
    interest = 0 if one is asking else 1
    return (
        f" {address_text(one)}[{interest}](queued={len(one.pending)},recved={one.packets_received},"
        f"sent={one.packets_sent}"
    )


def _session_text(one: ServerCnxn) -> str:
    """What `cons` adds for a connection with a session (ServerCnxn.dumpConnectionInfo)."""
    last_cxid = f",lcxid=0x{hex_text(one.last_cxid)}" if one.last_cxid >= 0 else ""
    least = 0 if one.min_latency == NO_LATENCY else one.min_latency
    average = 0 if one.latency_count == 0 else one.total_latency // one.latency_count
    return (
        f",sid=0x{hex_text(one.session_id)},lop={LAST_OPERATIONS.get(one.last_op, 'NA')}"
        f",est={one.established_wall_ms},to={one.timeout_ms}{last_cxid},lzxid=0x{hex_text(one.last_zxid)}"
        f",lresp={one.last_response_ms},llat={one.last_latency},minlat={least},avglat={average}"
        f",maxlat={one.max_latency}"
    )


def cons(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """A line for each connection, with its session."""
    lines: list[str] = []
    for one in server.cnxns:
        session = _session_text(one) if one.session_id != 0 else ""
        lines.append(_brief_text(one, cnxn) + session + ")\n")
    return "".join(lines) + "\n"


def crst(server: "ZooKeeperServer", cnxn: ServerCnxn | None) -> str:
    """Set the statistics of all connections back."""
    for one in server.cnxns:
        one.reset_stats()
    return "Connection stats reset.\n"


def dump(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """Sessions and connections by the time at which they expire, and the ephemerals of each session."""
    return "SessionTracker dump:\n" + _sessions(server) + _ephemerals(server) + _connections(server)


def _sessions(server: "ZooKeeperServer") -> str:
    local = server.local_tracker()
    text = "" if local is None else _session_sets(server, local, "Local Session Sets")
    if server.tracks_sessions:
        return text + _session_sets(server, server.sessions, "Session Sets" if local is None else "Global Session Sets")
    sessions = server.database.sessions
    lines = ["\t".join([f"0x{hex_text(session_id)}", f"{sessions[session_id]}ms\n"]) for session_id in sorted(sessions)]
    return f"{text}Global Sessions({len(sessions)}):\n" + "".join(lines)


def _session_sets(server: "ZooKeeperServer", tracker: SessionTracker, name: str) -> str:
    buckets = tracker.buckets()
    lines = [f"{name} ({len(buckets)})/({len(tracker.sessions)}):\n"]
    for at, session_ids in buckets:
        lines.append(f"{len(session_ids)} expire at {server.environment.date_text(at)}:\n")
        lines += [f"\t0x{hex_text(session_id)}\n" for session_id in session_ids]
    return "".join(lines)


def _ephemerals(server: "ZooKeeperServer") -> str:
    sessions = server.tree.ownership.sessions
    lines = [f"ephemeral nodes dump:\nSessions with Ephemerals ({len(sessions)}):\n"]
    for session_id in sessions_in_order(list(sessions)):
        lines.append(f"0x{hex_text(session_id)}:\n")
        lines += [f"\t{path}\n" for path in sessions[session_id].ordered()]
    return "".join(lines)


def sessions_in_order(session_ids: list[int]) -> list[int]:
    """Session ids in the order of a ConcurrentHashMap."""
    buckets = 16
    while len(session_ids) * 4 >= buckets * 3:
        buckets *= 2
    slots: list[list[int]] = [[] for _ in range(buckets)]
    for session_id in session_ids:
        value = (session_id ^ (session_id >> 32)) & 0xFFFFFFFF
        slots[(value ^ (value >> 16)) & (buckets - 1)].append(session_id)
    return [session_id for slot in slots for session_id in slot]


def _identity_text(cnxn: ServerCnxn) -> str:
    return f"ip: {address_text(cnxn)} sessionId: 0x{hex_text(cnxn.session_id)}"


def _connections(server: "ZooKeeperServer") -> str:
    """Connections by the time at which they are closed if they stay silent (NIOServerCnxnFactory)."""
    interval: int = server.sessionless_timeout_ms
    buckets: dict[int, list[ServerCnxn]] = {}
    for cnxn in server.cnxns:
        timeout = cnxn.timeout_ms if cnxn.timeout_ms > 0 else interval
        at = ((cnxn.last_io_ms + timeout) // interval + 1) * interval
        buckets.setdefault(at, []).append(cnxn)
    lines = [f"Connections dump:\nConnections Sets ({len(buckets)})/({len(server.cnxns)}):\n"]
    for at in sorted(buckets):
        lines.append(f"{len(buckets[at])} expire at {server.environment.date_text(at)}:\n")
        lines += [f"\t{_identity_text(one)}\n" for one in buckets[at]]
    return "".join(lines)


# --- watches


def wchs(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """How many watches there are."""
    watches = server.tree.data_watches
    return f"{watches.watcher_count} connections watching {watches.path_count} paths\nTotal watches:{watches.size}\n"


def _session_of(watcher: Watcher) -> str:
    return hex_text(watcher.session_id) if isinstance(watcher, ServerCnxn) else "0"


def path_text(path: str) -> str:
    """A watched path as Java prints it."""
    return "null" if path == NULL_PATH else path


def hash_order(texts: list[str]) -> list[str]:
    """Texts in the order of a HashMap that was never larger."""
    buckets = 16
    while len(texts) * 4 > buckets * 3:
        buckets *= 2
    return table_order(texts, 0, buckets)


def wchc(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """The watched paths of each connection."""
    watches = server.tree.data_watches
    lines: list[str] = []
    for watcher in watches.watchers():
        lines.append(f"0x{_session_of(watcher)}\n")
        lines += [f"\t{path_text(path)}\n" for path in hash_order(watches.paths_of(watcher))]
    return "".join(lines) + "\n"


def wchp(server: "ZooKeeperServer", cnxn: ServerCnxn) -> str:
    """The watching sessions of each path."""
    watches = server.tree.data_watches
    lines: list[str] = []
    for path in hash_order(watches.paths()):
        lines.append(f"{path_text(path)}\n")
        lines += [f"\t0x{_session_of(watcher)}\n" for watcher in watches.watchers_of(path)]
    return "".join(lines) + "\n"
