"""The AdminServer over ASGI: the paths, methods, headers and error pages of JettyAdminServer."""

import base64
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from html import escape
from itertools import chain
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pyzoo.admin.authorization import Caller, check_access, forwarded_address
from pyzoo.admin.commands import BY_NAME, COMMANDS, RESTORE, SNAPSHOT, refusal, run_command
from pyzoo.admin.host import AdminHost, SavedSnapshot
from pyzoo.admin.json_text import json_pieces
from pyzoo.admin.response import CommandResponse
from pyzoo.admin.snapshots import SnapshotCommands
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import StorageError

Pause = Callable[[], Awaitable[None]]
EFFORT_WITHOUT_PAUSE: Final = 16_000
"""What may be made of an answer before others have to have their turn, see `_effort`."""
EFFORT_OF_NOTHING: Final = 8_000
"""A piece is empty when a thousand items were put in order."""
SEND_BYTES: Final = 1 << 16
METHODS: Final = ("GET", "POST")
ALLOW: Final = "GET, HEAD, POST, OPTIONS"
REFUSED_METHODS: Final = {"TRACE": 403, "PUT": 405, "DELETE": 405}
TRANSPORT_SECURITY: Final = "max-age=86400; includeSubDomains"
ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
PHRASES: Final = {400: "Bad Request", 404: "Not Found", 500: "Server Error"}


def make_application(config: ServerConfig, host: AdminHost, now_ms: int) -> Starlette:
    """The application of one server, from this monotonic time on; may be called in a thread."""
    return _AdminApplication(config, host, now_ms).build()


class _AdminApplication:
    def __init__(self, config: ServerConfig, host: AdminHost, now_ms: int) -> None:
        self._config = config
        self._host = host
        self._url = config.admin.commands_at
        self._snapshots = SnapshotCommands(config, host, now_ms)

    def build(self) -> Starlette:
        routes = [
            Route(self._url, self._links, methods=METHODS),
            Route(self._url.rstrip("/") + "/{name:path}", self._command, methods=METHODS),
        ]
        handlers = {400: _error_page, 404: self._not_found, 405: _other_method}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def _not_found(self, request: Request, error: Exception) -> Response:
        """Apache's status, and the way to what is here: people begin at the root."""
        if request.scope["path"] == "*":
            return await (_other_method if request.method == "OPTIONS" else _error_page)(request, HTTPException(400))
        url = escape(self._url)
        return await _error_page(request, error, f'<p>The commands are below <a href="{url}">{url}</a>.</p>\n')

    async def _links(self, request: Request) -> Response:
        """Links to all commands."""
        base = self._url.rstrip("/")
        lines = [f'<a href="{base}/{command.name}">{command.name}</a>\n<br/>\n' for command in COMMANDS]
        return Response("".join(lines), headers=_security(request))

    async def _command(self, request: Request) -> Response:
        """One command, by any of its names."""
        name = request.path_params["name"]
        if not name:
            return await self._links(request)
        command = BY_NAME.get(name)
        if command is not None and command.name == SNAPSHOT:
            return await self._snapshot(request, name)
        if command is not None and command.name == RESTORE:
            return await self._restore(request, name)
        while command is not None and command.waits and self._host.server().slices.is_held:
            await self._host.pause()
        server = self._host.server()
        if request.method == "POST":
            return _json(request, refusal(name, server) or _wrong_method(name, "GET"))
        return _json(request, run_command(name, server, _parameters(request)), self._host.pause)

    async def _snapshot(self, request: Request, name: str) -> Response:
        """The file itself, unless `streaming` is something other than true."""
        response, saved = await self._snapshots.snapshot(name, await self._caller(request))
        streams = _parameters(request).get("streaming", "true").lower() == "true"
        if saved is not None and not streams:
            saved.close()
        if saved is None or not streams:
            return _json(request, response)
        return _SnapshotResponse(saved, {**response.headers, **_security(request)})

    async def _restore(self, request: Request, name: str) -> Response:
        if request.method != "POST":
            server = self._host.server()
            refused = refusal(name, server) or check_access(name, server, await self._caller(request))
            return _json(request, refused or _wrong_method(name, "POST"))
        async with aclosing(_body(request)) as body:
            announced = int(request.headers.get("Content-Length", "0"))
            return _json(request, await self._snapshots.restore(name, await self._caller(request), body, announced))

    async def _caller(self, request: Request) -> Caller:
        """The last address of X-Forwarded-For where that is to be believed (IPAuthenticationProvider)."""
        address: str | None = "" if request.client is None else request.client.host
        forwarded = request.headers.get("X-Forwarded-For")
        if self._config.use_x_forwarded_for and forwarded is not None:
            address = forwarded_address(forwarded)
        authorization = request.headers.get("Authorization")
        certificate = certificate_of(request) if authorization is not None else b""
        if certificate and not await self._host.vouches_for(certificate):
            certificate = b""
        return Caller(authorization, address, certificate)


