"""What a server costs beside requests: time to start, memory, loading, the pause of a snapshot, watches.

One server is up at a time. Differences of memory (a session, a znode, a watch) are taken after collections,
so that the JVM's garbage is not counted; totals are resident memory as it stands, garbage and all: what the
machine has to have.
"""

import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from benchmarks.asker import CREATE, DELETE, GET_CHILDREN, Asker, create_body, delete_body, read_body
from benchmarks.servers import Contestant, Memory, fresh_home, running
from benchmarks.zkload import Figures, Zkload

log = logging.getLogger(__name__)

#: Small, so that snapshots follow each other while the probe looks.
SNAP_COUNT = 20_000
PROBE_WRITES_PER_S = 4_000

LARGE_HEAP = "-Xmx8g"
"""For millions of znodes: the usual heap would be full."""
CREATES = 500
TURNS = 21
LISTS = 5
FILLED_AT_ONCE = 100_000


@frozen
class Scale:
    """Sizes of the measurements."""

    starts: int = 5
    sessions: int = 5_000
    nodes_few: int = 1_000_000
    nodes_many: int = 2_000_000
    children: int = 1_000_000
    children_many: int = 10_000_000
    watches: int = 100_000
    watchers_of_one: int = 5_000
    probe_s: float = 20.0


QUICK = Scale(3, 1_000, 20_000, 100_000, 20_000, 100_000, 20_000, 1_000, 8.0)


def _each(name: str, before: Memory, after: Memory, count: float) -> Figures:
    """Bytes for each of `count` things: of resident memory, and of live memory."""
    return {
        f"{name}_bytes": (after.collected_kib - before.collected_kib) * 1024 / count,
        f"{name}_live_bytes": (after.live_kib - before.live_kib) * 1024 / count,
    }


