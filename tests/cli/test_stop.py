"""`pyzoo serve --pid-file` and `pyzoo stop`."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.server_process import ServerProcess

Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]
Serve = Callable[..., ServerProcess]


def serving(serve: Serve, pid_file: Path) -> ServerProcess:
    server = serve("--in-memory", "--port", 0, "--pid-file", pid_file)
    server.wait_for("ready on")
    return server


def test_a_server_holds_its_pid_file_until_it_is_stopped(serve: Serve, pyzoo: Pyzoo, tmp_path: Path) -> None:
    pid_file = tmp_path / "run" / "pyzoo.pid"
    server = serving(serve, pid_file)
    assert pid_file.read_text() == str(server.process.pid)
    ended = pyzoo("stop", "--pid-file", pid_file)
    assert (0, f"pyzoo: stopped process {server.process.pid}\n") == (ended.returncode, ended.stdout)
    assert server.process.wait() == 0
    assert not pid_file.exists()


def test_a_second_server_with_the_same_pid_file_does_not_start(serve: Serve, pyzoo: Pyzoo, tmp_path: Path) -> None:
    pid_file = tmp_path / "pyzoo.pid"
    server = serving(serve, pid_file)
    second = pyzoo("serve", "--in-memory", "--port", 0, "--pid-file", pid_file)
    assert second.returncode == 1
    assert f"a server is running already as process {server.process.pid}" in second.stderr
    assert pid_file.read_text() == str(server.process.pid)


def test_a_server_that_does_not_end_is_killed_only_when_asked_to(serve: Serve, pyzoo: Pyzoo, tmp_path: Path) -> None:
    pid_file = tmp_path / "pyzoo.pid"
    server = serving(serve, pid_file)
    server.process.send_signal(signal.SIGSTOP)
    refused = pyzoo("stop", "--pid-file", pid_file, "--timeout", "0.1")
    assert (1, None) == (refused.returncode, server.process.poll())
    assert "--kill would end it" in refused.stderr
    killed = pyzoo("stop", "--pid-file", pid_file, "--timeout", "0.1", "--kill")
    assert (0, -signal.SIGKILL) == (killed.returncode, server.process.wait())
    assert not pid_file.exists()


def test_the_pid_file_of_a_zoo_cfg_is_in_its_data_directory(serve: Serve, pyzoo: Pyzoo, tmp_path: Path) -> None:
    config = tmp_path / "zoo.cfg"
    config.write_text(f"dataDir={tmp_path}/data\n")
    server = serving(serve, tmp_path / "data" / "zookeeper_server.pid")
    assert pyzoo("stop", config).returncode == 0
    assert server.process.wait() == 0
    assert (
        pyzoo("stop", config).stdout == f"pyzoo: no server to stop: there is no {tmp_path}/data/zookeeper_server.pid\n"
    )


def test_a_process_that_does_not_hold_the_file_is_left_alone(pyzoo: Pyzoo, tmp_path: Path) -> None:
    pid_file = tmp_path / "pyzoo.pid"
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        pid_file.write_text(str(sleeper.pid))
        refused = pyzoo("stop", "--pid-file", pid_file, "--kill")
        assert sleeper.poll() is None
        sleeper.kill()
    assert refused.returncode == 1
    assert f"process {sleeper.pid} of {pid_file} is no pyzoo server" in refused.stderr
    assert pyzoo("stop", "--pid-file", pid_file).stdout == f"pyzoo: no server to stop: {pid_file} was left behind\n"


def test_a_server_that_holds_no_pid_file_is_told_of(serve: Serve, pyzoo: Pyzoo, tmp_path: Path) -> None:
    config = tmp_path / "zoo.cfg"
    config.write_text(f"dataDir={tmp_path}/data\n")
    server = serve("--data-dir", tmp_path / "data", "--port", 0)
    server.wait_for("ready on")
    refused = pyzoo("stop", config)
    assert (refused.returncode, server.process.poll()) == (1, None)
    assert f"a server runs in {tmp_path}/data, but it does not hold" in refused.stderr


def test_stop_wants_to_know_which_server(pyzoo: Pyzoo) -> None:
    assert pyzoo("stop").returncode == 2