def certificate_of(request: Request) -> bytes:
    """What the client has shown over TLS, DER; empty for none."""
    chain = request.scope["extensions"].get("tls", {}).get("client_cert_chain", [])
    return _der(chain[0]) if chain else b""


def _der(pem: str) -> bytes:
    """A certificate without what text has around it."""
    return base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-")))


class _LongResponse(Response):
    """A text that is made while it is sent, without a length."""

    media_type = "application/json"

    def __init__(self, pieces: Iterator[bytes], status: int, headers: dict[str, str], pause: Pause) -> None:
        super().__init__(None, status, headers)
        del self.headers["content-length"]
        self._pieces = pieces
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        waiting: list[bytes] = []
        size = effort = 0
        for piece in self._pieces:
            waiting.append(piece)
            size += len(piece)
            effort += _effort(piece)
            if effort >= EFFORT_WITHOUT_PAUSE:
                effort = 0
                await self._pause()
            if size >= SEND_BYTES:
                await send({"type": "http.response.body", "body": b"".join(waiting), "more_body": True})
                waiting, size = [], 0
        await send({"type": "http.response.body", "body": b"".join(waiting)})


class _SnapshotResponse(Response):
    """The bytes of a snapshot, a piece at a time."""

    media_type = "application/octet-stream"

    def __init__(self, saved: SavedSnapshot, headers: dict[str, str]) -> None:
        super().__init__(headers={**headers, "Content-Length": str(saved.size)})
        self._saved = saved

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while piece := await self._saved.read():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._saved.close()


async def _body(request: Request) -> AsyncGenerator[bytes]:
    """The body as it comes; raises StorageError when it breaks off."""
    try:
        async with aclosing(request.stream()) as stream:
            async for chunk in stream:
                yield chunk
    except ClientDisconnect:
        raise StorageError("the body broke off, or came too slowly, before the whole snapshot was there") from None


def _parameters(request: Request) -> Mapping[str, str]:
    """The first value of each parameter; raises HTTPException for escapes that are none, as Jetty answers 400."""
    query: bytes = request.scope["query_string"]
    if len(ESCAPE.findall(query)) != query.count(b"%") or not _is_utf8(unquote_to_bytes(query)):
        raise HTTPException(400)
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, value)
    return found


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _security(request: Request) -> dict[str, str]:
    return {"Strict-Transport-Security": TRANSPORT_SECURITY} if request.scope["scheme"] == "https" else {}


async def _no_pause() -> None:
    """What is short needs none."""


def _json(request: Request, response: CommandResponse, pause: Pause = _no_pause) -> Response:
    """As a whole, or what is long a piece at a time."""
    pieces = json_pieces(response.to_map())
    headers = {**response.headers, **_security(request)}
    begin: list[bytes] = []
    effort = 0
    for piece in pieces:
        begin.append(piece)
        if effort >= EFFORT_WITHOUT_PAUSE:
            return _LongResponse(chain(begin, pieces), response.status, headers, pause)
        effort += _effort(piece)
    return Response(b"".join(begin), response.status, headers, "application/json")


def _effort(piece: bytes) -> int:
    """What it took to make a piece, in bytes of a text that is there already."""
    return 200 + len(piece) if piece else EFFORT_OF_NOTHING


def _wrong_method(name: str, right: str) -> CommandResponse:
    """Apache's server fails here, with a null pointer and status 500."""
    return CommandResponse(name, error=f"{name} has to be asked with {right}", status=405)


async def _error_page(request: Request, error: Exception, more: str = "") -> Response:
    """A page for people, of the same form as Jetty's, with `more` HTML below."""
    assert isinstance(error, HTTPException)
    phrase = PHRASES.get(error.status_code, error.detail)
    title = f"{error.status_code} {phrase}"
    rows = {"URI": request.scope["path"], "STATUS": str(error.status_code), "MESSAGE": phrase}
    table = "".join(f"<tr><th>{name}:</th><td>{escape(value)}</td></tr>\n" for name, value in rows.items())
    text = (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>\n'
        f"<title>Error {title}</title>\n</head>\n<body><h2>HTTP ERROR {title}</h2>\n"
        f"<table>\n{table}</table>\n{more}\n</body>\n</html>\n"
    )
    headers = {
        "Cache-Control": "must-revalidate,no-cache,no-store",
        "Content-Type": "text/html;charset=iso-8859-1",
        **_security(request),
    }
    return Response(text.encode("iso-8859-1", "replace"), error.status_code, headers)


async def _other_method(request: Request, error: Exception) -> Response:
    """TRACE is forbidden, PUT and DELETE are not allowed, nobody knows others."""
    if request.method == "OPTIONS":
        return Response(headers={"Allow": ALLOW, **_security(request)})
    return Response(status_code=REFUSED_METHODS.get(request.method, 501), headers=_security(request))
