"""Sessions of Apache's Java client, as many as a test wants in one JVM (java_client/Sessions.java)."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from attrs import define, field, frozen

from interop.java import JAVAC_OPTIONS, JVM_OPTIONS, JavaZooKeeper, java, javac
from interop.server import LOGBACK_XML

SOURCE = Path(__file__).parent / "java_client" / "Sessions.java"
CONNECTED = "connected"
REFUSED = "refused"


@define(eq=False)
class JavaClient:
    """The JVM. Its log goes to a file in `home`."""

    zookeeper: JavaZooKeeper
    home: Path
    _process: subprocess.Popen[str] = field(init=False)
    _opened: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        class_path = self.zookeeper.class_path
        subprocess.run([javac(), *JAVAC_OPTIONS, "-cp", class_path, "-d", self.home, SOURCE], check=True)
        # The log tells why a connection failed; stdout is for answers.
        (self.home / "logback.xml").write_text(LOGBACK_XML.replace("<encoder>", "<target>System.err</target><encoder>"))
        options = ["-Xmx128m", *JVM_OPTIONS, *self.zookeeper.options]
        command = [java(), *options, "-cp", f"{self.home}:{class_path}", "Sessions"]
        with (self.home / "log.txt").open("w") as log:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True)

    def open(self, hosts: str, settings: Mapping[str, str] | None = None, timeout_ms: int = 10000) -> "JavaSession":
        """A session whose first attempt to connect has come to an end, good or bad: see its `first`."""
        self._opened += 1
        name = f"session{self._opened}"
        words = [f"{key}={value}" for key, value in (settings or {}).items()]
        return JavaSession(self, name, self.tell("open", name, hosts, str(timeout_ms), *words))

    def tell(self, *words: str) -> str:
        """What it answers to a line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\t".join(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the JVM has ended\n{self.log()}"
        return answer.rstrip("\n")

    def close_sessions(self) -> None:
        """Give up all sessions, connected or not."""
        self.tell("close-all", "")

    def log(self) -> str:
        return (self.home / "log.txt").read_text()

    def close(self) -> None:
        self._process.communicate(timeout=60)


@frozen
class JavaSession:
    """One session; each method asks the client and gives back its answer, or the name of the error.

    A request whose connection is lost is made again.
    """

    client: JavaClient
    name: str
    #: CONNECTED, or REFUSED when the connection failed.
    first: str

    def create(self, path: str, data: str = "", mode: str = "PERSISTENT") -> str:
        return self._ask("create", path, data, mode)

    def set(self, path: str, data: str) -> str:
        return self._ask("set", path, data)

    def get(self, path: str) -> str:
        return self._ask("get", path)

    def watch(self, path: str) -> None:
        """Leave a data watch."""
        answer = self._ask("watch", path)
        assert answer.isdigit(), answer

    def event(self) -> str:
        """Type and path of the next event of a node; waits for it."""
        return self._ask("event")

    def events_left(self) -> int:
        return int(self._ask("left"))

    def sync(self) -> None:
        answer = self._ask("sync")
        assert answer == "synced", answer

    def session(self) -> int:
        return int(self._ask("session"))

    def owner(self, path: str) -> int:
        return int(self._ask("owner", path))

    def who(self) -> list[str]:
        return self._ask("who").split()

    def close(self) -> None:
        self._ask("close")

    def _ask(self, what: str, *words: str) -> str:
        return self.client.tell(what, self.name, *words)
