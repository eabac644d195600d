"""HTTP for operators: an ASGI application on a port of its own, beside the client port.

    listener = open_http(host, port)                       raises OSError
    nursery.start_soon(serve_http, listener, settings, make_application)

What speaks HTTP is loaded with the first connection, in a thread: a server that nobody asks neither starts later
nor grows. Cancelling `serve_http` ends every connection at once, whatever its client does.
"""

import logging
import math
import socket
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import trio
from attrs import frozen

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.http_slots import Slot, Slots
from pyzoo.runtime.listening import bind

if TYPE_CHECKING:
    from pyzoo.runtime.http_connection import HttpConnection

logger = logging.getLogger(__name__)

ACCEPT_REST_SECONDS = 0.5
TLS_HANDSHAKE_BYTE = b"\x16"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Message, Receive, Send], Awaitable[None]]

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


def nothing() -> None:
    """What happens with each plain connection when nobody counts them."""


@frozen
class HttpSettings:
    """How a port is served, and what its clients may use up.

    A request has to be there, up to the end of its header, `header_timeout_s` after its first byte, and the first one
    of a connection as long after that was made, TLS included. `idle_timeout_s` is for each other wait for a client:
    for its next request, for the next bytes of a body, for those sent to be taken; bodies have to keep up
    `min_data_rate` bytes a second besides. Request line and header may have `max_header_bytes` together; a body is
    for the application to read or to leave. Without `tls` the port is plain; with it and `accepts_plain` the first
    byte of a connection decides, and `plain_accepted` counts the others.
    """

    header_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
    min_data_rate: int = 16 << 10
    max_connections: int = 64
    max_connections_per_address: int = 16
    max_header_bytes: int = 8 << 10
    tls: ssl.SSLContext | None = None
    accepts_plain: bool = True
    plain_accepted: Callable[[], None] = nothing


def http_settings(config: ServerConfig) -> HttpSettings:
    """What the configuration allows, for a plain port."""
    limits, idle_ms = config.http, config.admin.idle_timeout_ms
    return HttpSettings(
        header_timeout_s=limits.header_timeout_ms / 1000,
        idle_timeout_s=idle_ms / 1000 if idle_ms > 0 else math.inf,
        min_data_rate=limits.min_data_rate,
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        max_header_bytes=limits.max_header_bytes,
    )


def plain_address(host: str) -> str:
    """An address as people write it, also when it came to a port for both versions of IP."""
    mapped = host.removeprefix("::ffff:")
    return mapped if "." in mapped else host


def open_http(host: str, port: int) -> socket.socket:
    """Listen; port 0 is any free one, and 0.0.0.0 or :: is every address of this machine. Raises OSError."""
    listener = bind(host, port, socket.SOMAXCONN)
    listener.setblocking(False)
    return listener


async def serve_http(
    listener: socket.socket, settings: HttpSettings, make_application: Callable[[], AsgiApplication]
) -> None:
    """Serve until cancelled, then close the listener; `make_application` runs in a thread, with the first connection.

    Nothing that a client does ends this.
    """
    server = _HttpServer(settings, make_application)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.close_at_end)
            await server.accept(trio.socket.from_stdlib_socket(listener), nursery)
    finally:
        listener.close()


class _HttpServer:
    """The connections of one port."""

    def __init__(self, settings: HttpSettings, make_application: Callable[[], AsgiApplication]) -> None:
        self._settings = settings
        self._make_application = make_application
        self._loading = trio.Lock()
        self._connection_type: type[HttpConnection] | None = None
        self._application: AsgiApplication | None = None
        self._open: set[trio.socket.SocketType] = set()
        self._slots = Slots(settings.max_connections, settings.max_connections_per_address)

    async def accept(self, listener: trio.socket.SocketType, nursery: trio.Nursery) -> None:
        """A task for each connection."""
        while True:
            try:
                sock, address = await listener.accept()
            except ConnectionAbortedError:
                continue
            except OSError as error:
                logger.error("No more HTTP connections can be accepted for now: %s", error)
                await trio.sleep(ACCEPT_REST_SECONDS)
                continue
            slot = self._slots.take(plain_address(address[0]))
            if slot is None:
                logger.warning("Too many HTTP requests, closing a new connection of %s", plain_address(address[0]))
                sock.close()
                continue
            self._open.add(sock)
            nursery.start_soon(self._serve, sock, slot)

    async def close_at_end(self) -> None:
        """Take the sockets away from clients that would hold up the end."""
        try:
            await trio.sleep_forever()
        finally:
            for sock in self._open:
                sock.close()

    async def _serve(self, sock: trio.socket.SocketType, slot: Slot) -> None:
        """One connection, from its first byte to its last."""
        try:
            with slot.scope:
                await self._converse(sock, slot)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError) as error:
            logger.debug("An HTTP connection ended: %r", error)
        except Exception:
            logger.exception("Closing an HTTP connection after an internal error")
        finally:
            slot.free()
            self._open.discard(sock)
            sock.close()

    async def _converse(self, sock: trio.socket.SocketType, slot: Slot) -> None:
        deadline = trio.current_time() + self._settings.header_timeout_s
        with trio.fail_at(deadline):
            stream = await self._open_stream(sock)
        if stream is not None:
            connection_type, application = await self._load()
            await connection_type(stream, self._settings, application, slot).run(deadline)

    async def _open_stream(self, sock: trio.socket.SocketType) -> Stream | None:
        """Wait for the first byte, which tells TLS from plain; None when there never is one, or TLS is missing."""
        settings = self._settings
        first = await sock.recv(1, socket.MSG_PEEK)
        if not first:
            return None
        plain = trio.SocketStream(sock)
        if settings.tls is None:
            return plain
        if first != TLS_HANDSHAKE_BYTE:
            if not settings.accepts_plain:
                return None
            settings.plain_accepted()
            return plain
        secure = trio.SSLStream(plain, settings.tls, server_side=True, https_compatible=True)
        await secure.do_handshake()
        return secure

    async def _load(self) -> tuple[type["HttpConnection"], AsgiApplication]:
        """What speaks HTTP, and who answers."""
        async with self._loading:
            if self._connection_type is None or self._application is None:
                self._connection_type = await trio.to_thread.run_sync(_import_connection)
                self._application = await trio.to_thread.run_sync(self._make_application)
        return self._connection_type, self._application


def _import_connection() -> type["HttpConnection"]:
    from pyzoo.runtime.http_connection import HttpConnection

    return HttpConnection
