"""What a project with strict types sees of pyzoo.testing."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyzoo
from pyzoo.testing import plugin

pytest.importorskip("mypy")

SAMPLE = """\
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import assert_type

from pyzoo.testing import EmbeddedServer, LocalEnsemble, Member
from pyzoo.testing.plugin import pyzoo_ensemble, pyzoo_server

__all__ = ["pyzoo_ensemble", "pyzoo_server"]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(data_dir=tmp_path, properties={"snapCount": 10, "skipACL": "yes"}) as server:
        assert_type(server, EmbeddedServer)
        yield server


def test_one(pyzoo_server: EmbeddedServer) -> None:
    assert_type(pyzoo_server.connect_string, str)
    assert_type(pyzoo_server.port, int)
    assert_type(pyzoo_server.admin_port, int | None)


def test_three(pyzoo_ensemble: LocalEnsemble) -> None:
    assert_type(pyzoo_ensemble.connect_string, str)
    assert_type(pyzoo_ensemble.leader(), Member | None)
    assert_type([each.mode() for each in pyzoo_ensemble.members], list[str | None])


EmbeddedServer(properties={"snapCount": []})
"""


def test_a_project_with_strict_types_can_use_servers_and_fixtures(tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(SAMPLE)
    package = Path(pyzoo.__file__).parent.parent
    # What is installed is found anyway, and mypy does not want to hear of it twice.
    path = {} if package.name == "site-packages" else {"MYPYPATH": str(package)}
    ended = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--hide-error-context", "--config-file=", "sample.py"],
        cwd=tmp_path,
        env={**os.environ, **path},
        capture_output=True,
        text=True,
    )
    last = len(SAMPLE.splitlines())
    error, total = ended.stdout.splitlines()
    assert error.startswith(f"sample.py:{last}: error: Dict entry 0 has incompatible type ")
    assert "Found 1 error in 1 file (checked 1 source file)" == total


def test_the_fixtures_say_what_they_give() -> None:
    functions = [
        node for node in ast.parse(Path(plugin.__file__).read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    assert {
        "pyzoo_server": "Iterator[EmbeddedServer]",
        "pyzoo_ensemble": "Iterator[LocalEnsemble]",
    } == {each.name: ast.literal_eval(each.returns) for each in functions if each.returns is not None}
