"""`python -m benchmarks history`: the history of a node among a million transactions, and what others feel of it."""

import http.client
import json
import statistics
import threading
import time
from contextlib import closing
from pathlib import Path

import click
from attrs import define, evolve, field, frozen

from benchmarks.aims import Row, markdown, measure_all
from benchmarks.floods import ADMIN_CFG
from benchmarks.options import CACHE, Wanted, takes_wanted
from benchmarks.servers import ZOO_CFG, Contestant, Server, ServerError, free_port, fresh_home, running
from benchmarks.writer import Session
from benchmarks.zkload import Figures, Zkload

OLDEST = "/the-oldest"
FIRST_PAGE_S = 1.0
TIMES = 2.0
"""The aims: a first page within a second, and a p99 of others that is no more than twice as long."""
WRITES_PER_S = 500
TOO_LONG_S = 30.0
PAUSE_S = 0.2
"""Between one question and the next: somebody looks at it all the time."""


@frozen
class Sizes:
    """Transactions in the logs, and seconds of each measurement."""

    txns: int = 1_000_000
    seconds: float = 8.0


QUICK = Sizes(100_000, 3.0)


@click.command("history", context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(("history",), 8, "A tenth of the transactions.")
def main(wanted: Wanted) -> None:
    """Ask for the history of a node whose only change is the oldest of very many, beside gets and sets."""
    sizes = QUICK if wanted.quick else Sizes()
    sizes = evolve(sizes, seconds=wanted.seconds or sizes.seconds)
    zkload = Zkload.build(CACHE)
    results = measure_all(wanted, sizes, lambda contestant, workplace: measure(contestant, zkload, workplace, sizes))
    rows = (
        Row("transactions in the logs", "txns"),
        Row("the first page, the first time, ms", "first_ms", FIRST_PAGE_S * 1000),
        Row("the first page, median, ms", "page_ms", FIRST_PAGE_S * 1000),
        Row("the same beside gets and sets without a pause, median, ms", "page_loaded_ms", FIRST_PAGE_S * 1000),
        Row("a get each millisecond beside 500 sets a second, p99, us", "get_p99_us"),
        Row("the same while the history is asked for, p99, us", "history_get_p99_us"),
        Row("times as long", "get_times", TIMES),
        Row("gets and sets of 32 sessions without a pause, p99, us", "mix_p99_us"),
        Row("the same while the history is asked for, p99, us", "history_mix_p99_us"),
        Row("times as long", "mix_times", TIMES),
        Row("gets and sets a second, of those without it", "mix_ops_ratio"),
    )
    wanted.tell(markdown(results, "History", "", rows, lambda value: f"{value:,.3g}", "What misses its aim is bold."))


def measure(contestant: Contestant, zkload: Zkload, workplace: Path, sizes: Sizes) -> Figures:
    """All figures of one server; only pyzoo has a history to ask for. Raises ServerError."""
    if contestant.is_java:
        raise ServerError("it has no history to ask for")
    admin_port = free_port()
    cfg = ZOO_CFG.replace("admin.enableServer=false\n", ADMIN_CFG.format(admin_port=admin_port))
    with fresh_home(workplace, contestant) as home, running(contestant, home, zoo_cfg=cfg) as server:
        with Session(server.port) as session:
            session.create(OLDEST, b"x" * 100)
        txns = _fill(server, zkload, sizes.txns)
        return {"txns": txns, **_beside(server, zkload, admin_port, sizes.seconds)}


def _fill(server: Server, zkload: Zkload, txns: int) -> float:
    done = 0.0
    while done < txns:
        done += zkload.run("load", server.port, op="set", conns=32, depth=16, secs=1, warmup=0)["ops_per_s"]
    return done


def _load(server: Server, zkload: Zkload, seconds: float) -> Figures:
    """Gets and sets as many as go."""
    return zkload.run("load", server.port, secs=seconds, op="mix:50", conns=32, depth=1, warmup=0.5)


def _beside(server: Server, zkload: Zkload, admin_port: int, seconds: float) -> Figures:
    asker = _Asker(admin_port)
    asker.ask()
    calm = zkload.run("probe", server.port, secs=seconds, writes=WRITES_PER_S)
    mix = _load(server, zkload, seconds)
    with asker:
        asked = zkload.run("probe", server.port, secs=seconds, writes=WRITES_PER_S)
    pages = asker.take()
    with asker:
        mix_asked = _load(server, zkload, seconds)
    return {
        "first_ms": asker.first_s * 1000,
        "page_ms": statistics.median(pages) * 1000,
        "page_loaded_ms": statistics.median(asker.take()) * 1000,
        "get_p99_us": calm["get_p99_us"],
        "history_get_p99_us": asked["get_p99_us"],
        "get_times": asked["get_p99_us"] / calm["get_p99_us"],
        "mix_p99_us": mix["p99_us"],
        "history_mix_p99_us": mix_asked["p99_us"],
        "mix_times": mix_asked["p99_us"] / mix["p99_us"],
        "mix_ops_ratio": mix_asked["ops_per_s"] / mix["ops_per_s"],
    }


@define
class _Asker:
    """Asks for the history again and again for the length of a `with`."""

    port: int
    first_s: float = 0.0
    _took_s: list[float] = field(factory=list)
    _stop: threading.Event = field(factory=threading.Event)
    _thread: threading.Thread | None = None

    def ask(self) -> None:
        """Once. Raises ServerError where the answer is not the oldest change."""
        begun = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", f"/console/api/history?path={OLDEST}", headers={"Host": "localhost"})
            answer = json.loads(connection.getresponse().read())
        if len(answer.get("changes", ())) != 1:
            raise ServerError(f"the history is {answer}")
        self.first_s = self.first_s or time.monotonic() - begun
        self._took_s.append(time.monotonic() - begun)

    def take(self) -> list[float]:
        """How long the answers have taken since the last look, in seconds."""
        taken, self._took_s = self._took_s, []
        return taken

    def __enter__(self) -> None:
        self._stop.clear()
        self.take()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_S):
            try:
                self.ask()
            except ServerError:
                # It took too long: that counts as what it took.
                self._took_s.append(TOO_LONG_S)
