"""The one command: starts the servers, measures, prints the tables."""

import datetime
import logging
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import attrs
import click

from benchmarks import machine, report
from benchmarks.resources import MEASUREMENTS, QUICK, Scale
from benchmarks.results import Results
from benchmarks.servers import Contestant, ServerError, pyzoo, real_zookeeper
from benchmarks.throughput import OPS, Pace, cells_of, measure_throughput
from benchmarks.zkload import LoadError, Zkload

log = logging.getLogger(__name__)

SOURCE = Path(__file__).resolve().parent.parent / "src"
CACHE = Path.home() / ".cache" / "pyzoo-benchmarks"
SECTIONS = ("throughput", *MEASUREMENTS)


def list_of(known: tuple[str, ...]) -> Callable[[click.Context, click.Parameter, str], tuple[str, ...]]:
    """Parser of an option whose value is some of these words, with commas between."""

    def parse(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in value.split(",") if part.strip())
        for part in chosen:
            if part not in known and not (part.startswith("mix:") and "mix:90" in known):
                raise click.BadParameter(f"{part!r} is not one of {', '.join(known)}")
        return chosen

    return parse


def contestants_of(real: bool, compiled_python: str | None, plain_python: str | None) -> list[Contestant]:
    """Who is measured: Apache ZooKeeper, and pyzoo under each interpreter that was named."""
    contestants = [real_zookeeper()] if real else []
    if compiled_python:
        contestants.append(pyzoo("compiled", compiled_python, None))
    if plain_python:
        contestants.append(pyzoo("plain", plain_python, SOURCE))
    return contestants


def allow_many_files() -> None:
    """Thousands of sessions need as many descriptors; servers and zkload inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def working_directory(wanted: Path | None, tmpfs: bool) -> Path:
    """Where data directories go; raises UsageError for memory that was not asked for."""
    directory = wanted or CACHE
    directory.mkdir(parents=True, exist_ok=True)
    if machine.file_system(directory) in ("tmpfs", "ramfs") and not tmpfs:
        raise click.UsageError(f"{directory} is in memory: choose a real disk with --dir, or say --tmpfs")
    return directory


def _measure_resources(
    sections: list[str],
    contestants: list[Contestant],
    zkload: Zkload,
    directory: Path,
    scale: Scale,
    results: Results,
) -> None:
    for section in sections:
        for contestant in contestants:
            log.info("%s: %s", section, contestant.name)
            try:
                results.measured(contestant.name, MEASUREMENTS[section](contestant, zkload, directory, scale))
            except (LoadError, ServerError) as failure:
                log.warning("%s, %s: %s", contestant.name, section, failure)
                results.failures.append(f"{contestant.name}, {section}: {failure}")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--compiled-python", metavar="PYTHON", help="An interpreter with a compiled pyzoo installed.")
@click.option("--plain-python", metavar="PYTHON", help="An interpreter that runs src/ as plain Python.")
@click.option("--real/--no-real", default=True, show_default=True, help="Run Apache ZooKeeper too.")
@click.option("--quick", is_flag=True, help="A few minutes: fewer cells, one short run each, small sizes.")
@click.option("--ops", default=",".join(OPS), callback=list_of(OPS), show_default=True, help="Rows of the load table.")
@click.option(
    "--only",
    default=",".join(SECTIONS),
    callback=list_of(SECTIONS),
    show_default=True,
    help="What to measure.",
)
@click.option("--seconds", type=click.FloatRange(min=0.1), help="Length of a run.  [default: 3, quick 1]")
@click.option("--runs", type=click.IntRange(min=1), help="Runs a cell; their median counts.  [default: 3, quick 1]")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write everything measured here.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), help="Also write the tables here.")
@click.option("--dir", "directory", type=click.Path(path_type=Path), help=f"For data directories.  [default: {CACHE}]")
@click.option("--tmpfs", is_flag=True, help="Allow data directories in memory: it measures no disk.")
def main(
    compiled_python: str | None,
    plain_python: str | None,
    real: bool,
    quick: bool,
    ops: tuple[str, ...],
    only: tuple[str, ...],
    seconds: float | None,
    runs: int | None,
    json_file: Path | None,
    markdown_file: Path | None,
    directory: Path | None,
    tmpfs: bool,
) -> None:
    """Measure pyzoo beside Apache ZooKeeper 3.9.5 on this machine."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    directory = working_directory(directory, tmpfs)
    contestants = contestants_of(real, compiled_python, plain_python)
    if not contestants:
        raise click.UsageError("nothing to measure: name an interpreter, or leave out --no-real")
    allow_many_files()
    pace = Pace(seconds or (1 if quick else 3), 0.5 if quick else 1, 3 if quick else 5, runs or (1 if quick else 3))
    scale = QUICK if quick else Scale()
    results = Results(
        date=datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        machine=machine.describe(directory),
        servers={contestant.name: contestant.description for contestant in contestants},
        settings={**attrs.asdict(pace), **attrs.asdict(scale)},
    )

    def save() -> None:
        if json_file:
            results.save(json_file)

    zkload = Zkload.build(CACHE)
    workplace = Path(tempfile.mkdtemp(prefix="run-", dir=directory))
    try:
        if "throughput" in only:
            measure_throughput(contestants, cells_of(ops, quick), pace, zkload, workplace, results, save)
        sections = [section for section in MEASUREMENTS if section in only]
        _measure_resources(sections, contestants, zkload, workplace, scale, results)
    except KeyboardInterrupt:
        log.warning("interrupted: this is what was measured until then")
    except ServerError as failure:
        raise click.ClickException(str(failure)) from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
        save()
    text = report.markdown(results)
    click.echo(text)
    if markdown_file:
        markdown_file.write_text(text)
