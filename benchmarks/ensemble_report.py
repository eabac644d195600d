"""The report on ensembles: the tables of the other report with measures of their own, and what was aimed at."""

from collections.abc import Iterator

from benchmarks.ensemble import WRITES
from benchmarks.report import REAL, Measure, better_by, markdown
from benchmarks.results import Results

THROUGHPUT_AT_LEAST = 1.5
WRITES_AT_LEAST = 2.0
"""The same for the writes of `ensemble.WRITES`."""
NO_WORSE = 1.0
BY_TICKS = 0.95
"""The same where ticks decide: no better, and no worse but for what clocks and schedulers make of it."""
OUTAGES = {"failover": 5.0, "handover": 10.0, "follower_kill": NO_WORSE, "standstill": BY_TICKS}

MEASURES = [
    Measure("failover_ms", "SIGKILL of the leader to the next acknowledged write, median of {failovers:.0f}, ms"),
    Measure("failover_max_ms", "the same, longest, ms"),
    Measure("handover_ms", "SIGTERM of the leader to the first write of the next one, median of {failovers:.0f}, ms"),
    Measure("handover_max_ms", "the same, longest, ms"),
    Measure("follower_kill_ms", "SIGKILL of a follower to the next acknowledged write, median, ms", 1),
    Measure("follower_kill_max_ms", "the same, longest, ms", 1),
    Measure("standstill_ms", "SIGSTOP of the leader to the first write of the next, median of {standstills:.0f}, ms"),
    Measure("standstill_max_ms", "the same, longest, ms"),
    Measure("diff_ms", "start of a follower that lacks {diff_writes:.0f} writes until it is level, ms"),
    Measure("diff_by_snap", "of {catch_ups:.0f} by SNAP, not by DIFF", has_ratio=False),
    Measure("snap_ms", "start of an empty follower until it has {snap_nodes:,.0f} nodes, ms"),
    Measure("snap_by_snap", "of {catch_ups:.0f} by SNAP, not by DIFF", has_ratio=False),
    Measure("idle_leader_mib", "memory of the leader idle, MiB", 1),
    Measure("idle_follower_mib", "memory of a follower idle, MiB", 1),
    Measure("loaded_leader_mib", "memory of the leader after all load, MiB", 1),
    Measure("loaded_follower_mib", "memory of a follower after all load, MiB", 1),
]


def _ratios(results: Results, name: str) -> Iterator[tuple[str, float, float]]:
    """What has a bound: its title, how many times better pyzoo is, how many times it should be."""
    for result in results.cells:
        if REAL not in result.figures or name not in result.figures:
            continue
        real, own = result.figures[REAL], result.figures[name]
        for key, title, more_is_better, bound in (
            ("ops_per_s", "ops/s", True, WRITES_AT_LEAST if result.cell in WRITES else THROUGHPUT_AT_LEAST),
            ("p99_us", "p99", False, NO_WORSE),
        ):
            ratio = better_by(real[key], own[key], more_is_better)
            if ratio is not None:
                yield f"{result.cell.title} {result.cell.conns}x{result.cell.depth} {title}", ratio, bound
    real, own = results.measures.get(REAL, {}), results.measures.get(name, {})
    for key, bound in OUTAGES.items():
        if (ratio := better_by(real.get(f"{key}_ms", 0), own.get(f"{key}_ms", 0), False)) is not None:
            yield key, ratio, bound


def _bounds(results: Results) -> list[str]:
    if REAL not in results.servers:
        return []
    lines = [
        "",
        "## Bounds",
        "",
        f"Throughput at least {THROUGHPUT_AT_LEAST:g} times the original's ({WRITES_AT_LEAST:g} in the last rows), p99 "
        f"no worse; a write after the SIGKILL of the leader {OUTAGES['failover']:g} times sooner, after its SIGTERM "
        f"{OUTAGES['handover']:g} times.",
        "",
    ]
    for name in results.servers:
        if name == REAL:
            continue
        rows = list(_ratios(results, name))
        missed = [f"{title} {ratio:.2f}" for title, ratio, bound in rows if ratio < bound]
        lines.append(f"- {name}: {len(rows) - len(missed)} of {len(rows)} kept. Missed: {', '.join(missed) or 'none'}")
    return lines


def ensemble_markdown(results: Results) -> str:
    """The whole report."""
    title = "Failover, catching up, memory"
    return markdown(results, MEASURES, title, "pyzoo beside Apache ZooKeeper: three members", _bounds(results))
