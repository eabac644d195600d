"""EmbeddedMember: one member of an ensemble in this process, with all that can be done to a server of this process."""

import logging
from collections.abc import Mapping
from contextlib import closing
from typing import Final

import trio
from attrs import evolve

from pyzoo.config.parse import files_needed, parse_config_text
from pyzoo.config.settings import ServerConfig
from pyzoo.persistence.disk import Disk, join, replace_file
from pyzoo.quorum.vote import FOLLOWING, LEADING, OBSERVING
from pyzoo.runtime.ensemble_plan import EnsembleError, EnsemblePlan, MemberPlan
from pyzoo.runtime.member import MemberTasks
from pyzoo.runtime.run import RunningServer, serve
from pyzoo.runtime.transport.link_faults import LinkFaults
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.testing.controls.server_controls import ServerControls
from pyzoo.testing.controls.server_thread import ServerThread
from pyzoo.testing.errors import NotStarted

MODES: Final = {LEADING: "leader", FOLLOWING: "follower", OBSERVING: "observer"}
ENCODING: Final = "iso-8859-1"

logger = logging.getLogger(__name__)


class EmbeddedMember(ServerControls):
    """One member, running or not; its files are below `home` of the disk, which may be in memory."""

    def __init__(
        self,
        plan: EnsemblePlan,
        member: MemberPlan,
        home: str,
        disk: Disk,
        in_memory: bool,
        properties: Mapping[str, str],
    ) -> None:
        self._ensemble = plan
        self._plan = member
        self._home = home
        self._disk = disk
        self._in_memory = in_memory
        self._properties = properties
        self._thread: ServerThread | None = None
        self._faults = LinkFaults()

    # --- what it is

    @property
    def sid(self) -> int:
        """The server id (myid)."""
        return self._plan.sid

    @property
    def host(self) -> str:
        return self._ensemble.host

    @property
    def client_port(self) -> int:
        return self._plan.client_port

    @property
    def observer(self) -> bool:
        return self._plan.observer

    @property
    def admin_port(self) -> int | None:
        """The port of its AdminServer, None without one: it is there with admin.* keys. Raises NotStarted."""
        return self._server_thread().running.admin_port

    @property
    def connect_string(self) -> str:
        """This member alone, as a client is pointed at it."""
        return f"[{self.host}]:{self.client_port}" if ":" in self.host else f"{self.host}:{self.client_port}"

    @property
    def is_started(self) -> bool:
        """Whether it runs, or has ended by itself."""
        return self._thread is not None

    @property
    def is_running(self) -> bool:
        """Whether it is started; it may serve nobody yet."""
        return self._thread is not None and not self._thread.is_over

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        return self._thread is not None and self.is_running and self._thread.is_paused

    @property
    def failure(self) -> BaseException | None:
        """What has ended it, if that was an error."""
        return None if self._thread is None else self._thread.failure

    @property
    def missed_port(self) -> str | None:
        """What is said of a port for other members that somebody else has; None when there is none."""
        if self._thread is None or self._thread.is_over:
            return None
        tasks = self._thread.running.tasks
        assert isinstance(tasks, MemberTasks)
        return next(iter(tasks.listeners.refused.values()), None)

    def mode(self) -> str | None:
        """What `srvr` says: leader, follower, observer; None when it does not serve, or stands still."""
        thread = self._thread
        if thread is None or thread.is_over or thread.is_paused:
            return None
        peer = thread.running.server
        assert isinstance(peer, QuorumPeer)
        return MODES.get(int(peer.state)) if peer.server is not None else None

    def _server_thread(self) -> ServerThread:
        if self._thread is None:
            raise NotStarted(f"member {self.sid} does not run: start the ensemble, or call restart({self.sid}) of it")
        return self._thread

    # --- its files

    def write_files(self, lines: list[str]) -> None:
        """Make what is not there yet: directories, myid, and zoo.cfg with these `lines`. Raises OSError."""
        disk = self._disk
        disk.make_directory(join(self._home, "data"))
        replace_file(disk, join(self._home, "data/myid"), f"{self.sid}\n".encode())
        if not disk.exists(self._config_path):
            text = self._ensemble.zoo_cfg(self._plan, self._home, lines)
            replace_file(disk, self._config_path, text.encode(ENCODING))

    @property
    def _config_path(self) -> str:
        return join(self._home, "zoo.cfg")

    def _config(self) -> ServerConfig:
        """As its files say: a reconfiguration changes them. Raises ConfigError."""
        path = self._config_path
        text = self._read(path)
        files = {name: self._read(name) for name in files_needed(text, path).paths() if self._disk.exists(name)}
        config, warnings = parse_config_text(text, path, self._properties, files)
        for warning in warnings:
            logger.warning("%s", warning)
        # In memory nothing is lost that has been written.
        return evolve(config, force_sync=False) if self._in_memory else config

    def _read(self, path: str) -> str:
        with closing(self._disk.open_read(path)) as file:
            return file.read(self._disk.size(path)).decode(ENCODING)

    # --- its life

    def launch(self, cut: frozenset[int], delay_ms: int) -> None:
        """Start it, with such faults of its links; returns when its client port is open.

        Raises what keeps it from that, and EnsembleError while it runs.
        """
        if self.is_running:
            raise EnsembleError(f"member {self.sid} runs already: stop or kill it first")
        self._faults = LinkFaults()
        self._faults.set(cut, delay_ms)
        config = self._config()

        async def run(*, task_status: trio.TaskStatus[RunningServer]) -> None:
            own_disk = self._disk if self._in_memory else None
            await serve(config, embedded=True, own_disk=own_disk, faults=self._faults, task_status=task_status)

        thread = ServerThread(f"pyzoo member {self.sid}")
        thread.start(run)
        self._thread = thread

    def set_faults(self, cut: frozenset[int], delay_ms: int) -> None:
        """Other faults of its links from now on, if it runs."""
        thread, faults = self._thread, self._faults
        if thread is not None and not thread.is_over:
            try:
                thread.call(lambda _running: faults.set(cut, delay_ms))
            except NotStarted:
                pass  # It has ended meanwhile.

    def end(self, hands_over: bool = False) -> None:
        """Stop it, and return when it is gone, paused or not; raises what ended it before its time.

        With `hands_over` a leader lets the others get level first, as on SIGTERM.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop(hands_over=hands_over)

    def die(self) -> None:
        """End it as if its process died: what is not logged yet is lost, and nobody is told."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop(lambda running: running.tasks.loop.abandon_log())
