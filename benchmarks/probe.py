"""Other clients, while something large goes on: a get every two milliseconds and a set every ten.

Requests leave on time whether or not earlier ones are answered, and a latency counts from when its request was to
leave, so a pause counts in full. `python -m benchmarks.probe PORT` prints `ready`, and figures after a line of input.
"""

import json
import select
import socket
import struct
import sys
import time
from collections import deque

from benchmarks.asker import CREATE, GET_DATA, buffer, create_body, text
from benchmarks.beside import Beside
from benchmarks.zkload import Figures

GET_EVERY_S, SET_EVERY_S = 0.002, 0.010
SET_DATA = 5
DRAIN_S = 60.0


class _Stream:
    """One session with a request at fixed intervals."""

    def __init__(self, port: int, kind: int, body: bytes, every_s: float) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(buffer(struct.pack(">iqiq", 0, 0, 40_000, 0) + buffer(bytes(16)) + b"\0"))
        self.sock.recv(4096)
        self.request = buffer(struct.pack(">ii", 1, kind) + body)
        self.every_s = every_s
        self.next_s = 0.0
        self.sent: deque[float] = deque()
        self.latencies_s: list[float] = []
        self._received = b""

    def call(self, kind: int, body: bytes) -> None:
        """One request, its answer not looked at."""
        self.sock.sendall(buffer(struct.pack(">ii", 1, kind) + body))
        self.sock.recv(4096)

    def send_due(self, now_s: float) -> None:
        """Send what is due."""
        while self.next_s <= now_s:
            self.sent.append(self.next_s)
            self.sock.sendall(self.request)
            self.next_s += self.every_s

    def receive(self) -> None:
        """Take the answers that are there."""
        piece = self.sock.recv(1 << 16)
        if not piece:
            raise ConnectionResetError("closed by the server")
        now_s = time.monotonic()
        data = self._received + piece
        while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big"):
            data = data[4 + int.from_bytes(data[:4], "big") :]
            self.latencies_s.append(now_s - self.sent.popleft())
        self._received = data


def _look(streams: list[_Stream]) -> None:
    """Ask until a line of input comes, and wait for the answers that are missing then."""
    start_s = time.monotonic()
    end_s = 0.0
    for stream in streams:
        stream.next_s = start_s
    while not end_s or (any(stream.sent for stream in streams) and time.monotonic() < end_s):
        now_s = time.monotonic()
        wait_s = 0.1
        if not end_s:
            for stream in streams:
                stream.send_due(now_s)
            wait_s = max(min(stream.next_s for stream in streams) - time.monotonic(), 0)
        readable, _, _ = select.select([*[stream.sock for stream in streams], sys.stdin], [], [], wait_s)
        for stream in streams:
            if stream.sock in readable:
                stream.receive()
        if sys.stdin in readable and not end_s:
            end_s = time.monotonic() + DRAIN_S


def _percentile(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def main(port: int) -> None:
    """Be the other clients."""
    gets = _Stream(port, GET_DATA, text("/probe") + b"\0", GET_EVERY_S)
    sets = _Stream(port, SET_DATA, text("/probe") + buffer(b"x" * 100) + struct.pack(">i", -1), SET_EVERY_S)
    gets.call(CREATE, create_body("/probe", b"x" * 100))
    print("ready", flush=True)
    _look([gets, sets])
    figures: Figures = {}
    for name, stream in (("get", gets), ("set", sets)):
        lost = len(stream.sent)
        ordered = sorted(stream.latencies_s + [DRAIN_S] * lost)
        for key, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            figures[f"{name}_{key}_ms"] = _percentile(ordered, part) * 1000
    print(json.dumps(figures))


class Probe(Beside):
    """The same as a process of its own, for the length of a `with`."""

    def __init__(self, port: int) -> None:
        super().__init__("benchmarks.probe", str(port), patience_s=2 * DRAIN_S)


if __name__ == "__main__":
    main(int(sys.argv[1]))
