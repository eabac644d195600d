"""What three members are measured for: load, failover, catching up, memory.

Load finds both ensembles up and takes turns, as the load table of single servers does. All that kills or stops a
member has one ensemble up at a time.
"""

import logging
import re
import shutil
import signal
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from attrs import frozen

from benchmarks.members import Ensemble, launch, running
from benchmarks.results import Cell, CellResult, Results, median_of
from benchmarks.servers import Contestant, ServerError, fresh_home
from benchmarks.throughput import Pace, run_cell
from benchmarks.writer import Session, first_write_s
from benchmarks.zkload import Figures, LoadError, Zkload

log = logging.getLogger(__name__)

OPS = ("get", "set")
SHAPES = ((3, 1), (3, 16), (33, 1), (33, 16), (200, 1), (200, 16))
QUICK_SHAPES = ((3, 1), (33, 16))
LEADER, FOLLOWER = "leader", "follower"
WRITES = (
    Cell("set", 1, 1, at=LEADER),
    Cell("set", 1, 1, at=FOLLOWER),
    Cell("set", 32, 16),
    Cell("set", 32, 1, 1024),
    Cell("set", 32, 1, 10240),
    *(Cell(op, 33, depth) for op in ("create", "delete") for depth in (1, 16)),
)
"""What else is asked of writes."""
PATH = "/benchmark"
DATA = b"x" * 100
WRITES_BEFORE_A_KILL = 20
SNAP_RECEIVED = re.compile(r"Getting a snapshot from leader|Syncing with leader: SNAP")


@frozen
class Scale:
    """Sizes of the measurements."""

    tick_time_ms: int = 2000
    failovers: int = 20
    #: How often a leader is stopped by SIGSTOP: each time takes as long as syncLimit.
    standstills: int = 5
    failover_patience_s: float = 60.0
    catch_ups: int = 3
    #: Fewer than the 500 proposals that a leader keeps for a DIFF.
    diff_writes: int = 400
    #: What an empty member is sent as a SNAP. One that only lacks them may get a DIFF from the leader's log.
    snap_nodes: int = 20_000


QUICK = Scale(failovers=2, standstills=1, catch_ups=1)


def cells_of(quick: bool) -> list[Cell]:
    """Rows of the load table."""
    cells = [Cell(op, conns, depth) for op in OPS for conns, depth in (QUICK_SHAPES if quick else SHAPES)]
    return cells if quick else [*cells, *WRITES]


def _ports(ensemble: Ensemble, at: str) -> list[int]:
    """Where the connections of a cell go."""
    if at == "":
        return ensemble.ports
    leader = ensemble.leader()
    return [server.port for sid, server in ensemble.servers.items() if (sid == leader) == (at == LEADER)][:1]


def _load(zkload: Zkload, ensemble: Ensemble, cell: Cell, seconds: float, warmup: float) -> Figures:
    if not ensemble.is_running:
        raise LoadError("a member is gone")
    return run_cell(zkload, _ports(ensemble, cell.at), ensemble.pids, cell, seconds, warmup)


def measure_load(
    contestants: list[Contestant],
    cells: list[Cell],
    pace: Pace,
    scale: Scale,
    zkload: Zkload,
    directory: Path,
    results: Results,
) -> None:
    """Fill `results.cells`, and the memory of members before and after. Raises ServerError."""
    with ExitStack() as stack:
        ensembles: dict[str, Ensemble] = {}
        for contestant in contestants:
            home = stack.enter_context(fresh_home(directory, contestant))
            ensemble = launch(contestant, home, scale.tick_time_ms)
            stack.callback(ensemble.stop)
            ensembles[contestant.name] = ensemble
            results.measured(contestant.name, _memory(ensemble, "idle"))

        def attempt(name: str, cell: Cell, seconds: float, warmup: float) -> Figures | None:
            try:
                return _load(zkload, ensembles[name], cell, seconds, warmup)
            except LoadError as failure:
                log.warning("%s %s: %s", name, cell, failure)
                results.failures.append(f"{name}, {cell}: {failure}")
                return None

        for op in OPS:
            for name in ensembles:
                attempt(name, Cell(op, 33, 4), pace.first_warmup, 0)
        for row, cell in enumerate(cells):
            result = CellResult(cell)
            for run in range(pace.runs):
                names = list(ensembles)
                first = (row + run) % len(names)
                for name in names[first:] + names[:first]:
                    figures = attempt(name, cell, pace.seconds, pace.warmup)
                    if figures is not None:
                        result.runs.setdefault(name, []).append(figures)
            result.figures = {name: median_of(runs) for name, runs in result.runs.items()}
            results.cells.append(result)
            told = ", ".join(f"{name} {figures['ops_per_s']:,.0f}/s" for name, figures in result.figures.items())
            log.info("%s: %s", cell, told)
        for name, ensemble in ensembles.items():
            results.measured(name, _memory(ensemble, "loaded"))


def _memory(ensemble: Ensemble, when: str) -> Figures:
    """Resident memory as it stands: of the leader, and of a follower on average."""
    leader = ensemble.leader()
    of = {sid: server.rss_kib() / 1024 for sid, server in ensemble.servers.items()}
    followers = [mib for sid, mib in of.items() if sid != leader]
    return {f"{when}_leader_mib": of[leader], f"{when}_follower_mib": statistics.mean(followers)}


