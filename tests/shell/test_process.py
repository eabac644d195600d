"""The shell as a program: its streams and signals."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pyzoo.testing import EmbeddedServer

PATIENCE_S = 60

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(server: EmbeddedServer) -> Iterator[Start]:
    """Starts shells with words; they end with the test."""
    with ExitStack() as started:

        def begin(*words: str) -> "subprocess.Popen[str]":
            shell = subprocess.Popen(
                [sys.executable, "-m", "pyzoo", "cli", "-server", server.connect_string, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.enter_context(shell)
            started.callback(shell.kill)
            return shell

        yield begin


def test_an_interrupt_ends_a_watch(start: Start) -> None:
    shell = start("watch", "/")
    assert shell.stderr is not None
    while "SyncConnected" not in shell.stderr.readline():
        pass
    shell.send_signal(signal.SIGINT)
    out, errors = shell.communicate(timeout=PATIENCE_S)
    assert (130, "", "") == (shell.returncode, out, errors)


def test_a_reader_that_leaves_is_no_failure(server: EmbeddedServer) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    shell = subprocess.run(
        [sys.executable, "-m", "pyzoo", "cli", "-server", server.connect_string, "ls", "-R", "/"],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
    )
    os.close(writing)
    assert "error" not in shell.stderr.lower()


def test_the_command_line_is_not_read_by_anybody_else(start: Start) -> None:
    shell = start("--", "--json", "create", "/a", "--help", "-x")
    out, errors = shell.communicate(timeout=PATIENCE_S)
    assert "Unrecognized option: --help" in out + errors
    helped = start("--help")
    out, _ = helped.communicate(timeout=PATIENCE_S)
    assert (0, True) == (helped.returncode, out.startswith("Usage: pyzoo cli"))
