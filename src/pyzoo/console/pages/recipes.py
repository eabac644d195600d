"""Recipes: who holds what and who waits, at `/console/recipes`, and one of them at `/console/recipe`."""

from collections import Counter
from typing import Final

from starlette.responses import Response

from pyzoo.console.page import Action, Page, PageError, PageRequest
from pyzoo.console.recipe_survey import Found, addresses_of, found_at, found_below, watchers_of
from pyzoo.console.rendering import link
from pyzoo.console.times import iso_text
from pyzoo.errors import MalformedInput
from pyzoo.recipes.documents import thing_json
from pyzoo.recipes.pattern import KINDS
from pyzoo.recipes.thing import Thing
from pyzoo.subtrees.paths import check_path, parent_of

ROWS: Final = 200
QUICK_MS: Final = 200
"""A walk that takes longer is made when somebody asks for it, and not again by itself."""
VERY_QUICK_MS: Final = 30
"""The same for a look at one node, which is made much more often: it may have a million children."""
LIST: Final = "/console/recipes"
ONE: Final = "/console/recipe"
SHOWN_HOLDERS: Final = 3


async def show(asked: PageRequest) -> Response:
    """The list."""
    path, kind, guesses = _wanted_path(asked), _wanted_kind(asked), "guesses" in asked.parameters
    begin = asked.number("begin", 0, 0, 1 << 31)
    found = await _found(asked, path, guesses)
    kinds = Counter(thing.kind for thing in found.things)
    things = [thing for thing in found.things if kind in ("", thing.kind)]
    rows = things[begin : begin + ROWS]
    given = {"path": path, "kind": kind, "guesses": "1" if guesses else ""}
    earlier = link(LIST, **given, begin=max(begin - ROWS, 0)) if begin else None
    later = link(LIST, **given, begin=begin + ROWS) if begin + ROWS < len(things) else None
    return asked.page(
        "recipes.html",
        top=path,
        kind=kind,
        kinds=[(each, kinds[each]) for each in KINDS],
        guesses=guesses,
        found=found,
        is_live=found.took_ms <= QUICK_MS,
        rows=rows,
        count=len(things),
        begin=begin,
        shown_holders=SHOWN_HOLDERS,
        addresses=addresses_of(asked.server(), _sessions(rows)),
        paging=[("Earlier", earlier), ("Later", later)] if earlier or later else [],
    )


async def show_one(asked: PageRequest) -> Response:
    """What one node is, and who has a part in it."""
    path = _wanted_path(asked)
    begun_ms = int(asked.server().now_ms)
    thing = await found_at(asked.host, asked.visitor, path)
    took_ms = int(asked.server().now_ms) - begun_ms
    begin = asked.number("begin", 0, 0, 1 << 31)
    parts = () if thing is None else thing.parts[begin : begin + ROWS]
    server = asked.server()
    later = link(ONE, path=path, begin=begin + ROWS) if thing is not None and begin + ROWS < len(thing.parts) else None
    earlier = link(ONE, path=path, begin=max(begin - ROWS, 0)) if begin else None
    sessions = [part.session for part in parts if part.session]
    return asked.page(
        "recipe.html",
        node=path,
        above=parent_of(path),
        is_there=server.tree.get_node(path) is not None,
        thing=thing,
        is_live=took_ms <= VERY_QUICK_MS,
        parts=parts,
        begin=begin,
        addresses=addresses_of(server, sessions),
        watchers={each: watchers_of(server, each) for each in (path, *(part.path for part in parts))},
        paging=[("Earlier", earlier), ("Later", later)] if earlier or later else [],
    )


async def as_json(asked: PageRequest) -> Response:
    """The list for programs, or with `one` what the node is; `recipes` is empty where it is nothing."""
    path, kind, guesses = _wanted_path(asked), _wanted_kind(asked), "guesses" in asked.parameters
    if "one" in asked.parameters:
        thing = await found_at(asked.host, asked.visitor, path)
        things = [] if thing is None else [thing]
        return asked.json({"recipes": _documents(asked, things)})
    found = await _found(asked, path, guesses)
    begin, limit = asked.number("begin", 0, 0, 1 << 31), asked.number("limit", 1000, 1, 1000)
    things = [thing for thing in found.things if kind in ("", thing.kind)]
    return asked.json(
        {
            "recipes": _documents(asked, things[begin : begin + limit]),
            "count": len(things),
            "nodes": found.nodes,
            "unreadable": found.unreadable,
            "complete": not found.stopped,
        }
    )


def _documents(asked: PageRequest, things: list[Thing]) -> list[object]:
    addresses = addresses_of(asked.server(), _sessions(things))
    return [thing_json(thing, iso_text, addresses) for thing in things]


def _sessions(things: list[Thing]) -> list[int]:
    return [session for thing in things for session in thing.sessions]


async def _found(asked: PageRequest, path: str, guesses: bool) -> Found:
    if asked.server().tree.get_node(path) is None:
        raise PageError(404, f"There is no node {path}.")
    return await found_below(asked.host, asked.visitor, path, guesses)


def _wanted_path(asked: PageRequest) -> str:
    path = asked.parameters.get("path") or "/"
    try:
        check_path(path)
    except MalformedInput as error:
        raise PageError(400, f"{error}.") from None
    return path


def _wanted_kind(asked: PageRequest) -> str:
    kind = asked.parameters.get("kind", "")
    if kind and kind not in KINDS:
        raise PageError(400, f"kind has to be one of {', '.join(KINDS)}")
    return kind


PAGE = Page((Action(LIST, show), Action(ONE, show_one), Action("/console/api/recipes", as_json)), "Recipes")
