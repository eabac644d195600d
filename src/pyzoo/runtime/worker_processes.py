"""WorkerProcesses: the processes beside a writer, begun with it and ended with it; one that ends is begun again.

Each gets one end of a pair of sockets when it is born, so nobody else can be there, and the settings by its standard
input. What it logs it writes to its standard error, a record a line, and the writer logs that as its own.
"""

import json
import logging
import pickle
import socket
import subprocess
import sys
from typing import Final

import trio
from attrs import evolve

from pyzoo.config.admin_settings import MetricsSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.transport.worker_link import WorkerEndpoint
from pyzoo.server.workers.writer import WriterZooKeeperServer

logger: Final = logging.getLogger(__name__)

COMMAND: Final = ("-P", "-m", "pyzoo.runtime.worker_process")
PAUSE_SECONDS: Final = 1.0
"""Before a worker that has ended is begun again."""
LAST_WORDS_SECONDS: Final = 2.0
"""For what it has to say when its connection is over."""
BUFFER_BYTES: Final = 1 << 20
"""Of the sockets between them: a snapshot should not need a pass for every few kilobytes."""


def check_workers(config: ServerConfig, embedded: bool) -> None:
    """Raise ConfigError where several processes cannot share the ports of clients."""
    if config.workers == 1:
        return
    if embedded:
        raise ConfigError(f"workers={config.workers} needs processes of its own: a server within another has one")
    if sys.platform != "linux":
        raise ConfigError(
            f"workers={config.workers}: only Linux shares out the connections to a port among processes; leave it away",
            config.config_path,
            None,
            "workers",
        )


class WorkerProcesses:
    """All workers of one writer."""

    def __init__(self, server: WriterZooKeeperServer, tasks: ServerTasks, port: int, secure_port: int) -> None:
        """The ports are those that the writer listens on, -1 for none."""
        config = server.config
        self.server = server
        self.tasks = tasks
        self._config = evolve(
            config,
            client_port=port if port >= 0 else None,
            secure_client_port=secure_port if secure_port >= 0 else None,
            source=None,
            # What it counts it gives to the writer, and begins anew.
            metrics=MetricsSettings(),
        )

    async def run(self) -> None:
        """Keep all of them until cancelled."""
        async with trio.open_nursery() as nursery:
            for number in range(1, self._config.workers):
                nursery.start_soon(self._keep, number, nursery)

    async def _keep(self, number: int, nursery: trio.Nursery) -> None:
        while True:
            try:
                await self._run(number)
            except OSError as error:
                logger.error("Worker %d cannot be started: %s", number, error)
            await trio.sleep(PAUSE_SECONDS)

    async def _run(self, number: int) -> None:
        """One process from its beginning to its end; raises OSError."""
        if sys.platform == "win32":
            raise OSError("processes do not inherit sockets here")
        ours, theirs = socket.socketpair()
        process: trio.Process | None = None
        try:
            with theirs:
                for end in (ours, theirs):
                    end.setblocking(False)
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
                process = await trio.lowlevel.open_process(
                    [sys.executable, *COMMAND, str(theirs.fileno())],
                    stdin=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(theirs.fileno(),),
                )
            logger.info("Worker %d is process %d", number, process.pid)
            await self._begin(process, number)
            link = self.server.hub.connected(f"worker {number}")
            endpoints = self.tasks.loop.endpoints
            with trio.CancelScope() as until_the_end:
                endpoint = WorkerEndpoint(endpoints, ours, link, self.server, until_the_end.cancel)
                endpoints.add(endpoint)
                self.tasks.turn()
                try:
                    await _log_lines(process)
                finally:
                    if endpoint.is_open:
                        endpoint.end()
            with trio.move_on_after(LAST_WORDS_SECONDS):
                await _log_lines(process)
            await _end(process)
            logger.warning("Worker %d has ended, and is begun again", number)
        finally:
            ours.close()
            if process is not None:
                await _end(process)

    async def _begin(self, process: trio.Process, number: int) -> None:
        config = evolve(self._config, worker_number=number)
        # What is not wanted of that the writer leaves out; there may be loggers that tell more than others.
        order = pickle.dumps((config, min(logging.getLogger().getEffectiveLevel(), logging.INFO)))
        assert process.stdin is not None
        try:
            await process.stdin.send_all(order)
            await process.stdin.aclose()
        except trio.BrokenResourceError as error:
            raise OSError("it has ended at once") from error


async def _log_lines(process: trio.Process) -> None:
    """Log what a worker logs, until it has ended."""
    assert process.stderr is not None
    rest = b""
    async for piece in process.stderr:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            _log(line.decode("utf-8", "replace"))
    if rest:
        _log(rest.decode("utf-8", "replace"))


def _log(line: str) -> None:
    try:
        name, level, message, extra = json.loads(line)
        target = logging.getLogger(name)
        if target.isEnabledFor(level):
            target.log(level, "%s", message, extra=extra)
    except (TypeError, ValueError):
        # What no logger has written, such as the last words of a process.
        logger.error("A worker says: %s", line)


async def _end(process: trio.Process) -> None:
    """Leave nothing of it."""
    with trio.CancelScope(shield=True):
        if process.returncode is None:
            process.kill()
        await process.wait()
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                await pipe.aclose()
