"""`pyzoo log-level`: what a running server logs, changed without a restart."""

import os
import signal
from pathlib import Path

import click

from pyzoo.cli.groups import ending_with_one_line
from pyzoo.cli.stop import data_dir_of
from pyzoo.errors import ConfigError

SIGNALS = {"debug": signal.SIGUSR1, "usual": signal.SIGUSR2}


@click.command("log-level")
@click.argument("level", type=click.Choice(list(SIGNALS)))
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
        os.kill(pid, SIGNALS[level])
    click.echo(f"pyzoo: process {pid} logs {'everything' if level == 'debug' else 'what it was started with'}")
