"""`python -m benchmarks embedded-ensemble`: three members inside the process of a test, beside three of Apache's."""

import json
import statistics
import subprocess
import time
from pathlib import Path

import click
from attrs import frozen

from benchmarks.aims import Row, markdown, measure_all
from benchmarks.ensemble import QUICK as QUICK_SCALE
from benchmarks.ensemble import Scale, failovers_of
from benchmarks.members import launch
from benchmarks.options import Wanted, takes_wanted
from benchmarks.servers import Contestant, fresh_home
from benchmarks.zkload import Figures

PROBE = "benchmarks.embedded_ensemble_probe"
ABOVE = Path(__file__).resolve().parent.parent
START_MS = 300
"""The aim: until three members serve."""
ROWS = (
    Row("start until all three serve", "start_ms", START_MS),
    Row("the longest of these", "start_max_ms"),
    Row("once in a process: the first start", "first_ms"),
    Row("stop", "stop_ms"),
    Row("kill of the leader until the next acknowledged write", "failover_ms"),
    Row("the longest of these", "failover_max_ms"),
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
    results = measure_all(
        wanted, sizes, lambda contestant, workplace: measure(contestant, workplace, sizes, wanted.quick)
    )
    note = "What misses its aim is bold. `real` is three processes."
    wanted.tell(markdown(results, "Ensembles of three in one process", "ms", ROWS, "{:,.0f}".format, note))


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
