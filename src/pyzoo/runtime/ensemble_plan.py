"""What a local ensemble looks like on disk: `ensemble.json` with its addresses, and a directory for each member.

DIR/ensemble.json      host, tickTime and the ports of each member
DIR/1/zoo.cfg          written once: what was edited or reconfigured later stays
DIR/1/data/myid
DIR/1/pyzoo.log
"""

import errno
import json
from collections.abc import Iterable
from pathlib import Path

import attrs
from attrs import frozen

from pyzoo.errors import PyzooError
from pyzoo.runtime.free_ports import free_ports
from pyzoo.runtime.listening import bind, cannot_listen

HOST = "127.0.0.1"
TICK_TIME_MS = 2000
#: From the base port: client ports follow it, and the other two kinds begin this far above.
QUORUM_PORTS = 100
ELECTION_PORTS = 200
MAX_MEMBERS = 100
OTHER_PORTS = "does this ensemble run already? If not, end what listens there or choose another base port"
OWN_HOST = "the host has to be an address of this machine, and ports below 1024 are for root"
PLAN_FILE = "ensemble.json"
#: How often ports are chosen anew when another process took one before the member did.
MOVES = 3
#: Keys that have a parameter of their own, or none.
ARGUMENTS = {
    "clientPort": "base_port",
    "clientPortAddress": "host",
    "dataDir": "data_dir",
    "dataLogDir": "data_dir, which is for logs and snapshots",
    "tickTime": "tick_time_ms",
    "dynamicConfigFile": "nodes and observers",
}


class EnsembleError(PyzooError):
    """An ensemble that cannot be made or started; the message ends with the log of the member that failed."""


class PortTaken(EnsembleError):
    """Another process has one of the ports of a member."""


@frozen
class MemberPlan:
    """Id, role and ports of one member."""

    sid: int
    observer: bool
    client_port: int
    quorum_port: int
    election_port: int

    @property
    def ports(self) -> dict[str, int]:
        """All of them by what they are for."""
        return {
            "client port": self.client_port,
            "quorum port": self.quorum_port,
            "election port": self.election_port,
        }

    def server_line(self, host: str) -> str:
        """Its line in every zoo.cfg."""
        role = "observer" if self.observer else "participant"
        bracketed = f"[{host}]" if ":" in host else host
        ports = f"{self.quorum_port}:{self.election_port}"
        return f"server.{self.sid}={bracketed}:{ports}:{role};{bracketed}:{self.client_port}"


@frozen
class EnsemblePlan:
    """All that has to be the same when the ensemble starts again."""

    host: str
    tick_time_ms: int
    members: tuple[MemberPlan, ...]

    @property
    def nodes(self) -> int:
        """How many members vote."""
        return sum(not member.observer for member in self.members)

    @property
    def observers(self) -> int:
        return len(self.members) - self.nodes

    def zoo_cfg(self, member: MemberPlan, directory: str, more: Iterable[str] = ()) -> str:
        """The configuration of one member, whose files are below `directory`, with `more` lines."""
        lines = [
            f"tickTime={self.tick_time_ms}",
            "initLimit=10",
            "syncLimit=5",
            f"dataDir={directory}/data",
            "maxClientCnxns=0",
            "4lw.commands.whitelist=*",
            *(["peerType=observer"] if member.observer else []),
            *more,
            *(each.server_line(self.host) for each in self.members),
        ]
        return "\n".join(lines) + "\n"

    def write(self, directory: Path, more: Iterable[str] = ()) -> None:
        """Make the directories and files that are not there yet, each zoo.cfg with `more` lines. Raises OSError."""
        for member in self.members:
            home = directory / str(member.sid)
            (home / "data").mkdir(parents=True, exist_ok=True)
            (home / "data" / "myid").write_text(f"{member.sid}\n")
            if not (home / "zoo.cfg").exists():
                (home / "zoo.cfg").write_text(self.zoo_cfg(member, str(home), more))
        write_plan(self, directory)


def write_plan(plan: EnsemblePlan, directory: Path) -> None:
    """Keep what has to be the same next time. Raises OSError."""
    (directory / PLAN_FILE).write_text(json.dumps(attrs.asdict(plan), indent=1) + "\n")


def plan_ports(host: str, count: int) -> list[int]:
    """Free ports, all different. Raises EnsembleError for a host that is not of this machine."""
    try:
        return free_ports(host, count)
    except OSError as error:
        raise EnsembleError(f"{cannot_listen(host, 0, error)}; {OWN_HOST}") from error


def refuse_taken_ports(host: str, members: Iterable[MemberPlan]) -> None:
    """Raise PortTaken for the first port that another process has, EnsembleError for one that cannot be opened."""
    for member in members:
        for purpose, port in member.ports.items():
            try:
                bind(host, port).close()
            except OSError as error:
                what = f"the {purpose} of member {member.sid}: {cannot_listen(host, port, error)}"
                if error.errno == errno.EADDRINUSE:
                    raise PortTaken(f"{what}; {OTHER_PORTS}") from error
                raise EnsembleError(f"{what}; {OWN_HOST}") from error


def new_plan(nodes: int, observers: int, host: str, base_port: int | None, tick_time_ms: int) -> EnsemblePlan:
    """A plan with free ports, or with those that follow from `base_port`. Raises EnsembleError."""
    count = nodes + observers
    if nodes < 1 or observers < 0 or count > MAX_MEMBERS:
        raise EnsembleError(f"{nodes} nodes and {observers} observers: ask for 1 to {MAX_MEMBERS} members")
    if base_port is None:
        ports = plan_ports(host, 3 * count)
    else:
        starts = (base_port, base_port + QUORUM_PORTS, base_port + ELECTION_PORTS)
        ports = [start + index for start in starts for index in range(count)]
        if base_port < 1 or max(ports) > 65535:
            raise EnsembleError(f"base port {base_port}: ports up to {max(ports)} are needed, and 65535 is the last")
    kinds = zip(ports[:count], ports[count : 2 * count], ports[2 * count :], strict=True)
    members = tuple(MemberPlan(sid, sid > nodes, *three) for sid, three in enumerate(kinds, start=1))
    return EnsemblePlan(host, tick_time_ms, members)


def stored_plan(directory: Path) -> EnsemblePlan | None:
    """The plan of the ensemble whose data is in `directory`, if any. Raises EnsembleError."""
    path = directory / PLAN_FILE
    try:
        stored = json.loads(path.read_text())
        members = tuple(MemberPlan(**member) for member in stored["members"])
        return EnsemblePlan(stored["host"], stored["tick_time_ms"], members)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise EnsembleError(f"{path} cannot be read ({reason}): restore it, or choose another directory") from error
