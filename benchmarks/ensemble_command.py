"""`python -m benchmarks ensemble`: starts the ensembles, measures, prints the tables."""

import attrs
import click

from benchmarks.ensemble import MEASUREMENTS, QUICK, Scale, cells_of, measure_load
from benchmarks.ensemble_report import ensemble_markdown
from benchmarks.options import CACHE, Wanted, takes_wanted
from benchmarks.sections import measure_sections
from benchmarks.throughput import Pace
from benchmarks.zkload import Zkload

SECTIONS = ("load", *MEASUREMENTS)


@click.command("ensemble", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(SECTIONS, 2, "Two minutes: fewer cells, one short run each, few failovers.")
@click.option("--real-twice", is_flag=True, help="Run Apache ZooKeeper as its own rival: how far noise goes.")
def main(wanted: Wanted, real_twice: bool) -> None:
    """Measure three members of pyzoo beside three of Apache ZooKeeper 3.9.5 on this machine."""
    if real_twice:
        again = [attrs.evolve(each, name="again") for each in wanted.contestants if each.is_java]
        wanted = attrs.evolve(wanted, contestants=wanted.contestants + again)
    quick = wanted.quick
    pace = Pace(wanted.seconds or (1 if quick else 2), 0.5, 5 if quick else 10, wanted.runs or (1 if quick else 3))
    scale = QUICK if quick else Scale()
    results = wanted.results(pace, scale)
    zkload = Zkload.build(CACHE)
    with wanted.workplace(results) as workplace:
        if "load" in wanted.only:
            measure_load(wanted.contestants, cells_of(quick), pace, scale, zkload, workplace, results)
        sections = [section for section in MEASUREMENTS if section in wanted.only]
        measure_sections(MEASUREMENTS, sections, wanted.contestants, zkload, workplace, scale, results)
    wanted.tell(ensemble_markdown(results))
