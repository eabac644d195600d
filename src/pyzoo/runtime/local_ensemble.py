"""An ensemble on this machine: a process of `pyzoo serve` for each member, started, disturbed and stopped."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from pyzoo.config.python_settings import GivenSettings, PropertyValue, given_settings
from pyzoo.runtime.ensemble_controls import START_SECONDS, EnsembleControls
from pyzoo.runtime.ensemble_plan import (
    ARGUMENTS,
    HOST,
    MOVES,
    PLAN_FILE,
    TICK_TIME_MS,
    EnsembleError,
    EnsemblePlan,
    PortTaken,
    new_plan,
    refuse_taken_ports,
    stored_plan,
)
from pyzoo.runtime.four_letters import SERVING_MODES
from pyzoo.runtime.local_member import Member

STOP_SECONDS = 20.0
POLL_SECONDS = 0.02


class LocalEnsemble(EnsembleControls[Member]):
    """Several servers as one service: `with LocalEnsemble(nodes=3) as ensemble: ...ensemble.connect_string...`.

    Without a directory everything is below a temporary one, removed by `stop`. A directory that holds an ensemble
    already goes on as that: its members, ports and tickTime win over the arguments. `properties` are settings of all
    members: keys as in a zoo.cfg, such as {"snapCount": 1000}, or system properties by their full names, such as
    {"zookeeper.extendedTypesEnabled": True}.
    """

    def __init__(
        self,
        nodes: int = 3,
        observers: int = 0,
        *,
        data_dir: str | Path | None = None,
        host: str = HOST,
        base_port: int | None = None,
        tick_time_ms: int = TICK_TIME_MS,
        properties: Mapping[str, PropertyValue] | None = None,
    ) -> None:
        """Choose ports and a directory; the rest is done by `start`. Raises EnsembleError, ConfigError."""
        super().__init__(MOVES if data_dir is None and base_port is None else 0)
        self._is_temporary = data_dir is None
        given = given_settings(properties or {}, ARGUMENTS)
        self._properties = with_admin_off(given)
        self._lines = given.lines()
        plan = None if data_dir is None else stored_plan(Path(data_dir))
        if plan is not None and self._lines:
            raise EnsembleError(f"{self._lines[0]}: write it into the zoo.cfg of each member in {data_dir}")
        self.plan: EnsemblePlan = plan or new_plan(nodes, observers, host, base_port, tick_time_ms)
        self.directory: Path = Path(data_dir or tempfile.mkdtemp(prefix="pyzoo-ensemble-")).absolute()
        self.members: list[Member] = self._members()

    def _members(self) -> list[Member]:
        return [Member(each, self.plan.host, self.directory / str(each.sid)) for each in self.plan.members]

    def __enter__(self) -> "LocalEnsemble":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, timeout_s: float) -> None:
        try:
            refuse_taken_ports(self.plan.host, self.plan.members)
            self.plan.write(self.directory, self._lines)
            for member in self.members:
                self.launch(member.sid)
            self.wait_until_serving(timeout_s)
        except BaseException:
            self.stop()
            raise

    def launch(self, sid: int) -> None:
        """Start the process of one member, without waiting for anything.

        Raises PortTaken where another process has one of its ports, and EnsembleError when it runs already.
        """
        member = self.member(sid)
        if member.is_running:
            raise EnsembleError(f"member {sid} runs already, as process {member.pid}: stop or kill it first")
        refuse_taken_ports(member.host, [member.plan])
        defines = [f"-D{name}={value}" for name, value in self._properties.items()]
        command = [sys.executable, "-m", "pyzoo", "serve", *defines, str(member.directory / "zoo.cfg")]
        member.launch(command, self._cut_of(sid), self._delay_ms)

    def wait_until_serving(self, timeout_s: float = START_SECONDS) -> None:
        """Return when every started member that is not paused serves.

        Raises EnsembleError when one ended by itself, or time is up.
        """
        _wait_until_serving([each for each in self.members if each.process and not each.is_paused], timeout_s)

    def kill(self, sid: int) -> None:
        """SIGKILL, as if the machine of that member lost its power; returns when the process is gone."""
        member = self.member(sid)
        if member.process is not None:
            member.process.kill()
            member.process.wait()
            member.forget()

    def terminate(self, sid: int) -> None:
        """Stop one member as an operator would; returns when the process is gone."""
        member = self.member(sid)
        if member.process is not None and member.is_running:
            member.process.terminate()
            member.resume()
            _wait_until_ended(member.process)
            member.forget()

    def pause(self, sid: int) -> None:
        """SIGSTOP: a member stands still, its connections stay open. Raises EnsembleError when it does not run."""
        self.member(sid).pause()

    def resume(self, sid: int) -> None:
        """SIGCONT: it goes on."""
        self.member(sid).resume()

    def _tell_faults(self) -> None:
        if sys.platform == "win32" and (self._cut or self._delay_ms):
            raise EnsembleError("Windows hands no process a socket: disturb the links of an EmbeddedEnsemble")
        for member in self.members:
            member.tell_faults(self._cut_of(member.sid), self._delay_ms)
        for member in self.members:
            member.have_faults()

    def restart(self, sid: int, timeout_s: float = START_SECONDS) -> None:
        """Start a member again, stopped first if it runs; returns when it serves. Raises EnsembleError."""
        self.terminate(sid)
        self.launch(sid)
        _wait_until_serving([self.member(sid)], timeout_s)

    def stop(self) -> None:
        """Stop all members, all at once; a temporary directory is gone afterwards."""
        for member in self.members:
            if member.process is not None and member.is_running:
                member.process.terminate()
                member.resume()
        for member in self.members:
            if member.process is not None:
                _wait_until_ended(member.process)
                member.forget()
        self._cut.clear()
        self._delay_ms = 0
        if self._is_temporary:
            shutil.rmtree(self.directory, ignore_errors=True)


def with_admin_off(given: GivenSettings) -> dict[str, str]:
    """The properties, and no AdminServer unless some setting is about it: all members would want the same port."""
    properties = given.all_properties()
    return properties if given.concern("admin.") else {"zookeeper.admin.enableServer": "false", **properties}


def _wait_until_serving(members: list[Member], timeout_s: float) -> None:
    """Until all of them serve; raises EnsembleError when one cannot, or when time is up."""
    deadline = time.monotonic() + timeout_s
    waiting = members
    while waiting := [member for member in waiting if member.mode() not in SERVING_MODES]:
        for member in waiting:
            if not member.is_running:
                _fail(member, f"ended with code {member.exit_code}")
            if member.misses_port:
                _fail(member, "cannot open one of its ports, because somebody else listens there")
            if member.ready_at not in (None, member.connect_string):
                _fail(
                    member,
                    f"serves clients on {member.ready_at}, and {PLAN_FILE} says {member.connect_string}: "
                    "let its zoo.cfg and that file say the same",
                )
        if time.monotonic() > deadline:
            _fail(waiting[0], "does not serve in time; does a majority of the members run, and reach each other?")
        time.sleep(POLL_SECONDS)


def _fail(member: Member, reason: str) -> NoReturn:
    failure = PortTaken if member.misses_port else EnsembleError
    raise failure(f"member {member.sid} {reason}; its log ends with:\n{member.log_tail()}")


def _wait_until_ended(process: "subprocess.Popen[bytes]") -> None:
    """Until it ended; one that takes too long over it is killed."""
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
