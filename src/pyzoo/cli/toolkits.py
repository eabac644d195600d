"""The file tools with the arguments, messages and exit codes of Apache's, for the launchers.

Where Apache's tool dies with a stack trace, these say what is wrong and end with the same code.
"""

import os
import sys
from typing import NoReturn

import click

from pyzoo.cli.commons_cli import Option, ParseError, parse, usage_text
from pyzoo.cli.config_files import read_text
from pyzoo.cli.log import chop_log, dump_log, recover_log
from pyzoo.cli.shell import ForeignCommand
from pyzoo.cli.snapshot import INVALID_INVOCATION, compare_snapshots, dump_snapshot, sum_up_snapshot
from pyzoo.cli.tool_output import ending_quietly
from pyzoo.config.java_numbers import decode_integer, parse_decimal
from pyzoo.config.properties import parse_properties
from pyzoo.errors import ConfigError, ToolError

UNEXPECTED_ERROR = 1

TXN_LOG_USAGE = "TxnLogToolkit [-dhrvc] <txn_log_file_name> (-z <zxid>)"
TXN_LOG_OPTIONS = (
    Option("h", "help", "Print help message"),
    Option("r", "recover", "Recovery mode. Re-calculate CRC for broken entries."),
    Option("v", "verbose", "Be verbose in recovery mode: print all entries, not just fixed ones."),
    Option(
        "d", "dump", "Dump mode. Dump all entries of the log file with printing the content of a nodepath (default)"
    ),
    Option("y", "yes", "Non-interactive mode: repair all CRC errors without asking"),
    Option("c", "chop", "Chop mode. Chop txn file to a zxid."),
    Option("z", "zxid", "Used with chop. Zxid to which to chop.", argument="arg"),
)
COMPARER_USAGE = "java -cp <classPath> org.apache.zookeeper.server.SnapshotComparer"
COMPARER_OPTIONS = (
    Option("l", "left", "(Required) The left snapshot file.", "LEFT", required=True),
    Option("r", "right", "(Required) The right snapshot file.", "RIGHT", required=True),
    Option(
        "b",
        "bytes",
        "(Required) The node data delta size threshold, in bytes, for printing the node.",
        "BYTETHRESHOLD",
        required=True,
    ),
    Option(
        "n",
        "nodes",
        "(Required) The descendant node delta size threshold, in nodes, for printing the node.",
        "NODETHRESHOLD",
        required=True,
    ),
    Option("d", "debug", "Use debug output."),
    Option("i", "interactive", "Enter interactive mode."),
)
FORMATTER_USAGE = """\
USAGE: SnapshotFormatter [-d|-json] snapshot_file
       -d dump the data for each znode
       -json dump znode info in json format
"""
SUMMARY_USAGE = """\
USAGE: SnapshotRecursiveSummary snapshot_file starting_node max_depth
       starting_node the path to begin with, / for the whole tree
       max_depth how many levels below it to show, 0 for all; all of them are counted
"""


def end_with_usage(text: str, exit_code: int, error: str = "", usage_on_stderr: bool = False) -> NoReturn:
    """Print the error on stderr, the usage, and end."""
    if error:
        click.echo(error, err=True)
    click.echo(text, err=usage_on_stderr, nl=False)
    sys.exit(exit_code)


@click.command("TxnLogToolkit", cls=ForeignCommand)
@click.pass_context
def txn_log_toolkit(context: click.Context) -> None:
    """Dump, repair or chop a log."""
    words = context.args
    usage = usage_text(TXN_LOG_USAGE, TXN_LOG_OPTIONS)
    try:
        line = parse(words, TXN_LOG_OPTIONS)
    except ParseError as error:
        end_with_usage(usage, UNEXPECTED_ERROR, f"{error}\n")
    if line.has("h"):
        end_with_usage(usage, 0)
    if not line.words:
        end_with_usage(usage, UNEXPECTED_ERROR)
    path = line.words[0]
    with ending_quietly():
        if line.has("c") and line.has("z"):
            chop(path, line.values["z"])
        elif line.has("r"):
            recover_log(path, line.has("v"), line.has("y"))
        else:
            dump_log(path)


def chop(path: str, zxid_text: str) -> None:
    """Chop; once the log is open the tool says on stdout why it failed, and ends with 0."""
    zxid = decode_integer(zxid_text, 64)
    if zxid is None or zxid < 0:
        raise ToolError(f"{zxid_text!r} is not a zxid: write it like 0x10000004a")
    if not os.path.isfile(path):
        raise ToolError(f"File doesn't exist or not readable: {path}")
    try:
        chop_log(path, zxid, None)
    except ToolError as error:
        click.echo(f"Got exception: {error}")


@click.command("SnapshotFormatter", cls=ForeignCommand)
@click.pass_context
def snapshot_formatter(context: click.Context) -> None:
    """Print a snapshot."""
    words = context.args
    flags = [word for word in words[:-1] if word in ("-d", "-json")]
    if not words or len(flags) != len(words) - 1 or words[-1] in ("-d", "-json"):
        end_with_usage(FORMATTER_USAGE, INVALID_INVOCATION, usage_on_stderr=True)
    with ending_quietly():
        if len(set(flags)) > 1:
            raise ToolError("Cannot specify both data dump (-d) and json mode (-json) in same call", INVALID_INVOCATION)
        dump_snapshot(words[-1], "-d" in flags, "-json" in flags)


@click.command("SnapshotComparer", cls=ForeignCommand)
@click.pass_context
def snapshot_comparer(context: click.Context) -> None:
    """Compare two snapshots."""
    words = context.args
    try:
        line = parse(words, COMPARER_OPTIONS)
    except ParseError as error:
        end_with_usage(usage_text(COMPARER_USAGE, COMPARER_OPTIONS), INVALID_INVOCATION, str(error))
    with ending_quietly():
        limits = [parse_decimal(line.values[name]) for name in ("b", "n")]
        max_bytes, max_nodes = limits
        if max_bytes is None or max_nodes is None:
            raise ToolError("-b and -n want numbers")
        left, right = line.values["l"], line.values["r"]
        compare_snapshots(left, right, max_bytes, max_nodes, line.has("d"), line.has("i"))


@click.command("SnapshotRecursiveSummary", cls=ForeignCommand)
@click.pass_context
def snapshot_recursive_summary(context: click.Context) -> None:
    """Sum up a snapshot."""
    words = context.args
    max_depth = parse_decimal(words[2]) if len(words) == 3 else None
    if max_depth is None:
        end_with_usage(SUMMARY_USAGE, INVALID_INVOCATION, usage_on_stderr=True)
    with ending_quietly():
        sum_up_snapshot(words[0], words[1], max_depth)


@click.command("zkCleanup", cls=ForeignCommand)
@click.pass_context
def zk_cleanup(context: click.Context) -> None:
    """Purge the directories of a zoo.cfg, the first word."""
    from pyzoo.cli.purge import end_with_usage as end_with_purge_usage
    from pyzoo.cli.purge import purge_txn_log

    if not context.args:
        end_with_purge_usage("name a zoo.cfg first: zkCleanup.sh brings it along")
    config, *words = context.args

    with ending_quietly():
        text = read_text(config)
        if text is None:
            raise ConfigError("file is missing", config)
        keys = parse_properties(text, config)
        directories = [keys[key].value for key in ("dataLogDir", "dataDir") if key in keys]
    purge_txn_log([*directories, *words])
