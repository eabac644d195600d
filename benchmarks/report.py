"""Results as Markdown.

Every ratio says how many times better pyzoo is: above 1 it is ahead, below 1 it is bold.
"""

import math
from collections.abc import Iterable, Sequence

from attrs import frozen

from benchmarks.results import Results
from benchmarks.zkload import Figures

REAL = "real"
BEFORE = "before"
"""An earlier build of pyzoo."""
FAST = "fast"
"""The same pyzoo, but for the portable way that it goes."""


def rival_of(results: Results) -> str:
    """Whom pyzoo is compared with: the original, an earlier build, the fast way; empty when it was measured alone."""
    return next((name for name in (REAL, BEFORE, FAST) if name in results.servers), "")


@frozen
class Measure:
    """A row of the second table."""

    key: str
    title: str
    digits: int = 0
    more_is_better: bool = False
    #: Facts about the run rather than a contest.
    has_ratio: bool = True


LIVE = "the same, of the JVM only its live heap"

MEASURES = [
    Measure("start_ms", "start-up to first answer, ms"),
    Measure("idle_rss_mib", "memory idle, MiB", 1),
    Measure("session_bytes", "memory an idle session ({sessions:,.0f} of them), bytes"),
    Measure("session_live_bytes", LIVE),
    Measure("sessions_opened_per_s", "sessions opened a second", more_is_better=True),
    Measure("sessions_lost", "idle sessions lost", has_ratio=False),
    Measure("znode_few_bytes", "memory a znode of 100 bytes, after {nodes_few:,.0f}, bytes"),
    Measure("znode_few_live_bytes", LIVE),
    Measure("znode_many_bytes", "memory a znode, after {nodes_many:,.0f} more, bytes"),
    Measure("znode_many_live_bytes", LIVE),
    Measure("znode_loaded_bytes", "memory a znode, all loaded by a restart, bytes"),
    Measure("znode_loaded_live_bytes", LIVE),
    Measure("many_rss_mib", "resident memory with all these znodes, MiB"),
    Measure("loaded_rss_mib", "the same after a restart, MiB"),
    Measure("fill_per_s", "znodes created a second, pipelined", more_is_better=True),
    Measure("load_s", "start-up with these znodes on disk, s", 2),
    Measure("snapshot_get_p50_us", "get while snapshots are written, p50, us"),
    Measure("snapshot_get_p99_us", "the same, p99, us"),
    Measure("snapshot_get_p999_us", "the same, p99.9, us"),
    Measure("snapshot_get_max_us", "the same, longest, us"),
    Measure("snapshots_written", "snapshots written meanwhile", has_ratio=False),
    Measure("create_none_us", "create, 500 in flight, below a node without children, us", 1),
    Measure("create_some_us", "below one with {children:,.0f}, us", 1),
    Measure("create_some_ratio", "the latter by the former", 2, has_ratio=False),
    Measure("create_most_us", "below one with {children_many:,.0f}, us", 1),
    Measure("create_most_ratio", "that by the first", 2, has_ratio=False),
    Measure("list_first_ms", "getChildren of {children:,.0f}, for the first time, ms"),
    Measure("list_again_ms", "again after one more create, ms"),
    Measure("watch_bytes", "memory a watch (one session, {watches:,.0f} znodes), bytes"),
    Measure("watch_live_bytes", LIVE),
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


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table, its first column to the left."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return ["| " + " | ".join(row) + " |" for row in (header, rule, *rows)]


def better_by(real: float, pyzoo: float, more_is_better: bool) -> float | None:
    """How many times better pyzoo is; None where one of the figures is nothing to divide by."""
    ahead, behind = (pyzoo, real) if more_is_better else (real, pyzoo)
    return ahead / behind if ahead > 0 and behind > 0 else None


def ratio_text(value: float | None) -> str:
    """A ratio, bold where pyzoo is behind."""
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


def _contest(sides: list[Figures | None]) -> list[str]:
    """The columns of one row: each figure of one server, or of two and their ratio."""
    columns = []
    for key, _, more_is_better in CELL_FIGURES:
        values = [side[key] if side else None for side in sides]
        columns += ["-" if value is None else f"{value:,.0f}" for value in values]
        if len(values) == 2:
            columns.append(ratio_text(better_by(values[0] or 0, values[1] or 0, more_is_better)))
    return [*columns, " / ".join(f"{side['errors'] + side['lost']:.0f}" if side else "-" for side in sides)]


def _summary(results: Results, name: str) -> list[str]:
    rival = rival_of(results)
    lines = []
    for key, title, more_is_better in CELL_FIGURES:
        ratios = [
            ratio
            for result in results.cells
            if name != rival and rival in result.figures and name in result.figures
            if (ratio := better_by(result.figures[rival][key], result.figures[name][key], more_is_better))
        ]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            ahead = f"ahead in {sum(ratio > 1 for ratio in ratios)} of {len(ratios)} cells"
            lines.append(f"- {title}: {ahead}, geometric mean {mean:.2f}, worst {min(ratios):.2f}")
    return lines


def _load_table(results: Results, names: list[str]) -> list[str]:
    header = ["operation", "conns", "in flight"]
    for _, title, _ in CELL_FIGURES:
        header += [f"{title} {name}" for name in names]
        header += ["ratio"] * (len(names) - 1)
    header.append("errors")
    rows = []
    for result in results.cells:
        cell = result.cell
        figures = [result.figures.get(name) for name in names]
        rows.append([cell.title, str(cell.conns), str(cell.depth), *_contest(figures)])
    return [
        "",
        f"## Load: {' and '.join(names)}",
        "",
        *_summary(results, names[-1]),
        "",
        *table(header, rows),
    ]


def _load_tables(results: Results) -> list[str]:
    if not results.cells:
        return []
    rival = rival_of(results)
    contenders = [name for name in results.servers if name != rival]
    return [line for own in contenders or [""] for line in _load_table(results, list(filter(None, [rival, own])))]


def _measure_table(results: Results, measures: list[Measure], title: str) -> list[str]:
    known = [m for m in measures if any(m.key in figures for figures in results.measures.values())]
    if not known:
        return []
    rival = rival_of(results) or REAL
    contenders = [name for name in results.servers if name != rival]
    header = ["measure", rival]
    for name in contenders:
        header += [name, "ratio"]
    rows = []
    for measure in known:
        real = results.measures.get(rival, {}).get(measure.key)
        row = [
            measure.title.format(**results.settings),
            "-" if real is None else f"{real:,.{measure.digits}f}",
        ]
        for name in contenders:
            own = results.measures.get(name, {}).get(measure.key)
            comparable = measure.has_ratio and real is not None and own is not None
            row.append("-" if own is None else f"{own:,.{measure.digits}f}")
            row.append(ratio_text(better_by(real or 0, own or 0, measure.more_is_better)) if comparable else "-")
        rows.append(row)
    return ["", f"## {title}", "", *table(header, rows)]


def markdown(
    results: Results,
    measures: list[Measure] = MEASURES,
    measures_title: str = "Memory, start-up, snapshots, watches",
    title: str = "pyzoo beside Apache ZooKeeper",
    verdict: Sequence[str] = (),
) -> str:
    """The whole report, with the lines of `verdict` below the tables."""
    lines = [f"# {title}, {results.date}", ""]
    lines += [f"- {name}: {description}" for name, description in results.servers.items()]
    lines += [f"- {key}: {value}" for key, value in results.machine.items()]
    seconds, runs = results.settings["seconds"], results.settings["runs"]
    lines += [f"- a cell is the median of {runs:.0f} runs of {seconds:g} s, servers in turns"]
    lines += ["", "A ratio says how many times better pyzoo is; below 1 it is bold."]
    lines += _load_tables(results) + _measure_table(results, measures, measures_title) + list(verdict)
    if results.failures:
        lines += ["", "## Failed runs", "", *(f"- {failure}" for failure in results.failures)]
    return "\n".join(lines) + "\n"
