"""EmbeddedServer: a server in a thread of this process, on a free port, gone when the block ends."""

import threading
from types import TracebackType

import trio
from attrs import evolve

from pyzoo.config.parse import config_from_arguments
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import PyzooError
from pyzoo.runtime.run import RunningServer, leaf_of, serve

HOST = "127.0.0.1"
TICK_TIME_MS = 2000


class EmbeddedServer:
    """A standalone server for tests.

    It keeps nothing on disk unless it is given a data directory. `properties` are system properties by their
    full names, for example {"zookeeper.extendedTypesEnabled": "true"}.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        data_dir: str | None = None,
        tick_time_ms: int = TICK_TIME_MS,
        properties: dict[str, str] | None = None,
    ) -> None:
        self._in_memory = data_dir is None
        config, _warnings = config_from_arguments(port, data_dir or ".", tick_time_ms, properties=properties or {})
        self._config: ServerConfig = evolve(config, client_port_address=HOST)
        self._thread = threading.Thread(target=self._run, name="pyzoo", daemon=True)
        self._ready = threading.Event()
        self._running: RunningServer | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The client port."""
        assert self._running is not None, "the server is not started"
        return self._running.port

    @property
    def admin_port(self) -> int | None:
        """The port of the AdminServer; None where it was not asked for, or could not be opened."""
        assert self._running is not None, "the server is not started"
        return self._running.admin_port

    @property
    def connect_string(self) -> str:
        """What a client is pointed at."""
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Return when the server answers; raises what kept it from starting."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Return when the server is gone; raises what ended it before its time."""
        if self._token is not None and self._running is not None:
            try:
                self._token.run_sync_soon(self._running.stop)
            except trio.RunFinishedError:
                pass
        self._thread.join()
        if isinstance(self._failure, PyzooError):
            raise self._failure

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as failure:
            self._failure = leaf_of(failure)
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[RunningServer]) -> None:
                await serve(self._config, in_memory=self._in_memory, embedded=True, task_status=task_status)

            self._running = await nursery.start(run)
            self._ready.set()
