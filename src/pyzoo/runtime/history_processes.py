"""HistoryProcesses: the processes that read the past for the console, begun when asked and ended when idle."""

import json
import subprocess
import sys
from typing import Any, Final

import trio

from pyzoo.console.page import PageError

COMMAND: Final = ("-P", "-m", "pyzoo.runtime.history_process")
IDLE_SECONDS: Final = 10.0
"""A process waits so long for another question: who looks at the past asks several."""
MOST_BYTES: Final = 4 << 20
"""Of an answer."""
TOO_LONG: Final = "It took too long: ask for less, or use the tools on files."
FAILED: Final = "The process that reads the files has failed; the server's log says more."


class HistoryProcess:
    """One process, asked by one at a time."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self.idle_since = 0.0

    @classmethod
    async def begin(cls) -> "HistoryProcess":
        """Raises OSError."""
        command = [sys.executable, *COMMAND]
        return cls(await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))

    async def ask(self, order: bytes) -> bytes:
        """The line that it answers. Raises PageError when it says too much, or has ended."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        said = bytearray()
        try:
            await process.stdin.send_all(order + b"\n")
            while not said.endswith(b"\n"):
                piece = await process.stdout.receive_some()
                said += piece
                if not piece:
                    raise PageError(500, FAILED)
                if len(said) > MOST_BYTES:
                    raise PageError(503, TOO_LONG)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise PageError(500, FAILED) from None
        return bytes(said)

    async def end(self) -> None:
        """Leave nothing of it."""
        with trio.CancelScope(shield=True):
            self._process.kill()
            await self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    await pipe.aclose()


class HistoryProcesses:
    """All that there are; who asks says how many that may be, by asking no more at a time."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._idle: list[HistoryProcess] = []
        self._is_watched = False

    async def ask(self, order: bytes, seconds: float) -> dict[str, Any]:
        """What a process says to an order. Raises PageError; that process is ended then, as when this is cancelled."""
        process = self._idle.pop() if self._idle else None
        try:
            with trio.fail_after(seconds):
                if process is None:
                    process = await HistoryProcess.begin()
                answer: dict[str, Any] = json.loads(await process.ask(order))
        except trio.TooSlowError:
            await _end(process)
            raise PageError(503, TOO_LONG) from None
        except OSError as error:
            raise PageError(500, f"The process that reads the files cannot begin: {error.strerror}.") from error
        except BaseException:
            await _end(process)
            raise
        process.idle_since = trio.current_time()
        self._idle.append(process)
        if not self._is_watched:
            self._is_watched = True
            self._nursery.start_soon(self._watch)
        return answer

    async def _watch(self) -> None:
        """End those that nobody asks any more, and all of them with the server."""
        try:
            while self._idle:
                await trio.sleep(IDLE_SECONDS / 2)
                long_ago = trio.current_time() - IDLE_SECONDS
                for process in [process for process in self._idle if process.idle_since <= long_ago]:
                    self._idle.remove(process)
                    await process.end()
        finally:
            self._is_watched = False
            for process in self._idle:
                await process.end()
            self._idle.clear()


async def _end(process: HistoryProcess | None) -> None:
    if process is not None:
        await process.end()
