"""`pyzoo launcher`: what the scripts in `launchers/` call; each takes the arguments of the real tool of its name."""

import click

from pyzoo.cli.groups import ImportingGroup

#: Health checks run zkServer.sh every few seconds: it loads nothing for the others.
LAUNCHERS = {
    "zkServer": "pyzoo.cli.zk_server:zk_server",
    "zkCleanup": "pyzoo.cli.toolkits:zk_cleanup",
    "TxnLogToolkit": "pyzoo.cli.toolkits:txn_log_toolkit",
    "SnapshotFormatter": "pyzoo.cli.toolkits:snapshot_formatter",
    "SnapshotComparer": "pyzoo.cli.toolkits:snapshot_comparer",
    "SnapshotRecursiveSummary": "pyzoo.cli.toolkits:snapshot_recursive_summary",
}


@click.group(hidden=True, cls=ImportingGroup, places=LAUNCHERS)
def launcher() -> None:
    """The other half of zkServer.sh and its like."""
