"""Frames of kazoo's connection: bytes to requests and answers, many at a time."""

import ssl
import struct
from typing import Any, Final

from kazoo.exceptions import ConnectionDropped
from kazoo.protocol.connection import AUTH_XID, CLOSE_RESPONSE, ConnectionHandler
from kazoo.protocol.serialization import Auth, int_int_struct, int_struct

from pyzoo.shell.failures import CLOSED, LONGEST_CONNECT_RESPONSE, LOST, NO_ANSWER, what_answers

MAX_XID: Final = 0x7FFFFFFF
PIECE: Final = 64 * 1024
"""Bytes that are sent or received at once."""


class FrameConnection(ConnectionHandler):
    """Sends all requests that wait at once, and takes what has arrived at once.

    kazoo's own way, some system calls for each message, is too slow for large trees. `client` has requests in `_queue`
    and `_pending`, and `failures`, which is told of a connection that breaks.
    """

    client: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._incoming = bytearray()
        self._is_connecting = False
        #: The one that this is, or was last, connected to.
        self.server: tuple[str, int] = ("", 0)
        self._xid: int = 0

    def _read(self, length: int, timeout: float) -> bytes:
        if self._is_connecting and not 0 <= length <= LONGEST_CONNECT_RESPONSE:
            raise ConnectionDropped(what_answers(struct.pack(">i", length)))
        while len(self._incoming) < length:
            try:
                self._incoming += self._receive(timeout)
            except (ConnectionDropped, self.handler.timeout_exception):
                if not self._is_connecting:
                    self.client.failures.note(*self.server, LOST)
                raise
        data = bytes(self._incoming[:length])
        del self._incoming[:length]
        return data

    def _receive(self, timeout: float) -> bytes:
        with self._socket_error_handling():
            while True:
                pending = getattr(self._socket, "pending", None)
                if not (pending and pending()) and not self.handler.select([self._socket], [], [], timeout)[0]:
                    raise self.handler.timeout_exception(NO_ANSWER)
                try:
                    data: bytes = self._socket.recv(PIECE)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    continue
                if not data:
                    raise ConnectionDropped(CLOSED)
                return data

    def _read_socket(self, read_timeout: float) -> Any:
        response = super()._read_socket(read_timeout)
        while response != CLOSE_RESPONSE and self._has_message():
            response = super()._read_socket(read_timeout)
        return response

    def _has_message(self) -> bool:
        """Whether a whole message is there already; nothing else would wake the loop for it."""
        size = int_struct.size
        if len(self._incoming) < size:
            return False
        return bool(len(self._incoming) >= size + int_struct.unpack_from(self._incoming, 0)[0])

    def _send_request(self, read_timeout: float, connect_timeout: float) -> None:
        self._read_sock.recv(PIECE)
        while self.client._queue:
            self._write(self._next_requests(), connect_timeout)

    def _next_requests(self) -> bytearray:
        """The frames of requests that wait; they are pending from here on."""
        client, frames = self.client, bytearray()
        while client._queue and len(frames) < PIECE:
            request, answer = client._queue.popleft()
            if request.type == Auth.type:
                xid = AUTH_XID
            else:
                self._xid = xid = self._xid % MAX_XID + 1
            body = int_int_struct.pack(xid, request.type) + request.serialize()
            frames += int_struct.pack(len(body)) + body
            client._pending.append((request, answer, xid))
        return frames
