"""Answers for browsers: pages from Jinja2 templates, JSON, and what is sent bit by bit."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyzoo.console.times import age_text, iso_text, span_text
from pyzoo.console.visitor import Visitor
from pyzoo.release import FULL_VERSION
from pyzoo.zxid import zxid_text

HTML: Final = "text/html; charset=utf-8"


class NavigationEntry(Protocol):
    """A page, as the navigation knows it."""

    @property
    def title(self) -> str: ...
    @property
    def path(self) -> str: ...


class Rendering:
    """The templates of the console; every value is escaped, and one that is not given is an error.

    Filters: `hex` (ids, zxids), `iso` and `age(now_ms)` of a time in ms since 1970, `span` of a number of ms, and
    `link(path, name=value)`: a URL with its parameters encoded.
    """

    def __init__(self, pages: Sequence[NavigationEntry]) -> None:
        self._pages = [page for page in pages if page.title]
        self._environment = Environment(
            loader=PackageLoader("pyzoo.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(hex=zxid_text, iso=iso_text, age=age_text, span=span_text, link=link)

    def page(
        self, template: str, visitor: Visitor, path: str, now_ms: int, status: int, values: Mapping[str, Any]
    ) -> Response:
        """A page for this visitor."""
        text = self._environment.get_template(template).render(
            **values, visitor=visitor, path=path, now_ms=now_ms, pages=self._pages, version=FULL_VERSION
        )
        # Names of nodes may have halves of surrogate pairs.
        return Response(text.encode("utf-8", "replace"), status, {"Content-Type": HTML})


def link(path: str, /, **parameters: object) -> str:
    """A path with parameters behind it; those that are None or empty are left out."""
    given = {name: str(value) for name, value in parameters.items() if value is not None and value != ""}
    return f"{path}?{urlencode(given, errors='replace')}" if given else path


def json_answer(value: Any, status: int = 200) -> Response:
    """A value as JSON, indented: people read it too."""
    text = json.dumps(value, indent=2) + "\n"
    return Response(text.encode("ascii"), status, {"Content-Type": "application/json"})


def see_other(path: str, parameters: Mapping[str, str]) -> Response:
    """Send the browser to another page of the console."""
    return Response(status_code=303, headers={"Location": link(path, **parameters)})


def event_text(data: Any, event: str = "", id: str = "") -> str:
    """An event of a stream, whose data are JSON; `id` is what a browser asks to go on after (Last-Event-ID)."""
    lines = [f"event: {event}\n"] if event else []
    if id:
        lines.append(f"id: {id}\n")
    return "".join([*lines, f"data: {json.dumps(data)}\n\n"])


STILL_HERE: Final = ": \n\n"
"""What a stream says when it has nothing to say, some times a minute: so it finds out who is gone."""


class EventStream(Response):
    """Server-sent events, as a generator of texts makes them; it is closed when the client is gone.

    It also ends once it `may_go_on` no more: who asks again is looked at again.
    """

    def __init__(self, events: AsyncGenerator[str]) -> None:
        super().__init__(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        del self.headers["content-length"]
        self.may_go_on: Callable[[], bool] = _always
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events) as events:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for text in events:
                if not self.may_go_on():
                    break
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _always() -> bool:
    return True
