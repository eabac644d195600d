"""The stream that open pages listen to."""

from starlette.responses import Response

from pyzoo.console.live import FEEDS, events_of, places_of
from pyzoo.console.page import Action, Page, PageError, PageRequest
from pyzoo.console.rendering import EventStream


async def listen(asked: PageRequest) -> Response:
    """Events of the feeds that `topics` names, with commas between, until somebody is gone."""
    names = [name for name in asked.parameters.get("topics", "overview").split(",") if name]
    unknown = [name for name in names if name not in FEEDS]
    if unknown or not names:
        raise PageError(404, f"There is no such topic; there are {', '.join(FEEDS)}.")
    if not asked.host.viewers.has_room(asked.visitor.address):
        raise PageError(503, "Too many look at the console already; this page is not live.")
    feeds = {name: FEEDS[name] for name in names}
    places = places_of(asked.parameters.get("after", ""))
    return EventStream(events_of(asked.host, asked.visitor, feeds, places, asked.until_gone))


PAGE = Page((Action("/console/live", listen),))
