"""`python -m benchmarks embedded-ensemble`: three members inside the process of a test, beside three of Apache's."""

import json
import logging
import statistics
import subprocess
import time
from pathlib import Path

import click
from attrs import frozen

from benchmarks.ensemble import QUICK as QUICK_SCALE
from benchmarks.ensemble import Scale, failovers_of
from benchmarks.members import launch
from benchmarks.options import Wanted, takes_wanted
from benchmarks.report import table
from benchmarks.results import Results
from benchmarks.servers import Contestant, ServerError, fresh_home
from benchmarks.zkload import Figures

log = logging.getLogger(__name__)

PROBE = "benchmarks.embedded_ensemble_probe"
ABOVE = Path(__file__).resolve().parent.parent
START_MS = 300
"""The aim: until three members serve."""
ROWS = (
    ("start until all three serve", "start_ms", START_MS),
    ("the longest of these", "start_max_ms", None),
    ("once in a process: the first start", "first_ms", None),
    ("stop", "stop_ms", None),
    ("kill of the leader until the next acknowledged write", "failover_ms", None),
    ("the longest of these", "failover_max_ms", None),
)


@frozen
class Sizes:
    """How often an ensemble is started in a process and as processes, and how often its leader is killed."""

    starts: int = 20
    process_starts: int = 5
    failovers: int = 10


QUICK = Sizes(5, 1, 2)


@click.command("embedded-ensemble", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(("embedded-ensemble",), 0, "Fewer starts, and fewer kills.")
def main(wanted: Wanted) -> None:
    """Start three members inside one process again and again, and kill their leader."""
    sizes = QUICK if wanted.quick else Sizes()
    results = wanted.results(None, sizes)
    with wanted.workplace(results) as workplace:
        for contestant in wanted.contestants:
            log.info("%s", contestant.name)
            try:
                results.measured(contestant.name, measure(contestant, workplace, sizes, wanted.quick))
            except (ServerError, subprocess.SubprocessError) as failure:
                results.failures.append(f"{contestant.name}: {failure}")
            wanted.save(results)
    wanted.tell(markdown(results))


def measure(contestant: Contestant, workplace: Path, sizes: Sizes, quick: bool) -> Figures:
    """Raises ServerError, SubprocessError."""
    if contestant.is_java:
        scale = QUICK_SCALE if quick else Scale(failovers=sizes.failovers)
        return measure_starts(contestant, workplace, sizes.process_starts) | failovers_of(contestant, workplace, scale)
    command = [contestant.command[0], "-m", PROBE, str(sizes.starts), str(sizes.failovers)]
    done = subprocess.run(
        command, cwd=ABOVE, env=dict(contestant.environment), stdout=subprocess.PIPE, check=True, timeout=600
    )
    figures: Figures = json.loads(done.stdout)
    return figures


def measure_starts(contestant: Contestant, workplace: Path, count: int) -> Figures:
    """Three processes: from spawning the first one until all serve."""
    starts, stops = [], []
    for _ in range(count):
        with fresh_home(workplace, contestant) as home:
            begun = time.monotonic()
            ensemble = launch(contestant, home, Scale().tick_time_ms)
            served = time.monotonic()
            ensemble.stop()
            starts.append((served - begun) * 1000)
            stops.append((time.monotonic() - served) * 1000)
    return {
        "start_ms": statistics.median(starts),
        "start_max_ms": max(starts),
        "stop_ms": statistics.median(stops),
    }


def markdown(results: Results) -> str:
    """The whole report."""
    lines = [f"# Ensembles of three in one process, {results.date}", ""]
    lines += [f"- {name}: {description}" for name, description in results.servers.items()]
    lines += [f"- {key}: {value}" for key, value in results.machine.items()]
    servers = list(results.measures)
    cells = [
        [title, "" if aim is None else str(aim), *(_cell(results, server, key, aim) for server in servers)]
        for title, key, aim in ROWS
    ]
    lines += ["", *table(("ms", "aim", *servers), cells), "", "What misses its aim is bold. `real` is three processes."]
    if results.failures:
        lines += ["", "## Failed", "", *(f"- {failure}" for failure in results.failures)]
    return "\n".join(lines) + "\n"


def _cell(results: Results, server: str, key: str, aim: int | None) -> str:
    value = results.measures[server].get(key)
    if value is None:
        return "-"
    text = f"{value:,.0f}"
    return f"**{text}**" if aim is not None and value > aim and server != "real" else text
