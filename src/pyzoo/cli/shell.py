"""`pyzoo cli`: the shell. Its words are read as zkCli reads them, not as click does."""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import ssl


class ForeignCommand(click.Command):
    """A command that gets all its words as they are."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        context.args = list(args)
        return []


@click.command("cli", cls=ForeignCommand, short_help="The shell of zkCli.sh, and more.")
@click.pass_context
def cli(context: click.Context) -> None:
    """The shell of zkCli.sh, and more."""
    from pyzoo.shell.main import main

    sys.exit(main(context.args, client_tls))


def client_tls(properties: dict[str, str]) -> "ssl.SSLContext | None":
    """The TLS context of a client configuration, None unless zookeeper.client.secure is true; raises ConfigError."""
    return None
