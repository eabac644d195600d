"""EmbeddedServer: a server in a thread of this process, on a free port, gone when the block ends."""

import logging
import os
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Final

from attrs import evolve

from pyzoo.config.hosts import bare_host, is_any_host
from pyzoo.config.parse import config_from_values
from pyzoo.config.python_settings import PropertyValue, given_settings
from pyzoo.config.reader import ConfigWarning
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.run import RunningServer, serve
from pyzoo.server.database import ZKDatabase
from pyzoo.testing.controls.server_controls import ServerControls
from pyzoo.testing.controls.server_thread import ServerThread
from pyzoo.testing.embedded.block import Block
from pyzoo.testing.embedded.data_left import database_of, empty_database, empty_directory
from pyzoo.testing.embedded.ports import ReservedPorts
from pyzoo.testing.errors import AlreadyStarted, NotStarted

LOOPBACK: Final = "127.0.0.1"
TICK_TIME_MS: Final = 2000
WORDS: Final = "4lw.commands.whitelist"
#: Keys that have a parameter of their own, or none.
ARGUMENTS: Final = {
    "clientPort": "port",
    "dataDir": "data_dir",
    "dataLogDir": "data_dir, which is for logs and snapshots",
    "tickTime": "tick_time_ms",
    "clientPortAddress": "host",
    "secureClientPortAddress": "host",
    "dynamicConfigFile": "LocalEnsemble for several members",
}
CONFIGS_KEPT: Final = 16
NOT_STARTED: Final = "the server is not started: call start(), or write `with EmbeddedServer() as server:`"

logger = logging.getLogger(__name__)


