"""`python -m benchmarks embedded`: servers inside the process of a test, beside a process of Apache ZooKeeper."""

import json
import os
import statistics
import subprocess
from pathlib import Path

import click
from attrs import frozen

from benchmarks.aims import Row, markdown, measure_all
from benchmarks.options import Wanted, takes_wanted
from benchmarks.servers import Contestant, fresh_home, running
from benchmarks.zkload import Figures

PROBE = Path(__file__).with_name("embedded_probe.py")
START_MS, MANY_S, MANY_MIB = 10, 1.5, 40
"""The aims: a start to the first answer, all of 200 servers, and what memory they need."""


@frozen
class Sizes:
    """How often a server is started, how many there are at once, and how often a JVM is started."""

    starts: int = 50
    servers: int = 200
    processes: int = 5


QUICK = Sizes(10, 200, 1)


@click.command("embedded", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(("embedded",), 0, "One run of each, and fewer starts.")
def main(wanted: Wanted) -> None:
    """Start servers inside one process, one after the other and many at once."""
    sizes = QUICK if wanted.quick else Sizes()
    results = measure_all(
        wanted, sizes, lambda contestant, workplace: measure(contestant, workplace, sizes, wanted.runs or 3)
    )
    many = results.settings["servers"]
    rows = (
        Row("start to the first answer, ms", "start_ms", START_MS),
        Row("of that processor time, ms", "start_cpu_ms"),
        Row("restart with its data to the first answer, ms", "restart_ms"),
        Row("reset, ms", "reset_ms"),
        Row("stop, ms", "stop_ms"),
        Row("once in a process: import, ms", "import_ms"),
        Row("of that processor time, ms", "import_cpu_ms"),
        Row("once in a process: the first start, ms", "first_ms"),
        Row(f"{many} servers, all started, ms", "many_ms", MANY_S * 1000),
        Row("of that processor time, ms", "many_cpu_ms"),
        Row(f"{many} servers, more memory, MiB", "many_mib", MANY_MIB),
        Row("one more server, more memory, MiB", "one_mib"),
    )
    wanted.tell(markdown(results, "Embedded servers", "", rows, _text_of, "What misses its aim is bold."))


def measure(contestant: Contestant, workplace: Path, sizes: Sizes, runs: int) -> Figures:
    """Medians of some runs, each in a process of its own."""
    if contestant.is_java:
        found = [measure_process(contestant, workplace) for _ in range(sizes.processes)]
    else:
        found = [measure_embedded(contestant, sizes) for _ in range(runs)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def measure_process(contestant: Contestant, workplace: Path) -> Figures:
    """A server that is a process: from spawning it to its first answer."""
    with fresh_home(workplace, contestant) as home, running(contestant, home) as server:
        cpu_ms = processor_ms(server.pid)
        return {
            "start_ms": server.start_s * 1000,
            "start_cpu_ms": cpu_ms,
            "one_mib": server.memory().rss_kib / 1024,
        }


def processor_ms(pid: int) -> float:
    """What a process has had of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def measure_embedded(contestant: Contestant, sizes: Sizes) -> Figures:
    """Raises SubprocessError."""
    command = [contestant.command[0], str(PROBE), str(sizes.starts), str(sizes.servers)]
    done = subprocess.run(command, env=dict(contestant.environment), stdout=subprocess.PIPE, check=True, timeout=600)
    figures: Figures = json.loads(done.stdout)
    return {**figures, "one_mib": figures["many_mib"] / figures["many"]}


def _text_of(value: float) -> str:
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
