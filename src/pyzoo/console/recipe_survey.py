"""What the console finds of recipes: all below a path in slices, or what one node is."""

from collections.abc import Awaitable, Callable, Generator
from functools import lru_cache
from typing import Final, TypeVar

from attrs import frozen

from pyzoo.console.host import ConsoleHost
from pyzoo.console.path_watchers import own_watchers
from pyzoo.console.visible_nodes import VisibleNodes
from pyzoo.console.visitor import Visitor
from pyzoo.recipes.pattern import Pattern
from pyzoo.recipes.survey import Survey, thing_at
from pyzoo.recipes.table import PatternTable
from pyzoo.recipes.thing import Thing
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

LONGEST_MS: Final = 20_000
MOST_WATCHERS: Final = 20

Result = TypeVar("Result")


@frozen
class Found:
    """`things` are in the order of their paths. `stopped` says when the walk ended early, and is empty otherwise."""

    things: list[Thing]
    nodes: int
    unreadable: int
    stopped: str
    took_ms: int


@lru_cache(maxsize=8)
def table_of(more: tuple[Pattern, ...], guesses: bool) -> PatternTable:
    """The patterns of a server's configuration."""
    return PatternTable(more, guesses)


async def found_below(host: ConsoleHost, visitor: Visitor, path: str, guesses: bool) -> Found:
    """All below a path that is there; the clients go on meanwhile."""
    server = host.server()
    view = VisibleNodes(server, visitor)
    survey = Survey(table_of(host.recipes, guesses), view, path)
    begun_ms = int(server.now_ms)
    for _ in survey.breaths():
        await host.pause()
        if int(host.server().now_ms) - begun_ms > LONGEST_MS:
            survey.stopped = f"after {LONGEST_MS // 1000} seconds"
            break
    took_ms = int(host.server().now_ms) - begun_ms
    return Found(survey.things, survey.nodes, view.unreadable, survey.stopped, took_ms)


async def found_at(host: ConsoleHost, visitor: Visitor, path: str) -> Thing | None:
    """What this node is, if that is only a guess, too."""
    server = host.server()
    table = table_of(host.recipes, True)
    return await _finished(thing_at(table, VisibleNodes(server, visitor), path), host.pause)


async def _finished(steps: Generator[None, None, Result], pause: Callable[[], Awaitable[None]]) -> Result:
    """What a generator returns, with a pause at each of its breaths."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        await pause()


def addresses_of(server: ZooKeeperServer, sessions: list[int]) -> dict[int, str]:
    """The addresses of the clients of these sessions, as far as they are known; with a port if connected here."""
    found = {session: _address_of(server, session) for session in sessions}
    return {session: address for session, address in found.items() if address}


def _address_of(server: ZooKeeperServer, session: int) -> str:
    cnxn = server.connections.by_session.get(session)
    return server.connections.addresses.address_of(session) if cnxn is None else f"{cnxn.address}:{cnxn.port}"


def watchers_of(server: ZooKeeperServer, path: str) -> list[int]:
    """The first sessions of this server that watch just this node or its children."""
    return list(own_watchers(server, path))[:MOST_WATCHERS]
