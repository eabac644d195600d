"""zkServer.sh and the other scripts, as `pyzoo launchers --install` writes them."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve, frozen

from pyzoo.runtime.free_ports import free_port
from pyzoo.runtime.tls.contexts import make_context
from tests.support.identities import HOST, pem_settings
from tests.support.server_process import PATIENCE_SECONDS, clean_environment

Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]
TOOLS = "Cleanup Cli Env Server SnapShotToolkit SnapshotComparer SnapshotRecursiveSummaryToolkit TxnLogToolkit"
NAMES = {f"zk{tool}.sh" for tool in TOOLS.split()}


@frozen
class Installation:
    """A directory like that of an unpacked release, with the launchers in bin and a zoo.cfg in conf."""

    home: Path
    port: int

    def run(self, script: str, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Call a launcher, from a directory that is not its own."""
        return subprocess.run(
            [self.home / "bin" / script, *words],
            capture_output=True,
            text=True,
            cwd=self.home.parent,
            env={**clean_environment(self.home), "USER": "zk", "HOSTNAME": "here", **variables},
            timeout=PATIENCE_SECONDS,
        )

    @property
    def pid_file(self) -> Path:
        return self.home / "data" / "zookeeper_server.pid"

    def write_config(self, *lines: str) -> None:
        text = "\n".join((f"dataDir={self.home}/data", "tickTime=2000", "admin.enableServer=false", *lines))
        (self.home / "conf").mkdir(exist_ok=True)
        (self.home / "conf" / "zoo.cfg").write_text(text + "\n")


@pytest.fixture
def installed(pyzoo: Pyzoo, tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "zoo keeper", free_port())
    assert 0 == pyzoo("launchers", "--install", installation.home / "bin").returncode
    installation.write_config(f"clientPort={installation.port}", "clientPortAddress=127.0.0.1")
    yield installation
    if installation.pid_file.exists():
        assert 0 == installation.run("zkServer.sh", "stop").returncode


# --- where they are


def test_the_directory_of_the_launchers_holds_them_all(pyzoo: Pyzoo) -> None:
    ended = pyzoo("launchers")
    assert {path.name for path in Path(ended.stdout.strip()).glob("*.sh")} == NAMES


def test_they_run_from_there_with_the_pyzoo_of_the_path(pyzoo: Pyzoo, tmp_path: Path) -> None:
    directory = pyzoo("launchers").stdout.strip()
    command = tmp_path / "path" / "pyzoo"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pyzoo "$@"\n')
    command.chmod(0o755)
    environment = clean_environment(tmp_path)
    ended = subprocess.run(
        [Path(directory) / "zkServer.sh", "version"],
        capture_output=True,
        text=True,
        env={**environment, "PATH": f"{command.parent}:{environment['PATH']}"},
        timeout=PATIENCE_SECONDS,
    )
    assert ended.stdout == "Apache ZooKeeper, version 3.9.6 2026-09-03 19:29 UTC\n"


def test_installing_again_replaces_what_is_pyzoos_and_nothing_else(pyzoo: Pyzoo, tmp_path: Path) -> None:
    target = tmp_path / "bin"
    assert pyzoo("launchers", "--install", target).stdout.splitlines() == [str(target / name) for name in sorted(NAMES)]
    assert pyzoo("launchers", "--install", target).returncode == 0
    foreign = target / "zkServer.sh"
    foreign.write_text("#!/bin/sh\n# another program\n")
    refused = pyzoo("launchers", "--install", target)
    assert (1, f"pyzoo: {foreign} is not a launcher of pyzoo; --force replaces it\n") == (
        refused.returncode,
        refused.stderr,
    )
    assert pyzoo("launchers", "--install", target, "--force").returncode == 0
    assert "another program" not in foreign.read_text()


# --- zkServer.sh


def test_a_server_starts_once_says_how_it_is_and_stops(installed: Installation) -> None:
    started = installed.run("zkServer.sh", "start")
    assert (0, "Starting zookeeper ... STARTED\n") == (started.returncode, started.stdout)
    assert started.stderr == f"Using config: {installed.home}/bin/../conf/zoo.cfg\n"
    pid = installed.pid_file.read_text()
    again = installed.run("zkServer.sh", "start")
    assert (1, f"Starting zookeeper ... already running as process {pid}.\n") == (again.returncode, again.stdout)
    status = installed.run("zkServer.sh", "status")
    assert status.stdout == (
        f"Client port found: {installed.port}. Client address: 127.0.0.1. Client SSL: false.\nMode: standalone\n"
    )
    stopped = installed.run("zkServer.sh", "stop")
    assert (0, "Stopping zookeeper ... STOPPED\n") == (stopped.returncode, stopped.stdout)
    assert not installed.pid_file.exists()
    assert "ready on" in (installed.home / "logs" / "zookeeper-zk-server-here.out").read_text()


def test_the_shell_script_talks_to_a_server(installed: Installation) -> None:
    assert installed.run("zkServer.sh", "start").returncode == 0
    asked = installed.run("zkCli.sh", "-server", f"127.0.0.1:{installed.port}", "ls", "/")
    assert (asked.returncode, asked.stdout.splitlines()[-1]) == (0, "[zookeeper]")


def test_without_a_server_stop_says_so_and_status_fails(installed: Installation) -> None:
    stopped = installed.run("zkServer.sh", "stop")
    assert stopped.returncode == 0
    assert stopped.stdout == (
        f"Stopping zookeeper ... no zookeeper to stop (could not find file {installed.pid_file})\n"
    )
    status = installed.run("zkServer.sh", "status")
    assert (1, "Error contacting service. It is probably not running.") == (
        status.returncode,
        status.stdout.splitlines()[-1],
    )


