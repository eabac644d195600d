"""The writer that times a failover: one session and one write after another, the same code for every server."""

import socket
import struct
import time
from types import TracebackType

SESSION_TIMEOUT_MS = 30_000
#: How long a member may take over any one answer before the next member is asked.
STEP_S = 1.0
PAUSE_S = 0.002
CREATE, SET_DATA, CLOSE_SESSION = 1, 5, -11
NODE_EXISTS = -110
OPEN_ACL = struct.pack(">ii", 1, 31) + struct.pack(">i5si6s", 5, b"world", 6, b"anyone")


def _buffer(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


class Refused(Exception):
    """The server answered with an error, or with no session."""


class Session:
    """A session on one connection; everything raises OSError or Refused."""

    def __init__(self, port: int, step_s: float = STEP_S) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), step_s)
        self._sock.settimeout(step_s)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._xid = 0
        try:
            self._send(struct.pack(">iqiq", 0, 0, SESSION_TIMEOUT_MS, 0) + _buffer(bytes(16)) + b"\0")
            _version, timeout_ms = struct.unpack_from(">ii", self._frame())
            if timeout_ms <= 0:
                raise Refused("no session")
        except BaseException:
            self._sock.close()
            raise

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session where that is possible at once."""
        try:
            self._ask(CLOSE_SESSION, b"")
        except (OSError, Refused):
            pass
        self._sock.close()

    def create(self, path: str, data: bytes) -> None:
        """Also where the node is there already."""
        self._ask(CREATE, _buffer(path.encode()) + _buffer(data) + OPEN_ACL + struct.pack(">i", 0), NODE_EXISTS)

    def set(self, path: str, data: bytes) -> int:
        """Returns the zxid of the write."""
        return self._ask(SET_DATA, _buffer(path.encode()) + _buffer(data) + struct.pack(">i", -1))

    def _ask(self, type_: int, body: bytes, tolerated: int = 0) -> int:
        self._xid += 1
        self._send(struct.pack(">ii", self._xid, type_) + body)
        _xid, zxid, err = struct.unpack_from(">iqi", self._frame())
        if err not in (0, tolerated):
            raise Refused(f"error {err}")
        return int(zxid)

    def _send(self, payload: bytes) -> None:
        self._sock.sendall(_buffer(payload))

    def _frame(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(4), "big"))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._sock.recv(count - len(data))
            if not piece:
                raise ConnectionResetError("closed by the server")
            data += piece
        return data


def first_write_s(ports: list[int], path: str, since: float, patience_s: float, old_epoch: int = -1) -> float:
    """Seconds from `since` (monotonic clock) to the first acknowledged set of a new session on any of these ports.

    Sets of `old_epoch` do not count: a leader may acknowledge some after it was told to stop. Raises TimeoutError.
    """
    turn = 0
    while time.monotonic() - since < patience_s:
        try:
            with Session(ports[turn % len(ports)]) as session:
                while session.set(path, b"x" * 100) >> 32 <= old_epoch:
                    if time.monotonic() - since > patience_s:
                        raise TimeoutError(f"after {patience_s:g} s the leader is still the same")
                return time.monotonic() - since
        except (OSError, Refused):
            turn += 1
            time.sleep(PAUSE_S)
    raise TimeoutError(f"no write was acknowledged within {patience_s:g} s")
