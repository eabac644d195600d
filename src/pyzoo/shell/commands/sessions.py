"""Commands that ask an admin server about sessions: sessions, who."""

from collections.abc import Sequence
from typing import Final

from pyzoo import errors as codes
from pyzoo.config.java_numbers import parse_decimal
from pyzoo.errors import KeeperError
from pyzoo.shell.admin_port import AdminPort, ask_each
from pyzoo.shell.admin_search import member_hosts
from pyzoo.shell.command import ADMIN, Command, Context
from pyzoo.shell.errors import MalformedCommand
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.session_list import MOST, Session, by_id, sessions_of, watchers_of
from pyzoo.shell.table import table_lines
from pyzoo.subtrees.paths import check_path
from pyzoo.subtrees.values import Json
from pyzoo.zxid import zxid_text

SHOWN: Final = 100
TITLES: Final = (
    "session",
    "address",
    "member",
    "requests",
    "outstanding",
    "ephemerals",
    "watches",
    "last",
    "identities",
)


def sessions(context: Context, given: Arguments) -> Json:
    """Those of all admin servers that are named; one that several tell of is shown as the one with its connection."""
    limit = whole_number(given, "limit", SHOWN, MOST)
    wanted = given.words[1] if len(given.words) > 1 else ""
    found: dict[str, Session] = {}
    total = 0
    for page, matching in ask_each(context.admins(given), lambda admin: sessions_of(admin, limit, wanted)):
        total = max(total, matching)
        found |= {str(each["id"]): each for each in page if each["here"] or str(each["id"]) not in found}
    rows = list(found.values())[:limit]
    for line in table_lines(TITLES, [_row(each) for each in rows]):
        context.printer.line(line)
    total = max(total, len(found))
    if total > len(rows):
        context.printer.note(f"{len(rows)} of {total} sessions; --limit shows more")
    return {"sessions": list(rows), "matching": total}


def _row(session: Session) -> list[object]:
    auth = session["auth"] if isinstance(session["auth"], list) else []
    names = ("id", "address", "member", "requests", "outstanding", "ephemerals", "watches", "last_operation")
    return [*(session[name] for name in names), " ".join(map(str, auth))]


def whole_number(given: Arguments, option: str, otherwise: int, most: int) -> int:
    """The value of an option from 1 on; raises MalformedCommand."""
    if not given.has(option):
        return otherwise
    number = parse_decimal(given.value(option))
    if number is None or not 1 <= number <= most:
        raise MalformedCommand(f"--{option} {given.value(option)}: give a whole number from 1 to {most}")
    return number


def who(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    check_path(path)
    stat = context.zk.exists(path)
    if stat is None:
        raise KeeperError(codes.NONODE, path)
    admins = context.admins(given)
    owner = zxid_text(stat.ephemeralOwner) if stat.ephemeralOwner else None
    members = len(member_hosts(context.zk))
    if len(admins) < members:
        context.printer.note(f"{len(admins)} of {members} members asked: watches at the others are not known")
    watching = _watchers(admins, context.zk.session.server_path(path))
    known = by_id(admins, [*([] if owner is None else [owner]), *watching])
    if owner is None:
        context.printer.line("owner    nobody: it is not ephemeral")
    else:
        context.printer.line(f"owner    {_session_text(owner, known.get(owner))}")
    for each, kinds in watching.items():
        context.printer.line(f"watcher  {_session_text(each, known.get(each))}  watches {', '.join(kinds)}")
    if not watching:
        context.printer.line("watcher  none")
    return {
        "path": path,
        "owner": None if owner is None else _session_json(owner, known.get(owner)),
        "watchers": [
            {**_session_json(each, known.get(each)), "watched": list(kinds)} for each, kinds in watching.items()
        ],
    }


def _watchers(admins: Sequence[AdminPort], path: str) -> dict[str, list[str]]:
    """What each session watches of a node, by id."""
    found: dict[str, list[str]] = {}
    for watching in ask_each(admins, lambda admin: watchers_of(admin, path)):
        found |= watching
    return found


def _session_text(id: str, session: Session | None) -> str:
    if session is None:
        return f"{id}  not connected to a server that was asked"
    auth = session["auth"] if isinstance(session["auth"], list) else []
    member = "" if session["member"] is None else f"member {session['member']}"
    return "  ".join(filter(None, (id, str(session["address"] or "address not known"), member, *map(str, auth))))


def _session_json(id: str, session: Session | None) -> dict[str, Json]:
    return {"id": id, "address": None, "auth": [], "member": None} if session is None else dict(session)


COMMANDS: Final = (
    Command(
        "sessions",
        "[--limit n] [--admin url[,url]] [text]",
        sessions,
        Options.of(Option("limit", f"How many to show at most ({SHOWN})", takes_value=True, long=True), ADMIN),
        least=1,
        most=2,
        summary="List the sessions of a server, or those with a text in their id, address or identities.",
    ),
    Command(
        "who",
        "[--admin url[,url]] path",
        who,
        Options.of(ADMIN),
        most=2,
        summary="Show which session owns a node, which ones watch it, and where they come from.",
    ),
)
