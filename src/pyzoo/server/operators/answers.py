"""What the four-letter words answer: a function for each, from a server and the asking connection to a text.

The texts are an interface, byte for byte. Only reading happens here, apart from the words that reset counters;
what lies outside the server is asked of its ServerEnvironment.
"""

from mypy_extensions import i64

from pyzoo.config.java_numbers import double_text
from pyzoo.release import FULL_VERSION
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.modes import NOT_SERVING, READ_ONLY
from pyzoo.server.operators.operated_server import OperatedServer


def hex_text(value: i64) -> str:
    """A 64-bit value as Java's Long.toHexString writes it."""
    wide: int = value
    return f"{wide & 0xFFFFFFFFFFFFFFFF:x}"


# --- the server as a whole


def ruok(server: OperatedServer, cnxn: ServerCnxn) -> str:
    """Are you OK?"""
    return "imok"


def isro(server: OperatedServer, cnxn: ServerCnxn) -> str:
    """Whether clients can write."""
    if server.mode == NOT_SERVING:
        return "null"
    return "ro" if server.mode == READ_ONLY else "rw"


def gtmk(server: OperatedServer, cnxn: ServerCnxn) -> str:
    """The trace mask."""
    return str(server.stats.trace_mask)


def outstanding(server: OperatedServer) -> int:
    """Requests in progress."""
    return int(server.throttler.in_process + server.connections.elsewhere.outstanding)


def stats_text(server: OperatedServer) -> str:
    """What `srvr` and `stat` have in common."""
    stats = server.stats
    return (
        f"Latency min/avg/max: {stats.min_latency}/{double_text(stats.avg_latency)}/{stats.max_latency}\n"
        f"Received: {stats.packets_received}\n"
        f"Sent: {stats.packets_sent}\n"
        f"Connections: {server.connections.alive}\n"
        f"Outstanding: {outstanding(server)}\n"
        f"Zxid: 0x{hex_text(server.tree.last_processed_zxid)}\n"
        f"Mode: {server.mode}\n"
        f"Node count: {server.tree.node_count}\n"
        + ("" if server.ensemble is None else server.ensemble.proposal_sizes())
    )


def version_text(server: OperatedServer) -> str:
    """The first lines of `srvr` and `stat`."""
    note = "READ-ONLY mode; serving only read-only clients\n" if server.mode == READ_ONLY else ""
    return f"Zookeeper version: {FULL_VERSION}\n{note}"


def srvr(server: OperatedServer, cnxn: ServerCnxn) -> str:
    """Statistics of the server."""
    return version_text(server) + stats_text(server)


def conf(server: OperatedServer, cnxn: ServerCnxn) -> str:
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
        f"minSessionTimeout={server.handshake.min_session_timeout_ms}\n"
        f"maxSessionTimeout={server.handshake.max_session_timeout_ms}\n"
        f"clientPortListenBacklog={config.client_port_listen_backlog}\n"
        f"serverId={config.server_id}\n{ensemble}"
    )


def dirs(server: OperatedServer, cnxn: ServerCnxn) -> str:
    """The sizes of the data directories."""
    environment = server.environment
    return f"datadir_size: {environment.data_dir_size()}\nlogdir_size: {environment.log_dir_size()}\n"


def envi(server: OperatedServer, cnxn: ServerCnxn) -> str:
    """Where the server runs."""
    lines = [f"{key}={value}\n" for key, value in server.environment.properties()]
    return f"Environment:\nzookeeper.version={FULL_VERSION}\n" + "".join(lines)


def digests(server: OperatedServer, cnxn: ServerCnxn) -> str:
    """The digests of the tree at past zxids."""
    return "".join([f"{hex_text(zxid)}: {digest}\n" for zxid, digest in server.tree.digests.entries])


def srst(server: OperatedServer, cnxn: ServerCnxn | None) -> str:
    """Set the statistics of the server back."""
    server.stats.reset()
    if not server.metrics.registry.windowed:
        server.tree.digests.mismatches = 0
    if server.ensemble is not None:
        server.ensemble.reset()
    return "Server stats reset.\n"


def crst(server: OperatedServer, cnxn: ServerCnxn | None) -> str:
    """Set the statistics of all connections back, or those of the port of whoever asks."""
    for one in server.connections.cnxns:
        if cnxn is None or one.secure == cnxn.secure:
            one.reset_stats()
    server.connections.elsewhere.reset_stats()
    return "Connection stats reset.\n"
