"""One HTTP/1.1 connection: h11 reads and writes the protocol, an ASGI application answers (ASGI 3.0, HTTP 2.4).

Everything happens in one task. The application reads the body when it wants it, so a big one waits in the network,
and what it sends goes out before it goes on, so nothing piles up here.
"""

import logging
import ssl
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import unquote

import h11
import trio

from pyzoo.runtime.http import AsgiApplication, HttpSettings, Message, Stream

logger: Final = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 1 << 16
SEND_BYTES: Final = 1 << 16
"""What a client has to take within the idle timeout."""
HEADER_RECEIVE_BYTES: Final = 1 << 12
"""Less for headers, for h11 judges their size only while they are not complete."""
LINGER_SECONDS: Final = 5.0
"""How long what a client still sends after its answer is thrown away, so that it gets to read that."""

Headers = list[tuple[bytes, bytes]]


class ClientGoneError(OSError):
    """The client went away before it had its answer; what ASGI wants `send` to raise."""


class _BodyTooLargeError(Exception):
    """A body goes beyond what the settings allow."""


class HttpConnection:
    """Serves the requests of one connection, one after the other; raises OSError when it is gone already."""

    def __init__(self, stream: Stream, settings: HttpSettings, application: AsgiApplication) -> None:
        sock = _socket_of(stream)
        host, port = sock.getpeername()[:2]
        self._client = (_address(host), port)
        self._server = sock.getsockname()[:2]
        self._stream = stream
        self._settings = settings
        self._application = application
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=settings.max_header_bytes)
        self._is_head = False
        self._body_bytes = 0
        self._body_ended = False
        self._answered = trio.Event()

    async def run(self) -> None:
        """Return when the connection is over; raises OSError or a trio resource error when it broke."""
        try:
            while (request := await self._next_request()) is not None:
                await self._answer(request)
                self._skip_body()
                if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    break
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._refuse(error.error_status_hint, str(error))
        await self._linger()
        await trio.aclose_forcefully(self._stream)

    async def _next_request(self) -> h11.Request | None:
        """None when the client has no more, or takes too long over it."""
        with trio.move_on_after(self._settings.idle_timeout_s) as timer:
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    return event
                if isinstance(event, h11.ConnectionClosed):
                    return None
                first = not self._http.trailing_data[0]
                await self._read(HEADER_RECEIVE_BYTES)
                if first:
                    timer.deadline = trio.current_time() + self._settings.idle_timeout_s
        return None

    async def _read(self, size: int) -> None:
        self._http.receive_data(bytes(await self._stream.receive_some(size)))

    async def _write(self, event: h11.Event) -> None:
        data = memoryview(self._http.send(event) or b"")
        try:
            for at in range(0, len(data), SEND_BYTES):
                with trio.fail_after(self._settings.idle_timeout_s):
                    await self._stream.send_all(data[at : at + SEND_BYTES])
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError) as error:
            raise ClientGoneError("the client is gone") from error

    # --- one request

    async def _answer(self, request: h11.Request) -> None:
        """Let the application answer; what it does wrong costs this request only."""
        self._is_head = request.method == b"HEAD"
        self._body_bytes = 0
        self._body_ended = False
        self._answered = trio.Event()
        limit = self._settings.max_body_bytes
        try:
            if limit is not None and _content_length(request) > limit:
                raise _BodyTooLargeError
            await self._application(self._scope(request), self._receive, self._send)
            if self._http.our_state is h11.SEND_RESPONSE:
                raise RuntimeError("the application did not answer")
        except _BodyTooLargeError:
            await self._refuse(413, f"a body may have {limit} bytes")
        except ClientGoneError:
            raise
        except Exception as error:
            if isinstance(error.__cause__ or error.__context__, (ClientGoneError, _BodyTooLargeError)):
                raise ClientGoneError("the client is gone") from error
            logger.exception("Internal error while answering %s", request.target.decode("ascii", "replace"))
            await self._refuse(500, "Internal Server Error")

    def _scope(self, request: h11.Request) -> Message:
        path, _, query = request.target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": request.http_version.decode("ascii"),
            "method": request.method.decode("ascii"),
            "scheme": "https" if isinstance(self._stream, trio.SSLStream) else "http",
            "path": unquote(path.decode("ascii", "replace")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": list(request.headers),
            "client": self._client,
            "server": self._server,
            "state": {},
            "extensions": _tls_extension(self._stream),
        }

    async def _receive(self) -> Message:
        """The next piece of the body; when there is no more, wait until the answer is out.

        A body that breaks off, or does not follow the protocol, is a client that is gone.
        """
        if self._body_ended:
            await self._answered.wait()
            return {"type": "http.disconnect"}
        if self._http.they_are_waiting_for_100_continue:
            await self._write(h11.InformationalResponse(status_code=100, headers=[]))
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                return self._disconnected()
            if event is h11.NEED_DATA:
                try:
                    with trio.fail_after(self._settings.idle_timeout_s):
                        await self._read(RECEIVE_BYTES)
                except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
                    return self._disconnected()
            elif isinstance(event, h11.Data):
                self._body_bytes += len(event.data)
                limit = self._settings.max_body_bytes
                if limit is not None and self._body_bytes > limit:
                    raise _BodyTooLargeError
                return {"type": "http.request", "body": bytes(event.data), "more_body": True}
            elif isinstance(event, h11.EndOfMessage):
                self._body_ended = True
                return {"type": "http.request", "body": b"", "more_body": False}
            else:
                return self._disconnected()

    def _skip_body(self) -> None:
        """What has come of a body that the application did not want; another request may follow the end of it."""
        while self._http.their_state is h11.SEND_BODY:
            if not isinstance(self._http.next_event(), (h11.Data, h11.EndOfMessage)):
                return

    def _disconnected(self) -> Message:
        self._body_ended = True
        self._answered.set()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        """A part of the answer; raises OSError when the client is gone."""
        if message["type"] == "http.response.start":
            headers: Iterable[tuple[bytes, bytes]] = message.get("headers", [])
            await self._write(h11.Response(status_code=message["status"], headers=_with_date(headers)))
        elif message["type"] == "http.response.body":
            body: bytes = message.get("body", b"")
            if body and not self._is_head:
                await self._write(h11.Data(data=body))
            if not message.get("more_body", False):
                await self._write(h11.EndOfMessage())
                self._answered.set()

    # --- the end

    async def _refuse(self, status: int, reason: str) -> None:
        """An answer of our own, when there is none yet; the connection ends with it."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = reason.encode() + b"\n"
        headers = [
            (b"Content-Type", b"text/plain; charset=utf-8"),
            (b"Content-Length", str(len(body)).encode()),
            (b"Connection", b"close"),
        ]
        await self._write(h11.Response(status_code=status, headers=_with_date(headers)))
        if not self._is_head:
            await self._write(h11.Data(data=body))
        await self._write(h11.EndOfMessage())

    async def _linger(self) -> None:
        """Closing while the client still sends would make the network drop the answer that it has not read."""
        sending = self._http.their_state in (h11.SEND_BODY, h11.ERROR)
        if not sending or self._http.they_are_waiting_for_100_continue:
            return
        if isinstance(self._stream, trio.SocketStream):
            await self._stream.send_eof()
        with trio.move_on_after(LINGER_SECONDS):
            while await self._stream.receive_some(RECEIVE_BYTES):
                pass


def _socket_of(stream: Stream) -> trio.socket.SocketType:
    if isinstance(stream, trio.SSLStream):
        return stream.transport_stream.socket
    return stream.socket


def _address(host: str) -> str:
    """An address as people write it, also when it came to a port for both versions of IP."""
    mapped = host.removeprefix("::ffff:")
    return mapped if "." in mapped else host


def _content_length(request: h11.Request) -> int:
    """What the client announces; h11 has made sure that it is one number. 0 where it says nothing."""
    return next((int(value) for name, value in request.headers if name == b"content-length"), 0)


def _with_date(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return [(b"Date", formatdate(usegmt=True).encode("ascii")), *headers]


def _tls_extension(stream: Stream) -> dict[str, Any]:
    """The client's certificate, where it has shown one (the TLS extension of ASGI)."""
    if not isinstance(stream, trio.SSLStream):
        return {}
    certificate = stream.getpeercert(binary_form=True)
    chain = [] if certificate is None else [ssl.DER_cert_to_PEM_cert(certificate)]
    return {"tls": {"client_cert_chain": chain}}
