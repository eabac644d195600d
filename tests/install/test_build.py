"""The build where it cannot compile: pyzoo is there all the same, and says that it is plain and why."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120

pytest.importorskip("setuptools", minversion="77")

SERVE = ["serve", "--in-memory", "--port", "0", "--host", "127.0.0.1"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build reads."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


def build(project: Path, target: Path, **variables: str) -> str:
    """Build into a directory, which must not fail; what it said on stderr."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYZOO_PLAIN", "CC")}
    done = subprocess.run(
        [sys.executable, "setup.py", "build", "--build-base", str(target / "base"), "--build-lib", str(target / "lib")],
        cwd=project,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert 0 == done.returncode, done.stderr
    return done.stderr


def run_built(target: Path, *words: str) -> str:
    """The first line that the built pyzoo says to these words."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pyzoo", *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(target / "lib")},
    )
    assert process.stdout is not None
    try:
        return process.stdout.readline().rstrip()
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def compiler(directory: Path, *lines: str) -> str:
    """A C compiler that does what a shell script says."""
    path = directory / "some-cc"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return str(path)


def test_a_build_without_a_c_compiler_says_so(project: Path, tmp_path: Path) -> None:
    said = build(project, tmp_path, CC="/nowhere/cc")
    assert "not compiled, it runs as plain Python: no C compiler: /nowhere/cc: No such file or directory" in said
    assert "(plain Python: no C compiler: /nowhere/cc: No such file or directory, epoll)" in run_built(
        tmp_path, "--version"
    )


def test_the_first_line_of_serve_says_why_it_is_plain(project: Path, tmp_path: Path) -> None:
    build(project, tmp_path, CC="/nowhere/cc")
    first = run_built(tmp_path, *SERVE)
    assert first.endswith(
        " (plain Python: no C compiler: /nowhere/cc: No such file or directory, epoll): nothing on disk"
    )


def test_a_compiler_that_fails_is_quoted(project: Path, tmp_path: Path) -> None:
    missing = "somewhere.c:1:10: fatal error: Python.h: No such file or directory"
    cc = compiler(tmp_path, "echo 'In file included from here:' >&2", f"echo '{missing}' >&2", "exit 1")
    build(project, tmp_path, CC=cc)
    assert f"(plain Python: some-cc failed: {missing}, epoll)" in run_built(tmp_path, "--version")


def test_a_compiler_that_dies_without_a_word_is_named(project: Path, tmp_path: Path) -> None:
    build(project, tmp_path, CC=compiler(tmp_path, "exit 3"))
    assert "(plain Python: some-cc failed: exit code 3, epoll)" in run_built(tmp_path, "--version")


def test_plain_python_that_was_asked_for_says_so(project: Path, tmp_path: Path) -> None:
    build(project, tmp_path, PYZOO_PLAIN="1")
    assert "(plain Python: PYZOO_PLAIN was set when it was installed, epoll)" in run_built(tmp_path, "--version")


def test_nothing_of_an_earlier_compile_is_left_in_a_plain_build(project: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "lib" / "pyzoo" / "server" / "prep.cpython-311-x86_64-linux-gnu.so"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(b"")
    build(project, tmp_path, PYZOO_PLAIN="1")
    assert not earlier.exists()


# --- the parts


@pytest.fixture(scope="module")
def setup_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pyzoo_setup", ROOT / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_generated_file_is_compiled_once(setup_module: ModuleType, tmp_path: Path) -> None:
    generated = [tmp_path / f"module{number}.c" for number in range(40)]
    for number, path in enumerate(generated):
        path.write_bytes(bytes(number * 1000))
    units = setup_module.write_units([str(path) for path in generated], 12, tmp_path / "units")
    included = [line.split('"')[1] for unit in units for line in unit.read_text().splitlines()]
    assert sorted(map(str, generated)) == sorted(included)


def test_modules_of_one_file_name_do_not_share_a_shim(setup_module: ModuleType) -> None:
    sources = [f"/c/{room}/{name}.c" for room in ("server", "admin") for name in ("commands", "peer", "stats")]
    groups = setup_module.shim_groups(sources)
    assert sorted(sources) == sorted(source for group in groups for source in group)
    assert all(len({Path(source).name for source in group}) == len(group) for group in groups)


def test_what_the_build_names_is_there(setup_module: ModuleType) -> None:
    named = [*setup_module.COMPILED, *setup_module.COLD, *setup_module.HOT]
    missing = [entry for entry in named if not (ROOT / entry).exists()]
    assert [] == missing
