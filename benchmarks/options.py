"""What both commands are told: who is measured, how long, and where the results go."""

import datetime
import functools
import logging
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import click
from attrs import frozen

from benchmarks import machine
from benchmarks.report import BEFORE, FAST
from benchmarks.results import Results
from benchmarks.servers import Contestant, ServerError, pyzoo, real_zookeeper
from benchmarks.throughput import Pace
from pyzoo.portable import ASKED_FOR, EPOLL, PORTABLE

log = logging.getLogger(__name__)

SOURCE = Path(__file__).resolve().parent.parent / "src"
CACHE = Path.home() / ".cache" / "pyzoo-benchmarks"


def list_of(known: tuple[str, ...]) -> Callable[[click.Context, click.Parameter, str], tuple[str, ...]]:
    """Parser of an option whose value is some of these words, with commas between."""

    def parse(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in value.split(",") if part.strip())
        for part in chosen:
            if part not in known and not (part.startswith("mix:") and "mix:90" in known):
                raise click.BadParameter(f"{part!r} is not one of {', '.join(known)}")
        return chosen

    return parse


def contestants_of(
    real: bool, before_python: str | None, compiled_python: str | None, plain_python: str | None, portable: bool
) -> list[Contestant]:
    """Who is measured: Apache ZooKeeper or an earlier pyzoo, and pyzoo under each interpreter that was named.

    For the `portable` way it is pyzoo alone, under the first of them, both ways.
    """
    if portable:
        python, source = (compiled_python, None) if compiled_python else (plain_python or sys.executable, SOURCE)
        fast = pyzoo(FAST, python, source)
        description = fast.description.replace(f", {EPOLL})", f", {PORTABLE})")
        environment = {**fast.environment, ASKED_FOR: "1"}
        return [fast, attrs.evolve(fast, name=PORTABLE, description=description, environment=environment)]
    if before_python:
        contestants = [pyzoo(BEFORE, before_python, None)]
    else:
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


@frozen
class Wanted:
    """The options of a run; `seconds` and `runs` are None where the command decides."""

    contestants: list[Contestant]
    directory: Path
    quick: bool
    only: tuple[str, ...]
    seconds: float | None
    runs: int | None
    json_file: Path | None
    markdown_file: Path | None

    def results(self, pace: Pace | None, scale: Any) -> Results:
        """Results without any figure yet."""
        return Results(
            date=datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
            machine=machine.describe(self.directory),
            servers={contestant.name: contestant.description for contestant in self.contestants},
            settings={**({} if pace is None else attrs.asdict(pace)), **attrs.asdict(scale)},
        )

    @contextmanager
    def workplace(self, results: Results) -> Iterator[Path]:
        """A directory for the servers of a run, gone after it; what was measured until an interruption counts."""
        directory = Path(tempfile.mkdtemp(prefix="run-", dir=self.directory))
        try:
            yield directory
        except KeyboardInterrupt:
            log.warning("interrupted: this is what was measured until then")
        except ServerError as failure:
            raise click.ClickException(str(failure)) from None
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            self.save(results)

    def save(self, results: Results) -> None:
        """Keep what was measured so far, where that is wanted."""
        if self.json_file:
            results.save(self.json_file)

    def tell(self, text: str) -> None:
        """Print the tables, and keep them where that is wanted."""
        click.echo(text)
        if self.markdown_file:
            self.markdown_file.write_text(text)


def takes_wanted(
    sections: tuple[str, ...], seconds: int, quick: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the shared options; it gets a Wanted for them. `seconds` is the usual length of a run."""
    path = click.Path(path_type=Path)
    options = [
        click.option("--before-python", metavar="PYTHON",
                     help="An interpreter with an earlier pyzoo, the rival instead of Apache ZooKeeper."),
        click.option("--compiled-python", metavar="PYTHON", help="An interpreter with a compiled pyzoo installed."),
        click.option("--plain-python", metavar="PYTHON", help="An interpreter that runs src/ as plain Python."),
        click.option("--portable", is_flag=True, help="Measure pyzoo alone, its portable way beside the fast one."),
        click.option("--real/--no-real", default=True, show_default=True, help="Run Apache ZooKeeper too."),
        click.option("--quick", is_flag=True, help=quick),
        click.option("--only", default=",".join(sections), callback=list_of(sections), show_default=True,
                     help="What to measure."),
        click.option("--seconds", type=click.FloatRange(min=0.1),
                     help=f"Length of a run.  [default: {seconds}, quick 1]"),
        click.option("--runs", type=click.IntRange(min=1),
                     help="Runs a cell; their median counts.  [default: 3, quick 1]"),
        click.option("--json", "json_file", type=path, help="Also write everything measured here."),
        click.option("--markdown", "markdown_file", type=path, help="Also write the tables here."),
        click.option("--dir", "directory", type=path, help=f"For data directories.  [default: {CACHE}]"),
        click.option("--tmpfs", is_flag=True, help="Allow data directories in memory: it measures no disk."),
    ]  # fmt: skip

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def call(
            before_python: str | None,
            compiled_python: str | None,
            plain_python: str | None,
            portable: bool,
            real: bool,
            directory: Path | None,
            tmpfs: bool,
            quick: bool,
            only: tuple[str, ...],
            seconds: float | None,
            runs: int | None,
            json_file: Path | None,
            markdown_file: Path | None,
            **others: Any,
        ) -> None:
            logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
            place = working_directory(directory, tmpfs)
            contestants = contestants_of(real, before_python, compiled_python, plain_python, portable)
            if not contestants:
                raise click.UsageError("nothing to measure: name an interpreter, or leave out --no-real")
            allow_many_files()
            command(Wanted(contestants, place, quick, only, seconds, runs, json_file, markdown_file), **others)

        return functools.reduce(lambda function, option: option(function), reversed(options), call)

    return decorate
