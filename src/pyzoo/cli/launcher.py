"""`pyzoo launcher`: what the scripts in `launchers/` call; each takes the arguments of the real tool of its name."""

import click

from pyzoo.cli.zk_server import zk_server


@click.group(hidden=True)
def launcher() -> None:
    """The other half of zkServer.sh and its like."""


launcher.add_command(zk_server)
