"""Every command that the documentation shows does what it says, run as it stands there."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from tests.support.documented import (
    REPOSITORY,
    CommandFailed,
    Sandbox,
    commands_of,
    fences,
    name_of,
    page_commands,
    pages,
    transcripts,
)

RECORDED = REPOSITORY / "tests" / "fixtures" / "standalone-3.9.5"
PROGRAMS = ("pyzoo", "pip", "python", "curl", "docker", "helm", "kubectl", "systemctl", "zkServer.sh", "zkCli.sh")

ELSEWHERE = {
    "git clone ": ".ci/run",
    "python3 -m venv .venv": ".ci/run",
    ".venv/bin/python -m pytest": ".ci/run",
    ".venv/bin/ruff ": ".ci/run",
    ".venv/bin/python -m pyzoo.sim": ".ci/run",
    ".venv/bin/pre-commit ": ".pre-commit-config.yaml",
    "pip install": ".ci/run",
    "python -m pyzoo.examples": "tests/examples/test_examples.py",
    "docker ": "deploy/try-images.sh",
    "ZOOKEEPER_IMAGE=": "deploy/try-images.sh",
    "PYZOO_PLAIN=1 docker ": "deploy/try-images.sh",
    "helm ": "tests/deploy/test_kubernetes.py",
    "kubectl ": "tests/deploy/test_kubernetes.py",
    "systemctl ": "tests/deploy/test_systemd.py",
    "python3 -m venv /opt/pyzoo": "tests/deploy/test_systemd.py",
    "/opt/pyzoo/bin/pip": "tests/deploy/test_systemd.py",
    "useradd ": "tests/deploy/test_systemd.py",
    "cp deploy/systemd": "tests/deploy/test_systemd.py",
}
"""Commands that need an engine, a cluster or the system itself, by how they begin, and what tries their subject."""


def a_data_directory(sandbox: Sandbox) -> None:
    shutil.copytree(RECORDED, sandbox.root / "var/lib/zookeeper")


def snapshots_and_logs_apart(sandbox: Sandbox) -> None:
    for directory, others in (("data", "log.*"), ("logs", "snapshot.*")):
        shutil.copytree(RECORDED, sandbox.root / "srv/zookeeper" / directory, ignore=shutil.ignore_patterns(others))


def a_member(sandbox: Sandbox) -> None:
    sandbox.write("var/lib/zookeeper/myid", "1")


def a_server(sandbox: Sandbox) -> None:
    sandbox.run("pyzoo serve zoo.cfg")


def files_and_an_installation(sandbox: Sandbox) -> None:
    shutil.copytree(RECORDED, sandbox.work, dirs_exist_ok=True)
    sandbox.write("opt/zookeeper/conf/zoo.cfg", (sandbox.work / "zoo.cfg").read_text())


def a_server_with_metrics(sandbox: Sandbox) -> None:
    page = REPOSITORY / "docs" / "metrics.md"
    [settings] = [fence.text for fence in fences(page) if fence.language == "ini"]
    sandbox.write("work/zoo.cfg", (sandbox.work / "zoo.cfg").read_text() + sandbox.adapted(settings))
    a_server(sandbox)


def a_server_with_admin(sandbox: Sandbox) -> None:
    admin = sandbox.adapted("admin.serverPort=8080\n")
    settings = (sandbox.work / "zoo.cfg").read_text().replace("admin.enableServer=false\n", admin)
    sandbox.write("work/zoo.cfg", settings)
    a_server(sandbox)


def certificates_can_be_made(_sandbox: Sandbox) -> None:
    if shutil.which("openssl") is None:
        assert not os.environ.get("CI"), "there is no openssl"
        pytest.skip("there is no openssl")


def data_and_a_server_with_admin(sandbox: Sandbox) -> None:
    a_data_directory(sandbox)
    snapshots_and_logs_apart(sandbox)
    a_server_with_admin(sandbox)


PYTHON_ELSEWHERE = {
    "docs/authentication.md": "tests/docs/test_token_provider.py",
}
"""Pages whose Python is a part of something larger, and what tests that."""

PYTHON_AFTER = {"docs/get-started.md": ("pyzoo serve", "pyzoo cli create /hello world")}


SCENES: dict[str, Callable[[Sandbox], None]] = {
    "docs/concepts/data-model.md": a_server,
    "docs/configuration.md": a_member,
    "docs/console.md": a_server_with_admin,
    "docs/metrics.md": a_server_with_metrics,
    "docs/operations.md": data_and_a_server_with_admin,
    "README.md": a_data_directory,
    "docs/shell.md": a_server_with_admin,
    "docs/tls.md": certificates_can_be_made,
    "docs/tools.md": files_and_an_installation,
}
"""What there has to be before the commands of a page."""


def set_scene(page: Path, sandbox: Sandbox) -> None:
    if name_of(page) in SCENES:
        SCENES[name_of(page)](sandbox)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    # The fixture has TTL nodes, and pages may take one snapshot after the other.
    properties = ["extendedTypesEnabled=true", "admin.rateLimiterIntervalInMS=-1"]
    place = Sandbox(tmp_path, variables={"JVMFLAGS": " ".join(f"-Dzookeeper.{line}" for line in properties)})
    place.prepare(["var/lib", "var/log/zookeeper", "etc/zookeeper", "opt", "run", "srv"])
    yield place
    place.stop_all()
    launcher = tmp_path / "opt/zookeeper/bin/zkServer.sh"
    if launcher.exists():
        subprocess.run([launcher, "stop"], env=place.environment, timeout=60)


def run_with_changes(sandbox: Sandbox, command: str) -> None:
    """Run a command that ends when it has seen changes."""
    over = threading.Event()
    client = KazooClient(f"127.0.0.1:{sandbox.ports['2181']}")
    client.start()

    def change() -> None:
        while not over.wait(0.02):
            client.set("/app", b"a first node")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        sandbox.run(command)
    finally:
        over.set()
        thread.join()
        client.stop()
        client.close()


@pytest.mark.parametrize("page", [page for page in pages() if page_commands(page)], ids=name_of)
def test_the_commands_of_a_page_work_one_after_the_other(page: Path, sandbox: Sandbox) -> None:
    set_scene(page, sandbox)
    for command in page_commands(page):
        if command.startswith("pyzoo cli watch"):
            run_with_changes(sandbox, command)
        elif not command.startswith(tuple(ELSEWHERE)):
            sandbox.run(command)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_no_command_stands_where_it_is_not_run(page: Path) -> None:
    untagged = [
        line for fence in fences(page) if fence.language not in ("sh", "console") for line in commands_of(fence.text)
    ]
    # Usage with [options], and output that begins with the name of the program, are no commands.
    names = tuple(f"{name} " for name in PROGRAMS)
    assert [line for line in untagged if line.startswith(names) and "[" not in line and ": " not in line] == []


@pytest.mark.parametrize("begins", ELSEWHERE)
def test_what_needs_more_than_a_test_can_have_is_tried_elsewhere(begins: str) -> None:
    assert (REPOSITORY / ELSEWHERE[begins]).exists()
    assert any(command.startswith(begins) for page in pages() for command in page_commands(page))


@pytest.mark.parametrize("page", [page for page in pages() if transcripts(page)], ids=name_of)
def test_what_a_page_shows_of_a_session_is_what_comes(page: Path, sandbox: Sandbox) -> None:
    set_scene(page, sandbox)
    for transcript in transcripts(page):
        for name, text in transcript.files.items():
            sandbox.write(f"work/{name}", sandbox.adapted(text))
        try:
            shown = sandbox.run(transcript.command)
        except CommandFailed as failure:
            shown = failure.output
        assert shown.splitlines() == sandbox.adapted(transcript.output).splitlines()


def programs(page: Path) -> list[str]:
    """The Python blocks of a page."""
    return [fence.text for fence in fences(page) if fence.language == "python"]


@pytest.mark.parametrize("page", [page for page in pages() if programs(page)], ids=name_of)
def test_the_python_of_a_page_works(page: Path, sandbox: Sandbox) -> None:
    """Its tests pass, its programs end by themselves."""
    if name_of(page) in PYTHON_ELSEWHERE:
        assert (REPOSITORY / PYTHON_ELSEWHERE[name_of(page)]).exists()
        return
    set_scene(page, sandbox)
    # What a program supposes, the commands before it have made.
    for command in PYTHON_AFTER.get(name_of(page), ()):
        sandbox.run(command)
    tests = []
    for number, program in enumerate(programs(page)):
        name = f"test_{number}.py" if "def test_" in program else f"program_{number}.py"
        sandbox.write(f"work/{name}", sandbox.adapted(program))
        if name.startswith("test_"):
            tests.append(name)
        else:
            sandbox.run(f"{sys.executable} {name}")
    if tests:
        sandbox.run(f"{sys.executable} -m pytest -q -p no:cacheprovider {' '.join(tests)}")
