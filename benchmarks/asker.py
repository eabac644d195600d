"""A client of a few lines that asks for much: requests as bytes, replies counted and thrown away."""

import socket
import struct
from collections.abc import Iterable, Sequence

from attrs import frozen

CREATE, GET_DATA, GET_CHILDREN, MULTI, MULTI_READ = 1, 4, 8, 14, 22
SET_WATCHES, GET_EPHEMERALS, GET_ALL_CHILDREN_NUMBER, CLOSE_SESSION = 101, 103, 104, -11
CREATE_CONTAINER, DELETE, SET_DATA, ADD_WATCH = 19, 2, 5, 106
RECURSIVE = 1
PERSISTENT, EPHEMERAL, CONTAINER = 0, 1, 4
EVENT = -1
SESSION_TIMEOUT_MS = 40_000
PATIENCE_S = 600.0
CREATES_AT_ONCE = 1000
OPEN_ACL = struct.pack(">ii", 1, 31) + struct.pack(">i5si6s", 5, b"world", 6, b"anyone")
MULTI_END = struct.pack(">ibi", -1, 1, -1)


class Refused(Exception):
    """The server answered with an error."""


def text(value: str) -> bytes:
    """A string with its length."""
    return buffer(value.encode())


def buffer(data: bytes) -> bytes:
    """Bytes with their length."""
    return struct.pack(">i", len(data)) + data


def create_body(path: str, data: bytes = b"", flags: int = PERSISTENT) -> bytes:
    """A CreateRequest."""
    return text(path) + buffer(data) + OPEN_ACL + struct.pack(">i", flags)


def multi_body(kind: int, parts: Iterable[bytes]) -> bytes:
    """Requests of one kind as the parts of a multi or multiRead."""
    header = struct.pack(">ibi", kind, 0, -1)
    return b"".join([header + part for part in parts]) + MULTI_END


def read_body(path: str) -> bytes:
    """A GetDataRequest or GetChildrenRequest without a watch."""
    return text(path) + b"\0"


def watches_body(exist: Sequence[str]) -> bytes:
    """A setWatches of paths that do not exist."""
    paths = b"".join([text(path) for path in exist])
    return struct.pack(">qii", 0, 0, len(exist)) + paths + struct.pack(">i", 0)


def data_watches_body(data: Sequence[str]) -> bytes:
    """A setWatches of nodes that exist, whose client has seen everything."""
    paths = b"".join([text(path) for path in data])
    return struct.pack(">qi", 1 << 62, len(data)) + paths + struct.pack(">ii", 0, 0)


def set_body(path: str, data: bytes) -> bytes:
    """A SetDataRequest for any version."""
    return text(path) + buffer(data) + struct.pack(">i", -1)


def recursive_watch_body(path: str) -> bytes:
    """An AddWatchRequest for all that is at and below a path."""
    return text(path) + struct.pack(">i", RECURSIVE)


def delete_body(path: str) -> bytes:
    """A DeleteRequest."""
    return text(path) + struct.pack(">i", -1)


@frozen
class Reply:
    """The header of a reply, and its size in bytes."""

    xid: int
    err: int
    size: int


class Asker:
    """One session; raises OSError when the server closes the connection, or says nothing for very long."""

    def __init__(self, port: int, timeout_ms: int = SESSION_TIMEOUT_MS) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._waste = bytearray(1 << 20)
        self._xid = 0
        self.send_frame(struct.pack(">iqiq", 0, 0, timeout_ms, 0) + buffer(bytes(16)) + b"\0")
        self._exactly(int.from_bytes(self._exactly(4), "big"))

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection; the session lives on until its time is over."""
        self._sock.close()

    def send_frame(self, payload: bytes) -> None:
        """Send bytes with their length."""
        self._sock.sendall(buffer(payload))

    def ask(self, kind: int, body: bytes) -> None:
        """Send a request."""
        self._xid += 1
        self.send_frame(struct.pack(">ii", self._xid, kind) + body)

    def reply(self) -> Reply:
        """The next reply, without its body; events are thrown away."""
        while True:
            size = int.from_bytes(self._exactly(4), "big", signed=True)
            xid, _zxid, err = struct.unpack(">iqi", self._exactly(16))
            self._skip(size - 16)
            if xid != EVENT:
                return Reply(xid, err, size)

    def skip_events(self, count: int) -> None:
        """Read so many events."""
        for _ in range(count):
            self._skip(int.from_bytes(self._exactly(4), "big", signed=True))

    def call(self, kind: int, body: bytes) -> Reply:
        """Ask and wait; raises Refused."""
        self.ask(kind, body)
        reply = self.reply()
        if reply.err != 0:
            raise Refused(f"request {kind} is answered with error {reply.err}")
        return reply

    def create(self, path: str, data: bytes = b"", flags: int = PERSISTENT) -> None:
        """Create a node."""
        self.call(CREATE, create_body(path, data, flags))

    def create_many(self, paths: Sequence[str], flags: int = PERSISTENT, kind: int = CREATE) -> None:
        """Create nodes, a thousand in one request, two of these on their way."""
        waiting = 0
        for at in range(0, len(paths), CREATES_AT_ONCE):
            some = paths[at : at + CREATES_AT_ONCE]
            self.ask(MULTI, multi_body(kind, [create_body(path, b"", flags) for path in some]))
            waiting += 1
            if waiting > 1:
                self._created()
                waiting -= 1
        for _ in range(waiting):
            self._created()

    def _created(self) -> None:
        reply = self.reply()
        if reply.err != 0:
            raise Refused(f"creates are answered with error {reply.err}")

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._sock.recv(count - len(data))
            if not piece:
                raise ConnectionResetError("closed by the server")
            data += piece
        return data

    def _skip(self, count: int) -> None:
        waste = memoryview(self._waste)
        while count > 0:
            got = self._sock.recv_into(waste[: min(count, len(waste))])
            if not got:
                raise ConnectionResetError("closed by the server")
            count -= got


def ask_word(port: int, word: str) -> int:
    """The length of the whole answer to a four-letter word."""
    size = 0
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as sock:
        sock.sendall(word.encode())
        while piece := sock.recv(1 << 20):
            size += len(piece)
    return size
