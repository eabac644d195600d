"""The commands for the AdminServer that the documentation shows work as they stand there."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from pyzoo.testing import EmbeddedServer

DOCUMENTS = [Path(__file__).parents[2] / "docs" / name for name in ("admin-server.md", "operations.md")]
ADDRESS = "localhost:8080"
SECONDS = 30


def commands(document: Path, beginning: str) -> list[str]:
    """The lines of all code blocks that begin like this."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith(beginning)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
def test_curl_gets_its_answers(tmp_path: Path, document: Path) -> None:
    properties = {
        "zookeeper.admin.serverPort": "0",
        "zookeeper.admin.serverAddress": "127.0.0.1",
        "zookeeper.admin.rateLimiterIntervalInMS": "-1",
    }
    shown = [command for command in commands(document, "curl ") if ADDRESS in command]
    assert len(shown) >= 2
    with EmbeddedServer(data_dir=str(tmp_path / "data"), properties=properties) as server:
        for command in shown:
            words = shlex.split(command.replace(ADDRESS, f"127.0.0.1:{server.admin_port}"))
            done = subprocess.run([*words, "--fail"], cwd=tmp_path, capture_output=True, timeout=SECONDS, check=True)
            assert done.stdout or "-o" in words, command
    assert (tmp_path / "backup").stat().st_size > 0


def test_the_options_of_serve_ask_for_the_admin_server() -> None:
    from pyzoo.cli.serve import resolve_config
    from pyzoo.config.system_properties import parse_arguments

    (shown,) = commands(DOCUMENTS[0], "pyzoo serve ")
    words = shlex.split(shown)[2:]
    given = parse_arguments([f"-D{word}" for word in words if word != "-D"])
    config, warnings = resolve_config((), given.properties, None, None, None)
    assert (True, 8080, "127.0.0.1", []) == (config.admin.enabled, config.admin.port, config.admin.address, warnings)


@pytest.mark.parametrize("key", ["admin.forceHttps", "admin.portUnification", "admin.needClientAuth"])
def test_keys_that_are_explained_are_used(key: str) -> None:
    from pyzoo.config.key_table import KEYS
    from pyzoo.config.keys import Treatment

    found = KEYS.find(key)
    assert found is not None
    assert found.treatment is Treatment.USED