def _write(ensemble: Ensemble, count: int) -> None:
    """Acknowledged sets, by a session on the leader."""
    with Session(ensemble.servers[ensemble.leader()].port, step_s=30) as session:
        session.create(PATH, DATA)
        for _ in range(count):
            session.set(PATH, DATA)


@frozen
class Blow:
    """What happens to a member: the leader, or a follower."""

    name: str
    signal: signal.Signals
    hits_leader: bool = True


KILL = Blow("failover", signal.SIGKILL)
BLOWS = (
    KILL,
    Blow("handover", signal.SIGTERM),
    Blow("follower_kill", signal.SIGKILL, hits_leader=False),
    Blow("standstill", signal.SIGSTOP),
)


def _outage_s(ensemble: Ensemble, blow: Blow, scale: Scale) -> float:
    """Seconds from a blow to the next acknowledged write, by the next leader where the last one was hit."""
    _write(ensemble, WRITES_BEFORE_A_KILL)
    leader = ensemble.leader()
    victim = leader if blow.hits_leader else next(sid for sid in ensemble.servers if sid != leader)
    epoch = int(ensemble.zxid(leader), 16) >> 32 if blow.hits_leader else -1
    ports = [address.client for address in ensemble.addresses if address.sid != victim]
    try:
        took_s = first_write_s(ports, PATH, ensemble.strike(victim, blow.signal), scale.failover_patience_s, epoch)
    except TimeoutError as failure:
        raise ServerError(f"{failure}\n{ensemble.output()}") from None
    ensemble.bring_back(victim, blow.signal)
    ensemble.wait_until_whole()
    return took_s


def outages_of(ensemble: Ensemble, blow: Blow, scale: Scale) -> Figures:
    """The median and the longest of several."""
    count = scale.standstills if blow.signal == signal.SIGSTOP else scale.failovers
    times = [_outage_s(ensemble, blow, scale) for _ in range(count)]
    return {f"{blow.name}_ms": statistics.median(times) * 1000, f"{blow.name}_max_ms": max(times) * 1000}


def failovers_of(contestant: Contestant, directory: Path, scale: Scale) -> Figures:
    """From SIGKILL of the leader to the next acknowledged write: median, and the longest."""
    with fresh_home(directory, contestant) as home, running(contestant, home, scale.tick_time_ms) as ensemble:
        return outages_of(ensemble, KILL, scale)


def measure_failover(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """All that may happen to a leader or a follower."""
    figures: Figures = {}
    with fresh_home(directory, contestant) as home, running(contestant, home, scale.tick_time_ms) as ensemble:
        for blow in BLOWS:
            figures |= outages_of(ensemble, blow, scale)
    return figures


def _catch_up_s(ensemble: Ensemble, follower: int, meanwhile: Callable[[], None]) -> float:
    """From starting a stopped follower until it serves with the zxid of the leader."""
    ensemble.servers[follower].stop()
    meanwhile()
    zxid = ensemble.zxid(ensemble.leader())
    spawned = ensemble.spawn(follower)
    ensemble.wait_until_level(follower, zxid)
    took = time.monotonic() - spawned
    ensemble.wait_until_whole()
    return took


def _was_snap(ensemble: Ensemble, follower: int) -> bool:
    """Whether the log of the follower's last start tells of a snapshot from the leader, in either server's words."""
    return bool(SNAP_RECEIVED.search((ensemble.home / str(follower) / "output.txt").read_text(errors="replace")))


def measure_catch_up(contestant: Contestant, zkload: Zkload, directory: Path, scale: Scale) -> Figures:
    """From starting a stopped follower until it is level: it lacks a few writes (DIFF), or has lost its disk (SNAP)."""
    took: dict[str, list[float]] = {"diff": [], "snap": []}
    by_snap = {"diff": 0, "snap": 0}
    with fresh_home(directory, contestant) as home, running(contestant, home, scale.tick_time_ms) as ensemble:
        leader = ensemble.leader()
        follower = next(sid for sid in ensemble.servers if sid != leader)

        def write() -> None:
            _write(ensemble, scale.diff_writes)

        def forget() -> None:
            shutil.rmtree(ensemble.home / str(follower) / "data" / "version-2")

        # A member that has logged nothing yet gets a SNAP at its first return.
        _write(ensemble, WRITES_BEFORE_A_KILL)
        ensemble.wait_until_level(follower, ensemble.zxid(leader))
        for kind, meanwhile in (("diff", write), ("snap", forget)):
            if kind == "snap":
                zkload.run("fill", ensemble.servers[leader].port, nodes=scale.snap_nodes)
            for _ in range(scale.catch_ups):
                took[kind].append(_catch_up_s(ensemble, follower, meanwhile))
                by_snap[kind] += _was_snap(ensemble, follower)
    return {
        "diff_ms": statistics.median(took["diff"]) * 1000,
        "snap_ms": statistics.median(took["snap"]) * 1000,
        "diff_by_snap": float(by_snap["diff"]),
        "snap_by_snap": float(by_snap["snap"]),
    }


Measurement = Callable[[Contestant, Zkload, Path, Scale], Figures]

MEASUREMENTS: dict[str, Measurement] = {"failover": measure_failover, "catch-up": measure_catch_up}
