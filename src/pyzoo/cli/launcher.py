"""`pyzoo launcher`: what the scripts in `launchers/` call; each takes the arguments of the real tool of its name."""

import click

from pyzoo.cli.toolkits import (
    snapshot_comparer,
    snapshot_formatter,
    snapshot_recursive_summary,
    txn_log_toolkit,
    zk_cleanup,
)
from pyzoo.cli.zk_server import zk_server


@click.group(hidden=True)
def launcher() -> None:
    """The other half of zkServer.sh and its like."""


launcher.add_command(zk_server)
launcher.add_command(zk_cleanup)
launcher.add_command(txn_log_toolkit)
launcher.add_command(snapshot_formatter)
launcher.add_command(snapshot_comparer)
launcher.add_command(snapshot_recursive_summary)
