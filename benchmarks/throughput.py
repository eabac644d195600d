"""The load table: every server gets every cell, in turns, so that the machine's noise hits all of them.

All servers stay up for the whole table: the JVM keeps what it compiled, and is warmed up before the first
cell and before the first cell of each operation. The order of the servers turns from run to run.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import define, frozen

from benchmarks.results import Cell, CellResult, Results, median_of
from benchmarks.servers import Contestant, Server, fresh_home, start
from benchmarks.tls import TlsFiles
from benchmarks.zkload import Figures, LoadError, Zkload

log = logging.getLogger(__name__)

OPS = ("get", "exists", "ls", "mix:90", "set", "create", "delete", "churn")
SHAPES = ((1, 1), (1, 16), (32, 1), (32, 16), (200, 1), (200, 16))
WRITES = ("set", "create", "delete")
WRITE_SHAPES = ((1, 1), (1, 16), (32, 1), (32, 4), (32, 16), (100, 1), (200, 1), (200, 16), (1000, 1))
SIZES = (1_000, 10_000)
"""Bytes of larger znodes, for `set` with 32 connections."""
BUSY_OPS = ("get", "set", "create", "churn")
BUSY_SHAPES = ((1, 1), (16, 1), (32, 1))
"""Cells that are measured once more while another process wants each processor."""
TLS_OPS = ("get", "set", "churn", "word")
"""The last two are sessions, and bare connections, a second."""
ONE_BY_ONE = ("churn", "word")
"""Have one request in flight by nature."""
QUICK_SHAPES = ((1, 1), (32, 1), (32, 16))


@frozen
class Pace:
    """Seconds of each part, and runs a cell."""

    seconds: float
    #: Left out at the start of every run.
    warmup: float
    #: Before the first cell of all, and of each operation.
    first_warmup: float
    runs: int


def cells_of(ops: tuple[str, ...], quick: bool) -> list[Cell]:
    """Rows of the table."""
    cells: list[Cell] = []
    for op in ops:
        shapes = QUICK_SHAPES if quick else WRITE_SHAPES if op in WRITES else SHAPES
        cells += [Cell(op, conns, depth) for conns, depth in shapes if op not in ONE_BY_ONE or depth == 1]
        if op == "set":
            cells += [Cell(op, 32, 1, size) for size in SIZES]
        if op in BUSY_OPS and not quick:
            cells += [Cell(op, conns, depth, busy=os.cpu_count() or 1) for conns, depth in BUSY_SHAPES]
    return cells


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """So many processes that never wait."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@define
class Fleet:
    """All servers, up together; one that died is started again with a fresh directory."""

    directory: Path
    stack: ExitStack
    servers: dict[str, Server]
    tls: TlsFiles | None

    @classmethod
    def launch(cls, contestants: list[Contestant], directory: Path, stack: ExitStack, tls: TlsFiles | None) -> "Fleet":
        fleet = cls(directory, stack, {}, tls)
        for contestant in contestants:
            fleet._start(contestant)
        return fleet

    def _start(self, contestant: Contestant) -> Server:
        home = self.stack.enter_context(fresh_home(self.directory, contestant))
        server = start(contestant, home, tls=self.tls)
        self.stack.callback(server.stop)
        self.servers[contestant.name] = server
        return server

    def alive(self, name: str) -> Server:
        server = self.servers[name]
        if server.is_running:
            return server
        log.warning("%s died, starting it again\n%s", name, server.output())
        return self._start(server.contestant)


def _load(zkload: Zkload, server: Server, cell: Cell, seconds: float, warmup: float, tls: TlsFiles | None) -> Figures:
    more: dict[str, str] = {} if tls is None else {"tls": str(tls.client)}
    port = server.port if tls is None else server.secure_port
    with busy_processes(cell.busy):
        return run_cell(zkload, port, server.pid, cell, seconds, warmup, **more)


def run_cell(
    zkload: Zkload,
    port: int | Sequence[int],
    pid: int | str,
    cell: Cell,
    seconds: float,
    warmup: float,
    **more: str,
) -> Figures:
    """A cell's load at these ports, beside its own figures with the processor time an operation; `pid` has that.

    Raises LoadError, also where nothing was answered.
    """
    figures = zkload.run(
        "load",
        port,
        timeout_s=seconds + warmup + 120,
        op=cell.op,
        conns=cell.conns,
        depth=cell.depth,
        size=cell.size,
        secs=seconds,
        warmup=warmup,
        pid=pid,
        **more,
    )
    if not figures["ops"]:
        raise LoadError(f"nothing was answered in the window; the longest wait was {figures['max_us']:,.0f} us")
    return {**figures, "cpu_us_per_op": figures["cpu_s"] * 1e6 / figures["ops"]}


def measure_throughput(
    contestants: list[Contestant],
    cells: list[Cell],
    pace: Pace,
    zkload: Zkload,
    directory: Path,
    results: Results,
    save: Callable[[], None],
    tls: TlsFiles | None = None,
) -> None:
    """Fill `results.cells`, calling `save` after each; with `tls` all clients speak that.

    Raises ServerError where a server does not start.
    """
    with ExitStack() as stack:
        fleet = Fleet.launch(contestants, directory, stack, tls)
        names = list(fleet.servers)

        def attempt(name: str, cell: Cell, seconds: float, warmup: float) -> Figures | None:
            try:
                return _load(zkload, fleet.alive(name), cell, seconds, warmup, tls)
            except LoadError as failure:
                log.warning("%s %s: %s", name, cell, failure)
                results.failures.append(f"{name}, {cell}: {failure}")
                return None

        for name in names:
            attempt(name, Cell("mix:70", 32, 4), pace.first_warmup, 0)
        warmed: set[str] = set()
        for row, cell in enumerate(cells):
            if cell.op not in warmed:
                warmed.add(cell.op)
                for name in names:
                    attempt(name, Cell(cell.op, 32, 1 if cell.op in ONE_BY_ONE else 4), pace.first_warmup, 0)
            result = CellResult(cell)
            for run in range(pace.runs):
                first = (row + run) % len(names)
                for name in names[first:] + names[:first]:
                    figures = attempt(name, cell, pace.seconds, pace.warmup)
                    if figures is not None:
                        result.runs.setdefault(name, []).append(figures)
            result.figures = {name: median_of(result.runs[name]) for name in names if name in result.runs}
            results.cells.append(result)
            told = ", ".join(f"{name} {figures['ops_per_s']:,.0f}/s" for name, figures in result.figures.items())
            log.info("%s: %s", cell, told)
            save()
