"""The pyzoo command and its sub-commands, each of which is imported when it is called: a server starts in a blink."""

import sys

import click

from pyzoo import __version__
from pyzoo.cli.groups import ImportingGroup

COMMANDS = {
    "serve": "pyzoo.cli.serve:serve",
    "stop": "pyzoo.cli.stop:stop",
    "status": "pyzoo.cli.status:status",
    "config": "pyzoo.cli.config:config",
    "cli": "pyzoo.cli.shell:cli",
    "ensemble": "pyzoo.cli.ensemble:ensemble",
    "log": "pyzoo.cli.log:log",
    "log-level": "pyzoo.cli.log_level:log_level",
    "snapshot": "pyzoo.cli.snapshot:snapshot",
    "purge": "pyzoo.cli.purge:purge",
    "launchers": "pyzoo.cli.launchers:launchers",
    "launcher": "pyzoo.cli.launcher:launcher",
}
"""Where the command of each name is."""


EPILOG = """\b
`pyzoo COMMAND --help` tells all about a command. For completion by the Tab key
put this into the start file of your shell:
  bash: eval "$(_PYZOO_COMPLETE=bash_source pyzoo)"
  zsh:  eval "$(_PYZOO_COMPLETE=zsh_source pyzoo)"
  fish: _PYZOO_COMPLETE=fish_source pyzoo | source"""


class Commands(ImportingGroup):
    """The commands of pyzoo."""

    def names_elsewhere(self) -> dict[str, str]:
        """Those of the shell too: who types `pyzoo ls /` is told of `cli ls`."""
        from pyzoo.shell.shell import usage_table

        return {name.lower(): f"cli {name}" for name in usage_table()} | super().names_elsewhere()


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


@click.group(cls=Commands, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
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
