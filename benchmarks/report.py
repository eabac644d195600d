"""Results as Markdown.

Every ratio says how many times better pyzoo is: above 1 it is ahead, below 1 it is bold.
"""

import math
from collections.abc import Iterable, Sequence

from attrs import frozen

from benchmarks.results import Results
from benchmarks.zkload import Figures

REAL = "real"


@frozen
class Measure:
    """A row of the second table."""

    key: str
    title: str
    digits: int = 0
    more_is_better: bool = False
    #: Facts about the run rather than a contest.
    has_ratio: bool = True


MEASURES = [
    Measure("start_ms", "start-up to first answer, ms"),
    Measure("idle_rss_mib", "memory idle, MiB", 1),
    Measure("session_kib_per_1000", "memory of 1000 idle sessions, KiB"),
    Measure("sessions_opened_per_s", "sessions opened a second", more_is_better=True),
    Measure("sessions_lost", "idle sessions lost", has_ratio=False),
    Measure("znode_bytes_few", "memory a znode of 100 bytes, after {nodes_few:,.0f}, bytes"),
    Measure("znode_bytes_many", "the same after {nodes_many:,.0f} more"),
    Measure("znode_bytes_loaded", "the same after a restart"),
    Measure("fill_per_s", "znodes created a second, pipelined", more_is_better=True),
    Measure("load_s", "start-up with these znodes on disk, s", 2),
    Measure("snapshot_get_p50_us", "get while snapshots are written, p50, us"),
    Measure("snapshot_get_p99_us", "the same, p99, us"),
    Measure("snapshot_get_p999_us", "the same, p99.9, us"),
    Measure("snapshot_get_max_us", "the same, longest, us"),
    Measure("snapshots_written", "snapshots written meanwhile", has_ratio=False),
    Measure("watch_bytes", "memory a watch (one session, {watches:,.0f} znodes), bytes"),
    Measure("watch_each_events_per_s", "sets with one watch each: events a second", more_is_better=True),
    Measure("watch_each_stall_ms", "longest get meanwhile, ms", 1),
    Measure(
        "watch_one_all_received_ms",
        "{watchers_of_one:,.0f} sessions watch one znode: one set to last event, ms",
        1,
    ),
    Measure("watch_one_stall_ms", "longest get meanwhile, ms", 1),
    Measure("watch_recursive_events_per_s", "100 recursive watches: events a second", more_is_better=True),
    Measure("watch_recursive_stall_ms", "longest get meanwhile, ms", 1),
    Measure("watch_events_missing", "watch events that never came", has_ratio=False),
]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(header) - 1)]
    return ["| " + " | ".join(row) + " |" for row in (header, rule, *rows)]


def better_by(real: float, pyzoo: float, more_is_better: bool) -> float | None:
    """How many times better pyzoo is; None where one of the figures is nothing to divide by."""
    ahead, behind = (pyzoo, real) if more_is_better else (real, pyzoo)
    return ahead / behind if ahead > 0 and behind > 0 else None


def _ratio(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value >= 1 else f"**{value:.2f}**"


CELL_FIGURES = (
    ("ops_per_s", "ops/s", True),
    ("p50_us", "p50 us", False),
    ("p99_us", "p99 us", False),
    ("p999_us", "p99.9 us", False),
    ("cpu_us_per_op", "CPU us/op", False),
)


def _contest(real: Figures | None, pyzoo: Figures | None) -> list[str]:
    """The columns of one row that compare two servers."""
    columns = []
    for key, _, more_is_better in CELL_FIGURES:
        columns += [f"{figures[key]:,.0f}" if figures else "-" for figures in (real, pyzoo)]
        both = real is not None and pyzoo is not None
        columns.append(
            _ratio(better_by(real[key], pyzoo[key], more_is_better)) if both and real and pyzoo else "-"
        )
    failed = [sum(figures[key] for key in ("errors", "lost")) if figures else 0 for figures in (real, pyzoo)]
    return [*columns, f"{failed[0]:.0f} / {failed[1]:.0f}"]


def _summary(results: Results, name: str) -> list[str]:
    lines = []
    for key, title, more_is_better in CELL_FIGURES:
        ratios = [
            ratio
            for result in results.cells
            if REAL in result.figures and name in result.figures
            if (ratio := better_by(result.figures[REAL][key], result.figures[name][key], more_is_better))
        ]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            ahead = sum(ratio > 1 for ratio in ratios)
            lines.append(f"- {title}: ahead in {ahead} of {len(ratios)} cells, geometric mean {mean:.2f}")
    return lines


def _load_tables(results: Results) -> list[str]:
    lines: list[str] = []
    if not results.cells:
        return lines
    contenders = [name for name in results.servers if name != REAL]
    for name in contenders or [REAL]:
        header = ["operation", "conns", "in flight"]
        for _, title, _ in CELL_FIGURES:
            header += [f"{title} real", f"{title} {name}", "ratio"]
        header.append("errors")
        rows = []
        for result in results.cells:
            cell = result.cell
            real, own = result.figures.get(REAL), result.figures.get(name) if contenders else None
            rows.append([cell.op, str(cell.conns), str(cell.depth), *_contest(real, own)])
        lines += ["", f"## Load: {name}", "", *_summary(results, name)]
        lines += ["", *_table(header, rows)]
    return lines


def _measure_table(results: Results) -> list[str]:
    known = [m for m in MEASURES if any(m.key in figures for figures in results.measures.values())]
    if not known:
        return []
    contenders = [name for name in results.servers if name != REAL]
    header = ["measure", REAL]
    for name in contenders:
        header += [name, "ratio"]
    rows = []
    for measure in known:
        real = results.measures.get(REAL, {}).get(measure.key)
        row = [
            measure.title.format(**results.settings),
            "-" if real is None else f"{real:,.{measure.digits}f}",
        ]
        for name in contenders:
            own = results.measures.get(name, {}).get(measure.key)
            comparable = measure.has_ratio and real is not None and own is not None
            row.append("-" if own is None else f"{own:,.{measure.digits}f}")
            row.append(_ratio(better_by(real or 0, own or 0, measure.more_is_better)) if comparable else "-")
        rows.append(row)
    return ["", "## Memory, start-up, snapshots, watches", "", *_table(header, rows)]


def markdown(results: Results) -> str:
    """The whole report."""
    lines = [f"# pyzoo beside Apache ZooKeeper, {results.date}", ""]
    lines += [f"- {name}: {description}" for name, description in results.servers.items()]
    lines += [f"- {key}: {value}" for key, value in results.machine.items()]
    seconds, runs = results.settings["seconds"], results.settings["runs"]
    lines += [f"- a cell is the median of {runs:.0f} runs of {seconds:g} s, servers in turns"]
    lines += ["", "A ratio says how many times better pyzoo is; below 1 it is bold."]
    lines += _load_tables(results) + _measure_table(results)
    if results.failures:
        lines += ["", "## Failed runs", "", *(f"- {failure}" for failure in results.failures)]
    return "\n".join(lines) + "\n"
