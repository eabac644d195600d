"""Measures EmbeddedServer in the interpreter that runs this file, and prints the figures as JSON.

`python benchmarks/embedded_probe.py STARTS SERVERS`; times are ms, by the clock (`_ms`) and of the processor
(`_cpu_ms`).
"""

import json
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PAGE_KIB = 4
Figures = dict[str, float]


class Stopwatch:
    """Times of the same thing, done several times; the medians count."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu.append((time.process_time() - cpu) * 1000)
        self.wall.append((time.perf_counter() - wall) * 1000)

    def figures(self, name: str) -> Figures:
        return {f"{name}_ms": statistics.median(self.wall), f"{name}_cpu_ms": statistics.median(self.cpu)}


def rss_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB


def first_answer(port: int) -> None:
    """As benchmarks/servers.py asks the others."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"srvr")
        answer = b""
        while piece := sock.recv(4096):
            answer += piece
    assert b"Mode:" in answer


def measure_import() -> Figures:
    """What the first EmbeddedServer of a process costs before it is made."""
    watch = Stopwatch()
    with watch.running():
        from pyzoo.testing import EmbeddedServer  # noqa: F401
    return watch.figures("import")


def measure_starts(make: Callable[[], Any], count: int) -> Figures:
    """The first one, and those after it: start, restart, reset, stop."""
    starts, restarts, resets, stops, first = Stopwatch(), Stopwatch(), Stopwatch(), Stopwatch(), Stopwatch()
    for number in range(count + 1):
        with (starts if number else first).running():
            server = make()
            server.start()
            first_answer(server.port)
        with restarts.running():
            server.restart()
            first_answer(server.port)
        with resets.running():
            server.reset()
        with stops.running():
            server.stop()
    named = {"first": first, "start": starts, "restart": restarts, "reset": resets, "stop": stops}
    return {key: value for name, watch in named.items() for key, value in watch.figures(name).items()}


def measure_many(make: Callable[[], Any], count: int) -> Figures:
    """So many servers at once."""
    started, stopped = Stopwatch(), Stopwatch()
    before = rss_kib()
    with started.running():
        servers = [make() for _ in range(count)]
        for server in servers:
            server.start()
    for server in servers:
        first_answer(server.port)
    more_kib = rss_kib() - before
    with stopped.running():
        for server in servers:
            server.stop()
    return {"many": count, "many_mib": more_kib / 1024, **started.figures("many"), **stopped.figures("many_stop")}


def main() -> None:
    starts, servers = int(sys.argv[1]), int(sys.argv[2])
    figures = measure_import()
    from pyzoo.testing import EmbeddedServer

    figures |= measure_starts(EmbeddedServer, starts)
    figures |= measure_many(EmbeddedServer, servers)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
