"""`pyzoo log`: transaction logs as text, chopped, repaired (TxnLogToolkit), verified, and who changed a node."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
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


def session_of(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """A session id as it is shown, with 0x, or in decimal."""
    if text is None:
        return None
    try:
        pattern = int(text, 0)
    except ValueError:
        pattern = 1 << 64
    if not -(1 << 63) <= pattern < 1 << 64:
        raise click.BadParameter(f"{text!r} is not the id of a session: write it like 0x100012ab34c0000")
    return pattern - (1 << 64) if pattern >= 1 << 63 else pattern


def time_of(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """A time in ms since 1970, of that number or of ISO 8601, where a time without a zone is local."""
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is no time: write it like 2026-11-30T12:00:00Z") from None


@log.command()
@click.argument("directory", type=click.Path(), metavar="DIR")
@click.argument("path")
@click.option("--subtree", is_flag=True, help="All nodes below PATH too.")
@click.option("--session", callback=session_of, help="Only what this session did.")
@click.option("--since", callback=time_of, help="Only from this time on, such as 2026-11-30T12:00:00Z.")
@click.option("--until", callback=time_of, help="Only up to this time.")
@click.option("--errors", is_flag=True, help="Also what changed nothing: checks, and parts of multis that failed.")
@click.option("-n", "--limit", type=click.IntRange(min=1), help="So many changes at most, the newest.")
@click.option("--data-log-dir", type=click.Path(), help="Where the logs are, if not in DIR.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as of /console/api/history.")
def blame(
    directory: str,
    path: str,
    subtree: bool,
    session: int | None,
    since: int | None,
    until: int | None,
    errors: bool,
    limit: int | None,
    data_log_dir: str | None,
    as_json: bool,
) -> None:
    """Who changed the node PATH, and when, newest first: from the logs in the data directory DIR.

    Nothing is changed there, and the server may be running. It says how far the logs reach back.
    """
    from pyzoo.filetools.blame import answers, blame_text, directories_of
    from pyzoo.history.json_form import public
    from pyzoo.history.query import HistoryQuery
    from pyzoo.persistence.disk import RealDisk

    with ending_quietly():
        use_jute_limits()
        query = HistoryQuery(path, subtree, session, since_ms=since, until_ms=until, with_void=errors)
        disk = RealDisk()
        pages = answers(disk, directories_of(disk, directory, data_log_dir), query, limit)
        if not as_json:
            print_all(blame_text(pages, path, local_dates()))
            return
        whole = dict(next(pages))
        for page in pages:
            whole = {**page, "changes": whole["changes"] + page["changes"]}
        say(json.dumps(public(whole), indent=2) + "\n")


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
