"""Server processes: one zoo.cfg text, started as Apache ZooKeeper or as pyzoo, on a free loopback port.

A server is ready when it answers `srvr`; it is stopped by the process that was started here and nothing else.
Its output goes to a file beside its data, and into the message of any failure to start.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from attrs import define, evolve, field, frozen

from interop.java import JVM_OPTIONS, TRUSTED, JavaZooKeeper, java
from interop.ports import free_port
from interop.processes import PYZOO_COMMAND, Process, environment_of_pyzoo, launch

PYZOO_KIND = "pyzoo"
START_SECONDS = 60
STOP_SECONDS = 60
LOGBACK_XML = """<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <logger name="org.apache.zookeeper.audit.Slf4jAuditLogger" level="INFO"/>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
"""


class ServerFailed(AssertionError):
    """A server did not start or stop as it should; the message holds its output."""


@frozen
class Config:
    """Settings of one server: lines of zoo.cfg beyond port and directory, and -D properties."""

    lines: Mapping[str, str] = field(factory=dict)
    properties: Mapping[str, str] = field(factory=dict)
    #: The reference unless a test names another one.
    java: JavaZooKeeper | None = None
    #: Whether the AdminServer runs, on a free port.
    admin: bool = False
    #: Whether there is a secureClientPort, on a free port and all addresses; the lines have to name its stores.
    secure: bool = False

    def zoo_cfg(self, data_dir: Path, port: int) -> str:
        settings = {
            "tickTime": "2000",
            "dataDir": str(data_dir),
            "clientPort": str(port),
            "clientPortAddress": "127.0.0.1",
            "maxClientCnxns": "0",
            "4lw.commands.whitelist": "*",
            # What is compared here is behaviour, not durability; tests of the data directory sync.
            "forceSync": "no",
            # KiB that a log grows by; 64 MiB otherwise, which tests of the files use as well.
            "preAllocSize": "64",
            **self.lines,
        }
        if self.admin:
            settings |= {"admin.serverPort": str(free_port()), "admin.serverAddress": "127.0.0.1"}
        if self.secure:
            settings |= {"secureClientPort": str(free_port())}
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def java_properties(self) -> list[str]:
        properties = {"zookeeper.admin.enableServer": str(self.admin).lower(), **self.properties}
        if self.secure:
            properties["zookeeper.serverCnxnFactory"] = "org.apache.zookeeper.server.NettyServerCnxnFactory"
        return [f"-D{name}={value}" for name, value in properties.items()]


def ask(address: tuple[str, int], word: bytes, timeout: float = 10) -> bytes:
    """Everything a server answers to the bytes of a four-letter word."""
    with socket.create_connection(address, timeout) as connection:
        connection.sendall(word)
        answer = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return answer
            if not piece:
                return answer
            answer += piece


@define
class Server:
    """A running server: address, data directory, process (None for one that somebody else runs)."""

    kind: str
    address: tuple[str, int]
    home: Path | None = None
    process: Process | None = None
    command: Sequence[str] = ()
    env: Mapping[str, str] | None = None
    _log: IO[bytes] | None = None

    @property
    def host_port(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    @property
    def data_dir(self) -> Path:
        assert self.home is not None, "a server that somebody else runs has no data directory here"
        return self.home / "data"

    @property
    def admin_port(self) -> int:
        """The port of the AdminServer."""
        return self._port_of("admin.serverPort")

    @property
    def secure_address(self) -> tuple[str, int]:
        """Where clients that speak TLS go."""
        return self.address[0], self._port_of("secureClientPort")

    def _port_of(self, key: str) -> int:
        assert self.home is not None
        text = (self.home / "zoo.cfg").read_text()
        return int(re.findall(rf"^{re.escape(key)}=(\d+)$", text, re.MULTILINE)[0])

    def output(self) -> str:
        if self.home is None:
            return "(not started here)"
        return (self.home / "output.txt").read_text(errors="replace")

    def zxid(self) -> int:
        """lastProcessedZxid as `srvr` says it."""
        for line in ask(self.address, b"srvr").decode().splitlines():
            if line.startswith("Zxid: "):
                return int(line.removeprefix("Zxid: "), 16)
        raise ServerFailed(f"{self.kind} at {self.host_port} says no zxid\n{self.output()}")

    def mntr(self) -> dict[str, str]:
        rows = ask(self.address, b"mntr").decode().splitlines()
        return dict(row.split("\t", 1) for row in rows if "\t" in row)

    def is_running(self) -> bool:
        return self.process is None or self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a power cut of the process."""
        assert self.process is not None
        self.process.kill()
        self._reap()

    def stop(self) -> None:
        """SIGTERM and wait; a server that does not stop in time is killed and reported."""
        if self.process is not None:
            self.ask_to_stop()
            self._reap()

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def _reap(self) -> None:
        assert self.process is not None
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise ServerFailed(f"{self.kind} did not stop in {STOP_SECONDS} s\n{self.output()}") from None
        finally:
            if self._log is not None:
                self._log.close()

    def restart(self) -> None:
        """Start the stopped server again, on the same port and directory, and wait for it."""
        assert self.command
        assert self.home is not None
        self._log = (self.home / "output.txt").open("ab")
        self.process = launch(self.command, self.home, self._log, self.env)
        self.wait_until_serving()

    def _has_secure_port_open(self) -> bool:
        """Apache's opens it after the plain one, which answers already."""
        if self.home is None or "\nsecureClientPort=" not in (self.home / "zoo.cfg").read_text():
            return True
        try:
            socket.create_connection(self.secure_address, 2).close()
        except OSError:
            return False
        return True

    def _has_workers(self) -> bool:
        """Whether all processes of a pyzoo with several serve clients."""
        if self.home is None or self.kind != PYZOO_KIND:
            return True
        found = re.search(r"^workers=(\d+)$", (self.home / "zoo.cfg").read_text(), re.MULTILINE)
        count = 0 if found is None else int(found[1]) - 1
        output = self.output()
        begun = output[output.rfind("ready on") :] if "ready on" in output else ""
        return all(f"Worker {number} serves clients" in begun for number in range(1, count + 1))

    def wait_until_serving(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.is_running():
                break
            try:
                answer = ask(self.address, b"srvr", 2)
            except OSError:
                answer = b""
            if b"Mode:" in answer and self._has_secure_port_open() and self._has_workers():
                return
            time.sleep(0.03)
        output = self.output()
        if self.process is not None and self.is_running():
            self.process.kill()
        self.stop()
        raise ServerFailed(f"{self.kind} is not serving at {self.host_port}\n{output}")


def _start(kind: str, command: Sequence[str], home: Path, port: int, env: Mapping[str, str]) -> Server:
    log = (home / "output.txt").open("wb")
    process = launch(command, home, log, env)
    return Server(kind, ("127.0.0.1", port), home, process, command, env, log)


def _write_config(config: Config, home: Path) -> int:
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (home / "data").mkdir(exist_ok=True)
    (home / "zoo.cfg").write_text(config.zoo_cfg(home / "data", port))
    return port


def launch_real(config: Config, zookeeper: JavaZooKeeper, home: Path) -> Server:
    """Start Apache ZooKeeper without waiting for it. `home` may hold a data directory already."""
    port = _write_config(config, home)
    (home / "logback.xml").write_text(LOGBACK_XML)
    command = [
        java(),
        "-Xmx512m",
        *JVM_OPTIONS,
        *(TRUSTED if config.admin else zookeeper.options),
        f"-Dlogback.configurationFile={home}/logback.xml",
        *config.java_properties(),
        "-cp",
        zookeeper.class_path,
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        "zoo.cfg",
    ]
    return _start(f"real {zookeeper.version}", command, home, port, os.environ)


def launch_pyzoo(config: Config, home: Path) -> Server:
    """Start pyzoo without waiting for it, with this interpreter."""
    workers = os.environ.get("PYZOO_INTEROP_WORKERS")
    if workers:
        config = evolve(config, lines={"workers": workers, **config.lines})
    port = _write_config(config, home)
    command = [*PYZOO_COMMAND, "serve", *config.java_properties(), "zoo.cfg"]
    return _start(PYZOO_KIND, command, home, port, environment_of_pyzoo())
