"""Search below a path by names and by content: as far as one request may go, and where the next one goes on."""

from collections.abc import Callable
from typing import Final

from attrs import define, evolve, field, frozen

from pyzoo.console.nodes.child_page import Pause
from pyzoo.console.nodes.names import NameTest
from pyzoo.console.nodes.reader import Reader, name_of
from pyzoo.console.nodes.walks import NODES_AT_ONCE, SortedWalk, Visit

BYTES_AT_ONCE: Final = 1 << 20
"""Bytes of data that are looked at between two pauses: less than a millisecond."""
_AROUND: Final = 40
"""Bytes that are shown before and behind what was found."""


@frozen
class Wanted:
    """`name` is for a NameTest, `content` a part of the data; where both are given, both have to hold."""

    name: str = ""
    content: bytes = b""


@frozen
class Bounds:
    """What one request may do: nodes looked at, bytes of data looked at, milliseconds, and nodes found."""

    nodes: int = 1_000_000
    bytes: int = 256 << 20
    time_ms: int = 2000
    found: int = 100


@frozen
class Found:
    """A node; of one found by content `before`, `match` and `behind` are a piece of its data."""

    path: str
    size: int
    before: bytes = b""
    match: bytes = b""
    behind: bytes = b""


@define
class SearchResult:
    """What was found, in order of the paths. With `go_on` the search is not over: it goes on after that path."""

    found: list[Found] = field(factory=list)
    nodes: int = 0
    bytes: int = 0
    refused: int = 0
    go_on: str = ""
    stopped_by: str = ""
    """Which of the bounds: nodes, bytes, time or found."""


async def search(
    reader: Reader,
    top: str,
    after: str,
    wanted: Wanted,
    bounds: Bounds,
    now_ms: Callable[[], int],
    pause: Pause,
) -> SearchResult:
    """Look at `top` and all below it, or at what comes after a path. Raises KeeperError for a top of no use."""
    reader.readable(top)
    walk, looked, result = SortedWalk(reader, top, after), _Look(wanted), SearchResult()
    end_ms = now_ms() + bounds.time_ms
    while not walk.is_over:
        for visit in walk.step(NODES_AT_ONCE):
            looked.at(visit, result)
            if result.bytes >= looked.pause_at:
                looked.pause_at = result.bytes + BYTES_AT_ONCE
                await pause()
            result.stopped_by = _bound(result, bounds)
            if result.stopped_by:
                break
        if not result.stopped_by and not walk.is_over and now_ms() >= end_ms:
            result.stopped_by = "time"
        if result.stopped_by:
            # A last step may have nothing to give: then there is nothing to go on with either.
            result.go_on = looked.last or after
            break
        await pause()
    result.refused = walk.refused
    return result


def _bound(result: SearchResult, bounds: Bounds) -> str:
    if len(result.found) >= bounds.found:
        return "found"
    if result.nodes >= bounds.nodes:
        return "nodes"
    return "bytes" if result.bytes >= bounds.bytes else ""


class _Look:
    """Looks at one node after the other; `last` is the one before."""

    def __init__(self, wanted: Wanted) -> None:
        self._names = NameTest(wanted.name) if wanted.name else None
        self._content = wanted.content
        self.last = ""
        self.pause_at = BYTES_AT_ONCE

    def at(self, visit: Visit, result: SearchResult) -> None:
        self.last = visit.path
        result.nodes += 1
        if self._names is not None and not self._names.matches(name_of(visit.path)):
            return
        data = (visit.node.data or b"") if visit.readable else b""
        found = Found(visit.path, len(data))
        if self._content:
            result.bytes += len(data)
            at = data.find(self._content)
            if at < 0:
                return
            end = at + len(self._content)
            found = evolve(
                found, before=data[max(at - _AROUND, 0) : at], match=data[at:end], behind=data[end : end + _AROUND]
            )
        result.found.append(found)
