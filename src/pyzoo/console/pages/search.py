"""The search below a path: by names, by content, or both."""

import re
from typing import Final

from attrs import frozen
from starlette.responses import Response

from pyzoo.console.nodes.data_text import visible
from pyzoo.console.nodes.node_view import linked
from pyzoo.console.nodes.search import Bounds, Found, SearchResult, Wanted, search
from pyzoo.console.page import Action, Page, PageError, PageRequest
from pyzoo.console.pages.tree_place import not_shown, path_asked, places, reader_of
from pyzoo.console.rendering import link
from pyzoo.errors import KeeperError

URL: Final = "/console/search"
API_URL: Final = "/console/api/search"
MOST_TYPED: Final = 1000
"""Characters of a name or of content to be searched."""
TEXT: Final = "text"
HEX: Final = "hex"
_HEX: Final = re.compile(r"(?:0x)?((?:\s*[0-9A-Fa-f]{2})+\s*)")


@frozen
class Typed:
    """What somebody wants to find, as it was written; `as_hex` is about the content."""

    name: str
    content: str
    as_hex: bool

    @classmethod
    def of(cls, asked: PageRequest) -> "Typed":
        """Raises PageError for what is too long."""
        given = asked.parameters
        name, content = given.get("name", ""), given.get("content", "")
        if max(len(name), len(content)) > MOST_TYPED:
            raise PageError(400, f"What is searched for may have {MOST_TYPED} characters.")
        return cls(name, content, given.get("as") == HEX)

    def wanted(self) -> Wanted:
        """Raises PageError."""
        if not self.as_hex or not self.content:
            return Wanted(self.name, self.content.encode("utf-8", "replace"))
        match = _HEX.fullmatch(self.content.strip())
        if match is None:
            raise PageError(400, "Hex has two digits for each byte, as 00 ff 1b.")
        return Wanted(self.name, bytes.fromhex(match[1]))


async def _results(asked: PageRequest, path: str, typed: Typed) -> SearchResult:
    after = asked.parameters.get("after", "")
    found = asked.number("limit", Bounds().found, 1, Bounds().found)

    def now_ms() -> int:
        return int(asked.server().now_ms)

    return await search(reader_of(asked), path, after, typed.wanted(), Bounds(found=found), now_ms, asked.host.pause)


async def show(asked: PageRequest) -> Response:
    """The form, and what was found where something is wanted."""
    path, typed = path_asked(asked), Typed.of(asked)
    result = None
    try:
        reader_of(asked).readable(path)
        if typed.name or typed.content:
            result = await _results(asked, path, typed)
    except KeeperError as error:
        return not_shown(asked, path, error)
    go_on = None
    if result is not None and result.go_on:
        given = {"name": typed.name, "content": typed.content, "as": HEX if typed.as_hex else None}
        go_on = link(URL, path=path, after=result.go_on, **given)
    return asked.page(
        "search.html",
        **places(path),
        typed=typed,
        after=asked.parameters.get("after", ""),
        result=result,
        go_on=go_on,
        piece=_piece,
        linked=linked,
    )


def _piece(found: Found) -> tuple[str, str, str]:
    """A piece of data around what was found, as text."""
    before, match, behind = (part.decode("utf-8", "replace") for part in (found.before, found.match, found.behind))
    return visible(before), visible(match), visible(behind)


async def as_json(asked: PageRequest) -> Response:
    """The same for programs: `path`, `name`, `content`, `as=hex`, `after` and `limit`."""
    path, typed = path_asked(asked), Typed.of(asked)
    if not typed.name and not typed.content:
        raise PageError(400, "Give a name or content to be found.")
    result = await _results(asked, path, typed)
    return asked.json(
        {
            "path": path,
            "found": [{"path": found.path, "dataLength": found.size} for found in result.found],
            "nodes_looked_at": result.nodes,
            "bytes_looked_at": result.bytes,
            "nodes_refused": result.refused,
            "stopped_by": result.stopped_by or None,
            "go_on_after": result.go_on or None,
        }
    )


PAGE: Final = Page((Action(URL, show), Action(API_URL, as_json)), "Search")
