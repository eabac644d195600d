"""`python -m benchmarks starts`: starts from large snapshots and long logs, and what others feel of a snapshot.

All servers start from the very same files, in turns. They are made by the last server that is compared.
"""

import logging
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from attrs import evolve, field, frozen

from benchmarks.aims import Row, markdown
from benchmarks.embedded_command import processor_ms
from benchmarks.members import fields_of
from benchmarks.options import CACHE, Wanted, takes_wanted
from benchmarks.probe import Probe
from benchmarks.results import Results
from benchmarks.servers import Contestant, Server, ServerError, fresh_home, running
from benchmarks.stage import WHITELIST
from benchmarks.zkload import Figures, LoadError, Zkload

log = logging.getLogger(__name__)

SECTIONS = ("snapshot", "logs", "writing")
NO_SNAPSHOTS = {"zookeeper.snapCount": "1000000000", **WHITELIST}
SNAP_COUNT = 20_000
WRITES_PER_S = 4_000
CALM_S = 3.0
PATIENCE_S = 300
GET_P99_MS, SET_P99_MS = 5, 25
"""The aims while a snapshot is written."""
HEAP_MIB_A_MILLION = 800
"""What a JVM gets for a million znodes, but no less than it usually has."""


@frozen
class Sizes:
    """Znodes of the snapshots, those of the one that is written, and transactions of the logs."""

    snapshots: list[int] = field(factory=lambda: [1_000_000, 3_000_000])
    written: int = 1_000_000
    txns: int = 1_000_000


QUICK = Sizes([100_000], 100_000, 100_000)
LARGEST = 10_000_000


