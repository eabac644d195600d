"""zkCli and pyzoo cli as programs: the same words and lines for both, and what they print, made comparable.

Events come from another thread in zkCli, at any time, so they are compared apart from the rest. After `quit` it may
not get to its last one; lines had better end without.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from attrs import field, frozen

from interop.java import JavaZooKeeper, java
from interop.server import LOGBACK_XML

RUN_SECONDS = 120
ADDITIONS = ("diff", "export", "find", "help", "import", "locks", "sessions", "top", "tree", "watch", "who")
"""Lines of the usage that only pyzoo's has."""
_TIME = re.compile(r"\b\w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}")
_SESSION = re.compile(r"\b0x[1-9a-f][0-9a-f]{13,15}\b")


@frozen
class Printed:
    """What a shell printed: its lines on both streams, its events, its exit code."""

    out: list[str]
    err: list[str]
    events: list[str] = field()
    code: int

    def without_connection(self) -> "Printed":
        """Without the session's own events: whether a short-lived zkCli shows them is a matter of luck."""
        return Printed(self.out, self.err, [event for event in self.events if "type:None" not in event], self.code)


def assert_same(reference: Printed, subject: Printed) -> None:
    """Fails with the lines in which two shells differ."""
    expected, found = ([*each.out, "-- errors", *each.err, "-- events", *each.events] for each in (reference, subject))
    differences = list(unified_diff(expected, found, "zkCli", "pyzoo cli", lineterm="", n=2))
    assert not differences, "\n".join(differences)
    assert reference.code == subject.code


def zkcli(zookeeper: JavaZooKeeper, home: Path) -> list[str]:
    """The command of zkCli.sh, without its logging."""
    logging = home / "quiet.xml"
    logging.write_text(LOGBACK_XML.replace("WARN", "OFF"))
    program = [java(), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *zookeeper.options]
    program.append(f"-Dlogback.configurationFile={logging}")
    return [*program, "-cp", zookeeper.class_path, "org.apache.zookeeper.ZooKeeperMain"]


def pyzoo_cli() -> list[str]:
    """The command of pyzoo's shell, as the launcher zkCli.sh calls it."""
    return [sys.executable, "-m", "pyzoo", "cli", "-compatible"]


def run(command: Sequence[str], server: str, words: Sequence[str] = (), lines: str = "") -> Printed:
    """Run a shell to its end."""
    ended = subprocess.run(
        [*command, "-server", server, *words],
        input=lines,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        # Java 17 prints in the encoding of the locale.
        env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    )
    out, err = (_comparable(text, server) for text in (ended.stdout, ended.stderr))
    events = sorted(line for line in out if line.startswith("WatchedEvent"))
    return Printed([line for line in out if not line.startswith("WatchedEvent")], err, events, ended.returncode)


def _comparable(text: str, server: str) -> list[str]:
    """Lines without what differs between two runs."""
    text = _SESSION.sub("SESSION", _TIME.sub("TIME", text.replace(server, "SERVER")))
    return [line for line in text.splitlines() if line not in ("", "WATCHER::") and not _is_addition(line)]


def _is_addition(line: str) -> bool:
    return line.startswith("\t") and line[1:].partition(" ")[0] in ADDITIONS