class EmbeddedServer(ServerControls, Block):
    """A standalone server for tests; `with` and `async with` (trio, asyncio) start and stop it.

    It keeps nothing on disk unless it is given a data directory. `properties` are settings: keys as in a zoo.cfg, such
    as {"snapCount": 1000}, or system properties by their full names, such as {"zookeeper.extendedTypesEnabled": True};
    `docs/configuration.md` lists them. All four-letter words are allowed unless 4lw.commands.whitelist says otherwise.

    All methods may be called from any thread. They block, most for less than a millisecond; `in_thread` is for
    coroutines that cannot wait for the others.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        admin_port: int | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        tick_time_ms: int = TICK_TIME_MS,
        properties: Mapping[str, PropertyValue] | None = None,
    ) -> None:
        """Nothing is opened yet; a port of 0 is a free one. The AdminServer is there with `admin_port` or admin.* keys.

        Raises ConfigError for settings that are wrong or unknown.
        """
        self._in_memory = data_dir is None
        self._host = bare_host(host)
        given = given_settings(properties or {}, ARGUMENTS)
        entries = {
            "clientPort": str(port),
            "dataDir": "." if data_dir is None else os.fspath(data_dir),
            "tickTime": str(tick_time_ms),
            "maxClientCnxns": "0",
        }
        if "zookeeper." + WORDS not in given.properties:
            entries[WORDS] = "*"
        if admin_port is not None:
            entries |= {"admin.serverPort": str(admin_port), "admin.serverAddress": self._host}
        entries |= given.entries
        config, warnings = _config_of(tuple(entries.items()), tuple(given.properties.items()), self._host)
        for warning in warnings:
            logger.warning("%s", warning)
        self._config: ServerConfig = config
        self._thread: ServerThread | None = None
        self._running: RunningServer | None = None
        self._was_started = False
        self._kept: ZKDatabase | None = None
        self._reserved: ReservedPorts | None = None
        self._wall_ahead_ms = 0

    @property
    def port(self) -> int:
        """The client port. Raises NotStarted before the first start."""
        return self._started().port

    @property
    def secure_port(self) -> int:
        """The port of clients that speak TLS, -1 where `secureClientPort` is not set.

        Raises NotStarted before the first start.
        """
        return self._started().secure_port

    @property
    def admin_port(self) -> int | None:
        """The port of the AdminServer; None where it was not asked for, or could not be opened.

        Raises NotStarted before the first start.
        """
        return self._started().admin_port

    @property
    def host(self) -> str:
        """Where it listens; that may stand for all addresses of this machine."""
        return self._host

    @property
    def connect_string(self) -> str:
        """What a client is pointed at. Raises NotStarted before the first start."""
        host = LOOPBACK if is_any_host(self._host) else self._host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def _started(self) -> RunningServer:
        if self._running is None:
            raise NotStarted(NOT_STARTED)
        return self._running

    def _server_thread(self) -> ServerThread:
        if self._thread is None:
            raise NotStarted(NOT_STARTED)
        return self._thread

    # --- start and end

    def start(self) -> None:
        """Return when the server answers; raises what kept it from starting, and AlreadyStarted while it runs.

        After `stop` it may be started again: with a data directory it goes on with its data, without one with nothing.
        After `kill` it goes on, on the same ports, with all that was answered.
        """
        if self._thread is not None:
            raise AlreadyStarted("the server is started already: call stop() first, or make another EmbeddedServer")
        self._was_started = True
        reserved = self._reserved
        config = self._config
        if reserved is not None:
            config = reserved.settings(config)
            reserved.release()
        serve_function = partial(
            serve,
            config,
            in_memory=self._in_memory,
            embedded=True,
            kept=self._kept,
            wall_ahead_ms=self._wall_ahead_ms,
        )
        self._running = None
        thread = ServerThread()
        self._running = thread.start(serve_function)
        self._thread = thread
        self._forget_last_run()

    def stop(self) -> None:
        """Return when the server is gone; raises what ended it before its time.

        Stopping it twice does nothing more; NotStarted is raised when it was never started.
        """
        thread = self._thread
        if thread is None:
            if not self._was_started:
                raise NotStarted("the server is not started, so there is nothing to stop: call start() first")
            self._forget_last_run()
            self._wall_ahead_ms = 0
            return
        self._thread = None
        self._wall_ahead_ms = 0
        thread.stop()

    def kill(self) -> None:
        """End the server as if its process died: what is not logged yet is lost, and nobody is told.

        `start` or `restart` lets it recover, on the same ports: from its files or, in memory, from all that was
        answered. Sessions have their whole time again. Raises NotStarted when it does not run.
        """
        self._end(lambda running: running.tasks.loop.abandon_log())

    def restart(self) -> None:
        """Stop and start it with its data and its sessions, on the same ports; all faults are over.

        After `kill` it only starts. Clients with their sessions find them again. Raises NotStarted after `stop`.
        """
        if self._thread is not None:
            self._end(lambda running: None)
        elif self._reserved is None:
            raise NotStarted(NOT_STARTED)
        self.start()

    def reset(self) -> None:
        """Make it as good as new for the next test: an empty tree, no sessions, no faults, the time of this machine.

        Who is still connected loses connection and session. Zxids go on, so that such clients can come back.
        """
        thread, config = self._server_thread(), self._config
        thread.resume()
        if self._in_memory:
            thread.call(lambda running: _begin_anew(thread, running, config))
            return
        zxid = self._look(lambda server: int(server.sync_processor.next_zxid) - 1)
        self._end(lambda running: None)
        self._wall_ahead_ms = 0
        empty_directory(config, zxid)
        self.start()

    def _end(self, before: Callable[[RunningServer], None]) -> None:
        """End it, to be started again with what it leaves."""
        thread = self._server_thread()
        left: list[ZKDatabase] = []

        def end(running: RunningServer) -> None:
            before(running)
            self._wall_ahead_ms = int(running.tasks.loop.wall_ahead_ms)
            if self._in_memory:
                left.append(database_of(running.tasks.front()))

        self._thread = None
        thread.stop(end)
        self._kept = left[0] if left else None
        self._reserved = ReservedPorts.of(self._host, thread.running)

    def _forget_last_run(self) -> None:
        self._kept = None
        if self._reserved is not None:
            self._reserved.release()
            self._reserved = None


@lru_cache(maxsize=CONFIGS_KEPT)
def _config_of(
    entries: tuple[tuple[str, str], ...], properties: tuple[tuple[str, str], ...], host: str
) -> tuple[ServerConfig, list[ConfigWarning]]:
    """What such entries and properties mean, with warnings: tests make the same server again and again."""
    config, warnings = config_from_values(dict(entries), dict(properties))
    return evolve(config, client_port_address=host, secure_client_port_address=host), warnings


def _begin_anew(thread: ServerThread, running: RunningServer, config: ServerConfig) -> None:
    """Send all clients away, and serve an empty tree without faults."""
    tasks = running.tasks
    thread.faults.heal(running)
    tasks.loop.wall_ahead_ms = 0
    tasks.turn()
    server = tasks.front()
    server.shutdown()
    server.replace_database(empty_database(config, int(server.tree.last_processed_zxid)))
    server.stats.reset()
    tasks.turn()
