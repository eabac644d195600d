"""`python -m benchmarks floods`: floods of every port, and what other clients feel of them."""

import logging

import click

from benchmarks.floods import FLOODS, TARGETS, measure
from benchmarks.floods_report import floods_markdown
from benchmarks.options import CACHE, Wanted, takes_wanted
from benchmarks.results import median_of
from benchmarks.servers import ServerError
from benchmarks.stage import Sizes
from benchmarks.zkload import Figures, LoadError, Zkload

log = logging.getLogger(__name__)


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
