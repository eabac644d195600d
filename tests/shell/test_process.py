"""The shell as a program: its streams and signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from pyzoo.testing import EmbeddedServer

PATIENCE_S = 60


def start(server: EmbeddedServer, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "pyzoo", "cli", "-server", server.connect_string, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupt_ends_a_watch(server: EmbeddedServer) -> None:
    shell = start(server, "watch", "/")
    assert shell.stdout is not None
    while "SyncConnected" not in shell.stdout.readline():
        pass
    shell.send_signal(signal.SIGINT)
    _, errors = shell.communicate(timeout=PATIENCE_S)
    assert (130, "") == (shell.returncode, errors)


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
    assert "" == shell.stderr


def test_the_command_line_is_not_read_by_anybody_else(server: EmbeddedServer, tmp_path: Path) -> None:
    shell = start(server, "--", "--json", "create", "/a", "--help", "-x")
    out, errors = shell.communicate(timeout=PATIENCE_S)
    assert "Unrecognized option: --help" in out + errors
    helped = start(server, "--help")
    out, _ = helped.communicate(timeout=PATIENCE_S)
    assert (0, True) == (helped.returncode, out.startswith("Usage: pyzoo cli"))
