"""What the forms about nodes have in common: the place, what was typed, and why it could not be done."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from attrs import frozen
from starlette.responses import Response

from pyzoo.console.host import ChangeFailed
from pyzoo.console.nodes.failures import failure_status, failure_text
from pyzoo.console.nodes.multis import Submit
from pyzoo.console.nodes.node_view import URL
from pyzoo.console.page import PageRequest
from pyzoo.errors import KeeperError, MalformedInput

STILL_TYPED: Final = (
    "Nothing was changed, and what you have typed is still here: if you were logged out, log in in another window, "
    "come back to this one, and send it again."
)


@frozen
class Refused:
    """Why a change was not made: a sentence, and the status of the page that says so."""

    text: str
    status: int


async def tried(asked: PageRequest, change: Callable[[], Awaitable[None]]) -> Refused | None:
    """Make a change; None when it is made. KeeperErrors that the page wants to look at are to be caught in `change`."""
    if asked.refused is not None:
        return Refused(f"{asked.refused} {STILL_TYPED}", asked.refused.status)
    try:
        await change()
    except MalformedInput as error:
        return Refused(str(error), 400)
    except KeeperError as error:
        return Refused(failure_text(error), failure_status(error))
    except ChangeFailed as error:
        return Refused(str(error), 503)
    return None


def submit_of(asked: PageRequest) -> Submit:
    """How the visitor's changes are sent."""
    return partial(asked.host.submit, asked.visitor)


def form_page(asked: PageRequest, template: str, refused: Refused | None, **values: Any) -> Response:
    """A form, with the reason why it is there again."""
    status = 200 if refused is None else refused.status
    page = asked.page(template, status, problem="" if refused is None else refused.text, **values)
    if asked.refused is not None:
        page.headers.update(asked.refused.headers)
    return page


def done(asked: PageRequest, path: str, what: str) -> Response:
    """On to the node, which says what was done."""
    return asked.see_other(URL, path=path, done=what)


def check_size(asked: PageRequest, path: str, data: bytes) -> None:
    """Raise MalformedInput for what no request of a client could hold."""
    most = asked.server().config.jute_max_buffer - len(path.encode("utf-8", "replace")) - 64
    if len(data) > most:
        raise MalformedInput(f"This is {len(data):,} bytes of data; jute.maxbuffer leaves room for {most:,}.")


def version_of(asked: PageRequest, name: str = "version") -> int:
    """A version in a form. Raises MalformedInput."""
    try:
        version = int(asked.form.get(name, ""))
    except ValueError:
        raise MalformedInput(f"The form has no {name}: open it again.") from None
    if not -1 <= version < 1 << 31:
        raise MalformedInput(f"The {name} {version} is none.")
    return version
