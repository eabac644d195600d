"""Those who mean harm, as a process: `python -m benchmarks.flooder KIND PORT` floods until a line of input comes.

It prints `ready`, and at its end how often it did what it does. It is as impolite to the server as it can be, and
polite to the machine (nice 10): what counts is what the server does for others, not how a processor is shared.
"""

import json
import os
import select
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.asker import (
    CREATE,
    DELETE,
    GET_DATA,
    MULTI,
    SET_WATCHES,
    Asker,
    Refused,
    buffer,
    create_body,
    delete_body,
    multi_body,
    read_body,
    watches_body,
)
from benchmarks.beside import Beside

HOST = "127.0.0.1"
HELD, BLOB_BYTES, READERS, READS = 2_000, 1_000_000, 50, 200
PARTS, WATCHED = 12_000, 40_000
SESSIONS, SESSIONS_BEGUN = 100_000, 500
PATIENCE_S = 30.0
HELLO = buffer(struct.pack(">iqiq", 0, 0, 40_000, 0) + buffer(bytes(16)) + b"\0")
GARBAGE = b"\xff\xff\xff\xff" + bytes(range(256)) * 16
SLOW_HEAD = b"GET /commands/monitor HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
Flood = Iterator[None]
"""Each step is one thing done; between steps the flood may end."""


def connects(port: int) -> Flood:
    """Connections that open and close again."""
    while True:
        socket.create_connection((HOST, port), PATIENCE_S).close()
        yield


def holding(port: int, said: bytes) -> Flood:
    """Very many connections that say this and then nothing more; who is thrown out comes again."""
    held: list[socket.socket] = []
    while True:
        if len(held) < HELD:
            try:
                sock = socket.create_connection((HOST, port), PATIENCE_S)
                sock.sendall(said)
                held.append(sock)
            except OSError:
                time.sleep(0.001)
            yield
            continue
        for sock in _readable(held):
            held.remove(sock)
            sock.close()
        yield


def _readable(held: list[socket.socket]) -> list[socket.socket]:
    """Those that were answered or thrown out."""
    poll = select.poll()
    by_fd = {sock.fileno(): sock for sock in held}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    return [by_fd[fd] for fd, _ in poll.poll(20)]


def repeating(port: int, said: bytes) -> Flood:
    """Connections that say this, wait for an answer or the end, and come again."""
    while True:
        try:
            with socket.create_connection((HOST, port), PATIENCE_S) as sock:
                sock.sendall(said)
                sock.settimeout(1)
                while sock.recv(1 << 16):
                    pass
        except OSError:
            pass
        yield


def sessions(port: int) -> Flood:
    """A hundred thousand sessions at once, whose clients have gone away without a word."""
    waiting: dict[int, socket.socket] = {}
    poll = select.poll()
    begun = ended = 0
    while ended < SESSIONS:
        while len(waiting) < SESSIONS_BEGUN and begun < SESSIONS:
            begun += 1
            sock = socket.create_connection((HOST, port), PATIENCE_S)
            sock.sendall(HELLO)
            waiting[sock.fileno()] = sock
            poll.register(sock, select.POLLIN)
        for fd, _ in poll.poll(20):
            poll.unregister(fd)
            with waiting.pop(fd) as sock:
                if not sock.recv(4096):
                    begun -= 1
                    continue
            ended += 1
            yield
    while True:
        time.sleep(1)
        yield


def handshakes(port: int) -> Flood:
    """Whole TLS handshakes, one after the other, and nothing behind them."""
    context = _no_questions()
    while True:
        with socket.create_connection((HOST, port), PATIENCE_S) as sock:
            try:
                context.wrap_socket(sock).close()
            except OSError:
                pass
        yield


def half_handshakes(port: int) -> Flood:
    """Very many TLS connections that begin their handshake and leave it there."""
    outgoing = ssl.MemoryBIO()
    client = _no_questions().wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return holding(port, outgoing.read())


def _no_questions() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def slow_readers(port: int) -> Flood:
    """Sessions that ask for two hundred megabytes each, and read nothing."""
    with Asker(port) as asker:
        asker.create("/flood-blob", b"x" * BLOB_BYTES)
    readers: list[Asker] = []
    while len(readers) < READERS:
        readers.append(Asker(port))
        for _ in range(READS):
            readers[-1].ask(GET_DATA, read_body("/flood-blob"))
        yield
    while True:
        time.sleep(0.1)
        yield


def large_multis(port: int) -> Flood:
    """Multis near a megabyte, one after the other."""
    paths = [f"/flood-{at:05}" for at in range(PARTS)]
    with Asker(port) as asker:
        while True:
            asker.call(MULTI, multi_body(CREATE, map(create_body, paths)))
            yield
            asker.call(MULTI, multi_body(DELETE, map(delete_body, paths)))
            yield


def set_watches(port: int) -> Flood:
    """setWatches near a megabyte, of other paths each time; at a million watches the session ends."""
    while True:
        with Asker(port) as asker:
            for at in range(0, 1_000_000, WATCHED):
                asker.call(SET_WATCHES, watches_body([f"/flood-{each:08}" for each in range(at, at + WATCHED)]))
                yield


FLOODS: dict[str, Callable[[int], Flood]] = {
    "connects": connects,
    "silent": lambda port: holding(port, b""),
    "half_hello": lambda port: holding(port, HELLO[:20]),
    "garbage": lambda port: repeating(port, GARBAGE),
    "held_garbage": lambda port: holding(port, GARBAGE[:64]),
    "sessions": sessions,
    "handshakes": handshakes,
    "half_handshakes": half_handshakes,
    "slow_readers": slow_readers,
    "large_multis": large_multis,
    "set_watches": set_watches,
    "slow_heads": lambda port: holding(port, SLOW_HEAD),
    "commands": lambda port: repeating(port, b"GET /commands/monitor HTTP/1.0\r\n\r\n"),
    "metrics": lambda port: repeating(port, b"GET /metrics HTTP/1.0\r\n\r\n"),
}


def main(kind: str, port: int) -> None:
    """Flood until a line of input comes."""
    os.nice(10)
    print("ready", flush=True)
    done = failed = 0
    flood = FLOODS[kind](port)
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            next(flood)
            done += 1
        except (OSError, Refused, StopIteration):
            failed += 1
            flood = FLOODS[kind](port)
            time.sleep(0.001)
    print(json.dumps({"done": done, "failed": failed}), flush=True)
    os._exit(0)  # Thousands of sockets are closed by the system at once, not one by one.


class Flooder(Beside):
    """A flood for the length of a `with`."""

    def __init__(self, kind: str, port: int) -> None:
        super().__init__("benchmarks.flooder", kind, str(port), patience_s=2 * PATIENCE_S)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