@click.command("starts", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(SECTIONS, 20, "A tenth of the sizes, one start each.")
@click.option("--large", is_flag=True, help=f"A snapshot of {LARGEST:,} znodes too: some 2 GB, and 8 GB of memory.")
def main(wanted: Wanted, large: bool) -> None:
    """Start from snapshots of very many znodes and from long logs; write a snapshot while others ask."""
    sizes = QUICK if wanted.quick else Sizes()
    if large:
        sizes = evolve(sizes, snapshots=[*sizes.snapshots, LARGEST])
    runs = wanted.runs or (1 if wanted.quick else 5)
    zkload = Zkload.build(CACHE)
    results = wanted.results(None, sizes)
    with wanted.workplace(results) as workplace:
        if "snapshot" in wanted.only:
            for nodes in sizes.snapshots:
                files = workplace / f"snapshot-{nodes}"
                make_snapshot(wanted.contestants[-1], zkload, files, workplace, nodes)
                measure_starts(wanted, results, workplace, files, nodes, runs, f"snapshot_{nodes}")
                shutil.rmtree(files)
        if "logs" in wanted.only:
            files = workplace / "logs"
            make_logs(wanted.contestants[-1], zkload, files, workplace, sizes.txns)
            measure_starts(wanted, results, workplace, files, sizes.txns, runs, "logs")
            shutil.rmtree(files)
        if "writing" in wanted.only:
            files = workplace / "written"
            make_snapshot(wanted.contestants[-1], zkload, files, workplace, sizes.written)
            measure_writing(wanted, results, workplace, files, zkload, runs)
    wanted.tell(
        markdown(results, "Starts and snapshots", "", rows_of(sizes), _text_of, "Medians. What misses its aim is bold.")
    )


def make_logs(contestant: Contestant, zkload: Zkload, files: Path, workplace: Path, txns: int) -> None:
    """A data directory whose logs have so many creates, and no snapshot but the first."""
    with fresh_home(workplace, contestant) as home:
        with running(with_heap(contestant, txns), home, NO_SNAPSHOTS) as server:
            zkload.run("fill", server.port, nodes=txns - txns // 1000 - 1)
        shutil.copytree(home / "data", files)


def make_snapshot(contestant: Contestant, zkload: Zkload, files: Path, workplace: Path, nodes: int) -> None:
    """A data directory with so many znodes in its snapshot, and no logs."""
    make_logs(contestant, zkload, files, workplace, nodes)
    version_2 = files / "version-2"
    before = set(version_2.glob("snapshot.*"))
    with fresh_home(workplace, contestant) as home:
        _take(files, home)
        with running(with_heap(contestant, nodes), home, NO_SNAPSHOTS):
            since = time.monotonic()
            while len(found := set((home / "data" / "version-2").glob("snapshot.*"))) == len(before):
                if time.monotonic() - since > PATIENCE_S:
                    raise ServerError(f"{contestant.name} saved no snapshot after its start")
                time.sleep(0.1)
        newest = max(found, key=lambda path: int(path.suffix[1:], 16))
        for path in [*before, *version_2.glob("log.*")]:
            path.unlink()
        shutil.copy(newest, version_2)


def _take(files: Path, home: Path) -> None:
    """Let a server have these files: it adds others, but changes none."""
    shutil.copytree(files, home / "data", copy_function=os.link, ignore=shutil.ignore_patterns(".*"))


def with_heap(contestant: Contestant, nodes: int) -> Contestant:
    """The same with a heap that takes so many znodes."""
    mib = max(1000, nodes * HEAP_MIB_A_MILLION // 1_000_000)
    return evolve(
        contestant, command=[f"-Xmx{mib}m" if word.startswith("-Xmx") else word for word in contestant.command]
    )


@contextmanager
def started(contestant: Contestant, workplace: Path, files: Path, properties: dict[str, str]) -> Iterator[Server]:
    """A server that has begun with these files."""
    with fresh_home(workplace, contestant) as home:
        _take(files, home)
        with running(contestant, home, properties) as server:
            yield server


def measure_starts(
    wanted: Wanted, results: Results, workplace: Path, files: Path, nodes: int, runs: int, name: str
) -> None:
    """From spawning a process to its first answer, each server in its turn."""
    found: dict[str, list[Figures]] = {contestant.name: [] for contestant in wanted.contestants}
    for run in range(runs):
        for contestant in _turned(wanted.contestants, run):
            log.info("%s: %s, %d of %d", name, contestant.name, run + 1, runs)
            try:
                with started(with_heap(contestant, nodes), workplace, files, NO_SNAPSHOTS) as server:
                    figures = {f"{name}_s": server.start_s, f"{name}_cpu_s": processor_ms(server.pid) / 1000}
                    found[contestant.name].append(figures)
            except ServerError as failure:
                results.failures.append(f"{contestant.name}, {name}: {failure}")
    _keep(wanted, results, found)


def measure_writing(wanted: Wanted, results: Results, workplace: Path, files: Path, zkload: Zkload, runs: int) -> None:
    """How long a snapshot takes while others write, and what a get and a set feel of that."""
    found: dict[str, list[Figures]] = {contestant.name: [] for contestant in wanted.contestants}
    properties = {"zookeeper.snapCount": str(SNAP_COUNT), **WHITELIST}
    for run in range(runs):
        for contestant in _turned(wanted.contestants, run):
            log.info("writing: %s, %d of %d", contestant.name, run + 1, runs)
            try:
                with started(contestant, workplace, files, properties) as server:
                    found[contestant.name].append(_write_beside(server, zkload, wanted.seconds or 20))
            except (ServerError, LoadError) as failure:
                results.failures.append(f"{contestant.name}, writing: {failure}")
    _keep(wanted, results, found)


def _write_beside(server: Server, zkload: Zkload, seconds: float) -> Figures:
    """Snapshots follow each other for so long."""
    with Probe(server.port) as calm:
        time.sleep(CALM_S)
    with Probe(server.port) as probe:
        zkload.run("probe", server.port, secs=seconds, writes=WRITES_PER_S)
    mntr = fields_of(server.port, "mntr", "\t")
    return {
        **{f"calm_{key}": value for key, value in calm.figures.items()},
        **{f"writing_{key}": value for key, value in probe.figures.items()},
        "writing_s": float(mntr.get("zk_avg_snapshottime", "0")) / 1000,
        "written": float(mntr.get("zk_cnt_snapshottime", "0")),
    }


def _turned(contestants: list[Contestant], run: int) -> list[Contestant]:
    at = run % len(contestants)
    return contestants[at:] + contestants[:at]


def _keep(wanted: Wanted, results: Results, found: dict[str, list[Figures]]) -> None:
    for name, figures in found.items():
        if figures:
            results.measured(name, {key: statistics.median(one[key] for one in figures) for key in figures[0]})
    wanted.save(results)


def rows_of(sizes: Sizes) -> list[Row]:
    """The lines of the report."""
    rows = []
    for nodes in sizes.snapshots:
        rows.append(Row(f"start from a snapshot of {nodes:,} znodes, s", f"snapshot_{nodes}_s"))
        rows.append(Row("of that processor time, s", f"snapshot_{nodes}_cpu_s"))
    return [
        *rows,
        Row(f"start from logs of {sizes.txns:,} transactions, s", "logs_s"),
        Row("of that processor time, s", "logs_cpu_s"),
        Row(f"a snapshot of {sizes.written:,} znodes written beside {WRITES_PER_S:,} sets a second, s", "writing_s"),
        Row("how many were written", "written"),
        Row("get of others meanwhile, p99, ms", "writing_get_p99_ms", GET_P99_MS),
        Row("longest, ms", "writing_get_max_ms"),
        Row("set of others meanwhile, p99, ms", "writing_set_p99_ms", SET_P99_MS),
        Row("longest, ms", "writing_set_max_ms"),
        Row("without that: get of others, p99, ms", "calm_get_p99_ms"),
        Row("set of others, p99, ms", "calm_set_p99_ms"),
    ]


def _text_of(value: float) -> str:
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
