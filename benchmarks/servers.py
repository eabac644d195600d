"""The servers that are compared: how each is started, when it answers, what memory it has.

Every server gets the same zoo.cfg, a fresh directory on the same file system and its output in a file. Only
processes that were started here are ever stopped.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
from attrs import define, field, frozen

from benchmarks.tls import TlsFiles
from interop.install import JAR_SETS, copy_jars
from interop.java import CACHE, OLDER_VERSION, Missing, java, zookeeper_395

START_SECONDS = 120
STOP_SECONDS = 60
SETTLE_SECONDS = 2.0
KNOCK_SECONDS = 0.002

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


USUAL_HEAP = "-Xmx1000m"
"""That of zkServer.sh."""


class ServerError(Exception):
    """A server did not come up; the message ends with the last lines of its output."""


@frozen
class Contestant:
    """A server program: the command that gets `zoo.cfg` and -D properties, and its environment."""

    name: str
    description: str
    command: list[str]
    environment: Mapping[str, str]
    #: Java wants -D before the class name (pyzoo after the file name), and has a heap to ask about.
    is_java: bool = False

    def command_line(self, properties: Mapping[str, str]) -> list[str]:
        defines = [f"-D{name}={value}" for name, value in properties.items()]
        if self.is_java:
            return [self.command[0], *defines, *self.command[1:], "zoo.cfg"]
        return [*self.command, "zoo.cfg", *defines]

    def with_heap(self, flag: str) -> "Contestant":
        """The same with another heap, where it is a JVM."""
        if not self.is_java:
            return self
        return attrs.evolve(self, command=[flag if word == USUAL_HEAP else word for word in self.command])


def real_zookeeper() -> Contestant:
    """Apache ZooKeeper with the JVM flags of zkServer.sh; jars come by Maven where they are missing."""
    try:
        installation = zookeeper_395()
    except Missing:
        name = f"zookeeper-{OLDER_VERSION}"
        copy_jars(CACHE / name, JAR_SETS[name])
        installation = zookeeper_395()
    flags = [USUAL_HEAP, "-XX:+HeapDumpOnOutOfMemoryError", "-Dlogback.configurationFile=logback.xml"]
    main_class = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
    version = subprocess.run([java(), "-version"], capture_output=True, text=True).stderr.splitlines()[0]
    command = [java(), *flags, "-cp", installation.class_path, main_class]
    description = f"Apache ZooKeeper {installation.version}, {version}, {USUAL_HEAP}"
    return Contestant("real", description, command, dict(os.environ), is_java=True)


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class _Knocker:
    """Asks `srvr` on a new connection every few milliseconds, without giving up the earlier ones.

    A JVM that is only half up may leave one connection without any answer, and a cold one may take long over
    its first: neither one patient try nor many hasty ones would time it fairly.
    """

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._waiting: dict[socket.socket, bytes] = {}

    def knock(self) -> bool:
        """One more try; whether any try got the full answer: requests are served, not only accepted."""
        connection = socket.socket()
        try:
            connection.connect(self._address)
            connection.sendall(b"srvr")
            self._waiting[connection] = b""
        except OSError:
            connection.close()
        readable, _, _ = select.select(list(self._waiting), [], [], KNOCK_SECONDS)
        return any(self._read(connection) for connection in readable)

    def _read(self, connection: socket.socket) -> bool:
        try:
            piece = connection.recv(4096)
        except OSError:
            piece = b""
        self._waiting[connection] += piece
        if b"Mode:" in self._waiting[connection]:
            return True
        if not piece:
            connection.close()
            del self._waiting[connection]
        return False

    def close(self) -> None:
        for connection in self._waiting:
            connection.close()


@frozen
class Memory:
    """Resident memory in KiB: as it stands, and after a full collection where there is a collector to ask.

    `live_kib` is what the JVM's heap holds then, and resident memory for every other server.
    """

    rss_kib: int
    collected_kib: int
    live_kib: int


@define
class Server:
    """A running server. `start_s` is the time from spawning it to its first answer."""

    contestant: Contestant
    home: Path
    port: int
    process: subprocess.Popen[bytes]
    start_s: float = field(default=0.0)
    #: Where clients speak TLS, if they do.
    secure_port: int = field(default=0)

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

    def memory(self) -> Memory:
        """Memory once the server has come to rest."""
        time.sleep(SETTLE_SECONDS)
        rss_kib = self.rss_kib()
        if not self.contestant.is_java or not self._jcmd("GC.run"):
            return Memory(rss_kib, rss_kib, rss_kib)
        heap = re.search(r"used (\d+)K", self._jcmd("GC.heap_info"))
        collected_kib = self.rss_kib()
        return Memory(rss_kib, collected_kib, int(heap[1]) if heap else collected_kib)

    def _jcmd(self, command: str) -> str:
        """What a JVM answers; nothing where its tools are not installed."""
        program = Path(self.contestant.command[0]).resolve().with_name("jcmd")
        if not program.exists():
            return ""
        return subprocess.run([program, str(self.pid), command], capture_output=True, text=True).stdout

    def wait_until_answering(self, since: float) -> None:
        knocker = _Knocker(self.port)
        try:
            while not knocker.knock():
                if not self.is_running or time.monotonic() - since > START_SECONDS:
                    raise ServerError(f"{self.contestant.name} did not start\n{self.output()}")
                time.sleep(KNOCK_SECONDS)
            self.start_s = time.monotonic() - since
        finally:
            knocker.close()

    def stop(self) -> None:
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def spawn(contestant: Contestant, home: Path, port: int, zoo_cfg: str, properties: Mapping[str, str]) -> Server:
    """Start in `home`, which may hold data already, without waiting for anything."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    (home / "zoo.cfg").write_text(zoo_cfg)
    (home / "logback.xml").write_text(LOGBACK_XML)
    with (home / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            contestant.command_line(properties),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=dict(contestant.environment),
        )
    return Server(contestant, home, port, process)


def start(
    contestant: Contestant,
    home: Path,
    properties: Mapping[str, str] | None = None,
    zoo_cfg: str = ZOO_CFG,
    tls: TlsFiles | None = None,
) -> Server:
    """Start in `home`, which may hold data already, and wait for the first answer. Raises ServerError."""
    port, secure_port = free_port(), free_port()
    zoo_cfg = zoo_cfg.format(data_dir=home / "data", port=port)
    if tls is not None:
        zoo_cfg += tls.zoo_cfg(secure_port)
    spawned = time.monotonic()
    server = spawn(contestant, home, port, zoo_cfg, properties or {})
    server.secure_port = secure_port
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
    contestant: Contestant, home: Path, properties: Mapping[str, str] | None = None, zoo_cfg: str = ZOO_CFG
) -> Iterator[Server]:
    """A server for the length of a `with`. Raises ServerError."""
    server = start(contestant, home, properties, zoo_cfg)
    try:
        yield server
    finally:
        server.stop()
