"""Sessions: a list, each by itself, and how to end one; for programs also who keeps the server busy."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from attrs import asdict
from starlette.responses import Response

from pyzoo.console.page import POST, Action, Page, PageError, PageRequest
from pyzoo.console.path_watchers import path_watchers
from pyzoo.console.rendering import link
from pyzoo.console.session_end import may_end_sessions
from pyzoo.console.session_list import (
    PathSight,
    SessionRow,
    ephemeral_page,
    row_slices,
    session_ids,
    session_row,
    watch_page,
)
from pyzoo.console.times import iso_text
from pyzoo.console.top import MOST_ROWS
from pyzoo.console.visitor import Role
from pyzoo.zxid import zxid_text

LIST: Final = "/console/sessions"
ONE: Final = "/console/session"
END: Final = "/console/session/end"
ROWS: Final = 100
PATHS: Final = 100
MOST: Final = 200
MOST_SKIPPED: Final = 1 << 31
_64_BITS: Final = 1 << 64

Links = tuple[tuple[str, str | None], ...]
"""Texts and URLs, see the macro `paging`."""


# --- all of them


async def show_list(asked: PageRequest) -> Response:
    """A page of the list."""
    wanted, page = asked.parameters.get("filter", ""), asked.number("page", 1, 1, MOST_SKIPPED // ROWS)
    rows, total, matching = await _page_of(asked, wanted, (page - 1) * ROWS, ROWS)
    return asked.page(
        "sessions.html",
        rows=rows,
        total=total,
        matching=matching,
        wanted=wanted,
        first=(page - 1) * ROWS + 1,
        links=page_links(LIST, page, matching, ROWS, {"filter": wanted}),
        is_ensemble=asked.server().ensemble is not None,
        ended=asked.parameters.get("ended", ""),
    )


async def list_as_json(asked: PageRequest) -> Response:
    """The same for programs: `skip` and `limit` instead of pages."""
    wanted = asked.parameters.get("filter", "")
    skip, limit = asked.number("skip", 0, 0, MOST_SKIPPED), asked.number("limit", ROWS, 1, MOST)
    rows, total, matching = await _page_of(asked, wanted, skip, limit)
    return asked.json({"total": total, "matching": matching, "sessions": [row_json(row) for row in rows]})


async def _page_of(asked: PageRequest, wanted: str, skip: int, most: int) -> tuple[list[SessionRow], int, int]:
    """Some of the sessions that match, how many there are, and how many match; others go on in between."""
    server = asked.server()
    ids = session_ids(server)
    if not wanted.strip():
        page = [row for rows in row_slices(server, ids[skip : skip + most], "") for row in rows]
        return page, len(ids), len(ids)
    found: list[SessionRow] = []
    matching = 0
    for rows in row_slices(server, ids, wanted):
        found += rows[max(skip - matching, 0) : max(skip + most - matching, 0)]
        matching += len(rows)
        await asked.host.pause()
    return found, len(ids), matching


def page_links(path: str, page: int, items: int, of_page: int, more: Mapping[str, object], name: str = "page") -> Links:
    """The links to the page before and the one after, of so many items; `more` parameters stay as they are."""
    last = max((items + of_page - 1) // of_page, 1)
    before = link(path, **{**more, name: page - 1}) if page > 1 else None
    after = link(path, **{**more, name: page + 1}) if page < last else None
    return () if last == 1 and page == 1 else (("Previous", before), ("Next", after))


def row_json(row: SessionRow) -> dict[str, Any]:
    """One session for programs: ids and zxids as hex, times as ISO 8601."""
    fields = asdict(row)
    fields["id"] = zxid_text(row.id)
    for name in ("expires", "established", "last_seen"):
        at = fields.pop(f"{name}_ms")
        fields[name] = None if at is None else iso_text(at)
    fields["last_zxid"] = None if row.last_zxid is None else zxid_text(row.last_zxid)
    latency = fields.pop("latency")
    fields["latency_ms"] = None if latency is None else dict(zip(("min", "avg", "max"), latency, strict=True))
    return fields


# --- one of them


def session_id_of(text: str) -> int:
    """The session that is meant, in hex as it is shown everywhere. Raises PageError."""
    try:
        number = int(text, 16)
    except ValueError:
        raise PageError(400, "The id of a session is a hexadecimal number, such as 0x100012345670000.") from None
    if not -(_64_BITS // 2) <= number < _64_BITS:
        raise PageError(400, "The id of a session has 64 bits.")
    return number - _64_BITS if number >= _64_BITS // 2 else number


def _row(asked: PageRequest, text: str) -> SessionRow:
    """The session that is asked for. Raises PageError."""
    session_id, server = session_id_of(text), asked.server()
    owners = {} if server.ensemble is None else server.ensemble.sids_by_owner()
    row = session_row(server, session_id, owners)
    if row is None:
        address = server.connections.addresses.address_of(session_id)
        came_from = f" Its client was at {address}." if address else ""
        raise PageError(404, f"There is no session {zxid_text(session_id)} (any more).{came_from}")
    return row


async def show_one(asked: PageRequest) -> Response:
    """Everything about a session."""
    row = _row(asked, asked.parameters.get("id", ""))
    id = zxid_text(row.id)
    page, watch = (
        asked.number("page", 1, 1, MOST_SKIPPED // PATHS),
        asked.number("watches", 1, 1, MOST_SKIPPED // PATHS),
    )
    ephemerals, watches, hidden = _paths(asked, row, (page - 1) * PATHS, (watch - 1) * PATHS, PATHS)
    return asked.page(
        "session.html",
        row=row,
        ephemerals=ephemerals,
        watches=watches,
        hidden=hidden,
        ephemeral_links=page_links(ONE, page, row.ephemerals, PATHS, {"id": id, "watches": watch}),
        watch_links=page_links(ONE, watch, row.watches or 0, PATHS, {"id": id, "page": page}, "watches"),
        is_ensemble=asked.server().ensemble is not None,
        may_end=may_end_sessions(asked.server(), asked.visitor),
    )


async def one_as_json(asked: PageRequest) -> Response:
    """The same for programs; `skip` and `limit` are for both lists of paths."""
    row = _row(asked, asked.parameters.get("id", ""))
    skip, limit = asked.number("skip", 0, 0, MOST_SKIPPED), asked.number("limit", PATHS, 1, MOST)
    ephemerals, watches, hidden = _paths(asked, row, skip, skip, limit)
    return asked.json(
        {
            **row_json(row),
            "ephemeral_paths": ephemerals,
            "watched_paths": [{"kind": kind, "path": path} for kind, path in watches],
            "hidden": hidden,
        }
    )


def _paths(
    asked: PageRequest, row: SessionRow, skip: int, skip_watches: int, most: int
) -> tuple[list[str], list[tuple[str, str]], int]:
    """Ephemerals and watches of a page, and how many of them the visitor may not know of."""
    server = asked.server()
    sight = PathSight(server, asked.visitor)
    ephemerals = ephemeral_page(server, row.id, skip, most)
    watches = watch_page(server, row.id, skip_watches, most)
    seen = [path for path in ephemerals if sight.may_know(path)]
    seen_watches = [(kind, path) for kind, path in watches if sight.may_know(path)]
    return seen, seen_watches, len(ephemerals) + len(watches) - len(seen) - len(seen_watches)


async def watchers(asked: PageRequest) -> Response:
    """Who of the clients of this server watches a node, and what of it; for programs."""
    path, server = asked.parameters.get("path", ""), asked.server()
    if not path.startswith("/") or (path.endswith("/") and path != "/"):
        raise PageError(400, "The path of a node begins with a slash, and ends with none.")
    if not PathSight(server, asked.visitor).may_know(path):
        raise PageError(403, "The nodes above this one may be listed by others only.")
    skip, limit = asked.number("skip", 0, 0, MOST_SKIPPED), asked.number("limit", PATHS, 1, MOST)
    found = path_watchers(server, path)
    page = [{"id": zxid_text(id), "watches": kinds} for id, kinds in islice(found.items(), skip, skip + limit)]
    return asked.json({"path": path, "total": len(found), "watchers": page})


async def end(asked: PageRequest) -> Response:
    """End a session, if the visitor may: its ephemerals go, and its client is told that it has expired."""
    session_id = session_id_of(asked.form.get("id", ""))
    await asked.host.end_session(asked.visitor, session_id)
    return asked.see_other(LIST, ended=zxid_text(session_id))


# --- who is busy


async def top(asked: PageRequest) -> Response:
    """Rates by session and by namespace since the last time that somebody asked, a second ago at least."""
    rows = asked.number("limit", 20, 1, MOST_ROWS)
    return asked.json(asked.host.top.busiest(asked.server(), rows))


PAGE = Page(
    (
        Action(LIST, show_list),
        Action(ONE, show_one),
        Action(END, end, POST, Role.WRITER),
        Action("/console/api/sessions", list_as_json),
        Action("/console/api/session", one_as_json),
        Action("/console/api/watchers", watchers),
        Action("/console/api/top", top),
    ),
    "Sessions",
)
