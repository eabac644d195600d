"""`pyzoo ensemble`: several servers on this machine, as one service, until Ctrl-C."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import click
from attrs import define, field

from pyzoo.cli.groups import PORT, WholeNumber, reason_of
from pyzoo.config.system_properties import parse_arguments
from pyzoo.errors import ConfigError
from pyzoo.runtime.ensemble_plan import HOST, TICK_TIME_MS, EnsembleError, stored_plan
from pyzoo.runtime.four_letters import SERVING_MODES
from pyzoo.runtime.local_ensemble import LocalEnsemble
from pyzoo.runtime.local_member import Member

NODES = 3
SIGNALS: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
if sys.platform == "win32":
    SIGNALS += (signal.SIGBREAK,)
else:
    SIGNALS += (signal.SIGHUP,)
WATCH_SECONDS = 0.2
#: From one start of a member to its next one, at least.
RESTART_SECONDS = 5.0
#: So many starts in a row that came to nothing end the command.
MOST_FAILED_STARTS = 3


@click.command()
@click.option("--nodes", type=WholeNumber(1), help=f"Members that vote.  [default: {NODES}]")
@click.option("--observers", type=WholeNumber(0), help="Members that do not.  [default: 0]")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Keep everything here, and go on with it next time.")
@click.option("--base-port", type=PORT, help="Client ports from here on.  [default: free ports]")
@click.option("--tick-time", type=WholeNumber(1), help=f"Of ZooKeeper, in ms.  [default: {TICK_TIME_MS}]")
@click.option("--host", help=f"The address of all members.  [default: {HOST}]")
@click.option("-D", "definitions", multiple=True, metavar="NAME=VALUE", help="Set a system property of ZooKeeper.")
def ensemble(
    nodes: int | None,
    observers: int | None,
    data_dir: str | None,
    base_port: int | None,
    tick_time: int | None,
    host: str | None,
    definitions: tuple[str, ...],
) -> None:
    """Run an ensemble on this machine until SIGTERM or Ctrl-C: for development and tests.

    Without --data-dir its data is in a temporary directory that is removed at the end. Each member has a directory with
    its zoo.cfg, its data and its log. A member that dies is started again. One that does not come back ends the
    command, with code 1.
    """
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        properties = parse_arguments([f"-D{definition}" for definition in definitions]).properties
        shape = {"nodes": nodes, "observers": observers, "base_port": base_port, "tick_time": tick_time, "host": host}
        refuse_other_shape(data_dir, **shape)
        local = LocalEnsemble(
            NODES if nodes is None else nodes,
            observers or 0,
            data_dir=data_dir,
            host=host or HOST,
            base_port=base_port,
            tick_time_ms=tick_time or TICK_TIME_MS,
            properties=properties,
        )
        run(local)
    except KeyboardInterrupt:
        click.echo("pyzoo: stopped")
    except (EnsembleError, ConfigError, OSError) as error:
        click.echo(f"pyzoo: {reason_of(error)}", err=True)
        sys.exit(1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """The first signal ends it all; a second one must not leave members behind that nobody stops."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def refuse_other_shape(data_dir: str | None, **wanted: int | str | None) -> None:
    """Raise EnsembleError when the directory holds another ensemble than the options describe."""
    plan = None if data_dir is None else stored_plan(Path(data_dir))
    if plan is None:
        return
    stored: dict[str, int | str] = {
        "nodes": plan.nodes,
        "observers": plan.observers,
        "base_port": plan.members[0].client_port,
        "tick_time": plan.tick_time_ms,
        "host": plan.host,
    }
    for name, value in wanted.items():
        option = f"--{name.replace('_', '-')}"
        if value is not None and value != stored[name]:
            raise EnsembleError(
                f"{data_dir} holds an ensemble made with {option} {stored[name]}: leave {option} away to go on with "
                "it, or choose another directory"
            )


def run(local: LocalEnsemble) -> None:
    """Start all, say where they are, and watch them until a signal. Raises EnsembleError, KeyboardInterrupt."""
    click.echo(f"pyzoo: starting {len(local.members)} members in {local.directory}")
    with local:
        click.echo(f"pyzoo: ready on {local.connect_string}")
        for member in local.members:
            click.echo(line_of(member))
        sys.stdout.flush()
        watches = [Watch(local, member) for member in local.members]
        while True:
            time.sleep(WATCH_SECONDS)
            for watch in watches:
                watch.look()


def line_of(member: Member) -> str:
    """A member for whoever reads stdout."""
    log = os.path.relpath(member.log_file) if member.log_file.is_relative_to(os.getcwd()) else str(member.log_file)
    return f"  server.{member.sid}  {member.mode() or '?':<10}  {member.connect_string}  pid {member.pid}  log {log}"


@define
class Watch:
    """Starts one member again when it dies, and gives up when it does not come back."""

    local: LocalEnsemble
    member: Member
    #: When its process was started, by the monotonic clock.
    started: float = field(factory=time.monotonic)
    #: Whether that process has served.
    has_served: bool = True
    failed_starts: int = 0

    def look(self) -> None:
        """See how the member is, and do what it needs. Raises EnsembleError when it cannot be started."""
        member = self.member
        if member.is_running:
            if not self.has_served and member.mode() in SERVING_MODES:
                self.has_served, self.failed_starts = True, 0
            return
        if member.process is not None:
            self._report(f"ended with code {member.exit_code}; its log ends with:", member.log_tail())
            member.process = None
        if time.monotonic() - self.started >= RESTART_SECONDS:
            self._start()

    def _report(self, what: str, log: str = "") -> None:
        """Say once that it ended, and count it when it was of no use. Raises EnsembleError when that was too often."""
        click.echo(f"pyzoo: server.{self.member.sid} {what}", err=True)
        click.echo("".join(f"  | {line}\n" for line in log.splitlines()), err=True, nl=False)
        self.failed_starts += not self.has_served
        if self.failed_starts >= MOST_FAILED_STARTS:
            raise EnsembleError(
                f"server.{self.member.sid} could not be started again, {self.failed_starts} times in a row; "
                "why is said above"
            )

    def _start(self) -> None:
        self.started, self.has_served = time.monotonic(), False
        try:
            self.local.launch(self.member.sid)
        except (EnsembleError, OSError) as error:
            self._report(f"cannot be started again: {error}")
            return
        click.echo(f"pyzoo: server.{self.member.sid} is started again, pid {self.member.pid}")
        sys.stdout.flush()
