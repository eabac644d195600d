"""The servers that are compared: how each is started, when it answers, what memory it has.

Every server gets the same zoo.cfg, a fresh directory on the same file system and its output in a file. Only
processes that were started here are ever stopped.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field, frozen
from interop.install import JAR_SETS, copy_jars
from interop.java import CACHE, ZOOKEEPER_VERSION, Missing, java, zookeeper_39

START_SECONDS = 120
STOP_SECONDS = 60

ZOO_CFG = """tickTime=2000
dataDir={data_dir}
clientPort={port}
clientPortAddress=127.0.0.1
maxClientCnxns=0
admin.enableServer=false
"""
# The distribution's own: INFO to the console.
LOGBACK_XML = """<configuration>
  <appender name="CONSOLE" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} [myid:%X{myid}] - %-5p [%t:%C{1}@%L] - %m%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="CONSOLE"/></root>
</configuration>
"""


class ServerError(Exception):
    """A server did not come up; the message ends with the last lines of its output."""


@frozen
class Contestant:
    """A server program: the command that gets `zoo.cfg` and -D properties, and its environment."""

    name: str
    description: str
    command: list[str]
    environment: Mapping[str, str]
    #: Java wants -D before the class name, pyzoo after the file name.
    properties_first: bool = False

    def command_line(self, properties: Mapping[str, str]) -> list[str]:
        defines = [f"-D{name}={value}" for name, value in properties.items()]
        if self.properties_first:
            return [self.command[0], *defines, *self.command[1:], "zoo.cfg"]
        return [*self.command, "zoo.cfg", *defines]


def real_zookeeper() -> Contestant:
    """Apache ZooKeeper with the JVM flags of zkServer.sh; jars come by Maven where they are missing."""
    try:
        installation = zookeeper_39()
    except Missing:
        name = f"zookeeper-{ZOOKEEPER_VERSION}"
        copy_jars(CACHE / name, JAR_SETS[name])
        installation = zookeeper_39()
    flags = ["-Xmx1000m", "-XX:+HeapDumpOnOutOfMemoryError", "-Dlogback.configurationFile=logback.xml"]
    main_class = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
    version = subprocess.run([java(), "-version"], capture_output=True, text=True).stderr.splitlines()[0]
    command = [java(), *flags, "-cp", installation.class_path, main_class]
    description = f"Apache ZooKeeper {installation.version}, {version}, -Xmx1000m"
    return Contestant("real", description, command, dict(os.environ), properties_first=True)


def pyzoo(name: str, python: str, source: Path | None) -> Contestant:
    """pyzoo under one interpreter: as installed there, or from `source` (then it is plain Python)."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if source is not None:
        environment["PYTHONPATH"] = str(source)
    # The path stays as given: resolving a virtual environment's link would lose the environment.
    command = [os.path.abspath(python), "-m", "pyzoo"]
    asked = subprocess.run([*command, "--version"], capture_output=True, text=True, env=environment, cwd="/")
    version = asked.stdout.strip().replace("\n", ", ") or "version unknown"
    return Contestant(name, f"{version} ({python})", [*command, "serve"], environment)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    """Whether `srvr` gets its full answer: the server serves requests, not only accepts connections."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.settimeout(10)
            connection.sendall(b"srvr")
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
    except OSError:
        return False
    return b"Mode:" in answer


@define
class Server:
    """A running server. `start_s` is the time from spawning it to its first answer."""

    contestant: Contestant
    home: Path
    port: int
    process: subprocess.Popen[bytes]
    start_s: float = field(default=0.0)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def rss_kib(self) -> int:
        """Resident memory as the operating system counts it."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise ServerError(f"{self.contestant.name} is gone\n{self.output()}")

    def snapshots(self) -> set[str]:
        return {path.name for path in (self.home / "data" / "version-2").glob("snapshot.*")}

    def output(self) -> str:
        return "\n".join((self.home / "output.txt").read_text(errors="replace").splitlines()[-15:])

    def wait_until_answering(self, since: float) -> None:
        while not _answers(self.port):
            if not self.is_running or time.monotonic() - since > START_SECONDS:
                raise ServerError(f"{self.contestant.name} did not start\n{self.output()}")
            time.sleep(0.001)
        self.start_s = time.monotonic() - since

    def stop(self) -> None:
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(contestant: Contestant, home: Path, properties: Mapping[str, str] | None = None) -> Server:
    """Start in `home`, which may hold data already, and wait for the first answer. Raises ServerError."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    port = _free_port()
    (home / "zoo.cfg").write_text(ZOO_CFG.format(data_dir=home / "data", port=port))
    (home / "logback.xml").write_text(LOGBACK_XML)
    command = contestant.command_line(properties or {})
    with (home / "output.txt").open("wb") as output:
        spawned = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=dict(contestant.environment),
        )
    server = Server(contestant, home, port, process)
    try:
        server.wait_until_answering(spawned)
    except BaseException:
        server.stop()
        raise
    return server


@contextmanager
def fresh_home(directory: Path, contestant: Contestant) -> Iterator[Path]:
    """A directory of its own, removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix=f"{contestant.name}-", dir=directory))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(
    contestant: Contestant, home: Path, properties: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server for the length of a `with`. Raises ServerError."""
    server = start(contestant, home, properties)
    try:
        yield server
    finally:
        server.stop()
