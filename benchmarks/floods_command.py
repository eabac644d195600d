"""`python -m benchmarks floods`: floods of every port, and what other clients feel of them."""

import logging

import click

from benchmarks.floods import FLOODS, TARGETS, measure
from benchmarks.options import CACHE, Wanted, takes_wanted
from benchmarks.report import rival_of, table
from benchmarks.results import Results, median_of
from benchmarks.servers import ServerError
from benchmarks.stage import Sizes
from benchmarks.zkload import Figures, LoadError, Zkload

log = logging.getLogger(__name__)

BOUND = 10.0
"""How many times as long as without the flood the requests of others may take (p99)."""
HEADER = (
    "flood", "server", "done a second", "more memory, MiB", "get p99 without, ms", "with, ms", "times", "longest, ms",
    "set p99 without, ms", "with, ms", "times", "longest, ms",
)  # fmt: skip


@click.command("floods", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(tuple(TARGETS), 0, "One run of each.")
def main(wanted: Wanted) -> None:
    """Flood every port of pyzoo, and of Apache ZooKeeper 3.9.5 beside it, and ask how others fare."""
    results = wanted.results(None, Sizes())
    zkload = Zkload.build(CACHE)
    with wanted.workplace(results) as workplace:
        for name in [name for name, flood in FLOODS.items() if flood.section in wanted.only]:
            runs: dict[str, list[Figures]] = {contestant.name: [] for contestant in wanted.contestants}
            for _ in range(wanted.runs or 1):
                for contestant in wanted.contestants:
                    log.info("%s: %s", name, contestant.name)
                    try:
                        runs[contestant.name].append(measure(name, contestant, zkload, workplace))
                    except (LoadError, ServerError, OSError) as failure:
                        log.warning("%s, %s: %s", contestant.name, name, failure)
                        results.failures.append(f"{contestant.name}, {name}: {failure}")
            for server, figures in runs.items():
                if any(figures):
                    results.measured(server, {f"{name}_{key}": value for key, value in median_of(figures).items()})
            wanted.save(results)
    wanted.tell(floods_markdown(results))


def _times(figures: Figures, name: str, op: str) -> float | None:
    calm, flood = figures.get(f"{name}_calm_{op}_p99_ms"), figures.get(f"{name}_flood_{op}_p99_ms")
    return None if not calm or flood is None else flood / calm


def _row(name: str, server: str, figures: Figures) -> list[str]:
    """What the flood did to one server; figures of others are missing where these lost their connections."""
    row = [FLOODS[name].title, server]
    row.append(f"{figures[f'{name}_done'] / figures[f'{name}_flood_length_s']:,.0f}")
    row.append(f"{figures[f'{name}_flood_mib']:,.0f}")
    for op in ("get", "set"):
        for key in (f"{name}_calm_{op}_p99_ms", f"{name}_flood_{op}_p99_ms"):
            row.append(f"{figures[key]:,.1f}" if key in figures else "lost")
        times = _times(figures, name, op)
        row.append("-" if times is None else f"{times:,.1f}" if times <= BOUND else f"**{times:,.1f}**")
        longest = f"{name}_flood_{op}_max_ms"
        row.append(f"{figures[longest]:,.0f}" if longest in figures else "lost")
    return row


def floods_markdown(results: Results) -> str:
    """The whole report."""
    lines = [f"# Floods, {results.date}", ""]
    lines += [f"- {name}: {description}" for name, description in results.servers.items()]
    lines += [f"- {key}: {value}" for key, value in results.machine.items()]
    lines += ["", f"Others: a get every 2 ms and a set every 10 ms. What is more than {BOUND:g} times as long is bold."]
    servers = sorted(results.measures, key=lambda name: name != rival_of(results))
    rows = [
        _row(name, server, results.measures[server])
        for name in FLOODS
        for server in servers
        if f"{name}_done" in results.measures[server]
    ]
    lines += ["", *table(HEADER, rows)]
    if results.failures:
        lines += ["", "## Failed", "", *(f"- {failure}" for failure in results.failures)]
    return "\n".join(lines) + "\n"
