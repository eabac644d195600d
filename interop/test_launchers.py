"""zkServer.sh of Apache's release and of pyzoo: the same actions, the same text and exit codes.

Apache's script is Debian's copy with an environment of our own, so that it starts 3.9.6 in a directory of the test.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import frozen

from interop.conftest import required
from interop.java import JavaZooKeeper, Missing, java
from interop.ports import free_port
from interop.server import START_SECONDS, ask
from interop.tools import RUN_SECONDS, Ended, install_launchers, run_launcher

Both = Callable[..., None]

DEBIAN_SCRIPT = Path("/usr/share/zookeeper/bin/zkServer.sh")
ENVIRONMENT = """\
ZOOCFGDIR={home}/conf
ZOOCFG=$ZOOCFGDIR/zoo.cfg
ZOO_LOG_DIR={home}/logs
JAVA="{java}"
CLASSPATH="{class_path}"
JVMFLAGS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC {options} -Dzookeeper.admin.enableServer=false"
"""


def debian_script() -> Path:
    """Raises Missing."""
    if not DEBIAN_SCRIPT.exists():
        raise Missing(f"no {DEBIAN_SCRIPT} found: run `python -m interop.install`")
    return DEBIAN_SCRIPT


@frozen
class Installation:
    """A directory with bin, conf and data."""

    home: Path
    port: int

    def write_config(self, *lines: str) -> None:
        text = [f"dataDir={self.home}/data", "tickTime=2000", *lines]
        (self.home / "conf").mkdir(exist_ok=True)
        (self.home / "conf" / "zoo.cfg").write_text("\n".join(text) + "\n")

    def run(self, *words: str) -> Ended:
        return run_launcher(self.home / "bin" / "zkServer.sh", *words, directory=self.home)

    def normalised(self, ended: Ended) -> tuple[int, str]:
        """The exit code, and stdout without the numbers and names that no two installations share."""
        text = ended.output.decode().replace(str(self.home), "HOME").replace(str(self.port), "PORT")
        # How to reach a TLS port is explained by each in its own words.
        text = re.sub(r"(?s)(SSL: true\.\n).*(Error contacting)", r"\1\2", text)
        return ended.code, re.sub(r"process \d+", "process PID", text)


@pytest.fixture
def installations(tmp_path: Path, zookeeper: JavaZooKeeper) -> Iterator[tuple[Installation, Installation]]:
    """The real one and pyzoo's; servers that still run end with the test."""
    script = required(debian_script)
    real, ours = Installation(tmp_path / "real", free_port()), Installation(tmp_path / "ours", free_port())
    (real.home / "bin").mkdir(parents=True)
    shutil.copy(str(script), real.home / "bin")
    options = " ".join(zookeeper.options)
    environment = ENVIRONMENT.format(home=real.home, java=java(), class_path=zookeeper.class_path, options=options)
    (real.home / "bin" / "zkEnv.sh").write_text(environment)
    install_launchers(ours.home / "bin")
    yield real, ours
    for installation in (real, ours):
        if (installation.home / "data" / "zookeeper_server.pid").exists():
            installation.run("stop")


@pytest.fixture
def compare(installations: tuple[Installation, Installation]) -> Both:
    """Call both with the same words; they have to give the same."""

    def call(*words: str, at_least: str = "") -> None:
        real, ours = [installation.normalised(installation.run(*words)) for installation in installations]
        assert (words, real) == (words, ours)
        assert at_least in real[1]

    return call


def test_a_server_of_its_own(installations: tuple[Installation, Installation], compare: Both) -> None:
    for installation in installations:
        installation.write_config(f"clientPort={installation.port}", "clientPortAddress=127.0.0.1")
    compare("status", at_least="Error contacting service. It is probably not running.")
    compare("stop", at_least="no zookeeper to stop")
    compare("start", at_least="STARTED")
    compare("start", at_least="already running as process PID")
    for installation in installations:
        wait_for_mode(installation)
    compare("status", at_least="Mode: standalone")
    compare("stop", at_least="STOPPED")
    compare("status", at_least="Error contacting service.")
    compare("version", at_least="Apache ZooKeeper, version 3.9.6")
    compare("begin")
    compare()


def wait_for_mode(installation: Installation) -> None:
    """A JVM takes its time to serve."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if b"Mode: " in ask(("127.0.0.1", installation.port), b"srvr"):
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"no server at {installation.port}")


def test_a_server_that_cannot_start(installations: tuple[Installation, Installation]) -> None:
    for installation in installations:
        installation.write_config("clientPort=none")
    # The JVM may live longer than the second that Apache's script waits.
    real, ours = installations
    assert ours.run("start") == Ended(1, b"Starting zookeeper ... FAILED TO START\n")
    assert real.run("start").output.startswith(b"Starting zookeeper ... ")


@pytest.mark.parametrize(
    ("lines", "my_id"),
    [
        (["server.3=127.0.0.1:2888:3888;127.0.0.9:2189"], "3"),
        (["server.3=127.0.0.1:2888:3888:participant;2189"], "3"),
        (["server.3=127.0.0.1:2888:3888;[::1]:2189"], "3"),
        (["server.3=127.0.0.1:2888:3888"], "3"),
        (["server.3=127.0.0.1:2888:3888;2189"], None),
        (["secureClientPort=2189", "secureClientPortAddress=127.0.0.1"], None),
        (["dynamicConfigFile=HOME/conf/members"], "4"),
        ([], None),
    ],
)
def test_where_the_client_port_is_found(
    installations: tuple[Installation, Installation], compare: Both, lines: list[str], my_id: str | None
) -> None:
    for installation in installations:
        installation.write_config(*(line.replace("HOME", str(installation.home)) for line in lines))
        (installation.home / "conf" / "members").write_text("server.4=127.0.0.1:2888:3888;127.0.0.1:2189\n")
        (installation.home / "data").mkdir()
        if my_id is not None:
            (installation.home / "data" / "myid").write_text(f"{my_id}\n")
    compare("status")


def test_a_foreground_server_ends_with_its_terminal(installations: tuple[Installation, Installation]) -> None:
    _, ours = installations
    ours.write_config(f"clientPort={ours.port}", "clientPortAddress=127.0.0.1", "admin.enableServer=false")
    script = ours.home / "bin" / "zkServer.sh"
    with subprocess.Popen([script, "start-foreground"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        assert any(b"ready on" in line for line in server.stdout)
        # The script has become the server: there is no process between them that would keep a signal.
        server.terminate()
        assert server.wait(RUN_SECONDS) == 0
