"""Processes of servers: a JVM, or pyzoo as a fork of a process that has loaded it, which takes a tenth of the time."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.support.forked import ForkedProcess, can_be_forked

Process = subprocess.Popen[bytes] | ForkedProcess

PYZOO_COMMAND = [sys.executable, "-m", "pyzoo"]


def launch(command: Sequence[str], home: Path, log: IO[bytes], environment: Mapping[str, str] | None) -> Process:
    """Start a command in its home; what it says goes into the log."""
    environment = os.environ if environment is None else environment
    own = len(PYZOO_COMMAND)
    if list(command[:own]) == PYZOO_COMMAND and can_be_forked(environment):
        return ForkedProcess(command[own:], environment, home, log.fileno(), log.fileno())
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=home, env=dict(environment)
    )


def environment_of_pyzoo() -> dict[str, str]:
    """Ours; its own sources stay where they are though it runs in another directory."""
    environment = dict(os.environ)
    if "PYTHONPATH" in environment:
        paths = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in paths)
    return environment
