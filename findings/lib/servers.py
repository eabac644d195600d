"""Servers that Python starts and asks, alone or as ensembles; the jars are there already (`need` of zookeeper.sh)."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ADMIN_OFF = "-Dzookeeper.admin.enableServer=false"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mode(port: int) -> str:
    """What `srvr` says: standalone, leader, follower; nothing where no server serves."""
    text = b""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as asking:
            asking.sendall(b"srvr")
            while piece := asking.recv(4096):
                text += piece
    except OSError:
        return ""
    return text.partition(b"Mode: ")[2].partition(b"\n")[0].decode()


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)


def expect(what: str, wanted: object, seen: object) -> None:
    """Say what was seen, and fail where it is something else."""
    print(f"{what}: {seen}")
    assert wanted == seen, f"CHANGED, it was: {wanted}"


class Servers:
    """Everything that was started below a folder, until the end of the block."""

    def __init__(self, work: str) -> None:
        self.work = Path(work)
        self.running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.kill()
            process.wait()

    def start(self, version: str, name: str, lines: dict[str, object], *flags: str) -> subprocess.Popen[bytes]:
        """Begin with a server of this release, with these lines in its zoo.cfg, in the folder `name`."""
        home = self.work / name
        (home / "data").mkdir(parents=True, exist_ok=True)
        common = {
            "tickTime": 500,
            "dataDir": home / "data",
            "clientPortAddress": "127.0.0.1",
            "4lw.commands.whitelist": "*",
        }
        (home / "zoo.cfg").write_text("".join(f"{key}={value}\n" for key, value in {**common, **lines}.items()))
        command = ["java", "-Xmx256m", *(flags or (ADMIN_OFF,)), "-cp", f"{self.work / version}/*"]
        with (home / "output.txt").open("wb") as out:
            process = subprocess.Popen(
                [*command, "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg"],
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.running.append(process)
        return process

    def ensemble(self, versions: list[str], lines: dict[str, object]) -> list[int]:
        """Members 1, 2, ... of these releases, one of which leads; returns their client ports."""
        ports = [[free_port() for _ in range(3)] for _ in versions]
        members = {f"server.{n}": f"127.0.0.1:{p[0]}:{p[1]}" for n, p in enumerate(ports, 1)}
        for number, version in enumerate(versions, 1):
            data = self.work / f"member{number}" / "data"
            data.mkdir(parents=True)
            (data / "myid").write_text(str(number))
            own = {"clientPort": ports[number - 1][2], "initLimit": 20, "syncLimit": 10}
            self.start(version, f"member{number}", {**own, **members, **lines})
        clients = [p[2] for p in ports]
        wait_for(lambda: sorted(map(mode, clients)) == ["follower"] * (len(versions) - 1) + ["leader"])
        return clients
