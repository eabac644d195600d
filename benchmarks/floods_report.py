"""The table of floods, as docs/benchmarks.md has it: a row for each, the servers beside each other."""

from benchmarks.floods import FLOODS
from benchmarks.report import rival_of, table
from benchmarks.results import Results
from benchmarks.zkload import Figures

BOUND = 10.0
"""How many times as long as without the flood the requests of others may take (p99)."""
COLUMNS = ("a second", "get p99, ms", "set p99, ms", "longest, ms", "memory, MiB")


def _times(figures: Figures, name: str, op: str) -> str:
    """The p99 without the flood, with it, and how many times as long that is."""
    calm, flood = figures.get(f"{name}_calm_{op}_p99_ms"), figures.get(f"{name}_flood_{op}_p99_ms")
    if calm is None or flood is None:
        return "lost"
    times = flood / calm
    mark = "" if times <= BOUND else "**"
    return f"{calm:,.1f}, {flood:,.1f}, {mark}{times:,.1f}{mark}"


def _cells(name: str, figures: Figures) -> list[str]:
    """What the flood did to one server; figures of others are missing where these lost their connections."""
    if f"{name}_done" not in figures:
        return ["-"] * len(COLUMNS)
    longest = [figures[key] for op in ("get", "set") if (key := f"{name}_flood_{op}_max_ms") in figures]
    return [
        f"{figures[f'{name}_done'] / figures[f'{name}_flood_length_s']:,.0f}",
        _times(figures, name, "get"),
        _times(figures, name, "set"),
        f"{max(longest):,.0f}" if longest else "lost",
        f"{figures[f'{name}_flood_mib']:,.0f}",
    ]


def floods_markdown(results: Results) -> str:
    """The whole report."""
    lines = [f"# Floods, {results.date}", ""]
    lines += [f"- {name}: {description}" for name, description in results.servers.items()]
    lines += [f"- {key}: {value}" for key, value in results.machine.items()]
    lines += [
        "",
        "Others: a get every 2 ms and a set every 10 ms. Their p99 without the flood, with it, and how many times as",
        f"long: more than {BOUND:g} is bold. Longest is the longest of both with it.",
    ]
    servers = sorted(results.measures, key=lambda name: name == rival_of(results))
    header = ("flood", *(f"{server}: {column}" for server in servers for column in COLUMNS))
    rows = [
        [flood.title, *(cell for server in servers for cell in _cells(name, results.measures[server]))]
        for name, flood in FLOODS.items()
        if any(f"{name}_done" in results.measures[server] for server in servers)
    ]
    lines += ["", *table(header, rows)]
    if results.failures:
        lines += ["", "## Failed", "", *(f"- {failure}" for failure in results.failures)]
    return "\n".join(lines) + "\n"
