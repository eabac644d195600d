"""`python -m benchmarks console`: what clients lose while somebody looks at the console, live."""

import statistics
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click
from attrs import frozen

from benchmarks.options import CACHE, Wanted, log, takes_wanted
from benchmarks.report import table
from benchmarks.results import Cell
from benchmarks.servers import ZOO_CFG, Contestant, free_port, fresh_home, running
from benchmarks.throughput import run_cell
from benchmarks.viewer import Viewer
from benchmarks.zkload import Zkload

CELLS = (Cell("get", 1, 1), Cell("get", 32, 4), Cell("set", 1, 1), Cell("set", 32, 4))
LEAST_RATIO = 0.97
"""The aim: of what clients have without a console."""
WARMUP_S = 0.5
FIGURES = ("ops_per_s", "p99_us", "cpu_us_per_op")
NOTE = "Medians; the ratio is that of the medians. Somebody looks at the overview and the changes, both live."


@frozen
class Sizes:
    """How long a run is, and how many there are of each cell, with the console open and without."""

    seconds: float = 2.0
    runs: int = 16


QUICK = Sizes(1.0, 4)


@click.command("console", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(("console",), 2, "Fewer runs, of a second each.")
def main(wanted: Wanted) -> None:
    """Load a server in turns, with its console open and without."""
    usual = QUICK if wanted.quick else Sizes()
    sizes = Sizes(wanted.seconds or usual.seconds, wanted.runs or usual.runs)
    results = wanted.results(None, sizes)
    texts = [f"# A console that is looked at, {results.date}", "", *(f"- {each}" for each in results.machine.values())]
    for contestant in wanted.contestants:
        if contestant.is_java:
            continue
        with wanted.workplace(results) as workplace:
            texts.append(measure(contestant, workplace, sizes))
    wanted.tell("\n".join(texts))


def measure(contestant: Contestant, workplace: Path, sizes: Sizes) -> str:
    """The table of one server."""
    zkload = Zkload.build(CACHE)
    port = free_port()
    zoo_cfg = ZOO_CFG.replace("admin.enableServer=false", f"admin.serverAddress=127.0.0.1\nadmin.serverPort={port}")
    rows = []
    with fresh_home(workplace, contestant) as home, running(contestant, home, zoo_cfg=zoo_cfg) as server:
        Viewer(port).get("/")  # loaded by the first request, for good
        for cell in CELLS:
            run_cell(zkload, server.port, server.pid, cell, sizes.seconds, WARMUP_S)
            found: dict[bool, list[dict[str, float]]] = {False: [], True: []}
            for run in range(2 * sizes.runs):
                # Without, with, with, without: what changes by and by hits both.
                is_open = run % 4 in (1, 2)
                looking: AbstractContextManager[None] = Viewer(port).looking() if is_open else nullcontext()
                with looking:
                    load = run_cell(zkload, server.port, server.pid, cell, sizes.seconds, WARMUP_S)
                found[is_open].append(load)
            medians = {
                is_open: {name: statistics.median(one[name] for one in each) for name in FIGURES}
                for is_open, each in found.items()
            }
            log.info("%s: %s", cell, medians)
            rows.append(_row(cell, medians))
    names = ("operation", "conns", "in flight")
    figures = tuple(f"{what} {when}" for what in ("ops/s", "p99 us", "CPU us/op") for when in ("alone", "looked at"))
    return "\n".join([f"- {contestant.description}", "", *table((*names, *figures, "ops/s ratio"), rows), "", NOTE])


def _row(cell: Cell, medians: dict[bool, dict[str, float]]) -> list[str]:
    ratio = medians[True]["ops_per_s"] / medians[False]["ops_per_s"]
    shown = [f"{medians[is_open][name]:,.0f}" for name in FIGURES for is_open in (False, True)]
    text = f"{ratio:.3f}"
    return [cell.op, str(cell.conns), str(cell.depth), *shown, text if ratio >= LEAST_RATIO else f"**{text}**"]
