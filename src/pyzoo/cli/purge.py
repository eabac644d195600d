"""`pyzoo purge`: remove old snapshots and logs now (PurgeTxnLog, zkCleanup.sh)."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from pyzoo.cli.groups import WholeNumber
from pyzoo.cli.tool_output import ending_quietly, local_dates
from pyzoo.config.java_numbers import parse_decimal
from pyzoo.errors import ToolError
from pyzoo.persistence.directories import VERSION_DIRECTORY

AT_LEAST = 3
USAGE = f"""\
Usage:
PurgeTxnLog dataLogDir [snapDir] -n count
\tdataLogDir -- path to the txn log directory
\tsnapDir -- path to the snapshot directory
\tcount -- the number of old snaps/logs you want to keep, value should be greater than or equal to {AT_LEAST}
"""


@click.command()
@click.argument("data_log_dir", type=click.Path(file_okay=False))
@click.argument("data_dir", type=click.Path(file_okay=False), required=False)
@click.option("-n", "--count", type=WholeNumber(AT_LEAST), required=True, help="Snapshots to keep, 3 or more.")
def purge(data_log_dir: str, data_dir: str | None, count: int) -> None:
    """Keep the newest COUNT snapshots and the logs that they need; remove what is older.

    DATA_LOG_DIR has the transaction logs, DATA_DIR the snapshots when they are apart.
    """
    with ending_quietly():
        for path in dict.fromkeys((data_log_dir, data_dir or data_log_dir)):
            refuse_what_is_no_data_directory(path)
        remove_old_files(data_log_dir, data_dir or data_log_dir, count)


def refuse_what_is_no_data_directory(path: str) -> None:
    """Raise ToolError for a directory without the version-2 in which a server keeps its files."""
    if not os.path.isdir(path):
        raise ToolError(f"pyzoo: {path} does not exist: name the dataDir or dataLogDir of a server")
    if not os.path.isdir(os.path.join(path, VERSION_DIRECTORY)):
        above = os.path.basename(os.path.abspath(path)) == VERSION_DIRECTORY
        right = (
            f"name {os.path.dirname(os.path.abspath(path))}" if above else "name the dataDir or dataLogDir of a server"
        )
        raise ToolError(f"pyzoo: {path} is no data directory, it has no {VERSION_DIRECTORY} in it: {right}")


def remove_old_files(data_log_dir: str, data_dir: str, count: int) -> None:
    """Purge, and say each file with the time of its last change. Raises StorageError, OSError."""
    from pyzoo.persistence.directories import open_directories
    from pyzoo.persistence.disk import RealDisk
    from pyzoo.persistence.purge import files_to_purge

    disk = RealDisk()
    dates = local_dates()
    directories = open_directories(disk, data_dir, data_log_dir, autocreate=False)
    failed = False
    for path in files_to_purge(disk, directories, count):
        changed_ms = os.stat(path).st_mtime_ns // 1_000_000
        click.echo(f"Removing file: {dates.medium(changed_ms)}\t{path}")
        try:
            disk.remove(path)
        except OSError:
            failed = True
            click.echo(f"Failed to remove {path}", err=True)
    sys.exit(1 if failed else 0)


def purge_txn_log(words: Sequence[str]) -> None:
    """PurgeTxnLog with its own arguments, messages and exit codes."""
    if len(words) not in (3, 4):
        end_with_usage("")
    *directories, option, count_text = words
    for path in directories:
        if not os.path.exists(path):
            end_with_usage(f"Path '{os.path.join(os.getcwd(), path)}' does not exist. ")
    count = parse_decimal(count_text)
    if count is None:
        end_with_usage(f"'{count_text}' can not be parsed to integer.")
    if count < AT_LEAST:
        end_with_usage(f"count should be greater than or equal to {AT_LEAST}")
    if option != "-n":
        end_with_usage("")
    if not any(os.path.isdir(os.path.join(directory, "version-2")) for directory in directories):
        return  # no server has been here yet
    with ending_quietly():
        remove_old_files(directories[0], directories[-1], count)


def end_with_usage(error: str) -> NoReturn:
    """Print the error on stderr, the usage on stdout, and end."""
    if error:
        click.echo(error, err=True)
    click.echo(USAGE, nl=False)
    sys.exit(1)
