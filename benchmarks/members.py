"""Three servers as one ensemble: all of one contestant, on one machine, with the same configuration."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import define, frozen

from benchmarks.servers import STOP_SECONDS, Contestant, Server, ServerError, spawn

MEMBERS = 3
PATIENCE_S = 120.0
POLL_S = 0.002
ASK_S = 5.0

ZOO_CFG = """tickTime={tick_time_ms}
initLimit=10
syncLimit=5
dataDir={data_dir}
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=*
"""


def ask(port: int, word: str) -> str:
    """The answer to a four-letter word. Raises OSError."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), ASK_S) as sock:
        sock.sendall(word.encode())
        while piece := sock.recv(65536):
            answer += piece
    return answer.decode()


def fields_of(port: int, word: str, separator: str) -> dict[str, str]:
    """The lines of `srvr` or `mntr` by name; nothing from a server that is not there."""
    try:
        lines = ask(port, word).splitlines()
    except OSError:
        return {}
    return {name: value for line in lines for name, found, value in [line.partition(separator)] if found}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@frozen
class Address:
    """Where one member is."""

    sid: int
    client: int
    quorum: int
    election: int

    @property
    def line(self) -> str:
        return f"server.{self.sid}=127.0.0.1:{self.quorum}:{self.election}:participant;127.0.0.1:{self.client}\n"


@define
class Ensemble:
    """The members of one contestant by their server id, and what is done to them."""

    contestant: Contestant
    home: Path
    tick_time_ms: int
    addresses: list[Address]
    servers: dict[int, Server]

    @property
    def ports(self) -> list[int]:
        """Client ports of all members."""
        return [address.client for address in self.addresses]

    @property
    def pids(self) -> str:
        return ",".join(str(server.pid) for server in self.servers.values())

    @property
    def is_running(self) -> bool:
        return all(server.is_running for server in self.servers.values())

    def output(self) -> str:
        return "\n".join(f"member {sid}:\n{server.output()}" for sid, server in self.servers.items())

    def spawn(self, sid: int) -> float:
        """Start the process of one member; returns when that was, on the monotonic clock."""
        address = self.addresses[sid - 1]
        home = self.home / str(sid)
        (home / "data").mkdir(parents=True, exist_ok=True)
        (home / "data" / "myid").write_text(f"{sid}\n")
        zoo_cfg = ZOO_CFG.format(data_dir=home / "data", tick_time_ms=self.tick_time_ms)
        zoo_cfg += "".join(each.line for each in self.addresses)
        spawned = time.monotonic()
        self.servers[sid] = spawn(self.contestant, home, address.client, zoo_cfg, {})
        return spawned

    def leader(self) -> int:
        """Server id of the leader, once there is one. Raises ServerError."""
        return self._wait_for(self._leader_now, "a leader")

    def _leader_now(self) -> int:
        for sid, server in self.servers.items():
            if server.is_running and fields_of(server.port, "srvr", ": ").get("Mode") == "leader":
                return sid
        return 0

    def mntr(self, sid: int) -> dict[str, str]:
        return fields_of(self.servers[sid].port, "mntr", "\t")

    def zxid(self, sid: int) -> str:
        """Last zxid as the member says it; nothing while it does not serve."""
        return fields_of(self.servers[sid].port, "srvr", ": ").get("Zxid", "")

    def wait_until_whole(self) -> None:
        """Return when a leader has all others in step. Raises ServerError."""
        wanted = str(float(MEMBERS - 1)), str(MEMBERS - 1)
        self._wait_for(lambda: int(self.mntr(self.leader()).get("zk_synced_followers") in wanted), "all in step")
        for server in self.servers.values():
            server.wait_until_answering(time.monotonic())

    def wait_until_level(self, sid: int, zxid: str) -> None:
        """Return when the member serves and has that zxid. Raises ServerError."""
        self._wait_for(lambda: int(self.zxid(sid) == zxid), f"member {sid} at zxid {zxid}")

    def _wait_for(self, found: Callable[[], int], what: str) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while not (result := found()):
            if time.monotonic() > deadline:
                raise ServerError(f"{self.contestant.name}: not {what} in {PATIENCE_S:g} s\n{self.output()}")
            time.sleep(POLL_S)
        return result

    def strike(self, sid: int, number: signal.Signals) -> float:
        """Send a signal to a member; returns when that was, on the monotonic clock."""
        struck = time.monotonic()
        self.servers[sid].process.send_signal(number)
        return struck

    def bring_back(self, sid: int, number: signal.Signals) -> None:
        """Undo what a signal did: the member goes on, or is started again once it has ended."""
        process = self.servers[sid].process
        if number == signal.SIGSTOP:
            process.send_signal(signal.SIGCONT)
            return
        process.wait(STOP_SECONDS)
        self.spawn(sid)

    def stop(self) -> None:
        for server in self.servers.values():
            if server.is_running:
                server.process.terminate()
        for server in self.servers.values():
            server.stop()


def launch(contestant: Contestant, home: Path, tick_time_ms: int) -> Ensemble:
    """Start all members in `home` and wait until they serve. Raises ServerError."""
    ports = _free_ports(3 * MEMBERS)
    addresses = [Address(sid, *ports[3 * (sid - 1) : 3 * sid]) for sid in range(1, MEMBERS + 1)]
    ensemble = Ensemble(contestant, home, tick_time_ms, addresses, {})
    try:
        for address in addresses:
            ensemble.spawn(address.sid)
        ensemble.wait_until_whole()
    except BaseException:
        ensemble.stop()
        raise
    return ensemble


@contextmanager
def running(contestant: Contestant, home: Path, tick_time_ms: int) -> Iterator[Ensemble]:
    """An ensemble for the length of a `with`. Raises ServerError."""
    ensemble = launch(contestant, home, tick_time_ms)
    try:
        yield ensemble
    finally:
        ensemble.stop()
