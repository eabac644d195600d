"""HTTP for operators: an ASGI application on a port of its own, beside the client port.

    listener = open_http(host, port)                       raises OSError
    nursery.start_soon(serve_http, listener, settings, make_application)

What speaks HTTP is loaded with the first connection, in a thread: a server that nobody asks neither starts later
nor grows. Cancelling `serve_http` ends every connection at once, whatever its client does.
"""

import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import trio

from pyzoo.runtime.http_records import RecordStream
from pyzoo.runtime.http_settings import AsgiApplication, HttpSettings, Stream, plain_address
from pyzoo.runtime.http_slots import Slot, Slots
from pyzoo.runtime.listening import bind

if TYPE_CHECKING:
    from pyzoo.runtime.http_connection import HttpConnection

logger = logging.getLogger(__name__)

ACCEPT_REST_SECONDS = 0.5
TLS_HANDSHAKE_BYTE = b"\x16"


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
        secure = trio.SSLStream(RecordStream(plain), settings.tls, server_side=True, https_compatible=True)
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
