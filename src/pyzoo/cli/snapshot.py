"""`pyzoo snapshot`: snapshots as text or JSON, compared, summed up, verified."""

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from pyzoo.cli.groups import Group, WholeNumber
from pyzoo.cli.tool_output import (
    ending_quietly,
    local_dates,
    opened,
    print_all,
    read_line,
    say,
    use_jute_limits,
    watched_disk,
)
from pyzoo.errors import ToolError

if TYPE_CHECKING:
    from pyzoo.filetools.snapshot_compare import TreeInfo
    from pyzoo.filetools.snapshot_tree import SnapshotTree

INVALID_INVOCATION = 2
FILE = click.Path()


@click.group(cls=Group)
def snapshot() -> None:
    """Look into snapshots, compare and verify them."""


def refuse_what_is_no_file(path: str, exit_code: int) -> None:
    """Raise ToolError for a path that cannot be read (ZKUtil.validateFileInput)."""
    where = os.path.join(os.getcwd(), path)
    if not os.path.exists(path):
        raise ToolError(f"File '{where}' does not exist.", exit_code)
    if not os.access(path, os.R_OK):
        raise ToolError(f"Read permission is denied on the file '{where}'", exit_code)
    if os.path.isdir(path):
        raise ToolError(f"'{where}' is a directory. it must be a file.", exit_code)


def load(path: str, exit_code: int = 1) -> "SnapshotTree":
    """Read a snapshot; damaged seals are a warning on stderr. Raises ToolError, for no file with `exit_code`."""
    from pyzoo.filetools.snapshot_tree import read_snapshot

    use_jute_limits()
    refuse_what_is_no_file(path, exit_code)
    with opened(path) as read:
        loaded = read_snapshot(read, os.path.basename(path))
    if loaded.damage:
        click.echo(f"pyzoo: warning: {loaded.damage}", err=True)
    return loaded


