"""What happens in a container, outside of one: entry point, launchers and server as one process."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from pyzoo.cli.main import main
from pyzoo.runtime.four_letters import ask, srvr_fields
from pyzoo.runtime.free_ports import free_port
from tests.support.entry_point import OURS, ROOT, environment_of

FIXTURE = ROOT / "tests" / "fixtures" / "standalone-3.9.5"
PATIENCE_S = 60
Start = Callable[..., "tuple[subprocess.Popen[str], int]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Runs the entry point with the command of the image; returns the process and its client port, when it is ready."""
    bin_directory = tmp_path / "bin"
    assert 0 == CliRunner().invoke(main, ["launchers", "--install", str(bin_directory)]).exit_code

    with ExitStack() as stack:

        def run(**variables: str) -> "tuple[subprocess.Popen[str], int]":
            port = free_port()
            servers = {
                "ZOO_SERVERS": f"server.1=localhost:2888:3888;127.0.0.1:{port}",
                "ZOO_ADMINSERVER_ENABLED": "false",
            }
            process = stack.enter_context(
                subprocess.Popen(
                    # By its path: as root, the entry point gives up its rights for the plain name only.
                    ["bash", str(OURS), str(bin_directory / "zkServer.sh"), "start-foreground"],
                    env=environment_of(tmp_path, servers | variables),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            assert any(": ready on " in line for line in process.stdout)
            return process, port

        yield run


def test_the_server_takes_the_place_of_the_entry_point_and_ends_on_sigterm(start: Start, tmp_path: Path) -> None:
    process, port = start(ZOO_TICK_TIME="1500", ZOO_4LW_COMMANDS_WHITELIST="conf")
    assert "tickTime=1500\n" in ask("127.0.0.1", port, "conf")
    assert f"dataLogDir={tmp_path}/datalog/version-2\n" in ask("127.0.0.1", port, "conf")
    assert f"{process.pid}" == (tmp_path / "data" / ".pyzoo.lock").read_text().strip()
    process.send_signal(signal.SIGTERM)
    assert 0 == process.wait(PATIENCE_S)


def test_a_health_check_loads_nothing_of_a_server(start: Start, tmp_path: Path) -> None:
    _, port = start()
    program = "\n".join(
        (
            "import sys",
            "from pyzoo.cli.main import main",
            "main(['launcher', 'zkServer', 'status', *sys.argv[1:]], standalone_mode=False)",
            "print({'trio', 'kazoo', 'pyzoo.cli.serve', 'pyzoo.config.settings'} & sys.modules.keys())",
        )
    )
    asked = [sys.executable, "-c", program, str(tmp_path / "conf" / "zoo.cfg")]
    ended = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE_S)
    found = f"Client port found: {port}. Client address: 127.0.0.1. Client SSL: false."
    assert [found, "Mode: standalone", "set()"] == ended.stdout.splitlines()


def test_the_log_goes_to_the_console_only(start: Start, tmp_path: Path) -> None:
    start(ZOO_LOG4J_PROP="INFO,CONSOLE")
    assert [] == list((tmp_path / "logs").iterdir())


def test_volumes_that_the_official_image_wrote_are_taken_over(start: Start, tmp_path: Path) -> None:
    for kind, directory in (("snapshot", "data"), ("log", "datalog")):
        (tmp_path / directory / "version-2").mkdir(parents=True)
        for path in FIXTURE.rglob(f"{kind}.*"):
            shutil.copy(path, tmp_path / directory / "version-2")
    (tmp_path / "data" / "myid").write_text("1\n")
    _, port = start(SERVER_JVMFLAGS="-Xmx1000m -Dzookeeper.extendedTypesEnabled=true")
    assert "0xb6" == srvr_fields(ask("127.0.0.1", port, "srvr"))["Zxid"]
    assert "1\n" == (tmp_path / "data" / "myid").read_text()
