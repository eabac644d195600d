"""One member of an ensemble: a process of any kind on a home directory that outlives it.

The kind may change between two starts of the same home, which is how a rolling replacement goes.
"""

import re
import signal
from collections.abc import Mapping

from attrs import define, field

from interop.java import (
    DEBIAN_JAR,
    JVM_OPTIONS,
    TRUSTED,
    JavaZooKeeper,
    java,
    zookeeper_38,
    zookeeper_39,
    zookeeper_395,
)
from interop.processes import PYZOO_COMMAND, environment_of_pyzoo, launch
from interop.server import Server, ask

#: The reference release, 3.9.6.
JAVA39 = "java39"
JAVA395 = "java395"
JAVA38 = "java38"
PYZOO = "pyzoo"
PARTICIPANT = "participant"
OBSERVER = "observer"
LOGBACK_XML = """<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <logger name="org.apache.zookeeper.server.quorum" level="INFO"/>
  <logger name="org.apache.zookeeper.audit.Slf4jAuditLogger" level="INFO"/>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
"""
#: What a learner logs at the first packet of a synchronisation, whatever its kind is.
SYNC_LINES = re.compile(
    r"Getting a (?P<java>diff|snapshot) from (?:the )?leader"
    r"|(?P<trunc>Truncating log to get in sync with the leader)"
    r"|Syncing with leader: (?P<pyzoo>DIFF|TRUNC|SNAP)"
)
JAVA_SYNCS = {"diff": "DIFF", "snapshot": "SNAP"}


def zookeeper_of(kind: str) -> JavaZooKeeper:
    """The installation that members of a Java kind run. Raises Missing."""
    return {JAVA39: zookeeper_39, JAVA395: zookeeper_395, JAVA38: zookeeper_38}[kind]()


@define(eq=False)
class Member(Server):
    """A member: `kind` is JAVA39, JAVA395, JAVA38 or PYZOO and counts at the next start."""

    sid: int = field(kw_only=True)
    role: str = field(kw_only=True)
    quorum_port: int = field(kw_only=True)
    election_port: int = field(kw_only=True)
    properties: Mapping[str, str] = field(kw_only=True, factory=dict)
    paused: bool = False
    _wanted: bool = False

    def __str__(self) -> str:
        return f"server {self.sid} ({self.kind}, {self.role}, client port {self.address[1]})"

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def has_died(self) -> bool:
        """Whether the process ended without being asked to."""
        return self._wanted and not self.is_running()

    def start(self) -> None:
        """Start the process, without waiting for it; its output is appended to that of earlier ones."""
        assert self.home is not None
        assert not self.is_running()
        self._log = (self.home / "output.txt").open("ab")
        self._log.write(f"--- {self} starts\n".encode())
        self._log.flush()
        self.process = launch(self._command(), self.home, self._log, environment_of_pyzoo())
        self.paused = False
        self._wanted = True

    def pause(self) -> None:
        """SIGSTOP: the process hangs, its connections stay."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.paused = False

    def kill(self) -> None:
        self._wanted = False
        super().kill()

    def ask_to_stop(self) -> None:
        self._wanted = False
        if self.paused:
            self.resume()
        super().ask_to_stop()

    def word(self, word: str) -> str:
        """The answer to a four-letter word; empty when nobody answers."""
        if not self.is_running() or self.paused:
            return ""
        try:
            return ask(self.address, word.encode(), 2).decode()
        except OSError:
            return ""

    def mode(self) -> str:
        """leader, follower, observer, read-only, or empty while it does not serve."""
        found = re.search(r"^Mode: (.*)$", self.word("srvr"), re.MULTILINE)
        return found[1] if found else ""

    def digests(self) -> dict[int, str]:
        """Digest of the tree at the zxids that `hash` remembers, as it was when the tree first came to them.

        3.8.0 may log a second time what a leader sends it again; after a restart it names wrong digests there.
        """
        rows = [line.split(": ") for line in self.word("hash").splitlines() if ": " in line]
        return {int(zxid, 16): digest for zxid, digest in reversed(rows)}

    def syncs(self) -> list[str]:
        """DIFF, TRUNC or SNAP for every synchronisation with a leader, over all processes of this home."""
        found = SYNC_LINES.finditer(self.output())
        return [
            "TRUNC" if match["trunc"] else match["pyzoo"] if match["pyzoo"] else JAVA_SYNCS[match["java"]]
            for match in found
        ]

    def log_holds(self, data: bytes) -> bool:
        """Whether a transaction log has these bytes."""
        logs = (self.data_dir / "version-2").glob("log.*")
        return any(data in log.read_bytes() for log in logs)

    def _command(self) -> list[str]:
        properties = {"zookeeper.admin.enableServer": "false", **self.properties}
        definitions = [f"-D{name}={value}" for name, value in properties.items()]
        if self.kind == PYZOO:
            return [*PYZOO_COMMAND, "serve", *definitions, "zoo.cfg"]
        assert self.home is not None
        (self.home / "logback.xml").write_text(LOGBACK_XML)
        zookeeper = zookeeper_of(self.kind)
        class_path = zookeeper.class_path
        if self.kind == JAVA38:
            # Debian's package comes without a logger.
            class_path += f":{DEBIAN_JAR.parent}/slf4j-simple.jar"
        return [
            java(),
            "-Xmx256m",
            *JVM_OPTIONS,
            *(TRUSTED if properties["zookeeper.admin.enableServer"] == "true" else zookeeper.options),
            f"-Dlogback.configurationFile={self.home}/logback.xml",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.quorum=info",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            *definitions,
            "-cp",
            class_path,
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            "zoo.cfg",
        ]
