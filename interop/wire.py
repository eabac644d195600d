"""The client port as bytes: one connection, frames in and out, nothing interpreted."""

import socket
import ssl
import struct

from attrs import define, field

ANSWER_SECONDS = 30.0
#: Every connection of the running test, so that its end can close what the test left open.
opened: list["Connection"] = []


@define
class Connection:
    """A TCP connection to a server; remembers every frame it received."""

    address: tuple[str, int]
    tls: ssl.SSLContext | None = None
    frames: list[bytes] = field(factory=list)
    closed: bool = False
    _socket: socket.socket = field(init=False)
    _received: bytearray = field(factory=bytearray)

    def __attrs_post_init__(self) -> None:
        self._socket = socket.socket()
        opened.append(self)
        self._socket.settimeout(ANSWER_SECONDS)
        try:
            self._socket.connect(self.address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None:
                self._socket = self.tls.wrap_socket(self._socket)
        except (BrokenPipeError, ConnectionResetError):
            # Refused by a limit so fast that even connecting sees it.
            self.closed = True

    def send(self, data: bytes) -> None:
        """Raw bytes; a connection that the server has closed already swallows them."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            self.closed = True

    def send_frame(self, payload: bytes) -> None:
        self.send(struct.pack(">i", len(payload)) + payload)

    def _receive(self, timeout: float) -> bool:
        """One more piece of the stream; False at its end. Raises TimeoutError."""
        if self.closed and self._socket.fileno() < 0:
            return False
        self._socket.settimeout(timeout)
        try:
            piece = self._socket.recv(1 << 16)
        except TimeoutError:
            raise
        except OSError:
            piece = b""
        if not piece:
            self.closed = True
            return False
        self._received += piece
        return True

    def read_frame(self, timeout: float = ANSWER_SECONDS) -> bytes | None:
        """The next frame's payload, or None when the server has closed the connection. Raises TimeoutError."""
        while True:
            if len(self._received) >= 4:
                (length,) = struct.unpack_from(">i", self._received)
                if len(self._received) >= 4 + length:
                    frame = bytes(self._received[4 : 4 + length])
                    del self._received[: 4 + length]
                    self.frames.append(frame)
                    return frame
            if not self._receive(timeout):
                return None

    def read_to_end(self, timeout: float = ANSWER_SECONDS) -> bytes:
        """All bytes until the server closes the connection. Raises TimeoutError."""
        while self._receive(timeout):
            pass
        rest = bytes(self._received)
        self._received.clear()
        return rest

    def buffered(self) -> bool:
        """Whether received bytes have not been read yet."""
        return bool(self._received)

    def shut_down_writing(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


def close_all() -> None:
    """Close every connection that was opened since the last call."""
    while opened:
        opened.pop().close()
