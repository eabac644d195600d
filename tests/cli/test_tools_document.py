"""Every command that docs/tools.md shows, in the order in which it stands there."""

import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from server_process import PATIENCE_SECONDS, ServerProcess, clean_environment, command

DOCUMENT = Path(__file__).parents[2] / "docs" / "tools.md"
RECORDED = Path(__file__).parents[1] / "fixtures" / "standalone-3.9.5"
Serve = Callable[..., ServerProcess]


def commands_under(heading: str) -> list[str]:
    """The commands in the blocks of a section."""
    section = DOCUMENT.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = "\n".join(re.findall(r"^```\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)).splitlines()
    return [line for line in lines if line.startswith(("pyzoo ", "/opt/"))]


def run(line: str, directory: Path) -> None:
    """Run one with everything that it names below a directory."""
    words = shlex.split(line.replace("/opt", f"{directory}/opt").replace("/run", f"{directory}/run"))
    ended = subprocess.run(
        command(*words[1:]) if words[0] == "pyzoo" else words,
        cwd=directory,
        env=clean_environment(directory),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"


@pytest.mark.parametrize("heading", ["Transaction logs", "Snapshots", "Is it sound?"])
def test_the_commands_about_files(tmp_path: Path, heading: str) -> None:
    shutil.copytree(RECORDED, tmp_path, dirs_exist_ok=True, copy_function=shutil.copyfile)
    commands = commands_under(heading)
    assert commands
    for line in commands:
        run(line, tmp_path)


def test_the_commands_about_a_server(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "zoo.cfg").write_text(f"dataDir={tmp_path}/data\nclientPort={free_port()}\nadmin.enableServer=false\n")
    start, stop, stop_by_config = commands_under("Servers")
    pid_file = tmp_path / "run" / "pyzoo.pid"
    assert start == "pyzoo serve --pid-file /run/pyzoo.pid zoo.cfg"
    server = serve("--pid-file", pid_file, tmp_path / "zoo.cfg")
    server.wait_for("ready on")
    run(stop, tmp_path)
    assert server.process.wait() == 0
    run(stop_by_config, tmp_path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_the_commands_of_the_launchers(tmp_path: Path) -> None:
    conf = tmp_path / "opt" / "zookeeper" / "conf"
    conf.mkdir(parents=True)
    (conf / "zoo.cfg").write_text(f"dataDir={tmp_path}/data\nclientPort={free_port()}\nadmin.enableServer=false\n")
    commands = commands_under("Scripts that know zkServer.sh")
    assert len(commands) == 8
    try:
        for line in commands:
            run(line, tmp_path)
    finally:
        if (tmp_path / "data" / "zookeeper_server.pid").exists():
            run("/opt/zookeeper/bin/zkServer.sh stop", tmp_path)
