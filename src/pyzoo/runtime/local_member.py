"""Member: one member of a LocalEnsemble, the process of `pyzoo serve` that it is, and what that has logged."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Sequence, Set
from pathlib import Path

from attrs import define, field

from pyzoo.runtime.ensemble_plan import EnsembleError, MemberPlan
from pyzoo.runtime.fault_channel import FaultSender
from pyzoo.runtime.four_letters import mode_of

TAIL_LINES = 15
PORT_TAKEN = os.strerror(errno.EADDRINUSE).encode()
#: In the line that `pyzoo serve` prints when its client port is open.
READY = b": ready on "
OWN_QUESTION = "Processing srvr command from "
NO_ONE: frozenset[int] = frozenset()


@define
class Member:
    """One member of a local ensemble, running or not."""

    plan: MemberPlan
    host: str
    directory: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _faults: FaultSender | None = field(default=None, repr=False)
    _is_paused: bool = field(default=False, repr=False)
    _log_start: int = field(default=0, repr=False)
    _log_read: int = field(default=0, repr=False)
    _ready_at: str | None = field(default=None, repr=False)
    _has_taken_port: bool = field(default=False, repr=False)

    @property
    def sid(self) -> int:
        """The server id (myid)."""
        return self.plan.sid

    @property
    def client_port(self) -> int:
        return self.plan.client_port

    @property
    def observer(self) -> bool:
        return self.plan.observer

    @property
    def connect_string(self) -> str:
        """This member alone, as a client is pointed at it."""
        return f"[{self.host}]:{self.client_port}" if ":" in self.host else f"{self.host}:{self.client_port}"

    @property
    def log_file(self) -> Path:
        return self.directory / "pyzoo.log"

    @property
    def is_running(self) -> bool:
        """Whether its process lives; it may serve nobody yet."""
        return self.process is not None and self.process.poll() is None

    @property
    def is_paused(self) -> bool:
        """Whether its process stands still."""
        return self._is_paused and self.is_running

    @property
    def pid(self) -> int | None:
        """Of its process, while that runs."""
        return self.process.pid if self.process is not None and self.is_running else None

    @property
    def exit_code(self) -> int | None:
        """Of the process that ended, negative for a signal; None while it runs and before its first start."""
        return None if self.process is None else self.process.poll()

    @property
    def is_ready(self) -> bool:
        """Whether its own process has said that it listens there; who else may do so does not count."""
        return self.ready_at == self.connect_string and self.is_running

    @property
    def ready_at(self) -> str | None:
        """Where its last process has said that clients are served, if it has."""
        if self._ready_at is None:
            self._look_at_log()
        return self._ready_at

    @property
    def misses_port(self) -> bool:
        """Whether its process has said that somebody else has one of its ports."""
        self._look_at_log()
        return self._has_taken_port

    def _look_at_log(self) -> None:
        """Read the whole lines that it has printed since the last look."""
        try:
            with self.log_file.open("rb") as log:
                log.seek(self._log_read)
                lines, newline, _ = log.read().rpartition(b"\n")
        except OSError:
            return
        self._log_read += len(lines) + len(newline)
        for line in lines.splitlines():
            before, ready, place = line.partition(READY)
            if ready and before.startswith(b"pyzoo "):
                self._ready_at = place.decode(errors="replace").strip()
        self._has_taken_port = self._has_taken_port or PORT_TAKEN in lines

    def launch(self, command: Sequence[str], cut: Set[int] = NO_ONE, delay_ms: int = 0) -> None:
        """Start its process, with the output in the log, and with these faults of its links. Raises OSError."""
        self.forget()
        if sys.platform == "win32":
            # No socket is inherited by its number there.
            self._start(command)
            return
        faults = FaultSender()
        try:
            faults.tell(cut, delay_ms)
            descriptor = faults.far_end.fileno()
            self._start([*command, f"--link-faults={descriptor}"], [descriptor])
        except OSError:
            faults.close()
            raise
        faults.far_end.close()
        self._faults = faults

    def _start(self, command: Sequence[str], inherited: Sequence[int] = ()) -> None:
        with self.log_file.open("ab") as log:
            self._log_start = self._log_read = log.tell()
            self._ready_at, self._has_taken_port = None, False
            # A group of its own: Ctrl-C at a terminal is for the one who started the ensemble, and who stops it.
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                pass_fds=inherited,
            )

    def tell_faults(self, cut: Set[int], delay_ms: int) -> None:
        """Other faults of its links, without waiting for anything."""
        if self._faults is not None and self.is_running:
            self._faults.tell(cut, delay_ms)

    def have_faults(self) -> None:
        """Wait until what was told last is in force; one that is paused has it later. Raises EnsembleError."""
        if self._faults is None or self.is_paused or self._faults.wait() or not self.is_running:
            return
        raise EnsembleError(
            f"member {self.sid} does not take the faults of its links; its log ends with:\n{self.log_tail()}"
        )

    def pause(self) -> None:
        """Let its process stand still (SIGSTOP); returns when it does. Raises EnsembleError when it does not run."""
        process = self.process
        if process is None or not self.is_running:
            raise EnsembleError(f"member {self.sid} does not run: start it with restart({self.sid}) first")
        if sys.platform == "win32":
            raise EnsembleError("Windows lets no process stand still: pause members of an EmbeddedEnsemble")
        process.send_signal(signal.SIGSTOP)
        if sys.platform == "linux":
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self._is_paused = True

    def resume(self) -> None:
        """Let it go on; nothing happens when it does already."""
        if sys.platform != "win32" and self.process is not None and self.is_paused:
            self.process.send_signal(signal.SIGCONT)
        self._is_paused = False

    def forget(self) -> None:
        """Its process has ended: what belongs to that is given back."""
        self._is_paused = False
        faults, self._faults = self._faults, None
        if faults is not None:
            faults.close()

    def mode(self) -> str | None:
        """What `srvr` says: leader, follower, observer, standalone; None when it does not serve, or is paused."""
        return mode_of(self.host, self.client_port) if self.is_ready and not self.is_paused else None

    def log_tail(self) -> str:
        """The last lines that its last process has logged, but for those about questions how it is."""
        try:
            with self.log_file.open("rb") as log:
                log.seek(self._log_start)
                lines = log.read().decode(errors="replace").splitlines()
                return "\n".join([line for line in lines if OWN_QUESTION not in line][-TAIL_LINES:])
        except OSError:
            return "(no log)"
