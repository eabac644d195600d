"""A directory to be in and a command to call, with nothing of the real user's around."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.forked import can_be_forked, run
from tests.support.server_process import PATIENCE_SECONDS, ServerProcess, clean_environment, command, sockets


@pytest.fixture
def pyzoo(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls `pyzoo` with words in an empty home, for commands that end by themselves."""

    def call(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = clean_environment(tmp_path, **variables)
        if can_be_forked(environment):
            return run(list(map(str, words)), environment, tmp_path, PATIENCE_SECONDS)
        return subprocess.run(
            command(*map(str, words)),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=PATIENCE_SECONDS,
        )

    return call


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts `pyzoo serve` with exactly these words in an empty home."""
    started: list[ServerProcess] = []

    def start(*words: object, **variables: str) -> ServerProcess:
        server = ServerProcess(*words, environment=clean_environment(tmp_path, **variables))
        started.append(server)
        return server

    yield start
    for server in started:
        server.clean_up()
    while sockets:
        sockets.pop().close()
