"""Commands for quotas: setquota, listquota, delquota."""

from collections.abc import Iterator
from typing import Final

from pyzoo import errors as codes
from pyzoo.config.java_numbers import parse_decimal
from pyzoo.errors import KeeperError, MalformedPath
from pyzoo.shell.client import ZooKeeper, create_missing
from pyzoo.shell.command import Command, Context
from pyzoo.shell.commands.nodes import visit
from pyzoo.shell.errors import ForgivenFailure
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.quotas import (
    BYTE_HARD,
    BYTES,
    COUNT,
    COUNT_HARD,
    LIMIT_NODE,
    NO_LIMIT,
    QUOTA_ROOT,
    StatsTrack,
    limit_path,
    quota_path,
    stat_path,
)
from pyzoo.subtrees.paths import parent_of
from pyzoo.subtrees.values import Json

LIMITS: Final = {"n": COUNT, "b": BYTES, "N": COUNT_HARD, "B": BYTE_HARD}


def set_quota(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    if path.startswith(QUOTA_ROOT):
        raise _forgiven(context, path, f"cannot set a quota under the path: {QUOTA_ROOT}")
    letter = next(letter for letter in LIMITS if given.has(letter))
    limit, fault = _limit(letter, given.value(letter))
    if fault:
        raise _forgiven(context, path, fault)
    if context.zk.exists(path) is None:
        raise MalformedPath(f"{path} does not exist.")
    _refuse_quota_below(context.zk, path)
    _refuse_quota_above(context.zk, path)
    quota = _write_quota(context, path, LIMITS[letter], limit)
    return {"path": path, "quota": _track_json(quota)}


def _forgiven(context: Context, path: str, fault: str) -> ForgivenFailure:
    context.printer.error(fault)
    return ForgivenFailure({"error": fault, "path": path})


def _limit(letter: str, text: str) -> tuple[int, str]:
    """The number, or what is wrong with it."""
    counts = letter in "nN"
    limit = parse_decimal(text, 32 if counts else 64)
    if limit is None:
        return 0, "NumberFormatException happens when parsing the option value"
    if counts and limit <= 0:
        return 0, "the num quota must be greater than zero"
    if limit < 0:
        return 0, "the bytes quota must be greater than or equal to zero"
    return limit, ""


def _refuse_quota_below(zk: ZooKeeper, path: str) -> None:
    for each in _quotas_at(zk, quota_path(path)):
        if each != quota_path(path):
            raise MalformedPath(f"{path} has a child {each.removeprefix(QUOTA_ROOT)} which has a quota")


def _quotas_at(zk: ZooKeeper, path: str) -> Iterator[str]:
    """The paths below the quota tree's node that have limits."""
    try:
        for each in visit(zk, path):
            if each.endswith(f"/{LIMIT_NODE}"):
                yield parent_of(each)
    except KeeperError as error:
        if error.code != codes.NONODE:
            raise


def _refuse_quota_above(zk: ZooKeeper, path: str) -> None:
    above = parent_of(path)
    while above != "/":
        if zk.exists(limit_path(above)) is not None:
            raise MalformedPath(f"{path} has a parent {above} which has a quota")
        above = parent_of(above)


def _write_quota(context: Context, path: str, name: str, limit: int) -> StatsTrack:
    """Add one limit to those that there are; warns where it is exceeded already."""
    zk = context.zk
    create_missing(zk, quota_path(path))
    try:
        quota = StatsTrack.parse(zk.get_data(limit_path(path))[0])
        is_new = False
    except KeeperError as error:
        if error.code != codes.NONODE:
            raise
        quota = StatsTrack(dict.fromkeys(LIMITS.values(), NO_LIMIT))
        is_new = True
    quota.values[name] = limit
    if is_new:
        zk.create(limit_path(path), quota.encode())
        zk.create(stat_path(path), StatsTrack({COUNT: 0, BYTES: 0}).encode())
    used = StatsTrack.parse(zk.get_data(stat_path(path))[0])
    for what, hard, noun in ((COUNT, COUNT_HARD, "count"), (BYTES, BYTE_HARD, "bytes")):
        if quota.is_exceeded_by(used, what, hard):
            context.printer.note(
                f"[Warning]: the {noun} quota you create is less than the existing {noun}:{used.get(what)}"
            )
    if not is_new:
        zk.set_data(limit_path(path), quota.encode())
    return quota


def list_quota(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    context.printer.error(f"absolute path is {limit_path(path)}")
    try:
        quota = StatsTrack.parse(context.zk.get_data(limit_path(path))[0])
        used = StatsTrack.parse(context.zk.get_data(stat_path(path))[0])
    except KeeperError as error:
        return _without_quota(context, path, error)
    context.printer.line(f"Output quota for {path} {quota}")
    context.printer.line(f"Output stat for {path} {used}")
    return {"path": path, "quota": _track_json(quota), "used": _track_json(used)}


def _without_quota(context: Context, path: str, error: KeeperError) -> Json:
    if error.code != codes.NONODE:
        raise error
    context.printer.error(f"quota for {path} does not exist.")
    return {"path": path, "quota": None}


def _track_json(track: StatsTrack) -> Json:
    """Only what limits something, or counts something."""
    return {name: number for name, number in track.values.items() if number != NO_LIMIT}


def del_quota(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    zk = context.zk
    if zk.exists(limit_path(path)) is None:
        context.printer.line(f"Quota does not exist for {path}")
        return {"path": path, "quota": None}
    chosen = [name for letter, name in LIMITS.items() if given.has(letter)]
    try:
        if not chosen:
            _delete_quota(zk, quota_path(path))
            return {"path": path, "quota": None}
        quota = StatsTrack.parse(zk.get_data(limit_path(path))[0])
        quota.values |= dict.fromkeys(chosen, NO_LIMIT)
        zk.set_data(limit_path(path), quota.encode())
    except KeeperError as error:
        return _without_quota(context, path, error)
    return {"path": path, "quota": _track_json(quota)}


def _delete_quota(zk: ZooKeeper, path: str) -> None:
    """Delete limits and counts, then the nodes above them that are empty."""
    for name in zk.get_children(path)[0]:
        zk.delete(f"{path}/{name}")
    while path != QUOTA_ROOT and not zk.get_children(path)[0]:
        zk.delete(path)
        path = parent_of(path)


def _limit_options(takes_value: bool) -> tuple[Option, ...]:
    names = {"n": "num soft quota", "b": "bytes soft quota", "N": "num hard quota", "B": "bytes hard quota"}
    return tuple(Option(letter, name, takes_value, "limit") for letter, name in names.items())


COMMANDS: Final = (
    Command(
        "setquota",
        "-n|-b|-N|-B val path",
        set_quota,
        Options.of(*_limit_options(takes_value=True), required=("limit",)),
        summary="Limit nodes or bytes below a node: -N and -B are enforced, -n and -b only logged.",
    ),
    Command("listquota", "path", list_quota, summary="Show the limits of a node and what is used of them."),
    Command(
        "delquota",
        "[-n|-b|-N|-B] path",
        del_quota,
        Options.of(*_limit_options(takes_value=False)),
        summary="Take limits back.",
    ),
)
