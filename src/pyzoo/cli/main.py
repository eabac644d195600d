"""The pyzoo command and its sub-commands, each of which is imported when it is called: a server starts in a blink."""

import importlib
import sys

import click

from pyzoo import __version__
from pyzoo.cli.groups import Group

COMMANDS = {
    "serve": "pyzoo.cli.serve",
    "stop": "pyzoo.cli.stop",
    "status": "pyzoo.cli.status",
    "config": "pyzoo.cli.config",
    "cli": "pyzoo.cli.shell",
    "ensemble": "pyzoo.cli.ensemble",
    "log": "pyzoo.cli.log",
    "log-level": "pyzoo.cli.log_level",
    "snapshot": "pyzoo.cli.snapshot",
    "purge": "pyzoo.cli.purge",
    "launchers": "pyzoo.cli.launchers",
    "launcher": "pyzoo.cli.launcher",
}
"""Where the command of each name is, under that name with underscores."""


EPILOG = """\b
`pyzoo COMMAND --help` tells all about a command. For completion by the Tab key
put this into the start file of your shell:
  bash: eval "$(_PYZOO_COMPLETE=bash_source pyzoo)"
  zsh:  eval "$(_PYZOO_COMPLETE=zsh_source pyzoo)"
  fish: _PYZOO_COMPLETE=fish_source pyzoo | source"""


class Commands(Group):
    """A group that finds its commands in COMMANDS."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*super().list_commands(context), *COMMANDS]

    def names_elsewhere(self) -> dict[str, str]:
        """Those of the shell too: who types `pyzoo ls /` is told of `cli ls`."""
        from pyzoo.shell.shell import usage_table

        return {name.lower(): f"cli {name}" for name in usage_table()} | super().names_elsewhere()

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return super().get_command(context, name)
        command = getattr(importlib.import_module(COMMANDS[name]), name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


def version_text() -> str:
    """The version, the ZooKeeper release that it behaves like, and how it was built."""
    from pyzoo.cli.build_kind import build_kind
    from pyzoo.release import RELEASE

    return f"pyzoo {__version__} ({build_kind()}), behaves like Apache ZooKeeper {RELEASE}"


def print_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """What --version does."""
    if wanted and not context.resilient_parsing:
        click.echo(version_text())
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
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
