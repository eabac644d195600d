"""`python -m benchmarks costs`: single requests that ask for much, and what others feel of them."""

import logging
import statistics
from pathlib import Path

import click

from benchmarks.asker import Refused
from benchmarks.costs import MEASUREMENTS
from benchmarks.costs_report import costs_markdown
from benchmarks.options import CACHE, Wanted, takes_wanted
from benchmarks.results import Results
from benchmarks.servers import Contestant, ServerError, fresh_home, running
from benchmarks.stage import WHITELIST, Sizes, Stage
from benchmarks.zkload import Figures, LoadError, Zkload

log = logging.getLogger(__name__)

SECTIONS = tuple(MEASUREMENTS)
QUICK_SCALE = 0.05


@click.command("costs", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(SECTIONS, 0, "A twentieth of the sizes.")
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True,
              help="How much of everything, such as 0.1 for a tenth.")  # fmt: skip
def main(wanted: Wanted, scale: float) -> None:
    """Measure single requests that ask for much, on pyzoo beside Apache ZooKeeper 3.9.5 on this machine."""
    sizes = Sizes(QUICK_SCALE if wanted.quick else scale)
    results = wanted.results(None, sizes)
    zkload = Zkload.build(CACHE)
    with wanted.workplace(results) as workplace:
        for section in wanted.only:
            runs: dict[str, list[Figures]] = {contestant.name: [] for contestant in wanted.contestants}
            for _ in range(wanted.runs or (1 if wanted.quick else 3)):
                for contestant in wanted.contestants:
                    log.info("%s: %s", section, contestant.name)
                    runs[contestant.name].append(_run(section, contestant, zkload, workplace, sizes, results))
            for name, figures in runs.items():
                results.measured(name, _medians(figures))
            wanted.save(results)
    wanted.tell(costs_markdown(results))


def _run(
    section: str, contestant: Contestant, zkload: Zkload, workplace: Path, sizes: Sizes, results: Results
) -> Figures:
    """The scenes of a section on a server of their own; what a failure leaves counts."""
    with fresh_home(workplace, contestant) as home, running(contestant, home, WHITELIST) as server:
        stage = Stage(server, zkload, sizes)
        try:
            MEASUREMENTS[section](stage)
        except (LoadError, ServerError, OSError, Refused) as failure:
            log.warning("%s, %s: %s", contestant.name, section, failure)
            results.failures.append(f"{contestant.name}, {section}: {failure}")
        return stage.figures


def _medians(runs: list[Figures]) -> Figures:
    """Of each figure over the runs that have it."""
    names = {name for run in runs for name in run}
    return {name: statistics.median(run[name] for run in runs if name in run) for name in names}
