"""`pyzoo log`: transaction logs as text, chopped, repaired (TxnLogToolkit), verified."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pyzoo.cli.groups import Group
from pyzoo.cli.tool_output import (
    ending_quietly,
    local_dates,
    opened,
    print_all,
    print_to_the_end,
    read_word,
    say,
    use_jute_limits,
    watched_disk,
)
from pyzoo.errors import ToolError

if TYPE_CHECKING:
    from pyzoo.filetools.log_records import LogFile

FILE = click.Path()


@click.group(cls=Group)
def log() -> None:
    """Look into transaction logs, chop and repair them."""


def refuse_what_is_no_file(path: str) -> None:
    """Raise ToolError for a path that cannot be read as a log."""
    if os.path.isdir(path):
        raise ToolError(f"{path} is a directory, not a transaction log")
    if not os.access(path, os.R_OK):
        raise ToolError(f"File doesn't exist or not readable: {path}")


@contextmanager
def opened_log(path: str) -> Iterator["LogFile"]:
    """A log to be read from its start; raises ToolError where there is none."""
    from pyzoo.filetools.log_records import LogFile

    use_jute_limits()
    refuse_what_is_no_file(path)
    with opened(path) as read:
        yield LogFile(read, os.path.basename(path))


def dump_log(path: str) -> None:
    """Print every transaction. Raises ToolError."""
    from pyzoo.filetools.log_dump import dump

    with opened_log(path) as file:
        print_all(dump(file, local_dates()))


def recover_log(path: str, verbose: bool, yes: bool) -> None:
    """Write PATH.fixed. Raises ToolError."""
    from pyzoo.filetools.log_dump import DEFAULT_PRE_ALLOC, Recovery

    with opened_log(path) as file:
        recovery = Recovery(file, path, local_dates(), None if yes else read_word, verbose, DEFAULT_PRE_ALLOC)
        print_to_the_end(recovery.run())


def chop_log(path: str, zxid: int, target: str | None) -> None:
    """Write the records up to a zxid to `target`, by default PATH.chopped<zxid>. Raises ToolError."""
    from pyzoo.filetools.log_chop import chop, chopped_path

    with opened_log(path) as file:
        print_to_the_end(chop(file, os.path.basename(path), zxid, target or chopped_path(path, zxid)))


def zxid_of(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    """A zxid as Java's Long.decode reads it: decimal, 0x..., or octal after a 0."""
    from pyzoo.config.java_numbers import decode_integer

    zxid = decode_integer(text, 64)
    if zxid is None or zxid < 0:
        raise click.BadParameter(f"{text!r} is not a zxid: write it like 0x10000004a")
    return zxid


@log.command()
@click.argument("file", type=FILE)
def dump(file: str) -> None:
    """Print every transaction of FILE, with times of the local zone.

    A transaction whose checksum is wrong is printed twice, first with CRC ERROR before it.
    """
    with ending_quietly():
        dump_log(file)


@log.command()
@click.argument("file", type=FILE)
@click.option("-y", "--yes", is_flag=True, help="Repair all without asking.")
@click.option("-v", "--verbose", is_flag=True, help="Print all transactions, not only those with a wrong checksum.")
def recover(file: str, yes: bool, verbose: bool) -> None:
    """Copy FILE to FILE.fixed with checksums that are right.

    For each wrong one it asks: Yes gives the record the checksum of its bytes, No copies it as it is, Abort leaves no
    copy. What cannot be read, such as a torn record, ends the copy, with code 1. FILE itself does not change.
    """
    with ending_quietly():
        recover_log(file, verbose, yes)


@log.command()
@click.argument("file", type=FILE)
@click.option(
    "-z",
    "--zxid",
    callback=zxid_of,
    required=True,
    help="The last zxid to keep, such as 0x10000004a; `pyzoo log dump FILE` shows those that there are.",
)
@click.option("-o", "--output", type=click.Path(), help="The file to write.  [default: FILE.chopped<zxid in decimal>]")
def chop(file: str, zxid: int, output: str | None) -> None:
    """Copy FILE up to a zxid, for a log whose end must not be replayed.

    Ends with code 2, and writes nothing, when FILE does not contain the zxid or ends with it. No file is overwritten.
    """
    with ending_quietly():
        try:
            chop_log(file, zxid, output)
        except ToolError as error:
            if not error.reason:
                raise
            raise ToolError(f"{error}: {error.reason}", error.exit_code) from None


@log.command()
@click.argument("file", type=FILE)
def verify(file: str) -> None:
    """Read FILE as a server does: format, checksums, and whether its end is torn.

    The exit code is 0 when all is well, 1 otherwise; a torn end is well, for servers pass over it.
    """
    with ending_quietly():
        use_jute_limits()
        refuse_what_is_no_file(file)
        sys.exit(0 if verify_log_file(file) else 1)


def verify_log_file(path: str) -> bool:
    """Say how a log is. Raises OSError."""
    from pyzoo.filetools.verify_files import Soundness, verify_log

    with watched_disk([path]) as disk:
        report = verify_log(disk, os.path.abspath(path))
    say(str(report))
    return report.soundness is not Soundness.BAD
