"""`locks`: who holds and who waits, seen by plain reads, so of Apache's servers too."""

import time
from pathlib import Path
from typing import Final

from attrs import frozen

from pyzoo.config.java_numbers import parse_decimal
from pyzoo.errors import MalformedInput
from pyzoo.recipes.documents import thing_json
from pyzoo.recipes.nodes import relative
from pyzoo.recipes.pattern import KINDS, Pattern
from pyzoo.recipes.pattern_file import read_patterns
from pyzoo.recipes.survey import Survey
from pyzoo.recipes.table import PatternTable
from pyzoo.recipes.thing import Part, Thing
from pyzoo.shell.command import ADMIN, Command, Context
from pyzoo.shell.cons_word import session_addresses
from pyzoo.shell.errors import MalformedCommand, ShellError
from pyzoo.shell.node_reading import MOST_NODES, NodeReader
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.printer import Printer
from pyzoo.shell.render import iso_text
from pyzoo.shell.session_list import by_id
from pyzoo.subtrees.values import Json
from pyzoo.zxid import zxid_text

HELD_KINDS: Final = ("lock", "election", "semaphore")
"""What is shown where no kind was asked for: that which has a holder."""
ALL_KINDS: Final = "all"
_VERBS: Final = {"holder": "holds", "waiter": "waits", "member": "member", "item": "item", "gone": "gone"}


def locks(context: Context, given: Arguments) -> Json:
    path = given.words[1] if len(given.words) > 1 else "/"
    kinds = _kinds(given)
    table = PatternTable(_patterns_in(given.value("recipes")) if given.has("recipes") else ())
    reader = NodeReader(context.zk, _limit(given))
    reader.read(path)
    if path != "/":
        reader.read_beside(_beside(table.patterns, path))
    survey = Survey(table, reader, path)
    for _ in survey.breaths():
        pass
    things = [thing for thing in survey.things if thing.kind in kinds]
    addresses = _addresses(context, given, things)
    _print(context.printer, things, addresses)
    _tell_rest(context.printer, len(things), survey, reader)
    return {
        "recipes": [thing_json(thing, iso_text, addresses) for thing in things],
        "nodes": survey.nodes,
        "unreadable": len(reader.unreadable),
        "complete": _is_complete(survey, reader),
    }


def _addresses(context: Context, given: Arguments, things: list[Thing]) -> dict[int, str]:
    """Those of all sessions, as far as admin servers that were named tell them, or servers by the word cons."""
    sessions = {session for thing in things for session in thing.sessions}
    found: dict[int, str] = {}
    if sessions and context.search.is_named(given.value("admin") if given.has("admin") else None):
        known = by_id(context.admins(given), [zxid_text(session) for session in sorted(sessions)])
        rows = {session: known.get(zxid_text(session), {}).get("address") for session in sessions}
        found = {session: str(address) for session, address in rows.items() if address}
    if sessions - found.keys() and context.zk.session.is_plain:
        found = session_addresses(context.zk.session.hosts) | found
    return found


def _is_complete(survey: Survey, reader: NodeReader) -> bool:
    return reader.is_complete and not survey.stopped


def _tell_rest(printer: Printer, count: int, survey: Survey, reader: NodeReader) -> None:
    """What was found in how much, and what was not seen."""
    nodes = f"{survey.nodes} node{'' if survey.nodes == 1 else 's'}"
    printer.line(f"{count or 'no'} recipe{'' if count == 1 else 's'} in {nodes}")
    if reader.unreadable:
        what = "1 node" if len(reader.unreadable) == 1 else f"{len(reader.unreadable)} nodes"
        printer.error(f"{what} may not be read with the rights of this session; what is there is missing above")
    if not _is_complete(survey, reader):
        printer.error(f"there is more: only {nodes} were looked at; name a path, or give a larger --limit")


def _kinds(given: Arguments) -> tuple[str, ...]:
    if not given.has("kind"):
        return HELD_KINDS
    kind = given.value("kind")
    if kind not in (*KINDS, ALL_KINDS):
        raise MalformedCommand(f"--kind {kind}: choose one of {', '.join((*KINDS, ALL_KINDS))}")
    return KINDS if kind == ALL_KINDS else (kind,)


def _limit(given: Arguments) -> int:
    if not given.has("limit"):
        return MOST_NODES
    number = parse_decimal(given.value("limit"))
    if number is None or number < 1:
        raise MalformedCommand(f"--limit {given.value('limit')}: give a whole number, 1 or more")
    return number


def _patterns_in(name: str) -> tuple[Pattern, ...]:
    try:
        return read_patterns(Path(name).read_text("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ShellError(f"--recipes {name}: {reason}") from None
    except MalformedInput as error:
        raise ShellError(f"--recipes {error}") from None


def _beside(patterns: tuple[Pattern, ...], path: str) -> list[str]:
    """Nodes outside of what was read that say what the first one is."""
    steps = {step for pattern in patterns for step in (*pattern.needs, pattern.queue, pattern.taken, pattern.standby)}
    return sorted({relative(path, step) for step in steps if step.startswith("..")})


# --- for people


@frozen
class _Row:
    """A part as it is printed."""

    verb: str
    session: str
    address: str
    since: str
    label: str


def _print(printer: Printer, things: list[Thing], addresses: dict[int, str]) -> None:
    now_ms = time.time_ns() // 1_000_000
    for thing in things:
        looks = "looks like " if thing.guess else ""
        permits = f", {thing.permits} permits" if thing.permits is not None and thing.permits > 1 else ""
        value = f": {thing.value}" if thing.value is not None else ""
        printer.line(f"{printer.styled(thing.path, 'node')}  {thing.kind} ({looks}{thing.recipe}{permits}){value}")
        _print_rows(printer, [_row(part, addresses, now_ms) for part in _numbered(thing)])
        if thing.total > len(thing.parts):
            printer.line(f"  and {thing.total - len(thing.parts)} more")
        for note in thing.notes:
            printer.line(f"  note: {note}")


def _numbered(thing: Thing) -> list[Part]:
    return [*thing.holders, *thing.waiters, *thing.others]


def _row(part: Part, addresses: dict[int, str], now_ms: int) -> _Row:
    verb = " ".join(filter(None, [_VERBS[part.role], part.mode]))
    session = zxid_text(part.session) if part.session else "no session"
    since = f"{iso_text(part.since)} ({age_text(now_ms - part.since)})"
    return _Row(verb, session, addresses.get(part.session, ""), since, part.label)


def _print_rows(printer: Printer, rows: list[_Row]) -> None:
    widths = [max((len(value) for value in column), default=0) for column in zip(*map(_cells, rows), strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True) if width]
        printer.line(("  " + "  ".join(cells)).rstrip())


def _cells(row: _Row) -> tuple[str, ...]:
    return row.verb, row.session, row.address, row.since, row.label


def age_text(milliseconds: int) -> str:
    """How long that is, in the largest unit that it has one of: 42s, 3min, 5h, 12d."""
    seconds = max(milliseconds, 0) // 1000
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


COMMANDS: Final = (
    Command(
        "locks",
        "[--kind kind] [--limit n] [--recipes file] [--admin url] [path]",
        locks,
        Options.of(
            Option("kind", f"{', '.join(KINDS)} or {ALL_KINDS}; else what has a holder", takes_value=True, long=True),
            Option("limit", f"How many nodes to look at ({MOST_NODES})", takes_value=True, long=True),
            Option("recipes", "More patterns, in YAML or JSON", takes_value=True, long=True),
            ADMIN,
        ),
        least=1,
        most=2,
        summary="Show who holds locks, leads and waits below a path.",
    ),
)
