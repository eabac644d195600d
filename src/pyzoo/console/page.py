"""What a page is made of: its place in the navigation, and what it answers to which requests."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import Response

from pyzoo.console.host import ConsoleHost
from pyzoo.console.page_error import PageError as PageError
from pyzoo.console.rendering import Rendering, json_answer, see_other
from pyzoo.console.visitor import Role, Visitor
from pyzoo.console.visitors import Visitors
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

GET: Final = "GET"
POST: Final = "POST"


@frozen(eq=False)
class PageRequest:
    """A request of somebody who may make it.

    `parameters` are those of the query, `form` those of the body of a POST: the first value of each. `visitors` and
    `request` are for who logs in. `refused` is why a change may not be made, for an action that keeps its form.
    """

    path: str
    host: ConsoleHost
    visitor: Visitor
    parameters: Mapping[str, str]
    form: Mapping[str, str]
    rendering: Rendering = field(repr=False)
    visitors: Visitors = field(repr=False)
    request: Request = field(repr=False)
    refused: PageError | None = None

    def server(self) -> ZooKeeperServer:
        """The server that has the clients now; ask again after each await."""
        return self.host.server()

    async def until_gone(self) -> None:
        """Return when whoever has asked hangs up, for what takes long."""
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page from a template, which also sees `visitor`, `now_ms`, `path`, `pages` and the filters of Rendering."""
        return self.rendering.page(template, self.visitor, self.path, int(self.server().wall_ms), status, values)

    def json(self, value: Any, status: int = 200) -> Response:
        """A value as JSON."""
        return json_answer(value, status)

    def see_other(self, path: str, /, **parameters: str) -> Response:
        """Send the browser on, after a change."""
        return see_other(path, parameters)

    def number(self, name: str, otherwise: int, least: int, most: int) -> int:
        """A whole number among the parameters. Raises PageError."""
        text = self.parameters.get(name, "")
        if not text:
            return otherwise
        try:
            number = int(text)
        except ValueError:
            raise PageError(400, f"{name} has to be a whole number") from None
        if not least <= number <= most:
            raise PageError(400, f"{name} has to be a number from {least} to {most}")
        return number


Answer = Callable[[PageRequest], Awaitable[Response]]


@frozen
class Action:
    """What answers one method of one path, for whom has this role at least.

    With `keeps_form` it answers readers whose change is refused too (`PageRequest.refused`), by the form with what they
    have typed: somebody may be logged out meanwhile, and loses nothing by that.
    """

    path: str
    answer: Answer
    method: str = GET
    role: Role = Role.READER
    keeps_form: bool = False


@frozen
class Page:
    """Some actions, and the link to the first of them in the navigation; without a title there is none."""

    actions: tuple[Action, ...]
    title: str = ""

    @property
    def path(self) -> str:
        """Where it begins."""
        return self.actions[0].path
