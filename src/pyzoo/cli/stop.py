"""`pyzoo stop`: end the server that a pid file names, and wait until it has ended."""

import os
import sys
from pathlib import Path

import click

from pyzoo.cli.config_files import read_text
from pyzoo.cli.groups import Seconds, ending_with_one_line
from pyzoo.config.properties import parse_properties
from pyzoo.errors import ConfigError

PID_FILE = "zookeeper_server.pid"
TIMEOUT_S = 30.0


def pid_file_of(config_path: str) -> str:
    """Where zkServer.sh keeps the pid: ZOOPIDFILE, or a file in the dataDir of a zoo.cfg. Raises ConfigError."""
    return os.environ.get("ZOOPIDFILE") or str(Path(data_dir_of(config_path)) / PID_FILE)


def data_dir_of(config_path: str) -> str:
    """The dataDir of a zoo.cfg. Raises ConfigError."""
    text = read_text(config_path)
    if text is None:
        raise ConfigError("file is missing", config_path)
    data_dir = parse_properties(text, config_path).get("dataDir")
    if data_dir is None or not data_dir.value:
        raise ConfigError("dataDir is not set", config_path)
    return data_dir.value


@click.command()
@click.argument("config", required=False, metavar="[zoo.cfg]")
@click.option("--pid-file", type=click.Path(dir_okay=False), help="As given to `pyzoo serve --pid-file`.")
@click.option(
    "--timeout",
    type=Seconds(min=0),
    default=TIMEOUT_S,
    show_default=True,
    help="How many seconds the server may take to end.",
)
@click.option("--kill", is_flag=True, help="End it by SIGKILL when the time is over.")
def stop(config: str | None, pid_file: str | None, timeout: float, kill: bool) -> None:
    """Stop a server and wait until it has ended.

    The pid file of a zoo.cfg is ZOOPIDFILE or zookeeper_server.pid in its dataDir, where zkServer.sh writes it. Nothing
    happens to a process that is not the pyzoo server which holds that file. The exit code is 0 when no server runs any
    more, 1 otherwise.
    """
    from pyzoo.runtime.pid_file import Stopped
    from pyzoo.runtime.pid_file import stop as stop_server

    if (config is None) == (pid_file is None):
        raise click.UsageError("name the server by its zoo.cfg, or by --pid-file")
    with ending_with_one_line():
        path = pid_file or pid_file_of(config or "")
        result = stop_server(path, timeout, kill)
    if config is not None and result.how in (Stopped.NO_FILE, Stopped.NOT_RUNNING):
        refuse_running_server(data_dir_of(config), path)
    match result.how:
        case Stopped.NO_FILE:
            click.echo(f"pyzoo: no server to stop: there is no {path}")
        case Stopped.NOT_RUNNING:
            click.echo(f"pyzoo: no server to stop: {path} was left behind")
        case Stopped.ENDED:
            click.echo(f"pyzoo: stopped process {result.pid}")
        case Stopped.KILLED:
            click.echo(f"pyzoo: killed process {result.pid}, which did not end in {timeout:g} s")
        case Stopped.STILL_RUNNING:
            click.echo(f"pyzoo: process {result.pid} did not end in {timeout:g} s; --kill would end it", err=True)
        case Stopped.NOT_OURS:
            click.echo(
                f"pyzoo: process {result.pid} of {path} is no pyzoo server of this file and is left alone; "
                "remove the file if it is old",
                err=True,
            )
    sys.exit(1 if result.how in (Stopped.STILL_RUNNING, Stopped.NOT_OURS) else 0)


def refuse_running_server(data_dir: str, pid_file: str) -> None:
    """End with an error when a server without this pid file runs in the directory."""
    from pyzoo.runtime.look_around import holder_of

    if holder_of(data_dir) is not None:
        click.echo(
            f"pyzoo: a server runs in {data_dir}, but it does not hold {pid_file}: end it by a signal, and start it "
            "with --pid-file",
            err=True,
        )
        sys.exit(1)
