"""`python -m benchmarks ensemble`: starts the ensembles, measures, prints the tables."""

import datetime
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import attrs
import click

from benchmarks import machine
from benchmarks.command import CACHE, allow_many_files, contestants_of, list_of, working_directory
from benchmarks.ensemble import MEASUREMENTS, QUICK, Scale, cells_of, measure_disturbances, measure_load
from benchmarks.ensemble_report import ensemble_markdown
from benchmarks.results import Results
from benchmarks.servers import ServerError
from benchmarks.throughput import Pace
from benchmarks.zkload import Zkload

log = logging.getLogger(__name__)

SECTIONS = ("load", *MEASUREMENTS)


@click.command("ensemble", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--compiled-python", metavar="PYTHON", help="An interpreter with a compiled pyzoo installed.")
@click.option("--plain-python", metavar="PYTHON", help="An interpreter that runs src/ as plain Python.")
@click.option("--real/--no-real", default=True, show_default=True, help="Run Apache ZooKeeper too.")
@click.option("--real-twice", is_flag=True, help="Run Apache ZooKeeper as its own rival: how far noise goes.")
@click.option("--quick", is_flag=True, help="Two minutes: fewer cells, one short run each, few failovers.")
@click.option(
    "--only",
    default=",".join(SECTIONS),
    callback=list_of(SECTIONS),
    show_default=True,
    help="What to measure.",
)
@click.option("--seconds", type=click.FloatRange(min=0.1), help="Length of a run.  [default: 2, quick 1]")
@click.option("--runs", type=click.IntRange(min=1), help="Runs a cell; their median counts.  [default: 3, quick 1]")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write everything measured here.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), help="Also write the tables here.")
@click.option("--dir", "directory", type=click.Path(path_type=Path), help=f"For data directories.  [default: {CACHE}]")
@click.option("--tmpfs", is_flag=True, help="Allow data directories in memory: it measures no disk.")
def main(
    compiled_python: str | None,
    plain_python: str | None,
    real: bool,
    real_twice: bool,
    quick: bool,
    only: tuple[str, ...],
    seconds: float | None,
    runs: int | None,
    json_file: Path | None,
    markdown_file: Path | None,
    directory: Path | None,
    tmpfs: bool,
) -> None:
    """Measure three members of pyzoo beside three of Apache ZooKeeper 3.9.5 on this machine."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    directory = working_directory(directory, tmpfs)
    contestants = contestants_of(real, compiled_python, plain_python)
    if real_twice:
        contestants += [attrs.evolve(each, name="again") for each in contestants if each.is_java]
    if not contestants:
        raise click.UsageError("nothing to measure: name an interpreter, or leave out --no-real")
    allow_many_files()
    pace = Pace(seconds or (1 if quick else 2), 0.5, 5 if quick else 10, runs or (1 if quick else 3))
    scale = QUICK if quick else Scale()
    results = Results(
        date=datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        machine=machine.describe(directory),
        servers={contestant.name: contestant.description for contestant in contestants},
        settings={**attrs.asdict(pace), **attrs.asdict(scale)},
    )
    zkload = Zkload.build(CACHE)
    workplace = Path(tempfile.mkdtemp(prefix="run-", dir=directory))
    try:
        if "load" in only:
            measure_load(contestants, cells_of(quick), pace, scale, zkload, workplace, results)
        sections = [section for section in MEASUREMENTS if section in only]
        measure_disturbances(sections, contestants, scale, zkload, workplace, results)
    except KeyboardInterrupt:
        log.warning("interrupted: this is what was measured until then")
    except ServerError as failure:
        raise click.ClickException(str(failure)) from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
        if json_file:
            results.save(json_file)
    text = ensemble_markdown(results)
    click.echo(text)
    if markdown_file:
        markdown_file.write_text(text)
