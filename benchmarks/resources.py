"""What a server costs beside requests: time to start, memory, loading, the pause of a snapshot, watches.

One server is up at a time. Memory is resident memory (VmRSS): what the machine has to have. For the JVM that
counts garbage it has not collected yet, as it does for whoever pays for the machine; the figures after a
restart hold less of it.
"""

import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from benchmarks.servers import Contestant, Server, fresh_home, running
from benchmarks.zkload import Figures, Zkload

log = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
#: Small, so that snapshots follow each other while the probe looks.
SNAP_COUNT = 20_000
PROBE_WRITES_PER_S = 4_000


@frozen
class Scale:
    """Sizes of the measurements."""

    starts: int = 5
    sessions: int = 5_000
    nodes_few: int = 100_000
    nodes_many: int = 1_000_000
    watches: int = 100_000
    watchers_of_one: int = 5_000
    probe_s: float = 20.0


QUICK = Scale(3, 1_000, 20_000, 100_000, 20_000, 1_000, 8.0)


def _settled_rss_kib(server: Server) -> int:
    time.sleep(SETTLE_SECONDS)
    return server.rss_kib()


def measure_startup(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Median time from spawning to the first answer, with an empty data directory; memory when idle."""
    times = []
    rss_kib = 0
    for _ in range(scale.starts):
        with fresh_home(directory, contestant) as home, running(contestant, home) as server:
            times.append(server.start_s)
            if len(times) == scale.starts:
                rss_kib = _settled_rss_kib(server)
    return {"start_ms": statistics.median(times) * 1000, "idle_rss_mib": rss_kib / 1024}


def measure_sessions(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Memory of idle sessions, and how fast they open."""
    with fresh_home(directory, contestant) as home, running(contestant, home) as server:
        zkload.run("load", server.port, op="get", conns=32, secs=2, warmup=0)
        before = _settled_rss_kib(server)
        with zkload.holding("idle", server.port, sessions=scale.sessions) as held:
            after = _settled_rss_kib(server)
            lost = held.release()["lost"]
    return {
        "session_kib_per_1000": (after - before) * 1000 / scale.sessions,
        "sessions_opened_per_s": scale.sessions / held.ready["open_s"],
        "sessions_lost": lost,
    }


def measure_data(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Memory of znodes, filling rate, loading from disk, and latency of gets while snapshots are written."""
    few, many = scale.nodes_few, scale.nodes_many
    with fresh_home(directory, contestant) as home:
        with running(contestant, home) as server:
            empty = _settled_rss_kib(server)
            zkload.run("fill", server.port, nodes=few)
            rss_few = _settled_rss_kib(server)
            fill = zkload.run("fill", server.port, nodes=many, root="/many")
            rss_many = _settled_rss_kib(server)
        with running(contestant, home) as server:
            load_s = server.start_s
            rss_loaded = _settled_rss_kib(server)
        with running(contestant, home, {"zookeeper.snapCount": str(SNAP_COUNT)}) as server:
            zkload.run("probe", server.port, secs=3, writes=PROBE_WRITES_PER_S // 4)
            before = server.snapshots()
            probe = zkload.run("probe", server.port, secs=scale.probe_s, writes=PROBE_WRITES_PER_S)
            written = len(server.snapshots() - before)
    return {
        "znode_bytes_few": (rss_few - empty) * 1024 / few,
        "znode_bytes_many": (rss_many - empty) * 1024 / (few + many),
        "znode_bytes_loaded": (rss_loaded - empty) * 1024 / (few + many),
        "fill_per_s": fill["per_s"],
        "load_s": load_s,
        "snapshot_get_p50_us": probe["get_p50_us"],
        "snapshot_get_p99_us": probe["get_p99_us"],
        "snapshot_get_p999_us": probe["get_p999_us"],
        "snapshot_get_max_us": probe["get_max_us"],
        "snapshots_written": float(written),
    }


def measure_watches(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Memory of watches, and what firing many of them does to everybody else."""
    with fresh_home(directory, contestant) as home, running(contestant, home) as server:
        zkload.run("fill", server.port, nodes=scale.watches)
        zkload.run("load", server.port, op="get", conns=32, depth=4, secs=2, warmup=0)
        before = _settled_rss_kib(server)
        with zkload.holding("watch", server.port, sessions=1, nodes=scale.watches, hold=1) as held:
            rss = _settled_rss_kib(server)
            each = held.release()
        one = zkload.run("watch", server.port, sessions=scale.watchers_of_one, nodes=1)
        recursive = zkload.run(
            "watch", server.port, sessions=100, nodes=scale.watches // 100, via="recursive"
        )
    return {
        "watch_bytes": (rss - before) * 1024 / scale.watches,
        "watch_each_events_per_s": each["events"] / each["events_s"],
        "watch_each_stall_ms": each["get_max_us"] / 1000,
        "watch_one_all_received_ms": one["events_s"] * 1000,
        "watch_one_stall_ms": one["get_max_us"] / 1000,
        "watch_recursive_events_per_s": recursive["events"] / recursive["events_s"],
        "watch_recursive_stall_ms": recursive["get_max_us"] / 1000,
        "watch_events_missing": sum(
            figures["watches"] - figures["events"] for figures in (each, one, recursive)
        ),
    }


Measurement = Callable[[Contestant, Zkload, Path, Scale], Figures]

MEASUREMENTS: dict[str, Measurement] = {
    "startup": measure_startup,
    "sessions": measure_sessions,
    "watches": measure_watches,
    "data": measure_data,
}
