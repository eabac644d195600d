"""The pyzoo command and its sub-commands."""

import sys

import click

from pyzoo import __version__
from pyzoo.cli.config import config
from pyzoo.cli.ensemble import ensemble
from pyzoo.cli.launcher import launcher
from pyzoo.cli.launchers import launchers
from pyzoo.cli.log import log
from pyzoo.cli.purge import purge
from pyzoo.cli.serve import serve
from pyzoo.cli.shell import cli
from pyzoo.cli.snapshot import snapshot
from pyzoo.cli.status import status
from pyzoo.cli.stop import stop


def is_compiled() -> bool:
    """Whether the hot rooms were compiled when pyzoo was installed."""
    from pyzoo.jute import primitives

    return not str(primitives.__file__).endswith(".py")


def version_text() -> str:
    """The version, the ZooKeeper release that it behaves like, and how it was built."""
    from pyzoo.release import RELEASE

    kind = "compiled" if is_compiled() else "plain Python"
    return f"pyzoo {__version__} ({kind}), behaves like Apache ZooKeeper {RELEASE}"


def print_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """What --version does."""
    if wanted and not context.resilient_parsing:
        click.echo(version_text())
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=print_version,
    help="Show the version.",
)
def main() -> None:
    """An Apache ZooKeeper server in Python."""


@main.command()
def version() -> None:
    """Show the version, and what it runs on."""
    import platform

    click.echo(version_text())
    click.echo(f"Python {platform.python_version()} ({sys.executable})")


main.add_command(serve)
main.add_command(stop)
main.add_command(status)
main.add_command(config)
main.add_command(cli)
main.add_command(ensemble)
main.add_command(log)
main.add_command(snapshot)
main.add_command(purge)
main.add_command(launchers)
main.add_command(launcher)
