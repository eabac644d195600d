"""EmbeddedServer: a server in a thread of this process, on a free port, gone when the block ends."""

import logging
import os
from collections.abc import Mapping
from types import TracebackType
from typing import Final

import trio
from attrs import evolve

from pyzoo.config.parse import config_from_values
from pyzoo.config.python_settings import PropertyValue, given_settings
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.run import RunningServer, serve
from pyzoo.testing.controls import ServerControls
from pyzoo.testing.errors import AlreadyStarted, EmbeddedServerError, NotStarted
from pyzoo.testing.server_thread import ServerThread

HOST: Final = "127.0.0.1"
TICK_TIME_MS: Final = 2000
WORDS: Final = "4lw.commands.whitelist"
#: Keys that have a parameter of their own, or none.
ARGUMENTS: Final = {
    "clientPort": "port",
    "dataDir": "data_dir",
    "dataLogDir": "data_dir, which is for logs and snapshots",
    "tickTime": "tick_time_ms",
    "clientPortAddress": f"the connect_string: an embedded server is on {HOST} only",
    "secureClientPortAddress": f"secure_port: an embedded server is on {HOST} only",
    "dynamicConfigFile": "LocalEnsemble for several members",
}

logger = logging.getLogger(__name__)


__all__ = ["AlreadyStarted", "EmbeddedServer", "EmbeddedServerError", "NotStarted"]


class EmbeddedServer(ServerControls):
    """A standalone server for tests.

    It keeps nothing on disk unless it is given a data directory. `properties` are settings: keys as in a zoo.cfg, such
    as {"snapCount": 1000}, or system properties by their full names, such as {"zookeeper.extendedTypesEnabled": True};
    `docs/configuration.md` lists them. All four-letter words are allowed unless 4lw.commands.whitelist says otherwise.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        data_dir: str | os.PathLike[str] | None = None,
        tick_time_ms: int = TICK_TIME_MS,
        properties: Mapping[str, PropertyValue] | None = None,
    ) -> None:
        """Nothing is opened yet. Raises ConfigError for settings that are wrong or unknown."""
        self._in_memory = data_dir is None
        given = given_settings(properties or {}, ARGUMENTS)
        entries = {
            "clientPort": str(port),
            "dataDir": "." if data_dir is None else os.fspath(data_dir),
            "tickTime": str(tick_time_ms),
            "maxClientCnxns": "0",
        }
        if "zookeeper." + WORDS not in given.properties:
            entries[WORDS] = "*"
        config, warnings = config_from_values(entries | given.entries, given.properties)
        for warning in warnings:
            logger.warning("%s", warning)
        self._config: ServerConfig = evolve(config, client_port_address=HOST, secure_client_port_address=HOST)
        self._thread: ServerThread | None = None
        self._running: RunningServer | None = None
        self._was_started = False

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

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
    def connect_string(self) -> str:
        """What a client is pointed at. Raises NotStarted before the first start."""
        return f"{HOST}:{self.port}"

    def _started(self) -> RunningServer:
        if self._running is None:
            raise NotStarted("the server is not started: call start(), or write `with EmbeddedServer() as server:`")
        return self._running

    def _server_thread(self) -> ServerThread:
        if self._thread is None:
            raise NotStarted("the server is not started: call start(), or write `with EmbeddedServer() as server:`")
        return self._thread

    def start(self) -> None:
        """Return when the server answers; raises what kept it from starting, and AlreadyStarted while it runs.

        After `stop` it may be started again: with a data directory it goes on with its data, without one with nothing.
        """
        if self._thread is not None:
            raise AlreadyStarted("the server is started already: call stop() first, or make another EmbeddedServer")
        self._running = None
        self._was_started = True
        thread = ServerThread()
        self._running = thread.start(self._serve)
        self._thread = thread

    async def _serve(self, *, task_status: trio.TaskStatus[RunningServer]) -> None:
        await serve(self._config, in_memory=self._in_memory, embedded=True, task_status=task_status)

    def stop(self) -> None:
        """Return when the server is gone; raises what ended it before its time.

        Stopping it twice does nothing more; NotStarted is raised when it was never started.
        """
        thread = self._thread
        if thread is None:
            if not self._was_started:
                raise NotStarted("the server is not started, so there is nothing to stop: call start() first")
            return
        self._thread = None
        thread.stop()
