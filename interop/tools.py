"""Command line tools side by side: the Java classes of Apache ZooKeeper, and the launchers of pyzoo."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from interop.java import JavaZooKeeper, java

RUN_SECONDS = 90
#: All tools that print times.
UTC = "UTC"
QUIET_LOGBACK = "<configuration><root level='OFF'/></configuration>"
PACKAGE = "org.apache.zookeeper.server"
SCRIPTS = {
    "TxnLogToolkit": f"{PACKAGE}.persistence.TxnLogToolkit",
    "SnapShotToolkit": f"{PACKAGE}.SnapshotFormatter",
    "SnapshotComparer": f"{PACKAGE}.SnapshotComparer",
    "SnapshotRecursiveSummaryToolkit": f"{PACKAGE}.SnapshotRecursiveSummary",
}
"""The main class behind zk<name>.sh."""


@frozen
class Ended:
    """What a tool left: its exit code and stdout."""

    code: int
    output: bytes


def _run(command: Sequence[str], directory: Path, typed: str, zone: str) -> Ended:
    environment = {**os.environ, "TZ": zone, "LC_ALL": "C.UTF-8"}
    ended = subprocess.run(
        command, input=typed.encode(), capture_output=True, cwd=directory, env=environment, timeout=RUN_SECONDS
    )
    return Ended(ended.returncode, ended.stdout)


def run_java(
    zookeeper: JavaZooKeeper, main_class: str, *words: str, directory: Path, typed: str = "", zone: str = UTC
) -> Ended:
    """Run a main class of ZooKeeper with its logging off."""
    logback = directory / "logback.xml"
    logback.write_text(QUIET_LOGBACK)
    command = [
        java(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        *zookeeper.options,
        "-Duser.language=en",
        "-Duser.country=US",
        f"-Dlogback.configurationFile={logback}",
        "-cp",
        zookeeper.class_path,
        main_class,
        *words,
    ]
    return _run(command, directory, typed, zone)


def install_launchers(directory: Path) -> Path:
    """Write pyzoo's launchers, for this interpreter."""
    command = [sys.executable, "-m", "pyzoo", "launchers", "--install", str(directory)]
    subprocess.run(command, check=True, capture_output=True, timeout=RUN_SECONDS)
    return directory


def run_launcher(script: Path, *words: str, directory: Path, typed: str = "", zone: str = UTC) -> Ended:
    """Run a launcher."""
    return _run([str(script), *words], directory, typed, zone)
