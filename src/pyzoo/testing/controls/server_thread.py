"""ServerThread: the thread with the event loop of one server of this process, and how others have something done there.

A server that is paused stands still as a process does that got SIGSTOP: its loop blocks, and connections stay open.
What others ask of it is done all the same.
"""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

import trio

from pyzoo.runtime.run import RunningServer, leaf_of
from pyzoo.testing.errors import EmbeddedServerError, NotStarted
from pyzoo.testing.faults.server_faults import ServerFaults

Result = TypeVar("Result")


class ServeFunction(Protocol):
    """Serves until it is cancelled, and tells when it is ready."""

    async def __call__(self, *, task_status: trio.TaskStatus[RunningServer]) -> None: ...


class _Job(Generic[Result]):
    """Something to be done in the loop; `result` waits for it."""

    def __init__(self, function: Callable[[RunningServer], Result]) -> None:
        self._function = function
        self._done: SimpleQueue[tuple[list[Result], BaseException | None]] = SimpleQueue()

    def run(self, running: RunningServer) -> None:
        try:
            found = [self._function(running)]
        except BaseException as error:
            self.fail(error)
        else:
            self._done.put((found, None))

    def fail(self, error: BaseException) -> None:
        self._done.put(([], error))

    def result(self) -> Result:
        found, error = self._done.get()
        if error is not None:
            try:
                raise error
            finally:
                del error
        return found[0]


class ServerThread:
    """One run of a server, from its start to its end. `failure` is what ended it, if it was an error."""

    def __init__(self, name: str = "pyzoo") -> None:
        self.failure: BaseException | None = None
        self.faults = ServerFaults()
        self._running: RunningServer | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._jobs: SimpleQueue[_Job[Any]] = SimpleQueue()
        self._is_paused = False
        self._is_over = False
        self._ends = threading.Lock()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._serve: ServeFunction | None = None

    def start(self, serve: ServeFunction) -> RunningServer:
        """Return when the server answers; raises what kept it from starting."""
        self._serve = serve
        self._thread.start()
        self._ready.wait()
        if self._running is None or self.failure is not None:
            self._thread.join()
            raise self.failure or EmbeddedServerError("the server ended before it was ready")
        return self._running

    @property
    def running(self) -> RunningServer:
        """Where it listens; also when it has ended. Raises NotStarted before it was ready."""
        if self._running is None:
            raise NotStarted("the server is not started: call start() first")
        return self._running

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._is_over

    def call(self, function: Callable[[RunningServer], Result]) -> Result:
        """What the function returns or raises, called in the event loop between two turns.

        Raises NotStarted, with what has ended it for a cause, when the server does not run any more.
        """
        if threading.current_thread() is self._thread:
            return function(self.running)
        job = _Job(function)
        with self._ends:
            if self._is_over or self._token is None:
                raise self._ended()
            self._jobs.put(job)
            try:
                self._token.run_sync_soon(self._do_jobs)
            except trio.RunFinishedError:
                raise self._ended() from self.failure
        return job.result()

    def _ended(self) -> NotStarted:
        error = NotStarted("the server does not run any more: call start() first")
        error.__cause__ = self.failure
        return error

    # --- standing still

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        return self._is_paused

    def pause(self) -> None:
        """Stand still, until `resume`; nothing happens when it does already."""
        self.call(lambda running: self._set_paused(True))

    def resume(self) -> None:
        """Go on; nothing happens when it does already."""
        if self._is_paused:
            self.call(lambda running: self._set_paused(False))

    def _set_paused(self, paused: bool) -> None:
        self._is_paused = paused

    def _do_jobs(self) -> None:
        while True:
            try:
                job = self._jobs.get(block=self._is_paused)
            except Empty:
                return
            job.run(self.running)

    # --- the end

    def stop(self, before: Callable[[RunningServer], None] | None = None, hands_over: bool = False) -> None:
        """Return when the server is gone, paused or not; `before` is called in the loop ahead of that.

        With `hands_over` a leader does that first. Raises what ended it before its time.
        """

        def end(running: RunningServer) -> None:
            self._set_paused(False)
            try:
                if before is not None:
                    before(running)
            finally:
                if hands_over:
                    running.stop()
                else:
                    running.break_off()

        try:
            self.call(end)
        except NotStarted:
            pass  # It has ended by itself.
        self._thread.join()
        if isinstance(self.failure, Exception):
            raise self.failure

    # --- in the thread

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as failure:
            self.failure = leaf_of(failure)
        finally:
            with self._ends:
                self._is_over = True
            while not self._jobs.empty():
                self._jobs.get().fail(self._ended())
            self._ready.set()

    async def _main(self) -> None:
        assert self._serve is not None
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:
            self._running = await nursery.start(self._serve)
            self._ready.set()