def dump_snapshot(path: str, with_data: bool, as_json: bool) -> None:
    """Print a snapshot. Raises ToolError."""
    from pyzoo.filetools.snapshot_text import details, json_text

    loaded = load(path, INVALID_INVOCATION)
    if as_json:
        print_all(json_text(loaded, time.time_ns() // 1_000_000))
    else:
        print_all(details(loaded, local_dates(), with_data))


def compare_snapshots(
    left: str, right: str, max_bytes: int, max_nodes: int, debug: bool = False, interactive: bool = False
) -> None:
    """Print how two snapshots differ. Raises ToolError."""
    from pyzoo.filetools.snapshot_compare import Thresholds, compare, compare_interactively

    say("Successfully parsed options!\n")
    left_info, right_info = info_of(left), info_of(right)
    print_all((str(left_info), str(right_info)))
    thresholds = Thresholds(max_bytes, max_nodes, debug, interactive)
    if interactive:
        print_all(compare_interactively(left_info, right_info, thresholds, read_line))
    else:
        print_all(compare(left_info, right_info, thresholds))


def info_of(path: str) -> "TreeInfo":
    """Read one side of a comparison and say how long that took. Raises ToolError."""
    from pyzoo.filetools.snapshot_compare import tree_info

    begun = time.perf_counter()
    loaded = load(path)
    read = time.perf_counter()
    say(f"Deserialized snapshot in {os.path.basename(path)} in {read - begun:f} seconds\n")
    info = tree_info(loaded.tree)
    say(f"Processed data tree in {time.perf_counter() - read:f} seconds\n")
    return info


def sum_up_snapshot(path: str, start: str, max_depth: int) -> None:
    """Print what is below each node. Raises ToolError."""
    from pyzoo.filetools.snapshot_summary import summary

    print_all(summary(load(path), start, max_depth))


@snapshot.command()
@click.argument("file", type=FILE)
@click.option("-d", "--data", is_flag=True, help="Show the data of every node, in base64, instead of its length.")
@click.option("--json", "-json", "as_json", is_flag=True, help="The sizes of the nodes, as a file for ncdu.")
def dump(file: str, data: bool, as_json: bool) -> None:
    """Print the nodes and sessions of FILE, which may be compressed. Times are those of the local zone."""
    if data and as_json:
        raise click.UsageError("--data and --json exclude each other")
    with ending_quietly():
        dump_snapshot(file, data, as_json)


@snapshot.command()
@click.option("-l", "--left", type=FILE, required=True, help="The first snapshot.")
@click.option("-r", "--right", type=FILE, required=True, help="The second snapshot.")
@click.option(
    "-b", "--bytes", "max_bytes", type=WholeNumber(), required=True, help="Show nodes that differ by more bytes."
)
@click.option(
    "-n", "--nodes", "max_nodes", type=WholeNumber(), required=True, help="Show nodes that differ by more descendants."
)
@click.option("-d", "--debug", is_flag=True, help="Show every comparison.")
@click.option("-i", "--interactive", is_flag=True, help="Ask which layer or node to show next.")
def compare(left: str, right: str, max_bytes: int, max_nodes: int, debug: bool, interactive: bool) -> None:
    """Show where two snapshots differ in size, layer by layer from the root."""
    with ending_quietly():
        compare_snapshots(left, right, max_bytes, max_nodes, debug, interactive)


@snapshot.command()
@click.argument("file", type=FILE)
@click.argument("starting_node", default="/")
@click.argument("max_depth", type=WholeNumber(), default=0)
def summary(file: str, starting_node: str, max_depth: int) -> None:
    """Print how many nodes and bytes are below each node with children.

    MAX_DEPTH is the number of levels below STARTING_NODE to show, 0 for all; what is counted does not depend on it.
    """
    with ending_quietly():
        sum_up_snapshot(file, starting_node, max_depth)


@snapshot.command()
@click.argument("path", type=click.Path(exists=True))
@click.option("--data-log-dir", type=click.Path(exists=True, file_okay=False), help="The logs, if they are elsewhere.")
def verify(path: str, data_log_dir: str | None) -> None:
    """Check a snapshot or a whole data directory; nothing is changed.

    Of a snapshot: format, checksums, digest and that its nodes make a tree. Of a directory (dataDir, or the version-2
    in it) all snapshots and logs, and that a server would start with them. The exit code is 0 when all is well, 1
    otherwise; a torn end of a log is well, for servers pass over it.
    """
    with ending_quietly():
        use_jute_limits()
        is_sound = verify_data_dir(path, data_log_dir) if os.path.isdir(path) else verify_file(path)
        sys.exit(0 if is_sound else 1)


def verify_file(path: str) -> bool:
    """Say how a snapshot is. Raises OSError."""
    from pyzoo.filetools.verify_files import Soundness, verify_snapshot

    with watched_disk([path]) as disk:
        report = verify_snapshot(disk, os.path.abspath(path))
    say(str(report))
    return report.soundness is Soundness.GOOD


def verify_data_dir(path: str, data_log_dir: str | None) -> bool:
    """Say how all files of a data directory are, and what a start would give. Raises OSError."""
    from pyzoo.filetools.verify_directory import DirectoryCheck
    from pyzoo.persistence.directories import VERSION_DIRECTORY

    data_dir = os.path.abspath(path)
    if os.path.basename(data_dir) == VERSION_DIRECTORY:
        data_dir = os.path.dirname(data_dir)
    log_dir = os.path.abspath(data_log_dir) if data_log_dir else data_dir
    directories = {os.path.join(directory, VERSION_DIRECTORY) for directory in (data_dir, log_dir)}
    files = [entry.path for directory in directories if os.path.isdir(directory) for entry in os.scandir(directory)]
    with watched_disk(files) as disk:
        check = DirectoryCheck(disk, data_dir, log_dir, log_dir_is_named=data_log_dir is not None)
        print_all(check.run())
    return check.is_sound
