"""The stage: starts actors, stops and kills them, prints what they say, and judges whether the claims were true.

Nothing here is about ZooKeeper. The actors are processes: a thread that is "killed" would tidy up after itself.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, TypeVar

from attrs import frozen
from kazoo.client import KazooClient

from pyzoo.errors import PyzooError
from pyzoo.examples.actor import Event, Part, play
from pyzoo.examples.client import SESSION_S, connect

PATIENCE_S = 60.0
HEARING_S = 0.02
NAME_WIDTH = 9
T = TypeVar("T")


class StageError(PyzooError):
    """The play cannot go on: an actor failed, or what it waits for did not come."""


@frozen
class Stay:
    """Somebody was in a place: from when to when, by `time.monotonic`; infinite while it lasts."""

    who: str
    since: float
    until: float

    def overlaps(self, other: "Stay") -> bool:
        """Whether both were there at some time."""
        return self.since < other.until and other.since < self.until


class Process:
    """An actor as the stage sees it."""

    def __init__(self, name: str, process: Any, pipe: "Connection[Any, Any]") -> None:
        self.name = name
        self.pipe = pipe
        self.killed_at: float | None = None
        self._process = process

    def go(self) -> None:
        """End its `wait_for_go`, now or when it comes to that."""
        with suppress(OSError):  # It has ended already.
            self.pipe.send(None)

    def kill(self) -> None:
        """SIGKILL: it can say goodbye to nobody, as when the power fails."""
        self._process.kill()
        self._process.join()
        self.killed_at = time.monotonic()

    def pause(self) -> None:
        """SIGSTOP: as a machine that swaps, or a long garbage collection. Raises StageError on Windows."""
        if sys.platform == "win32":
            raise StageError(f"{self.name} cannot be made to sleep here: run this example on a Unix")
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on and has noticed nothing."""
        if sys.platform != "win32":
            os.kill(self._process.pid, signal.SIGCONT)

    def join(self, timeout_s: float) -> bool:
        """Wait for its end; whether it came."""
        self._process.join(timeout_s)
        return self._process.exitcode is not None


class Stage:
    """Where an example is played: `with Stage(hosts) as stage: lock.show(stage)`.

    `wrong` asks an example to leave out what makes it right, so that one can see what it is good for.
    """

    def __init__(self, hosts: str, wrong: bool = False) -> None:
        self.hosts = hosts
        self.session_s = SESSION_S
        self.wrong = wrong
        self.events: list[Event] = []
        self.broken: list[str] = []
        """The claims that were false."""
        self._context: Any = multiprocessing.get_context(start_method())
        self._processes: list[Process] = []
        self._client: KazooClient | None = None
        self._began = time.monotonic()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.pipe.close()
        if self._client is not None:
            self._client.stop()
            self._client.close()

    @property
    def zk(self) -> KazooClient:
        """A client of the stage's own."""
        if self._client is None:
            self._client = connect(self.hosts, self.session_s)
        return self._client

    def start(self, name: str, part: Part, *arguments: Any) -> Process:
        """Start a process that plays `part(zk, me, *arguments)`."""
        ours, theirs = self._context.Pipe()
        made = self._context.Process(
            target=play, args=(part, name, self.hosts, self.session_s, theirs, arguments), daemon=True
        )
        made.start()
        theirs.close()
        self._processes.append(Process(name, made, ours))
        return self._processes[-1]

    def tell(self, text: str) -> None:
        """A line of the stage's own."""
        self._print(time.monotonic(), "stage", text)

    def kill(self, *processes: Process) -> None:
        """Kill actors, and say so; what they had said before is heard."""
        self.tell(f"kill -9 {' and '.join(process.name for process in processes)}")
        for process in processes:
            process.kill()
        self._hear()
        for process in processes:
            assert process.killed_at is not None
            self.events.append(Event(process.killed_at, process.name, "", {"killed": True}))

    def said(self, fact: str, who: str | None = None) -> list[Event]:
        """What was said with this fact, in the order of the clock."""
        found = [event for event in self.events if fact in event.facts and who in (None, event.who)]
        return sorted(found, key=lambda event: event.at)

    def last(self, fact: str, who: str) -> Any:
        """What somebody has last said of a fact; None if nothing."""
        return next((event.facts[fact] for event in reversed(self.said(fact, who))), None)

    def stays(self, enters: str, leaves: str) -> list[Stay]:
        """Who was in from saying `enters` to saying `leaves`, or to being killed, in the order in which they came."""
        found = []
        for event in self.said(enters):
            ends = [end.at for fact in (leaves, "killed") for end in self.said(fact, event.who) if end.at > event.at]
            found.append(Stay(event.who, event.at, min(ends, default=inf)))
        return found

    def wait_until(self, condition: Callable[[], T], what: str) -> T:
        """Listen to the actors until the condition gives something true, and return that; raises StageError."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise StageError(f"waited {PATIENCE_S:.0f} s in vain until {what}")
            self._hear()
        return found

    def wait_for(self, fact: str, count: int = 1, who: str | None = None) -> list[Event]:
        """Until it was said so many times."""
        by = f" by {who}" if who else ""
        self.wait_until(lambda: len(self.said(fact, who)) >= count, f"{fact!r} is said {count} times{by}")
        return self.said(fact, who)

    def wait_for_end(self, *processes: Process) -> None:
        """Until these have played their parts to the end."""
        names = [process.name for process in processes]
        self.wait_until(lambda: all(self.said("ended", name) for name in names), f"{', '.join(names)} came to the end")
        for process in processes:
            process.join(PATIENCE_S)

    def claim(self, what: str, is_true: object) -> None:
        """What the example is there to show: printed, and judged."""
        if not is_true:
            self.broken.append(what)
        self.tell(f"{'true' if is_true else 'FALSE'}: {what}")

    def _hear(self) -> None:
        """Take in what was said, or wait a moment for it. Raises StageError when an actor failed."""
        pipes = [process.pipe for process in self._processes if not process.pipe.closed]
        heard: list[Event] = []
        for pipe in wait(pipes, HEARING_S) if pipes else ():
            assert isinstance(pipe, Connection)
            try:
                while pipe.poll():
                    heard.append(pipe.recv())
            except (EOFError, OSError):
                pipe.close()  # It ended, or was killed in the middle of a word.
        if not pipes:
            time.sleep(HEARING_S)
        for event in sorted(heard, key=lambda event: event.at):
            self.events.append(event)
            if event.text:
                self._print(event.at, event.who, event.text)
            if "failed" in event.facts:
                raise StageError(f"{event.who} failed:\n{event.facts['failed']}")

    def _print(self, at: float, who: str, text: str) -> None:
        print(f"{at - self._began:7.3f} s  {who:{NAME_WIDTH}} {text}", flush=True)


def start_method() -> str:
    """A server that forks actors where there is one: loaded once, and without the threads of this process."""
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def load_ahead(*modules: str) -> None:
    """Let actors find these modules loaded."""
    if start_method() == "forkserver":
        multiprocessing.set_forkserver_preload(list(modules))
        from multiprocessing import forkserver

        forkserver.ensure_running()
