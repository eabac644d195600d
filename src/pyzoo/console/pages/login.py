"""Logging in and out."""

from starlette.responses import Response

from pyzoo.admin.app import certificate_of
from pyzoo.console.credentials import schemes
from pyzoo.console.guards import is_loopback
from pyzoo.console.page import POST, Action, Page, PageError, PageRequest
from pyzoo.console.visitor import Role


async def show(asked: PageRequest) -> Response:
    """The form."""
    return _page(asked, 200, "", asked.parameters.get("scheme", ""), "", _next(asked.parameters.get("next", "")))


async def log_in(asked: PageRequest) -> Response:
    """What the form asks for; the form again where that cannot be."""
    form = asked.form
    scheme, user, then = form.get("scheme", ""), form.get("user", ""), _next(form.get("next", ""))
    password = form.get("password", "")
    # A scheme of one's own may want a token alone.
    data = f"{user}:{password}" if user else password
    response = asked.see_other(then)
    try:
        await asked.visitors.log_in(asked.request, scheme, data, response)
    except PageError as error:
        refused = _page(asked, error.status, str(error), scheme, user, then)
        refused.headers.update(error.headers)
        return refused
    return response


async def log_out(asked: PageRequest) -> Response:
    """Back to the overview, as nobody."""
    response = asked.see_other("/")
    asked.visitors.log_out(asked.request, asked.visitor, response)
    return response


def _page(asked: PageRequest, status: int, problem: str, scheme: str, user: str, then: str) -> Response:
    config = asked.server().config
    return asked.page(
        "login.html",
        status,
        problem=problem,
        schemes=schemes(config, asked.host, bool(certificate_of(asked.request))),
        scheme=scheme,
        user=user,
        next=then,
        has_writers=bool(config.admin.console.writers),
        is_open=asked.request.url.scheme == "http" and not is_loopback(asked.visitor.address),
    )


def _next(path: str) -> str:
    """Where to go after the login: a page of the console, and of no other site."""
    return path if path.startswith("/console/") and "\\" not in path and path.isprintable() else "/"


PAGE = Page(
    (
        Action("/console/login", show, role=Role.NOBODY),
        Action("/console/login", log_in, POST, Role.NOBODY),
        Action("/console/logout", log_out, POST, Role.NOBODY),
    )
)