def test_a_server_that_ends_at_once_failed_to_start(installed: Installation) -> None:
    installed.write_config("clientPort=none")
    failed = installed.run("zkServer.sh", "start")
    assert (1, "Starting zookeeper ... FAILED TO START\n") == (failed.returncode, failed.stdout)


def test_a_restart_is_a_stop_and_a_start(installed: Installation) -> None:
    restarted = installed.run("zkServer.sh", "restart")
    assert restarted.returncode == 0
    assert restarted.stdout.endswith("Starting zookeeper ... STARTED\n")
    first = installed.pid_file.read_text()
    assert installed.run("zkServer.sh", "restart").stdout == (
        "Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n"
    )
    assert installed.pid_file.read_text() != first


def test_an_old_pid_file_with_the_number_of_another_program_is_in_nobodys_way(installed: Installation) -> None:
    installed.pid_file.parent.mkdir()
    installed.pid_file.write_text(str(os.getpid()))
    assert installed.run("zkServer.sh", "start").stdout == "Starting zookeeper ... STARTED\n"


def test_stop_leaves_a_process_alone_that_is_no_server(installed: Installation) -> None:
    installed.pid_file.parent.mkdir()
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        installed.pid_file.write_text(str(sleeper.pid))
        refused = installed.run("zkServer.sh", "stop")
        assert sleeper.poll() is None
        sleeper.kill()
    assert (1, "Stopping zookeeper ... FAILED TO STOP\n") == (refused.returncode, refused.stdout)
    installed.pid_file.unlink()


def test_the_files_and_the_configuration_may_be_elsewhere(installed: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (installed.home / "conf" / "zoo.cfg").rename(other / "my.cfg")
    (other / "zookeeper-env.sh").write_text(f"ZOOPIDFILE={other}/run/zk.pid\nZOO_LOG_DIR={other}/out\n")
    words = ("--config", str(other))
    assert installed.run("zkServer.sh", *words, "start", "my.cfg").stdout.endswith("STARTED\n")
    assert (other / "run" / "zk.pid").exists()
    assert (other / "out" / "zookeeper-zk-server-here.out").exists()
    assert installed.run("zkServer.sh", *words, "stop", f"{other}/my.cfg").stdout.endswith("STOPPED\n")
    assert not (other / "run" / "zk.pid").exists()


def test_a_missing_data_directory_is_refused_where_none_may_be_made(installed: Installation) -> None:
    refused = installed.run("zkServer.sh", "start", ZOO_DATADIR_AUTOCREATE_DISABLE="1")
    assert (
        1,
        f"ZooKeeper data directory is missing at {installed.home}/data fix the path or run initialize\n",
    ) == (refused.returncode, refused.stdout)


def test_the_client_port_of_a_member_is_found_in_its_line(installed: Installation) -> None:
    installed.write_config("server.2=127.0.0.1:2888:3888;127.0.0.2:2182", "initLimit=5", "syncLimit=2")
    (installed.home / "data").mkdir()
    (installed.home / "data" / "myid").write_text("2\n")
    assert installed.run("zkServer.sh", "status").stdout.startswith(
        "Client port found: 2182. Client address: 127.0.0.2. Client SSL: false.\n"
    )


def answer_over_tls(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Answer one question as a server that serves."""
    connection, _ = listener.accept()
    with context.wrap_socket(connection, server_side=True) as secured:
        secured.recv(4)
        secured.sendall(b"Zookeeper version: 3.9.5\nMode: follower\n")


def test_a_server_that_has_a_tls_port_only_is_asked_over_tls(installed: Installation, tmp_path: Path) -> None:
    settings = evolve(pem_settings(tmp_path), client_auth="none")
    with socket.create_server((HOST, 0)) as listener:
        installed.write_config(f"secureClientPort={listener.getsockname()[1]}", f"secureClientPortAddress={HOST}")
        answering = threading.Thread(target=answer_over_tls, args=(listener, make_context(settings, server_side=True)))
        answering.start()
        asked = installed.run(
            "zkServer.sh",
            "status",
            CLIENT_JVMFLAGS=f"-Dzookeeper.ssl.trustStore.location={settings.trust_store.location}",
        )
        answering.join()
    assert (asked.returncode, asked.stdout.splitlines()[-1]) == (0, "Mode: follower")


def test_without_a_trust_store_a_tls_port_cannot_be_asked(installed: Installation) -> None:
    installed.write_config(f"secureClientPort={installed.port}")
    refused = installed.run("zkServer.sh", "status")
    assert refused.returncode == 1
    assert "CLIENT_JVMFLAGS=" in refused.stdout
    assert "needs zookeeper.ssl.trustStore.location" in refused.stderr


def test_the_version_is_that_of_the_release_that_pyzoo_behaves_like(installed: Installation) -> None:
    assert installed.run("zkServer.sh", "version").stdout == "Apache ZooKeeper, version 3.9.6 2026-09-03 19:29 UTC\n"


def test_print_cmd_shows_a_command_that_starts_a_server(installed: Installation) -> None:
    shown = installed.run("zkServer.sh", "print-cmd").stdout
    assert ' "serve" ' in shown
    assert shown.endswith('zookeeper-zk-server-here.out" 2>&1 < /dev/null\n')


def test_an_unknown_action_gets_the_usage(installed: Installation) -> None:
    ended = installed.run("zkServer.sh", "begin")
    assert (0, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.endswith(
        "/zkServer.sh [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd}\n"
    )