def measure_startup(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Median time from spawning to the first answer, with an empty data directory; memory when idle."""
    times = []
    for _ in range(scale.starts):
        with fresh_home(directory, contestant) as home, running(contestant, home) as server:
            times.append(server.start_s)
            if len(times) == scale.starts:
                idle = server.memory()
    return {"start_ms": statistics.median(times) * 1000, "idle_rss_mib": idle.rss_kib / 1024}


def measure_sessions(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Memory of idle sessions, and how fast they open."""
    with fresh_home(directory, contestant) as home, running(contestant, home) as server:
        zkload.run("load", server.port, op="get", conns=32, secs=2, warmup=0)
        before = server.memory()
        with zkload.holding("idle", server.port, sessions=scale.sessions) as held:
            after = server.memory()
            lost = held.release()["lost"]
    return {
        **_each("session", before, after, scale.sessions),
        "sessions_opened_per_s": scale.sessions / held.ready["open_s"],
        "sessions_lost": lost,
    }


def measure_data(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Memory of znodes, filling rate, loading from disk, and latency of gets while snapshots are written."""
    few, many = scale.nodes_few, scale.nodes_many
    contestant = contestant.with_heap(LARGE_HEAP)
    with fresh_home(directory, contestant) as home:
        with running(contestant, home) as server:
            empty = server.memory()
            zkload.run("fill", server.port, nodes=few)
            after_few = server.memory()
            fill = zkload.run("fill", server.port, nodes=many, root="/many")
            after_many = server.memory()
        with running(contestant, home) as server:
            load_s = server.start_s
            after_load = server.memory()
        with running(contestant, home, {"zookeeper.snapCount": str(SNAP_COUNT)}) as server:
            zkload.run("probe", server.port, secs=3, writes=PROBE_WRITES_PER_S // 4)
            before = server.snapshots()
            probe = zkload.run("probe", server.port, secs=scale.probe_s, writes=PROBE_WRITES_PER_S)
            written = len(server.snapshots() - before)
    return {
        **_each("znode_few", empty, after_few, few),
        **_each("znode_many", empty, after_many, few + many),
        **_each("znode_loaded", empty, after_load, few + many),
        "many_rss_mib": after_many.rss_kib / 1024,
        "loaded_rss_mib": after_load.rss_kib / 1024,
        "fill_per_s": fill["per_s"],
        "load_s": load_s,
        "snapshot_get_p50_us": probe["get_p50_us"],
        "snapshot_get_p99_us": probe["get_p99_us"],
        "snapshot_get_p999_us": probe["get_p999_us"],
        "snapshot_get_max_us": probe["get_max_us"],
        "snapshots_written": float(written),
    }


def measure_children(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Creates under nodes with more and more children, in turns, and how long the listing of very many takes.

    The most children only pyzoo gets: they take the JVM a quarter of an hour and most of the memory.
    """
    contestant = contestant.with_heap(LARGE_HEAP)
    crowds = {"some": scale.children} if contestant.is_java else {"some": scale.children, "most": scale.children_many}
    with fresh_home(directory, contestant) as home, running(contestant, home) as server, Asker(server.port) as asker:
        for name, count in [("none", 0), *crowds.items()]:
            asker.create(f"/{name}")
            for begin in range(0, count, FILLED_AT_ONCE):
                asker.create_many([f"/{name}/{at:08}" for at in range(begin, min(begin + FILLED_AT_ONCE, count))])
        times: dict[str, list[float]] = {name: [] for name in ("none", *crowds)}
        for turn in range(TURNS):
            for name, taken in times.items():
                taken.append(_time_of_creates(asker, f"/{name}/new-{turn:03}"))
        figures = {f"create_{name}_us": statistics.median(taken) * 1e6 / CREATES for name, taken in times.items()}
        lists = []
        for turn in range(LISTS):
            # A new child each time: what is kept of the last listing must not be all of the answer.
            asker.create(f"/some/again-{turn}")
            begin_s = time.perf_counter()
            asker.call(GET_CHILDREN, read_body("/some"))
            lists.append(time.perf_counter() - begin_s)
    return {
        **figures,
        **{f"create_{name}_ratio": figures[f"create_{name}_us"] / figures["create_none_us"] for name in crowds},
        "list_first_ms": lists[0] * 1000,
        "list_again_ms": statistics.median(lists[1:]) * 1000,
    }


def _time_of_creates(asker: Asker, prefix: str) -> float:
    """Seconds for some creates, all of them on their way at once, and no more of them than before when it is over."""
    paths = [f"{prefix}-{at:04}" for at in range(CREATES)]
    begin_s = time.perf_counter()
    for path in paths:
        asker.ask(CREATE, create_body(path))
    for _ in paths:
        asker.reply()
    taken = time.perf_counter() - begin_s
    for path in paths:
        asker.ask(DELETE, delete_body(path))
    for _ in paths:
        asker.reply()
    return taken


def measure_watches(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """Memory of watches, and what firing many of them does to everybody else."""
    with fresh_home(directory, contestant) as home, running(contestant, home) as server:
        zkload.run("fill", server.port, nodes=scale.watches)
        zkload.run("load", server.port, op="get", conns=32, depth=4, secs=2, warmup=0)
        before = server.memory()
        with zkload.holding("watch", server.port, sessions=1, nodes=scale.watches, hold=1) as held:
            after = server.memory()
            each = held.release()
        one = zkload.run("watch", server.port, sessions=scale.watchers_of_one, nodes=1)
        recursive = zkload.run("watch", server.port, sessions=100, nodes=scale.watches // 100, via="recursive")
    return {
        **_each("watch", before, after, scale.watches),
        "watch_each_events_per_s": each["events"] / each["events_s"],
        "watch_each_stall_ms": each["get_max_us"] / 1000,
        "watch_one_all_received_ms": one["events_s"] * 1000,
        "watch_one_stall_ms": one["get_max_us"] / 1000,
        "watch_recursive_events_per_s": recursive["events"] / recursive["events_s"],
        "watch_recursive_stall_ms": recursive["get_max_us"] / 1000,
        "watch_events_missing": sum(figures["watches"] - figures["events"] for figures in (each, one, recursive)),
    }


Measurement = Callable[[Contestant, Zkload, Path, Scale], Figures]

MEASUREMENTS: dict[str, Measurement] = {
    "startup": measure_startup,
    "sessions": measure_sessions,
    "watches": measure_watches,
    "data": measure_data,
    "children": measure_children,
}
