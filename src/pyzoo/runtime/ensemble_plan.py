"""What a local ensemble looks like on disk: `ensemble.json` with its addresses, and a directory for each member.

DIR/ensemble.json      host, tickTime and the ports of each member
DIR/1/zoo.cfg          written once: what was edited or reconfigured later stays
DIR/1/data/myid
DIR/1/pyzoo.log
"""

import json
import socket
from contextlib import ExitStack
from pathlib import Path

import attrs
from attrs import frozen

from pyzoo.errors import PyzooError

HOST = "127.0.0.1"
TICK_TIME_MS = 2000
#: From the base port: client ports follow it, and the other two kinds begin this far above.
QUORUM_PORTS = 100
ELECTION_PORTS = 200
MAX_MEMBERS = 100
PLAN_FILE = "ensemble.json"


class EnsembleError(PyzooError):
    """An ensemble that cannot be made or started; the message ends with the log of the member that failed."""


@frozen
class MemberPlan:
    """Id, role and ports of one member."""

    sid: int
    observer: bool
    client_port: int
    quorum_port: int
    election_port: int

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

    def zoo_cfg(self, member: MemberPlan, directory: Path) -> str:
        """The configuration of one member, whose files are below `directory`."""
        lines = [
            f"tickTime={self.tick_time_ms}",
            "initLimit=10",
            "syncLimit=5",
            f"dataDir={directory / 'data'}",
            "maxClientCnxns=0",
            "4lw.commands.whitelist=*",
            "admin.enableServer=false",
            *(["peerType=observer"] if member.observer else []),
            *(each.server_line(self.host) for each in self.members),
        ]
        return "\n".join(lines) + "\n"

    def write(self, directory: Path) -> None:
        """Make the directories and files that are not there yet. Raises OSError."""
        for member in self.members:
            home = directory / str(member.sid)
            (home / "data").mkdir(parents=True, exist_ok=True)
            (home / "data" / "myid").write_text(f"{member.sid}\n")
            if not (home / "zoo.cfg").exists():
                (home / "zoo.cfg").write_text(self.zoo_cfg(member, home))
        (directory / PLAN_FILE).write_text(json.dumps(attrs.asdict(self), indent=1) + "\n")


def free_ports(host: str, count: int) -> list[int]:
    """Ports that nobody listens on now, all different. Raises OSError for a host that is not of this machine."""
    with ExitStack() as stack:
        ports = []
        for _ in range(count):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            sock = stack.enter_context(socket.socket(family))
            sock.bind((host, 0))
            ports.append(int(sock.getsockname()[1]))
        return ports


def new_plan(nodes: int, observers: int, host: str, base_port: int | None, tick_time_ms: int) -> EnsemblePlan:
    """A plan with free ports, or with those that follow from `base_port`. Raises EnsembleError, OSError."""
    count = nodes + observers
    if nodes < 1 or observers < 0 or count > MAX_MEMBERS:
        raise EnsembleError(f"{nodes} nodes and {observers} observers: ask for 1 to {MAX_MEMBERS} members")
    if base_port is None:
        ports = free_ports(host, 3 * count)
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
        raise EnsembleError(f"{path} cannot be read ({error}): restore it, or choose another directory") from error
