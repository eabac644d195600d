"""Commands about the past, which the console of pyzoo tells: history, diff; tree --at is with the other tree."""

from typing import Any, Final

from pyzoo.config.java_numbers import decode_integer
from pyzoo.shell.command import ADMIN, Command, Context
from pyzoo.shell.commands.sessions import whole_number
from pyzoo.shell.errors import MalformedCommand
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.past import (
    Asked,
    change_json,
    iso,
    moment,
    node_json,
    sent_moment,
    tell_rest,
    time_parameter,
)
from pyzoo.shell.paths import without_chroot
from pyzoo.shell.table import table_lines
from pyzoo.subtrees.paths import check_path
from pyzoo.subtrees.values import Json

SHOWN: Final = 100
MOST: Final = 1_000_000
SHOWN_DATA: Final = 40
"""Characters of data on a line."""
DIFFERENT: Final = {"added": "+", "removed": "-", "changed": "~", "recreated": "*"}


def history(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    check_path(path)
    session = given.value("session") if given.has("session") else None
    if session is not None and decode_integer(session, 65) is None:
        raise MalformedCommand(f"--session {session}: give the session id, as 0x1000a2b3c4d0001")
    times = {name: time_parameter(given.value(name), f"--{name}") for name in ("since", "until") if given.has(name)}
    limit = whole_number(given, "limit", SHOWN, MOST)
    asked = Asked(
        context.admin(given),
        "history",
        path=context.zk.session.server_path(path),
        subtree="true" if given.has("subtree") else None,
        session=session,
        **times,
    )
    chroot = context.zk.session.chroot
    changes = [change_json(each, chroot) for each in asked.items("changes", limit)]
    titles = ("time", "zxid", "change", "path", "version", "data", "session", "address")
    if changes:
        for line in table_lines(titles, [_change_row(each) for each in changes]):
            context.printer.line(line)
    else:
        context.printer.note(f"no change of {path} is in the logs")
    tell_rest(context.printer, asked, f"the newest {len(changes)}; --limit shows more")
    reaches_back = asked.first.get("reaches_back")
    return {
        "path": path,
        "changes": list(changes),
        "first_zxid": asked.first.get("first_zxid"),
        "reaches_back": reaches_back,
        "whole": asked.is_whole,
        "hidden": asked.hidden,
        "notes": list(asked.notes),
    }


def _change_row(change: dict[str, Any]) -> list[object]:
    kind = str(change["change"])
    if change.get("cause"):
        kind += f" ({change['cause']})"
    if change.get("error"):
        kind += f" {change['error']}"
    names = ("version", "session", "address")
    version, session, address = (change.get(name) for name in names)
    return [change["time"], change["zxid"], kind, change.get("path"), version, shown(change), session, address]


def shown(item: dict[str, Any]) -> str | None:
    """Data on a line: short text as it is, all else by its size."""
    if item.get("data_hidden"):
        return "(hidden)"
    data, size = item.get("data"), item.get("size")
    if data is None:
        return ", ".join(item["acl"]) if item.get("change") == "setACL" and item.get("acl") else None
    if "encoding" not in item and not item.get("data_cut") and str(data).isprintable() and len(data) <= SHOWN_DATA:
        return str(data)
    return f"({size if size is not None else len(data)} bytes)"


def diff(context: Context, given: Arguments) -> Json:
    begin, end = given.words[1], given.words[2]
    path = given.value("path") if given.has("path") else "/"
    check_path(path)
    moments = {
        name if moment(text, name) == "zxid" else f"{name}_time": sent_moment(text, name)
        for name, text in (("from", begin), ("to", end))
    }
    limit = whole_number(given, "limit", MOST, MOST)
    asked = Asked(context.admin(given), "diff", path=context.zk.session.server_path(path), **moments)
    changes = [_difference(each, context.zk.session.chroot) for each in asked.items("changes", limit)]
    for each in changes:
        what = each["what"]
        detail = f"  ({', '.join(map(str, what))})" if isinstance(what, list) and what else ""
        context.printer.line(
            f"{DIFFERENT.get(str(each['change']), '?')} {each['path']}{detail}{_before_and_after(each)}"
        )
    counts = asked.first.get("counts") or {}
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "nothing is different"
    context.printer.note(told)
    tell_rest(context.printer, asked, f"the first {len(changes)}; --limit shows more")
    ends = {name: _end_json(asked.first.get(name)) for name in ("from", "to")}
    return {
        **ends,
        "path": path,
        "changes": list(changes),
        "counts": counts,
        "verified": asked.first.get("verified"),
        "whole": asked.is_whole,
        "hidden": asked.hidden,
        "notes": list(asked.notes),
    }


def _end_json(end: Any) -> Json:
    return {"zxid": end.get("zxid"), "time": iso(end.get("time"))} if isinstance(end, dict) else None


def _difference(change: dict[str, Any], chroot: str) -> dict[str, Json]:
    return {
        "path": without_chroot(chroot, change["path"]),
        "change": change["change"],
        "what": list(change.get("what") or ()),
        "before": node_json(change.get("before")),
        "after": node_json(change.get("after")),
    }


def _before_and_after(change: dict[str, Any]) -> str:
    """The data, where it is what is different."""
    before, after = (None if change[side] is None else shown(change[side]) for side in ("before", "after"))
    if change["change"] == "added":
        return f"  {after}" if after else ""
    if change["change"] == "removed":
        return f"  {before}" if before else ""
    return f"  {before or '(none)'} -> {after or '(none)'}" if "data" in change["what"] else ""


COMMANDS: Final = (
    Command(
        "history",
        "path [--subtree] [--session id] [--since time] [--until time] [--limit n] [--admin url]",
        history,
        Options.of(
            Option("subtree", "And of all below it", long=True),
            Option("session", "Only what this session did", takes_value=True, long=True),
            Option("since", "Not older than this time (2026-11-30T12:00:00Z)", takes_value=True, long=True),
            Option("until", "Not newer than this time", takes_value=True, long=True),
            Option("limit", f"How many to show at most ({SHOWN})", takes_value=True, long=True),
            ADMIN,
        ),
        most=2,
        summary="Show who changed a node when, newest first; without a path the last lines with their numbers.",
    ),
    Command(
        "diff",
        "from to [--path path] [--limit n] [--admin url]",
        diff,
        Options.of(
            Option("path", "Only of this node and those below it", takes_value=True, long=True),
            Option("limit", "How many to show at most", takes_value=True, long=True),
            ADMIN,
        ),
        least=3,
        most=3,
        summary="Show what is different between two zxids, or times; `now` is one too.",
    ),
)
