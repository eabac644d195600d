"""EmbeddedEnsemble: all members of an ensemble in this process, a thread for each, in memory or on disk."""

import errno
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from pyzoo.config.python_settings import PropertyValue, given_settings
from pyzoo.persistence.disk import RealDisk
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.runtime.ensemble_controls import START_SECONDS
from pyzoo.runtime.ensemble_plan import (
    ARGUMENTS,
    HOST,
    MOVES,
    OTHER_PORTS,
    TICK_TIME_MS,
    EnsembleError,
    EnsemblePlan,
    PortTaken,
    new_plan,
    refuse_taken_ports,
    stored_plan,
    write_plan,
)
from pyzoo.runtime.local_ensemble import with_admin_off
from pyzoo.testing.embedded.block import Block
from pyzoo.testing.embedded.ensemble_sessions import EnsembleSessions
from pyzoo.testing.embedded.member import EmbeddedMember

POLL_SECONDS: Final = 0.002
ALONE: Final = "standaloneEnabled=false"
"""One voter is an ensemble too, with observers or alone."""


class EmbeddedEnsemble(EnsembleSessions, Block):
    """Several servers as one service: `with EmbeddedEnsemble() as ensemble: ...ensemble.connect_string...`.

    It keeps nothing on disk unless it is given a data directory; a member that is killed or restarted goes on with its
    data in both cases, until the ensemble is stopped. A directory that holds an ensemble already, also one of
    LocalEnsemble, goes on as that: its members, ports and tickTime win over the arguments. `properties` are settings of
    all members: keys as in a zoo.cfg, such as {"snapCount": 1000}, or system properties by their full names.
    """

    def __init__(
        self,
        nodes: int = 3,
        observers: int = 0,
        *,
        data_dir: str | os.PathLike[str] | None = None,
        host: str = HOST,
        base_port: int | None = None,
        tick_time_ms: int = TICK_TIME_MS,
        properties: Mapping[str, PropertyValue] | None = None,
    ) -> None:
        """Choose ports; the rest is done by `start`. Raises EnsembleError, ConfigError."""
        super().__init__(MOVES if data_dir is None and base_port is None else 0)
        self._directory = None if data_dir is None else Path(data_dir).absolute()
        given = given_settings(properties or {}, ARGUMENTS)
        self._properties = with_admin_off(given)
        self._lines = given.lines()
        plan = None if self._directory is None else stored_plan(self._directory)
        if plan is not None and self._lines:
            raise EnsembleError(f"{self._lines[0]}: write it into the zoo.cfg of each member in {data_dir}")
        self.plan: EnsemblePlan = plan or new_plan(nodes, observers, host, base_port, tick_time_ms)
        if self.plan.nodes == 1:
            self._lines.append(ALONE)
        self.members: list[EmbeddedMember] = self._members()

    def _members(self) -> list[EmbeddedMember]:
        found = []
        for each in self.plan.members:
            if self._directory is None:
                member = EmbeddedMember(self.plan, each, f"/{each.sid}", MemoryDisk(False), True, self._properties)
            else:
                home = str(self._directory / str(each.sid))
                member = EmbeddedMember(self.plan, each, home, RealDisk(), False, self._properties)
            found.append(member)
        return found

    # --- the whole

    def _start(self, timeout_s: float) -> None:
        # In memory it begins with nothing.
        self.members = self._members()
        try:
            refuse_taken_ports(self.plan.host, self.plan.members)
            for member in self.members:
                member.write_files(self._lines)
            if self._directory is not None:
                write_plan(self.plan, self._directory)
            for member in self.members:
                self._launch(member)
            self.wait_until_serving(timeout_s)
        except BaseException:
            with suppress(Exception):  # What ended a member is said already.
                self.stop()
            raise

    def stop(self) -> None:
        """Stop all members; what was in memory is gone. Raises what ended a member before its time."""
        failures = []
        for member in self.members:
            try:
                member.end()
            except Exception as failure:
                failures.append(failure)
        self._cut.clear()
        self._delay_ms = 0
        if failures:
            raise failures[0]

    def wait_until_serving(self, timeout_s: float = START_SECONDS) -> None:
        """Return when every started member that is not paused serves. Raises EnsembleError."""
        self._wait_until_serving([member for member in self.members if member.is_started], timeout_s)

    def _wait_until_serving(self, members: list[EmbeddedMember], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while waiting := [member for member in members if member.mode() is None and not member.is_paused]:
            for member in waiting:
                _raise_what_hinders(member)
            if time.monotonic() > deadline:
                raise EnsembleError(
                    f"member {waiting[0].sid} does not serve after {timeout_s:g} s: {self._states()}; "
                    "a majority has to run and to reach each other"
                )
            time.sleep(POLL_SECONDS)

    # --- one member

    def kill(self, sid: int) -> None:
        """End a member as SIGKILL ends a process: what it has logged stays; returns when it is gone."""
        self.member(sid).die()

    def restart(self, sid: int, timeout_s: float = START_SECONDS) -> None:
        """Start a member again with its data, ended first if it runs; returns when it serves. Raises EnsembleError."""
        member = self.member(sid)
        member.end(hands_over=True)
        self._launch(member)
        self._wait_until_serving([member], timeout_s)

    def launch(self, sid: int) -> None:
        """Start one member that does not run, without waiting until it serves: alone it may never do.

        Raises PortTaken where somebody else has one of its ports, and EnsembleError when it runs.
        """
        self._launch(self.member(sid))

    def _launch(self, member: EmbeddedMember) -> None:
        try:
            member.launch(self._cut_of(member.sid), self._delay_ms)
        except OSError as error:
            failure = PortTaken if error.errno == errno.EADDRINUSE else EnsembleError
            raise failure(f"member {member.sid} cannot be started: {error.strerror or error}") from error

    def pause(self, sid: int) -> None:
        """Let a member stand still, as SIGSTOP does: connections stay open, nothing is answered."""
        self.member(sid).pause()

    def resume(self, sid: int) -> None:
        """Let it go on."""
        self.member(sid).resume()

    def _tell_faults(self) -> None:
        for member in self.members:
            member.set_faults(self._cut_of(member.sid), self._delay_ms)


def _raise_what_hinders(member: EmbeddedMember) -> None:
    """Raise EnsembleError for a member that has ended, and PortTaken for one that cannot open a port."""
    if not member.is_running:
        raise EnsembleError(f"member {member.sid} has ended: {member.failure}") from member.failure
    missed = member.missed_port
    if missed is not None:
        raise PortTaken(f"member {member.sid} cannot listen on {missed}; {OTHER_PORTS}")
