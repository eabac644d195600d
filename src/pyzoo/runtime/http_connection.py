"""One HTTP connection: h11 reads and writes the protocol, an ASGI application answers (ASGI 3.0, HTTP 2.4).

Everything happens in one task. The application reads the body when it wants it, so a big one waits in the network,
and what it sends goes out before it goes on, so nothing piles up here. A refusal leaves the body alone and ends the
connection.
"""

import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from email.utils import formatdate
from typing import Final

import h11
import trio

from pyzoo.runtime.http_head import (
    RefusedError,
    check_head,
    check_size,
    has_body,
    keeps_alive_10,
    phrase_of,
    status_of_error,
)
from pyzoo.runtime.http_pace import Pace
from pyzoo.runtime.http_scope import Addresses, scope_of
from pyzoo.runtime.http_settings import AsgiApplication, HttpSettings, Message, Stream
from pyzoo.runtime.http_slots import Slot

logger: Final = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 1 << 16
SEND_BYTES: Final = 1 << 16
HEAD_RECEIVE_BYTES: Final = 1 << 12
LINGER_SECONDS: Final = 1.0
LINGER_BYTES: Final = 1 << 18
"""What a client still sends after its answer is thrown away for so long and up to so much: closing at once would make
the network drop the answer before the client has read it."""

Headers = list[tuple[bytes, bytes]]


class ClientGoneError(OSError):
    """The client went away before it had its answer; what ASGI wants `send` to raise."""


