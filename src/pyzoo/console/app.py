"""The console over ASGI: who asks is looked at first, then a page of the table answers."""

import logging
from http import HTTPStatus
from typing import Final

from attrs import evolve
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyzoo import errors
from pyzoo.config.admin_settings import CONSOLE_PATH
from pyzoo.config.settings import ServerConfig
from pyzoo.console.attempts import Attempts
from pyzoo.console.forms import first_values, read_form
from pyzoo.console.guards import HEADERS, addresses_of, is_same_origin, refusal_of_place
from pyzoo.console.host import ChangeFailed, ConsoleHost
from pyzoo.console.page import GET, POST, Action, PageError, PageRequest
from pyzoo.console.pages.table import PAGES
from pyzoo.console.rendering import EventStream, Rendering, json_answer, see_other
from pyzoo.console.static_files import load_static_files
from pyzoo.console.visitor import NO_VISITOR, Role, Visitor
from pyzoo.console.visitors import Visitors
from pyzoo.errors import KeeperError
from pyzoo.server.auth.secrets import same_secret

logger: Final = logging.getLogger(__name__)

API: Final = "/console/api/"
STATIC: Final = "/console/static/"
CHANGES_AT_ONCE: Final = 60
CHANGE_REFILL_MS: Final = 100
TRANSPORT_SECURITY: Final = "max-age=86400; includeSubDomains"
STATUS_OF_CODE: Final = {
    errors.NONODE: 404,
    errors.NOAUTH: 403,
    errors.BADARGUMENTS: 400,
    errors.INVALIDACL: 400,
    errors.MARSHALLINGERROR: 400,
    errors.SESSIONEXPIRED: 404,
    errors.NOTREADONLY: 503,
    errors.CONNECTIONLOSS: 503,
}
"""All other codes are a conflict with what there is."""
FOREIGN_FORM: Final = "This form is not of this login: go back, load its page again, and repeat it."
NO_WRITER: Final = "Only those whom admin.console.writers lists may do that."
CODE_NAMES: Final = {
    value: name for name, value in vars(errors).items() if isinstance(value, int) and name.isupper() and value < 0
}


def make_console(config: ServerConfig, host: ConsoleHost) -> "ConsoleApplication":
    """The application of one server; may be called in a thread."""
    return ConsoleApplication(config, host)


