"""What `pyzoo serve` logs, where to, and how signals change that."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.server_process import EPHEMERAL, RawClient, ServerProcess, wait_until

Serve = Callable[..., ServerProcess]
IN_MEMORY = ("--in-memory", "--port", 0)


def test_a_log_file_takes_the_place_of_stderr(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "zk.log"
    server = serve("--port", 0, "--log-file", log)
    assert server.port
    assert 0 == server.stop()
    assert "FileTxnSnapLog" in log.read_text()
    assert not any("FileTxnSnapLog" in line for line in server.lines)


def test_a_log_file_of_the_command_line_rolls_as_the_keys_say(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "zk.log"
    server = serve(*IN_MEMORY, "--log-file", log, "-Dzookeeper.log.maxfilesize=1", "-Dzookeeper.log.maxbackupindex=1")
    assert server.port
    server.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: log.exists() and "Everything is logged" in log.read_text())
    assert 0 == server.stop()
    assert (tmp_path / "zk.log.1").exists()
    assert not (tmp_path / "zk.log.2").exists()


def test_lines_are_json_when_asked_for(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "zk.log"
    server = serve(*IN_MEMORY, "--log-format", "json", "--log-file", log)
    assert server.port
    assert 0 == server.stop()
    last = json.loads(log.read_text().splitlines()[-1])
    assert ("INFO", "Stopping on SIGTERM", "standalone") == (last["level"], last["message"], last["role"])


def test_signals_log_everything_and_back(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "zk.log"
    server = serve(*IN_MEMORY, "--log-file", log, "--log-level", "error")
    assert server.port
    server.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: "Everything is logged from now on" in log.read_text())
    server.process.send_signal(signal.SIGUSR2)
    wait_until(lambda: "Logged is again" in log.read_text())
    assert 0 == server.stop()
    assert "Stopping on" not in log.read_text()


def test_the_level_of_a_server_is_changed_by_a_command(
    serve: Serve, pyzoo: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    log, data = tmp_path / "zk.log", tmp_path / "data"
    server = serve("--port", 0, "--data-dir", data, "--log-file", log, "--log-level", "error")
    assert server.port
    ended = pyzoo("log-level", "debug", data)
    assert (0, f"pyzoo: process {server.process.pid} logs everything\n") == (ended.returncode, ended.stdout)
    wait_until(lambda: "Everything is logged from now on" in log.read_text())
    (tmp_path / "zoo.cfg").write_text(f"dataDir={data}\n")
    assert 0 == pyzoo("log-level", "usual", tmp_path / "zoo.cfg").returncode
    assert 0 == server.stop()
    ended = pyzoo("log-level", "debug", data)
    assert (1, f"pyzoo: {data}: no pyzoo server runs on it\n") == (ended.returncode, ended.stderr)


def test_sighup_opens_log_files_anew(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "zk.log"
    server = serve(*IN_MEMORY, "--log-file", log)
    assert server.port
    log.rename(tmp_path / "old.log")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: log.exists() and "opened anew" in log.read_text())
    assert 0 == server.stop()


def test_sighup_ends_a_server_without_log_files(serve: Serve) -> None:
    server = serve(*IN_MEMORY)
    assert server.port
    server.process.send_signal(signal.SIGHUP)
    assert 0 == server.process.wait()


def test_one_logger_may_have_a_level_of_its_own(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "zk.log"
    server = serve(*IN_MEMORY, "--log-file", log, "--log-level", "error", "--logger", "ZooKeeperServerMain=info")
    assert server.port
    assert 0 == server.stop()
    assert "Stopping on SIGTERM" in log.read_text()


@pytest.mark.parametrize("level", ["QuorumPeer", "QuorumPeer=loud", "=debug"])
def test_a_wrong_level_is_refused(pyzoo: Callable[..., object], level: str) -> None:
    ended = pyzoo("serve", *IN_MEMORY, "--logger", level)
    assert (2, True) == (ended.returncode, "write NAME=LEVEL" in ended.stderr)  # type: ignore[attr-defined]


def test_the_audit_log_has_a_file_of_its_own(serve: Serve, tmp_path: Path) -> None:
    audit = ("-Dzookeeper.audit.enable=true", "-Dzookeeper.auditlog.file=audit.log")
    server = serve(*IN_MEMORY, *audit, ZOO_LOG_DIR=str(tmp_path / "logs"))
    RawClient(server.port).create("/audited")
    assert 0 == server.stop()
    lines = (tmp_path / "logs" / "audit.log").read_text().splitlines()
    assert ["serverStart", "create", "serverStop"] == [line.split("operation=")[1].split("\t")[0] for line in lines]
    assert "znode=/audited\tznode_type=persistent\tresult=success" in lines[1]
    assert not any("operation=" in line for line in server.lines)


def test_a_start_that_fails_is_in_the_audit_log(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    audit = ("-Dzookeeper.audit.enable=true", f"-Dzookeeper.auditlog.file={tmp_path / 'audit.log'}")
    server = serve(*audit, 0, tmp_path / "data")
    assert 3 == server.process.wait()
    assert "operation=serverStart\tresult=failure" in (tmp_path / "audit.log").read_text()


def test_sessions_that_a_start_replays_are_not_written_down_again(serve: Serve, tmp_path: Path) -> None:
    audit = tmp_path / "audit.log"
    words = ("--port", 0, "--data-dir", tmp_path / "data", "-Dzookeeper.audit.enable=true",
             f"-Dzookeeper.auditlog.file={audit}")  # fmt: skip
    server = serve(*words)
    client = RawClient(server.port)
    client.create("/e", flags=EPHEMERAL)
    client.close_session()
    wait_until(lambda: "ephemeralZNodeDeletion" in audit.read_text())
    server.stop(signal.SIGKILL)
    again = serve(*words)
    assert again.port
    assert 0 == again.stop()
    assert 1 == audit.read_text().count("ephemeralZNodeDeletion")
    assert 2 == audit.read_text().count("operation=serverStart")
