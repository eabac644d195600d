"""The past: who changed what, the tree as it was, what is different between two moments, and changes as they come."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import Response

from pyzoo.console.live_changes import MOST_LIVE, LiveChanges
from pyzoo.console.page import Action, Page, PageError, PageRequest
from pyzoo.console.past_sight import PastSight
from pyzoo.console.rendering import STILL_HERE, EventStream, event_text, link
from pyzoo.console.times import wall_ms_of
from pyzoo.errors import HistoryQueryError
from pyzoo.history.query import Cursor, HistoryQuery
from pyzoo.history.questions import AclQuestion, DiffQuestion, Moment, TreeQuestion

CHANGES: Final = "/console/changes"
TREE_AT: Final = "/console/changes/tree"
DIFF: Final = "/console/changes/diff"
LIVE_SECONDS: Final = 1.0
QUIET_LOOKS: Final = 20
"""Looks without news after which a stream says that it is still there."""
NOW: Final = "now"


# --- changes


async def show_changes(asked: PageRequest) -> Response:
    """The page of changes: a form, a page of the history, and what comes live on the first one."""
    query = history_query(asked.parameters, 50)
    problem, answer = "", None
    seen = int(asked.server().tree.last_processed_zxid)
    try:
        answer = await history_of(asked, query)
    except PageError as error:
        # The form and what comes live are of use all the same.
        if error.status not in (404, 503):
            raise
        problem = str(error)
    older = None
    if answer is not None and answer["cursor"] is not None:
        older = link(CHANGES, **{**asked.parameters, "cursor": answer["cursor"]})
    if answer is not None and answer["changes"]:
        seen = max(seen, int(answer["changes"][0]["zxid"], 16))
    wanted = {name: asked.parameters.get(name, "") for name in ("path", "subtree", "session", "errors")}
    wanted["after"] = hex(seen)
    return asked.page(
        "changes.html",
        answer=answer,
        problem=problem,
        parameters=asked.parameters,
        older=older,
        newest=link(CHANGES, **{**asked.parameters, "cursor": None}) if query.before is not None else None,
        live=link(f"{CHANGES}/live", **wanted) if query.before is None and asked.host.past.keeps_recent() else None,
    )


async def changes_json(asked: PageRequest) -> Response:
    """A page of the history."""
    return asked.json(await history_of(asked, history_query(asked.parameters, 100)))


async def history_of(asked: PageRequest, query: HistoryQuery) -> dict[str, Any]:
    """What the visitor may see of the answer. Raises PageError."""
    answer = await asked.host.past.ask(query, asked.until_gone)
    unknown = sight_of(asked).unknown_acls(answer)
    if unknown:
        newest = int(answer["changes"][0]["zxid"], 16)
        acls = await asked.host.past.ask(AclQuestion(unknown, newest), asked.until_gone)
        sight_of(asked).learn_acls(answer, acls)
    return sight_of(asked).history(answer, None if query.subtree else query.path, asked.host.past.address_of)


async def live(asked: PageRequest) -> Response:
    """Changes as they are committed, as events: from now on, behind the transaction `after`, or the last that was told.

    Raises PageError.
    """
    if not asked.host.past.keeps_recent():
        raise PageError(404, "This server is alone and keeps nothing on disk: there are no live changes.")
    if not asked.host.viewers.has_room(asked.visitor.address):
        raise PageError(503, "Too many look at the console already; this page is not live.")
    newest = int(asked.server().tree.last_processed_zxid)
    after = asked.request.headers.get("Last-Event-ID", asked.parameters.get("after", ""))
    seen = min(number_of({"after": after}, "after", newest), newest)
    return EventStream(_live_events(asked, LiveChanges(history_query(asked.parameters, MOST_LIVE), seen)))


async def _live_events(asked: PageRequest, changes: LiveChanges) -> AsyncGenerator[str]:
    asked.host.viewers.come(asked.visitor.address)
    try:
        async with aclosing(_changes_as_they_come(asked, changes)) as events:
            async for event in events:
                yield event
    finally:
        asked.host.viewers.leave(asked.visitor.address)


async def _changes_as_they_come(asked: PageRequest, changes: LiveChanges) -> AsyncGenerator[str]:
    quiet = 0
    yield STILL_HERE
    while await asked.host.past.still_asks(LIVE_SECONDS, asked.until_gone):
        quiet += 1
        if int(asked.server().tree.last_processed_zxid) != changes.zxid:
            newest = int(asked.server().tree.last_processed_zxid)
            recent = await asked.host.past.recent(changes.zxid, MOST_LIVE)
            async for row in changes.take(recent, asked):
                quiet = 0
                yield event_text(row, "change", hex(changes.zxid))
            if not recent.is_whole:
                quiet = 0
                # Of what nobody kept it is told once.
                changes.zxid = max(changes.zxid, newest)
                yield event_text({"zxid": hex(changes.zxid)}, "gap", hex(changes.zxid))
        if quiet >= QUIET_LOOKS:
            quiet = 0
            yield STILL_HERE


# --- the tree as it was


async def show_tree_at(asked: PageRequest) -> Response:
    """The page of a node as it was, and of those below it."""
    parameters = asked.parameters
    if not parameters.get("zxid") and not parameters.get("time"):
        return asked.page("tree_at.html", answer=None, parameters=parameters, more=None)
    answer = await tree_of(asked, tree_question(parameters))
    more = None
    if answer["cursor"] is not None:
        more = link(TREE_AT, **{**parameters, "cursor": answer["cursor"]})
    return asked.page("tree_at.html", answer=answer, parameters=parameters, more=more)


async def tree_at_json(asked: PageRequest) -> Response:
    """A node as it was, and those below it."""
    return asked.json(await tree_of(asked, tree_question(asked.parameters)))


async def tree_of(asked: PageRequest, question: TreeQuestion) -> dict[str, Any]:
    """What the visitor may see of the answer. Raises PageError."""
    return sight_of(asked).tree_at(await asked.host.past.ask(question, asked.until_gone))


# --- what is different


async def show_diff(asked: PageRequest) -> Response:
    """The page of what became of nodes between two moments."""
    parameters = asked.parameters
    if not any(parameters.get(name) for name in ("from", "from_time")):
        return asked.page("diff.html", answer=None, parameters=parameters, more=None)
    answer = await difference_of(asked, diff_question(parameters))
    more = None
    if answer["cursor"] is not None:
        more = link(DIFF, **{**parameters, "cursor": answer["cursor"]})
    return asked.page("diff.html", answer=answer, parameters=parameters, more=more)


async def diff_json(asked: PageRequest) -> Response:
    """What became of nodes between two moments."""
    return asked.json(await difference_of(asked, diff_question(asked.parameters)))


async def difference_of(asked: PageRequest, question: DiffQuestion) -> dict[str, Any]:
    """What the visitor may see of the answer. Raises PageError."""
    return sight_of(asked).diff(await asked.host.past.ask(question, asked.until_gone))


# --- parameters


def sight_of(asked: PageRequest) -> PastSight:
    """What the visitor may see now."""
    server = asked.server()
    return PastSight(server.tree, server.access, asked.visitor.ids)


def history_query(parameters: Mapping[str, str], limit: int) -> HistoryQuery:
    """The changes that are asked for. Raises PageError."""
    cursor = parameters.get("cursor", "")
    try:
        return HistoryQuery(
            path=parameters.get("path") or None,
            subtree=is_true(parameters, "subtree"),
            session=number_of(parameters, "session"),
            from_zxid=number_of(parameters, "from_zxid") or 0,
            to_zxid=number_of(parameters, "to_zxid", HistoryQuery().to_zxid),
            since_ms=time_of(parameters, "since"),
            until_ms=time_of(parameters, "until"),
            with_void=is_true(parameters, "errors"),
            limit=_limit(parameters, limit),
            before=Cursor.parse(cursor) if cursor else None,
        )
    except HistoryQueryError as error:
        raise PageError(400, f"{error}.") from None


def tree_question(parameters: Mapping[str, str]) -> TreeQuestion:
    """Raises PageError."""
    try:
        return TreeQuestion(
            moment_of(parameters, "zxid", "time"),
            parameters.get("path") or "/",
            number_of(parameters, "depth", 1),
            _limit(parameters, 100),
            parameters.get("cursor", ""),
        )
    except HistoryQueryError as error:
        raise PageError(400, f"{error}.") from None


def diff_question(parameters: Mapping[str, str]) -> DiffQuestion:
    """Raises PageError."""
    try:
        return DiffQuestion(
            moment_of(parameters, "from", "from_time"),
            moment_of(parameters, "to", "to_time"),
            parameters.get("path") or "/",
            _limit(parameters, 100),
            parameters.get("cursor", ""),
        )
    except HistoryQueryError as error:
        raise PageError(400, f"{error}.") from None


def _limit(parameters: Mapping[str, str], otherwise: int) -> int:
    limit: int = number_of(parameters, "limit", otherwise)
    return limit


def is_true(parameters: Mapping[str, str], name: str) -> bool:
    """Whether a box is ticked, or `true` was given."""
    return parameters.get(name, "").lower() in ("true", "on", "1", "yes")


def moment_of(parameters: Mapping[str, str], zxid: str, time: str) -> Moment:
    """A zxid, or a time, or without both now. Raises PageError."""
    if parameters.get(zxid, "").strip() == NOW:
        return Moment()
    return Moment(number_of(parameters, zxid), time_of(parameters, time))


def number_of(parameters: Mapping[str, str], name: str, otherwise: Any = None) -> Any:
    """A number with 0x or in decimal, of 64 bits. Raises PageError."""
    text = parameters.get(name, "").strip()
    if not text:
        return otherwise
    try:
        number = int(text, 0) if text.lower().startswith("0x") else int(text)
    except ValueError:
        raise PageError(400, f"{name} has to be a number, such as 0x10000004a.") from None
    if not -(1 << 63) <= number < 1 << 64:
        raise PageError(400, f"{name} has 64 bits.")
    return number - (1 << 64) if number >= 1 << 63 else number


def time_of(parameters: Mapping[str, str], name: str) -> int | None:
    """A time in ms since 1970, given so or as ISO 8601. Raises PageError."""
    text = parameters.get(name, "").strip()
    if not text:
        return None
    wall_ms = wall_ms_of(text)
    if wall_ms is None:
        raise PageError(400, f"{name} has to be a time, such as 2026-11-30T12:00:00Z.")
    return wall_ms


PAGE = Page(
    (
        Action(CHANGES, show_changes),
        Action(f"{CHANGES}/live", live),
        Action(TREE_AT, show_tree_at),
        Action(DIFF, show_diff),
        Action("/console/api/history", changes_json),
        Action("/console/api/tree_at", tree_at_json),
        Action("/console/api/diff", diff_json),
    ),
    "Changes",
)