class ConsoleApplication:
    """Answers `/` and whatever is below `/console`."""

    def __init__(self, config: ServerConfig, host: ConsoleHost) -> None:
        self._config = config
        self._settings = config.admin.console
        self._host = host
        self._rendering = Rendering(PAGES)
        self._visitors = Visitors(config, host)
        self._changes = Attempts(CHANGES_AT_ONCE, CHANGE_REFILL_MS)
        self._static = load_static_files()
        actions = [action for page in PAGES for action in page.actions]
        self._actions: dict[str, dict[str, Action]] = {action.path: {} for action in actions}
        for action in actions:
            self._actions[action.path][action.method] = action

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.url.scheme == "https":
            response.headers["Strict-Transport-Security"] = TRANSPORT_SECURITY
        if request.method == "HEAD":
            response = Response(status_code=response.status_code, headers=dict(response.headers))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        visitor = NO_VISITOR
        try:
            self._check_place(request)
            if request.url.path.startswith(STATIC):
                return self._static_file(request)
            if request.url.path.rstrip("/") == CONSOLE_PATH:
                return see_other("/", {})
            visitor = await self._visitors.visitor_of(request)
            return await self._let_page_answer(request, visitor)
        except PageError as error:
            response = self._error(request, visitor, error.status, str(error))
            response.headers.update(error.headers)
            return response
        except KeeperError as error:
            name = CODE_NAMES.get(error.code, str(error.code))
            where = f" for {error.path}" if error.path else ""
            return self._error(request, visitor, STATUS_OF_CODE.get(error.code, 409), name + where)
        except ChangeFailed as error:
            return self._error(request, visitor, 503, str(error))
        except (ClientDisconnect, OSError):
            raise
        except Exception:
            logger.exception("Internal error while showing %s", request.url.path)
            return self._error(
                request, visitor, 500, "Something is wrong with the console; the server's log says what."
            )

    # --- who asks

    def _check_place(self, request: Request) -> None:
        """Raise PageError for what comes from elsewhere, or was meant for somebody else."""
        client = "" if request.client is None else request.client.host
        addresses, host = addresses_of(client, request.headers), request.headers.get("Host", "")
        reason = refusal_of_place(self._settings, addresses, host, self._host.machine_name())
        if reason:
            raise PageError(403, reason)

    # --- what is asked

    def _static_file(self, request: Request) -> Response:
        """A file, or that the browser has it already."""
        file = self._static.get(request.url.path.removeprefix(STATIC))
        if file is None:
            raise PageError(404, "There is no such file.")
        if request.method not in (GET, "HEAD"):
            raise PageError(405, "This is to be got, nothing else.")
        headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Content-Type": file.media_type}
        if request.headers.get("If-None-Match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers)

    async def _let_page_answer(self, request: Request, visitor: Visitor) -> Response:
        action = self._action(request)
        if visitor.role < (Role.READER if action.keeps_form else action.role):
            return self._refuse_visitor(request, visitor, action)
        form, refused = await self._form(request, visitor, action) if action.method == POST else ({}, None)
        if refused is not None and not action.keeps_form:
            raise refused
        if refused is not None:
            # Whatever its answer does, nothing is changed.
            visitor = evolve(visitor, role=min(visitor.role, Role.READER))
        parameters = first_values(request.scope["query_string"].decode("latin-1"))
        path, host = request.url.path, self._host
        asked = PageRequest(path, host, visitor, parameters, form, self._rendering, self._visitors, request, refused)
        response = await action.answer(asked)
        if isinstance(response, EventStream):
            response.may_go_on = lambda: self._visitors.is_still(visitor)
        return response

    async def _form(
        self, request: Request, visitor: Visitor, action: Action
    ) -> tuple[dict[str, str], PageError | None]:
        """What is posted, and why it may not be done. Raises PageError where it is not even to be read."""
        headers = request.headers
        host = headers.get("Host", "")
        if not is_same_origin(
            headers.get("Origin"), headers.get("Sec-Fetch-Site"), self._visitors.scheme_of(request), host
        ):
            raise PageError(403, "A page of another site asked for this.")
        now_ms = int(self._host.server().now_ms)
        wait_ms = self._changes.wait_ms(visitor.key, now_ms) if action.role >= Role.WRITER else 0
        if wait_ms > 0:
            refused = PageError(429, "These are too many changes at once.", {"Retry-After": str(wait_ms // 1000 + 1)})
            if not action.keeps_form:
                raise refused
            return await read_form(request), refused
        self._changes.count(visitor.key, now_ms)
        form = await read_form(request)
        if visitor.csrf and not same_secret(headers.get("X-CSRF-Token", form.get("csrf", "")), visitor.csrf):
            return form, PageError(403, FOREIGN_FORM)
        if visitor.role < action.role:
            return form, PageError(403 if visitor.name else 401, NO_WRITER)
        return form, None

    def _action(self, request: Request) -> Action:
        """What the request asks for. Raises PageError."""
        actions = self._actions.get(request.url.path)
        if actions is None:
            raise PageError(404, "There is no such page.")
        action = actions.get(GET if request.method == "HEAD" else request.method)
        if action is None:
            raise PageError(405, f"This page takes {' and '.join(actions)}.")
        return action

    def _refuse_visitor(self, request: Request, visitor: Visitor, action: Action) -> Response:
        """Send a browser to the login. Raises PageError for all others."""
        if not visitor.name and action.method == GET and not request.url.path.startswith(API):
            query = request.scope["query_string"].decode("latin-1")
            return see_other("/console/login", {"next": f"{request.url.path}?{query}" if query else request.url.path})
        what = "readers may look at this" if action.role <= Role.READER else "writers may do that"
        raise PageError(403 if visitor.name else 401, f"Only those whom admin.console.{what}.")

    # --- what went wrong

    def _error(self, request: Request, visitor: Visitor, status: int, message: str) -> Response:
        if request.url.path.startswith(API):
            return json_answer({"error": message}, status)
        if visitor is NO_VISITOR:
            return Response(f"{message}\n", status, media_type="text/plain")
        title = f"{status} {HTTPStatus(status).phrase}"
        now_ms = int(self._host.server().wall_ms)
        values = {"title": title, "message": message}
        return self._rendering.page("error.html", visitor, request.url.path, now_ms, status, values)
