"""A stage for costly scenes: one server, other clients beside, and what a scene takes of time and memory."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field, frozen

from benchmarks.probe import Probe
from benchmarks.servers import Server
from benchmarks.zkload import Figures, Zkload

CALM_S = 1.0
LOOK_S = 0.01
WHITELIST = {"zookeeper.4lw.commands.whitelist": "*"}


@frozen
class Sizes:
    """How much of everything; `of(n)` is n times the scale that was asked for."""

    scale: float = 1.0

    def of(self, count: int) -> int:
        return max(int(count * self.scale), 10)


@define
class _Growth:
    """How far resident memory grows, looked at all the time by a thread."""

    server: Server
    before_kib: int = 0
    most_kib: int = 0
    _stop: threading.Event = field(factory=threading.Event)

    def look(self) -> None:
        while not self._stop.wait(LOOK_S):
            self.most_kib = max(self.most_kib, self.server.rss_kib())

    @contextmanager
    def watched(self) -> Iterator[None]:
        self.before_kib = self.most_kib = self.server.rss_kib()
        thread = threading.Thread(target=self.look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()


@define
class Stage:
    """`figures` are by scene: `scene_s`, `scene_mib`, and `scene_get_p99_ms` and the like of the others."""

    server: Server
    zkload: Zkload
    sizes: Sizes
    figures: Figures = field(factory=dict)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def is_real(self) -> bool:
        return self.server.contestant.is_java

    @contextmanager
    def scene(self, name: str) -> Iterator[None]:
        """What happens inside is measured."""
        growth = _Growth(self.server)
        with Probe(self.port) as probe:
            time.sleep(CALM_S)
            with growth.watched():
                begun = time.monotonic()
                yield
                took_s = time.monotonic() - begun
            time.sleep(CALM_S / 10)
        self.figures[f"{name}_s"] = took_s
        self.figures[f"{name}_mib"] = (growth.most_kib - growth.before_kib) / 1024
        for key, value in probe.figures.items():
            self.figures[f"{name}_{key}"] = value
