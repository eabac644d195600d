"""`python -m benchmarks install`: what installing from the sources takes, compiled and as plain Python.

Each run is the README's command in a fresh virtual environment, from a copy of the sources that has never been built.
Packages that pip has in its cache are not fetched again, so the network counts only the first time.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("src", "setup.py", "pyproject.toml", "README.md", "LICENSE")
KINDS = {"compiled": {}, "plain": {"PYZOO_PLAIN": "1"}}
"""What is set in the environment for each."""

NOT_A_SOURCE = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info")
MIB = 1024 * 1024


@frozen
class Installed:
    """One run: seconds by the clock, seconds of processor time, and bytes of pyzoo's own files."""

    kind: str
    wall_s: float
    cpu_s: float
    size: int
    libraries: int
    """Bytes of that in compiled libraries."""


class InstallError(Exception):
    """pip failed, or what it installed is not of the kind that was asked for."""


def copy_sources(target: Path) -> None:
    """What a build reads, without anything that an earlier one has left."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=NOT_A_SOURCE)
        else:
            shutil.copy(ROOT / name, target / name)


def install(kind: str, directory: Path) -> Installed:
    """One installation below an empty directory. Raises InstallError."""
    sources, environment = directory / "sources", directory / "venv"
    sources.mkdir()
    copy_sources(sources)
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    variables = {name: value for name, value in os.environ.items() if name not in ("PYZOO_PLAIN", "PYTHONPATH")}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [str(environment / "bin" / "pip"), "install", "--quiet", "."],
        cwd=sources, env={**variables, **KINDS[kind]}, capture_output=True, text=True,
    )  # fmt: skip
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise InstallError(f"pip ended with {done.returncode}:\n{done.stderr}")
    check_kind(kind, environment)
    (packages,) = environment.glob("lib/python*/site-packages")
    files = [path for path in (*packages.glob("pyzoo/**/*"), *packages.glob("pyzoo__*")) if path.is_file()]
    return Installed(
        kind,
        wall_s,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        sum(path.stat().st_size for path in files),
        sum(path.stat().st_size for path in files if path.suffix == ".so"),
    )


def check_kind(kind: str, environment: Path) -> None:
    """Raises InstallError where the installed pyzoo says that it is of another kind."""
    command = [str(environment / "bin" / "pyzoo"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, cwd="/").stdout.strip()
    if f"({kind}" not in said:
        raise InstallError(f"this was to be {kind}: {said}")


def markdown(runs: list[Installed]) -> str:
    """A line for each kind: the shortest run, as everything else on the machine only makes it longer."""
    lines = [
        "| install | wall s | processor s | size MiB | of it libraries MiB | runs |",
        "|---|---|---|---|---|---|",
    ]
    for kind in dict.fromkeys(run.kind for run in runs):
        of_kind = [run for run in runs if run.kind == kind]
        best = min(of_kind, key=lambda run: run.wall_s)
        cpu_s = min(run.cpu_s for run in of_kind)
        lines.append(
            f"| {kind} | {best.wall_s:.1f} | {cpu_s:.1f} | {best.size / MIB:.1f} | {best.libraries / MIB:.1f} "
            f"| {len(of_kind)} |"
        )
    return "\n".join(lines)


@click.command("install", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True, help="Of each kind, in turns.")
@click.option("--only", type=click.Choice(list(KINDS)), help="One kind.  [default: both]")
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="For the environments.  [default: $TMPDIR]")
def main(runs: int, only: str | None, directory: Path | None) -> None:
    """Measure `pip install .`, compiled and plain, on this machine."""
    measured: list[Installed] = []
    for _ in range(runs):
        for kind in [only] if only else KINDS:
            with tempfile.TemporaryDirectory(prefix="install-", dir=directory) as place:
                try:
                    measured.append(install(kind, Path(place)))
                except InstallError as failure:
                    raise click.ClickException(str(failure)) from None
            click.echo(f"{kind}: {measured[-1].wall_s:.1f} s, {measured[-1].cpu_s:.1f} s of processor time", err=True)
    click.echo(markdown(measured))
