"""An ensemble of real processes: Apache ZooKeeper and pyzoo members in any mix, on loopback.

Members have sids 1, 2, ... in the order of their kinds, participants before observers. On equal histories the largest
sid that is there wins the election. All waiting has a deadline, and a failure shows what every member wrote.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from attrs import define, field, frozen

from interop import requests as rq
from interop.client import Client
from interop.member import OBSERVER, PARTICIPANT, Member
from interop.ports import free_port
from interop.relay import Network
from interop.server import ServerFailed
from interop.trees import assert_same_trees
from interop.writer import Writer

SERVE_SECONDS = 90.0
POLL_SECONDS = 0.1
OUTPUT_LINES = 60
LOOPBACK = "127.0.0.1"
OTHER_LOOPBACK = "127.0.0.2"
NOT_SERVING = "This ZooKeeper instance is not currently serving requests"


@frozen
class Settings:
    """What all members of an ensemble share."""

    #: Lines of zoo.cfg beyond the usual ones.
    lines: Mapping[str, str] = field(factory=dict)
    #: Lines of single members, by sid; they win.
    lines_of: Mapping[int, Mapping[str, str]] = field(factory=dict)
    #: -D properties.
    properties: Mapping[str, str] = field(factory=dict)
    #: Client addresses stand in the server lines, as a reconfig needs it, and reconfig is on.
    reconfig: bool = False
    #: Members reach each other through relays that can be cut.
    relayed: bool = False
    #: Every member has a loopback address of its own, which observerMasterPort needs.
    own_addresses: bool = False
    #: Every member has a second address, for which `zookeeper.multiAddress.enabled` has to be among the properties.
    two_addresses: bool = False


@define(eq=False)
class Ensemble:
    """Members by sid. Use `create`, then `start`; `close` ends every process."""

    home: Path
    settings: Settings
    members: dict[int, Member] = field(factory=dict)
    network: Network | None = None

    @classmethod
    def create(
        cls, home: Path, kinds: Sequence[str], observers: Sequence[str] = (), settings: Settings | None = None
    ) -> "Ensemble":
        """Directories, ports and configuration of all members; nothing runs yet."""
        ensemble = cls(home, settings or Settings())
        if ensemble.settings.relayed:
            ensemble.network = Network()
        roles = [(kind, PARTICIPANT) for kind in kinds] + [(kind, OBSERVER) for kind in observers]
        for kind, role in roles:
            ensemble.add(kind, role)
        for member in ensemble.members.values():
            ensemble.write_config(member, ensemble.members.values())
        return ensemble

    def add(self, kind: str, role: str) -> Member:
        """A further member, with a directory but no configuration yet."""
        sid = len(self.members) + 1
        home = self.home / f"server{sid}"
        (home / "data").mkdir(parents=True)
        (home / "data" / "myid").write_text(f"{sid}\n")
        member = Member(
            kind,
            (LOOPBACK, free_port()),
            home,
            sid=sid,
            role=role,
            quorum_port=free_port(),
            election_port=free_port(),
            properties=self.settings.properties,
        )
        self.members[sid] = member
        return member

    def write_config(self, member: Member, others: Iterable[Member]) -> None:
        """The zoo.cfg of a member, with a server line for each of `others`."""
        settings = {
            "tickTime": "500",
            "initLimit": "20",
            "syncLimit": "8",
            "maxSessionTimeout": "60000",
            "dataDir": str(member.data_dir),
            "maxClientCnxns": "0",
            "preAllocSize": "64",
            "4lw.commands.whitelist": "*",
            **self.settings.lines,
            **self.settings.lines_of.get(member.sid, {}),
        }
        if self.settings.reconfig:
            settings.update(reconfigEnabled="true")
        else:
            settings.update(clientPort=str(member.address[1]), clientPortAddress=LOOPBACK)
        settings.update({f"server.{other.sid}": self.server_line(other, member) for other in others})
        assert member.home is not None
        (member.home / "zoo.cfg").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def server_line(self, member: Member, viewer: Member | None = None) -> str:
        """The value of `server.N` for a member, as `viewer` sees it."""
        host = f"127.0.0.{member.sid}" if self.settings.own_addresses else LOOPBACK
        ports = [member.quorum_port, member.election_port]
        if self.network is not None and viewer is member:
            # A member that told its address would be dialled there, past the relays.
            host = "0.0.0.0"
        elif self.network is not None and viewer is not None:
            ports = [self.network.relay(viewer.sid, member.sid, (LOOPBACK, port)) for port in ports]
        line = f"{host}:{ports[0]}:{ports[1]}"
        if self.settings.two_addresses:
            line += f"|{OTHER_LOOPBACK}:{ports[0]}:{ports[1]}"
        line += f":{member.role}"
        return f"{line};{member.host_port}" if self.settings.reconfig else line

    # --- processes

    def start(self, *sids: int) -> None:
        """Start these members, or all, and wait until all that run serve."""
        for sid in sids or self.members:
            self.members[sid].start()
        self.wait_until_serving()

    def start_led_by(self, sid: int) -> None:
        """Start all members and make a voter the leader whose sid is that of most voters or larger."""
        voters = [member.sid for member in self.members.values() if member.role == PARTICIPANT]
        first = sorted(voters, key=lambda each: (each != sid, each))[: len(voters) // 2 + 1]
        assert sid == max(first)
        # The largest of just a quorum is elected; who comes later follows.
        self.start(*first)
        later = self.members.keys() - first
        if later:
            self.start(*sorted(later))
        self.let_lead(sid)

    def let_lead(self, sid: int) -> Member:
        """Restart leaders until `sid` leads. Needs quiet and a voter of one of the largest sids."""
        for _ in range(4):
            leader = self.wait_until_serving()
            if leader.sid == sid:
                return leader
            # A leader alone has the zxid that begins its epoch; one transaction makes all histories equal.
            client = Client(leader)
            client.call(rq.DELETE, rq.path_version("/refused-but-logged"))
            client.call(rq.CLOSE_SESSION)
            client.close()
            self.wait_until(lambda: 1 == len({member.zxid() for member in self.running()}), "all histories are equal")
            leader.stop()
            self.wait_until_serving()
            self.start(leader.sid)
        raise ServerFailed(f"server {sid} does not get elected\n{self.report()}")

    def replace(self, sid: int, kind: str) -> None:
        """Stop a member and start another kind on its directory; wait until it serves."""
        member = self.members[sid]
        member.stop()
        member.kind = kind
        self.start(sid)

    def kill(self, *sids: int) -> None:
        for sid in sids:
            self.members[sid].kill()

    def close(self) -> None:
        """End all processes. Raises ServerFailed for one that ignores SIGTERM."""
        for member in self.members.values():
            member.ask_to_stop()
        try:
            for member in self.members.values():
                member.stop()
        finally:
            for member in self.members.values():
                if member.is_running():
                    member.kill()
            if self.network is not None:
                self.network.close()

    # --- what is going on

    def running(self) -> list[Member]:
        return [member for member in self.members.values() if member.is_running() and not member.paused]

    def leader(self) -> Member | None:
        """The one member that says it leads; None when none does, or two."""
        leaders = [member for member in self.running() if member.mode() == "leader"]
        return leaders[0] if len(leaders) == 1 else None

    def followers(self) -> list[Member]:
        return [member for member in self.running() if member.mode() == "follower"]

    @property
    def hosts(self) -> str:
        """The connect string of all members."""
        return ",".join(member.host_port for member in self.members.values())

    def wait_until_serving(self) -> Member:
        """Wait until one of the running members leads and all others follow or observe; returns the leader."""
        found: list[Member] = []

        def serves() -> bool:
            leaders = []
            for member in self.running():
                mode = member.mode()
                if mode not in ("leader", "follower", "observer"):
                    return False
                if mode == "leader":
                    leaders.append(member)
            if len(leaders) != 1:
                return False
            numbers = leaders[0].mntr()
            synced = sum(float(numbers.get(f"zk_synced_{kind}", 0)) for kind in ("followers", "observers"))
            found[:] = leaders
            return synced >= len(self.running()) - 1 or self.settings.own_addresses

        self.wait_until(serves, "all running members serve", SERVE_SECONDS)
        return found[0]

    def wait_until_not_serving(self, member: Member) -> None:
        self.wait_until(lambda: NOT_SERVING in member.word("srvr"), f"{member} stops serving")

    def wait_until_applied(self, member: Member, zxid: int) -> None:
        self.wait_until(lambda: member.zxid() >= zxid, f"{member} has applied {zxid:x}")

    def assert_all_well(self, writer: Writer) -> None:
        """Writes go on; then every member has all that was acknowledged, and the same tree."""
        self.wait_until_serving()
        writer.wait_for_more()
        writer.stop()
        self.assert_nothing_lost(writer)

    def assert_nothing_lost(self, writer: Writer) -> None:
        """Every member has all that was acknowledged, and the same tree."""
        for member in self.members.values():
            writer.assert_nothing_lost(member.host_port)
        self.compare()

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Poll a condition. Raises ServerFailed with the output of all members when it does not come true."""
        deadline = time.monotonic() + seconds
        while not condition():
            died = [member for member in self.members.values() if member.has_died()]
            if died or time.monotonic() > deadline:
                reason = f"{died[0]} died" if died else f"not within {seconds} s"
                raise ServerFailed(f"{reason}: {what}\n{self.report()}")
            time.sleep(POLL_SECONDS)

    def report(self) -> str:
        """State and last output lines of every member."""
        parts = []
        for member in self.members.values():
            state = member.mode() or "not serving" if member.is_running() and not member.paused else "down"
            state = "paused" if member.paused else state
            lines = member.output().splitlines() if member.process is not None else []
            parts.append("\n".join([f"=== {member}: {state}", *lines[-OUTPUT_LINES:]]))
        return "\n".join(parts)

    def compare(self) -> None:
        """Assert that all running members have the same tree and digests."""
        assert_same_trees(self.running())
