"""What pages hear of while they are open: one stream of server-sent events, for a bounded number of viewers.

A feed says whether there is news since a place that it has named itself; all of them are asked once a second while
somebody listens. Most news are only that there is some: the page then gets itself again, and shows what has changed.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

from attrs import frozen

from pyzoo.console.host import ConsoleHost
from pyzoo.console.past import UntilGone
from pyzoo.console.rendering import STILL_HERE, event_text
from pyzoo.console.samples import SAMPLE_EVERY_MS
from pyzoo.console.visitor import Visitor

ASK_SECONDS: Final = 1.0
SILENT_ROUNDS: Final = 10
"""After so many rounds without news the stream says that it is still there."""
SELDOM_MS: Final = 10_000
LONGEST_ROUNDS: Final = 600
"""Then the stream ends, and the browser comes again: so a login that is over ends what it has begun."""


@frozen
class News:
    """Something has happened: where the feed is now, and what to tell of it as JSON."""

    place: str
    data: Any


Feed = Callable[[ConsoleHost, Visitor, str], News | None]
"""What is new since a place, which is empty at first: then nothing is, but the place has to be named."""


def every_sample(host: ConsoleHost, visitor: Visitor, place: str) -> News | None:
    """News whenever there is another sample; for pages that show how things are."""
    now = str(int(host.server().wall_ms) // SAMPLE_EVERY_MS)
    return None if now == place else News(now, None)


def every_change(host: ConsoleHost, visitor: Visitor, place: str) -> News | None:
    """News whenever something has changed in the tree; for pages that look at a few nodes."""
    now = str(int(host.server().tree.last_processed_zxid))
    return None if now == place else News(now, None)


def some_changes(host: ConsoleHost, visitor: Visitor, place: str) -> News | None:
    """The same, but seldom; for pages that go through the whole tree."""
    zxid, moment = str(int(host.server().tree.last_processed_zxid)), str(int(host.server().wall_ms) // SELDOM_MS)
    before, _, last = place.partition("@")
    return None if zxid == before or moment == last else News(f"{zxid}@{moment}", None)


FEEDS: Final[Mapping[str, Feed]] = {
    "overview": every_sample,
    "sessions": every_sample,
    "recipe": every_change,
    "node": every_change,
    "recipes": some_changes,
}
"""By the names that pages ask for."""


async def events_of(
    host: ConsoleHost,
    visitor: Visitor,
    feeds: Mapping[str, Feed],
    places: Mapping[str, str],
    until_gone: UntilGone,
) -> AsyncGenerator[str]:
    """The events of these feeds from these places on, as texts, until `until_gone` returns."""
    host.viewers.come(visitor.address)
    try:
        now = dict(places)
        for name, feed in feeds.items():
            if not now.get(name):
                first = feed(host, visitor, "")
                now[name] = "" if first is None else first.place
        yield STILL_HERE
        silent = 0
        for _ in range(LONGEST_ROUNDS):
            if not await host.past.still_asks(ASK_SECONDS, until_gone):
                return
            silent += 1
            for name, feed in feeds.items():
                news = feed(host, visitor, now[name])
                if news is not None:
                    now[name] = news.place
                    yield event_text(news.data, name, places_text(now))
                    silent = 0
            if silent >= SILENT_ROUNDS:
                yield STILL_HERE
                silent = 0
    finally:
        host.viewers.leave(visitor.address)


def places_text(places: Mapping[str, str]) -> str:
    """Where all feeds are, as the id of an event."""
    return ",".join(f"{name}={place}" for name, place in places.items())


def places_of(text: str) -> dict[str, str]:
    """The places of a `Last-Event-ID`; what is none counts for nothing."""
    pairs = (part.partition("=") for part in text.split(","))
    return {name: place for name, _, place in pairs if place and name in FEEDS}
