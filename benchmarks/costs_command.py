"""`python -m benchmarks costs`: single requests that ask for much, and what others feel of them."""

import logging

import click

from benchmarks.asker import Refused
from benchmarks.costs import MEASUREMENTS
from benchmarks.costs_report import costs_markdown
from benchmarks.options import CACHE, Wanted, takes_wanted
from benchmarks.servers import ServerError, fresh_home, running
from benchmarks.stage import WHITELIST, Sizes, Stage
from benchmarks.zkload import LoadError, Zkload

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
            for contestant in wanted.contestants:
                log.info("%s: %s", section, contestant.name)
                with fresh_home(workplace, contestant) as home, running(contestant, home, WHITELIST) as server:
                    stage = Stage(server, zkload, sizes)
                    try:
                        MEASUREMENTS[section](stage)
                    except (LoadError, ServerError, OSError, Refused) as failure:
                        log.warning("%s, %s: %s", contestant.name, section, failure)
                        results.failures.append(f"{contestant.name}, {section}: {failure}")
                    results.measured(contestant.name, stage.figures)
                wanted.save(results)
    wanted.tell(costs_markdown(results))
