"""The console over ASGI: who asks is looked at first, then a page of the table answers."""

import json
import logging
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyzoo import errors
from pyzoo.admin.authorization import forwarded_address
from pyzoo.config.settings import ServerConfig
from pyzoo.console.guards import HEADERS, is_same_origin, refusal_of_place
from pyzoo.console.host import ChangeFailed, ConsoleHost
from pyzoo.console.page import GET, POST, Action, PageError, PageRequest
from pyzoo.console.pages.table import load_pages
from pyzoo.console.rendering import Rendering, json_answer, see_other
from pyzoo.console.static_files import load_static_files
from pyzoo.console.visitor import NO_VISITOR, Role, Visitor, role_of
from pyzoo.errors import KeeperError
from pyzoo.jute.records import Id

logger: Final = logging.getLogger(__name__)

API: Final = "/console/api/"
STATIC: Final = "/console/static/"
MOST_PARAMETERS: Final = 100
MOST_BODY_BYTES: Final = 4 << 20
"""The data of a node may take three times as many bytes in a form."""
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
CODE_NAMES: Final = {
    value: name for name, value in vars(errors).items() if isinstance(value, int) and name.isupper() and value < 0
}


def make_console(config: ServerConfig, host: ConsoleHost) -> "ConsoleApplication":
    """The application of one server; may be called in a thread."""
    return ConsoleApplication(config, host)


class ConsoleApplication:
    """Answers `/` and whatever is below `/console`."""

    def __init__(self, config: ServerConfig, host: ConsoleHost) -> None:
        pages = load_pages()
        self._config = config
        self._settings = config.admin.console
        self._host = host
        self._rendering = Rendering(pages)
        self._static = load_static_files()
        actions = [action for page in pages for action in page.actions]
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
            if request.url.path.rstrip("/") == "/console":
                return see_other("/", {})
            visitor = self._visitor(request)
            return await self._let_page_answer(request, visitor)
        except PageError as error:
            return self._error(request, visitor, error.status, str(error))
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
        addresses = ["" if request.client is None else request.client.host]
        forwarded = request.headers.get("X-Forwarded-For")
        if forwarded is not None:
            # A proxy of this machine may let in everybody.
            addresses += [address.strip() for address in forwarded.split(",") if address.strip()]
        own_name = dict(self._host.server().environment.properties()).get("host.name", "")
        host = request.headers.get("Host", "")
        reason = refusal_of_place(self._settings, addresses, host, own_name)
        if reason:
            raise PageError(403, reason)

    def _visitor(self, request: Request) -> Visitor:
        server = self._host.server()
        address = "" if request.client is None else request.client.host
        forwarded = request.headers.get("X-Forwarded-For")
        if self._config.use_x_forwarded_for and forwarded is not None:
            address = forwarded_address(forwarded) or ""
        ids = [Id("ip", address)]
        return Visitor(ids, role_of(server.access, ids, self._settings.readers, self._settings.writers), address)

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
        if visitor.role < action.role:
            raise self._refusal_of_visitor(visitor, action)
        form: dict[str, str] = {}
        if action.method == POST:
            headers = request.headers
            host = headers.get("Host", "")
            if not is_same_origin(headers.get("Origin"), headers.get("Sec-Fetch-Site"), request.url.scheme, host):
                raise PageError(403, "A page of another site asked for this.")
            form = await _form(request)
        parameters = _first_values(request.scope["query_string"].decode("latin-1"))
        asked = PageRequest(request.url.path, self._host, visitor, parameters, form, self._rendering)
        return await action.answer(asked)

    def _action(self, request: Request) -> Action:
        """What the request asks for. Raises PageError."""
        actions = self._actions.get(request.url.path)
        if actions is None:
            raise PageError(404, "There is no such page.")
        action = actions.get(GET if request.method == "HEAD" else request.method)
        if action is None:
            raise PageError(405, f"This page takes {' and '.join(actions)}.")
        return action

    def _refusal_of_visitor(self, visitor: Visitor, action: Action) -> PageError:
        if action.role > Role.READER and visitor.role >= Role.READER:
            return PageError(403, "Only those whom admin.console.writers lists may do that.")
        return PageError(403, "Only those whom admin.console.readers lists may look at this.")

    # --- what went wrong

    def _error(self, request: Request, visitor: Visitor, status: int, message: str) -> Response:
        if request.url.path.startswith(API):
            return json_answer({"error": message}, status)
        if visitor.role < Role.READER:
            return Response(f"{message}\n", status, media_type="text/plain")
        title = f"{status} {HTTPStatus(status).phrase}"
        now_ms = int(self._host.server().wall_ms)
        values = {"title": title, "message": message}
        return self._rendering.page("error.html", visitor, request.url.path, now_ms, status, values)


def _first_values(encoded: str) -> dict[str, str]:
    """The first value of each parameter. Raises PageError."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
    except ValueError as error:
        raise PageError(400, f"The parameters cannot be read: {error}.") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, or of a JSON object. Raises PageError."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise PageError(413, f"A form may have {MOST_BODY_BYTES} bytes.")
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not body:
        return {}
    try:
        if media_type == "application/x-www-form-urlencoded":
            return _first_values(body.decode("ascii"))
        if media_type == "application/json":
            return {str(name): _field_text(value) for name, value in dict(json.loads(body)).items()}
    except (ValueError, TypeError, RecursionError) as error:
        raise PageError(400, "The form cannot be read.") from error
    raise PageError(415, "A form has to be application/x-www-form-urlencoded, or JSON.")


def _field_text(value: object) -> str:
    """A value of JSON as a form would have it."""
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)
