"""`pyzoo launchers`: where zkServer.sh and the others are, and putting them where scripts expect them."""

import os
import shlex
import sys
from importlib import resources
from pathlib import Path

import click

from pyzoo.cli.groups import ending_with_one_line

ENVIRONMENT = "zkEnv.sh"
NO_PYTHON = "PYZOO=()\n"
#: Every launcher has this word in it; Apache's scripts have not.
MARK = "PYZOO"


def launchers_directory() -> Path:
    """Where the launchers were installed with the package."""
    return Path(str(resources.files("pyzoo") / "launchers"))


def text_of(source: Path) -> str:
    """A launcher as it is installed elsewhere: with the Python that runs this."""
    text = source.read_text(encoding="utf-8")
    if source.name != ENVIRONMENT:
        return text
    command = " ".join(map(shlex.quote, (sys.executable, "-P", "-m", "pyzoo")))
    return text.replace(NO_PYTHON, f"PYZOO=({command})\n", 1)


def is_foreign(path: Path) -> bool:
    """Whether something is there that is no launcher of pyzoo."""
    if path.is_symlink() or not path.exists():
        return path.is_symlink()
    return not path.is_file() or MARK not in path.read_text(encoding="utf-8", errors="replace")


def install(directory: Path, force: bool) -> list[Path]:
    """Write all launchers to `directory`; nothing when one would replace a foreign file. Raises OSError."""
    sources = sorted(launchers_directory().glob("*.sh"))
    targets = [directory / source.name for source in sources]
    foreign = [target for target in targets if is_foreign(target)]
    if foreign and not force:
        raise FileExistsError(f"{foreign[0]} is not a launcher of pyzoo; --force replaces it")
    directory.mkdir(parents=True, exist_ok=True)
    for source, target in zip(sources, targets, strict=True):
        temporary = target.with_name(f".{target.name}.new")
        temporary.write_text(text_of(source), encoding="utf-8")
        temporary.chmod(0o644 if source.name == ENVIRONMENT else 0o755)
        os.replace(temporary, target)
    return targets


@click.command()
@click.option(
    "--install",
    "directory",
    type=click.Path(file_okay=False),
    help="Write the launchers to this directory, for this Python.",
)
@click.option("--force", is_flag=True, help="With --install: replace scripts that are not pyzoo's.")
def launchers(directory: str | None, force: bool) -> None:
    """Print the directory of zkServer.sh, zkCli.sh and the other scripts, or write them elsewhere.

    They take the arguments, environment variables and files of Apache ZooKeeper's scripts of the same names. Installed
    in /opt/zookeeper/bin they read /opt/zookeeper/conf/zoo.cfg.
    """
    if directory is None:
        click.echo(launchers_directory())
        return
    with ending_with_one_line():
        installed = install(Path(directory), force)
    for path in installed:
        click.echo(path)