class HttpConnection:
    """Serves the requests of one connection, one after the other; raises OSError when it is gone already."""

    def __init__(self, stream: Stream, settings: HttpSettings, application: AsgiApplication, slot: Slot) -> None:
        self._addresses = Addresses(stream)
        self._stream = stream
        self._settings = settings
        self._application = application
        self._slot = slot
        self._http = self._new_http()
        self._refused = False
        self._is_head = False
        self._has_body = False
        self._body_ended = False
        self._keeps_alive_10 = False
        self._coming = self._going = self._new_pace()
        self._answered = trio.Event()

    def _new_http(self) -> h11.Connection:
        return h11.Connection(h11.SERVER, max_incomplete_event_size=self._settings.max_header_bytes)

    def _new_pace(self) -> Pace:
        return Pace(self._settings.idle_timeout_s, self._settings.min_data_rate)

    async def run(self, deadline: float) -> None:
        """Return when the connection is over; `deadline` is for the head of its first request (trio's clock).

        Raises OSError or a trio resource error when it broke.
        """
        try:
            while (request := await self._next_request(deadline)) is not None:
                self._slot.begin_request()
                await self._answer(request)
                if not self._go_on():
                    break
                self._slot.end_request()
                deadline = trio.current_time() + self._settings.idle_timeout_s
        except RefusedError as refusal:
            await self._refuse(refusal.status, str(refusal))
        await self._linger()
        await trio.aclose_forcefully(self._stream)

    async def _next_request(self, deadline: float) -> h11.Request | None:
        """None when the client has no more, or takes too long over it. Raises RefusedError."""
        received = self._http.trailing_data[0]
        with trio.CancelScope(deadline=deadline) as timer:
            while True:
                check_size(received, self._settings.max_header_bytes)
                try:
                    event = self._http.next_event()
                except h11.RemoteProtocolError as error:
                    raise RefusedError(status_of_error(error, received), str(error)) from error
                if isinstance(event, h11.Request):
                    check_head(event)
                    return event
                if isinstance(event, h11.ConnectionClosed):
                    return None
                data = bytes(await self._stream.receive_some(HEAD_RECEIVE_BYTES))
                if data and not received:
                    data = data.lstrip(b"\r\n")
                    if not data:
                        continue
                    timer.deadline = min(deadline, trio.current_time() + self._settings.header_timeout_s)
                self._http.receive_data(data)
                received = self._http.trailing_data[0]
        return None

    async def _write(self, data: bytes | None) -> None:
        pieces = memoryview(data or b"")
        try:
            for at in range(0, len(pieces), SEND_BYTES):
                piece = pieces[at : at + SEND_BYTES]
                begun = trio.current_time()
                with trio.fail_after(self._going.left_s()):
                    await self._stream.send_all(piece)
                self._going.moved(len(piece), trio.current_time() - begun)
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError) as error:
            raise ClientGoneError("the client is gone") from error

    # --- one request

    async def _answer(self, request: h11.Request) -> None:
        """Let the application answer; what it does wrong costs this request only. Raises RefusedError."""
        self._is_head = request.method == b"HEAD"
        self._has_body = has_body(request)
        self._body_ended = False
        self._keeps_alive_10 = keeps_alive_10(request)
        self._coming, self._going = self._new_pace(), self._new_pace()
        self._answered = trio.Event()
        scope = scope_of(request, self._stream, self._addresses)
        try:
            await self._application(scope, self._receive, self._send)
            if self._http.our_state is h11.SEND_RESPONSE:
                raise RuntimeError("the application did not answer")
        except ClientGoneError:
            raise
        except Exception as error:
            if isinstance(error.__cause__ or error.__context__, ClientGoneError):
                raise ClientGoneError("the client is gone") from error
            logger.exception("Internal error while answering %s", request.target.decode("ascii", "replace"))
            await self._refuse(500, "Internal Server Error")

    async def _receive(self) -> Message:
        """The next piece of the body; when there is no more, wait until the answer is out, or the client gone.

        A body that breaks off, comes too slowly or does not follow the protocol is a client that is gone.
        """
        if self._body_ended:
            await self._wait_until_over()
            return {"type": "http.disconnect"}
        if self._http.they_are_waiting_for_100_continue:
            await self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                return self._disconnected()
            if event is h11.NEED_DATA:
                begun = trio.current_time()
                try:
                    with trio.fail_after(self._coming.left_s()):
                        data = bytes(await self._stream.receive_some(RECEIVE_BYTES))
                except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
                    return self._disconnected()
                self._coming.moved(len(data), trio.current_time() - begun)
                self._http.receive_data(data)
            elif isinstance(event, h11.Data):
                return {"type": "http.request", "body": bytes(event.data), "more_body": True}
            elif isinstance(event, h11.EndOfMessage):
                self._body_ended = True
                return {"type": "http.request", "body": b"", "more_body": False}
            else:
                return self._disconnected()

    async def _wait_until_over(self) -> None:
        """Until the answer is out, or the client has hung up."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_hang_up, nursery.cancel_scope)
            await self._answered.wait()
            nursery.cancel_scope.cancel()

    async def _watch_hang_up(self, waiting: trio.CancelScope) -> None:
        """End the waiting when the other end hangs up; who sends on, such as another request, is still there."""
        plain = self._stream.transport_stream if isinstance(self._stream, trio.SSLStream) else self._stream
        with suppress(OSError):
            if await plain.socket.recv(1, socket.MSG_PEEK):
                return
        waiting.cancel()

    def _disconnected(self) -> Message:
        self._body_ended = True
        self._answered.set()
        return {"type": "http.disconnect"}

    def _skip_body(self) -> None:
        """What has come of a body that the application did not want; another request may follow the end of it."""
        try:
            while self._http.their_state is h11.SEND_BODY:
                if not isinstance(self._http.next_event(), (h11.Data, h11.EndOfMessage)):
                    return
        except h11.RemoteProtocolError:
            return

    async def _send(self, message: Message) -> None:
        """A part of the answer; raises OSError when the client is gone."""
        if message["type"] == "http.response.start":
            await self._write(self._begin_response(message["status"], list(message.get("headers", []))))
        elif message["type"] == "http.response.body":
            body: bytes = message.get("body", b"")
            if body and not self._is_head:
                await self._write(self._http.send(h11.Data(data=body)))
            if not message.get("more_body", False):
                await self._write(self._http.send(h11.EndOfMessage()))
                self._answered.set()

    def _begin_response(self, status: int, headers: Headers) -> bytes | None:
        """The head of the answer; it is the last one where a body is left that nobody wants."""
        if status < 400 or not self._has_body:
            self._skip_body()
        is_last = self._http.their_state in (h11.SEND_BODY, h11.ERROR)
        if is_last:
            headers.append((b"Connection", b"close"))
        data = self._http.send(h11.Response(status_code=status, headers=_with_date(headers), reason=phrase_of(status)))
        has_length = any(name.lower() == b"content-length" for name, _ in headers)
        self._keeps_alive_10 = self._keeps_alive_10 and has_length and not is_last
        if data is not None and self._keeps_alive_10:
            # h11 keeps no connection of HTTP/1.0.
            data = data.replace(b"\r\nConnection: close\r\n", b"\r\nConnection: keep-alive\r\n", 1)
        return data

    def _go_on(self) -> bool:
        """Get ready for the next request; False when the connection ends with this answer."""
        if self._keeps_alive_10 and self._http.our_state is h11.MUST_CLOSE:
            rest = self._http.trailing_data[0]
            self._http = self._new_http()
            if rest:
                self._http.receive_data(rest)
            return True
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    # --- the end

    async def _refuse(self, status: int, reason: str) -> None:
        """An answer of our own, when there is none yet; the connection ends with it."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        self._refused = True
        body = reason.encode() + b"\n"
        headers = [
            (b"Content-Type", b"text/plain; charset=utf-8"),
            (b"Content-Length", str(len(body)).encode()),
            (b"Connection", b"close"),
        ]
        response = h11.Response(status_code=status, headers=_with_date(headers), reason=phrase_of(status))
        await self._write(self._http.send(response))
        if not self._is_head:
            await self._write(self._http.send(h11.Data(data=body)))
        await self._write(self._http.send(h11.EndOfMessage()))

    async def _linger(self) -> None:
        """Let the client read its answer."""
        sending = self._http.their_state in (h11.SEND_BODY, h11.ERROR)
        if not (sending or self._refused) or self._http.they_are_waiting_for_100_continue:
            return
        if isinstance(self._stream, trio.SocketStream):
            await self._stream.send_eof()
        left = LINGER_BYTES
        with trio.move_on_after(LINGER_SECONDS):
            while left > 0 and (data := await self._stream.receive_some(RECEIVE_BYTES)):
                left -= len(data)


def _with_date(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """All headers, in the spelling of Jetty; ASGI has standard names in small letters."""
    date = (b"Date", formatdate(usegmt=True).encode("ascii"))
    return [date, *((name if b"_" in name else name.title(), value) for name, value in headers)]
