"""`pyzoo log-level`: what a running server logs, changed without a restart."""

import os
import signal
import sys
from pathlib import Path

import click

from pyzoo.cli.groups import ending_with_one_line
from pyzoo.cli.stop import data_dir_of
from pyzoo.errors import ConfigError

LEVELS = ("debug", "usual")


@click.command("log-level")
@click.argument("level", type=click.Choice(LEVELS))
@click.argument("server", metavar="zoo.cfg|DATADIR")
def log_level(level: str, server: str) -> None:
    """Let the server of a zoo.cfg or a data directory log everything (debug), or again what it was started with.

    Nothing happens to a process that does not hold that directory.
    """
    from pyzoo.runtime.storage import server_of

    with ending_with_one_line():
        data_dir = server if Path(server).is_dir() else data_dir_of(server)
        pid = server_of(data_dir)
        if not pid:
            raise ConfigError("no pyzoo server runs on it", data_dir)
        if sys.platform == "win32":
            raise ConfigError("Windows has no signal for that: start the server with --log-level", data_dir)
        os.kill(pid, signal.SIGUSR1 if level == "debug" else signal.SIGUSR2)
    click.echo(f"pyzoo: process {pid} logs {'everything' if level == 'debug' else 'what it was started with'}")
