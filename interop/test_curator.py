"""Apache Curator: a Java program walks through its recipes, and prints the same with every server."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from interop.conftest import required
from interop.java import JAVAC_OPTIONS, curator_class_path, java, javac
from interop.pair import Pair
from interop.server import LOGBACK_XML

SOURCE = Path(__file__).parent / "java_client" / "CuratorCheck.java"
RUN_SECONDS = 120


@pytest.fixture(scope="module")
def curator_check(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Runs the program against host:port and returns what it printed."""
    jars = str(required(curator_class_path))
    classes = tmp_path_factory.mktemp("curator")
    subprocess.run([str(required(javac)), *JAVAC_OPTIONS, "-cp", jars, "-d", classes, SOURCE], check=True)
    (classes / "logback.xml").write_text(LOGBACK_XML)

    def run(host_port: str) -> str:
        command = [java(), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{classes}:{jars}", "CuratorCheck", host_port]
        result = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS)
        return (
            result.stdout if result.returncode == 0 else f"{result.stdout}\nexit {result.returncode}\n{result.stderr}"
        )

    return run


def test_curator_sees_no_difference(pair: Pair, curator_check: Callable[[str], str]) -> None:
    expected, actual = (curator_check(side.server.host_port) for side in pair.sides)
    assert expected.splitlines()[-1] == "done"
    assert expected == actual
