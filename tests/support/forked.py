"""The `pyzoo` command in processes that need not load it: forks of one that has, see fork_server.py."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TextIO

from tests.support.sources import ROOT

AT_THE_START = ("PYTHON", "LC_", "LANG", "TZ")
"""How the variables begin that Python, or the C library, reads only once."""


def can_be_forked(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment would begin as ours has begun."""

    def early(variables: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in variables.items() if name.startswith(AT_THE_START)}

    return early(environment) == early(os.environ)


class ForkServer:
    """The loaded process, and the channel to it; it ends when that is closed, with this process."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=ROOT,
            )
        self._channel = ours
        self._lock = threading.Lock()

    def ask(self, request: object, descriptors: Sequence[int] = ()) -> int:
        """Send a request, and return the number that comes back."""
        with self._lock:
            socket.send_fds(self._channel, [json.dumps(request).encode()], descriptors)
            return int(self._channel.recv(100))

    def end(self) -> None:
        self._channel.close()
        self._process.wait()


@cache
def fork_server() -> ForkServer:
    """The one of this run of the tests."""
    server = ForkServer()
    atexit.register(server.end)
    return server


class ForkedProcess:
    """A `pyzoo` command that runs, with what of `subprocess.Popen` the tests use; its output goes into a file."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str] | None,
        cwd: Path | None,
        out: int,
        err: int,
        stdin: int | None = None,
    ) -> None:
        """`out`, `err` and `stdin`, None for nothing, are descriptors, which the caller may close then."""
        self.returncode: int | None = None
        request = {
            "words": list(words),
            "environment": dict(os.environ if environment is None else environment),
            "cwd": str(cwd or Path.cwd()),
        }
        with open(os.devnull) as nothing:
            self.pid = fork_server().ask(request, [nothing.fileno() if stdin is None else stdin, out, err])
        self._descriptor = os.pidfd_open(self.pid)

    def fileno(self) -> int:
        """A descriptor that is readable once it has ended."""
        return self._descriptor

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, -N after the signal N; raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            ready, _, _ = select.select([self._descriptor], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired("pyzoo", timeout or 0)
            self.returncode = fork_server().ask(self.pid)
            os.close(self._descriptor)
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forked(ForkedProcess):
    """The same with pipes for its output."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str] | None, cwd: Path | None = None) -> None:
        out, their_out = os.pipe()
        err, their_err = os.pipe()
        self.stdout, self.stderr = open(out, encoding="utf-8"), open(err, encoding="utf-8")
        super().__init__(words, environment, cwd, their_out, their_err)
        os.close(their_out)
        os.close(their_err)


def run(
    words: Sequence[str], environment: Mapping[str, str], cwd: Path, timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Run a command up to its end, and keep what it says."""
    process = Forked(words, environment, cwd)
    said = {"stdout": "", "stderr": ""}

    def read(name: str, stream: TextIO) -> None:
        with stream:
            said[name] = stream.read()

    readers = [
        threading.Thread(target=read, args=each) for each in (("stdout", process.stdout), ("stderr", process.stderr))
    ]
    for reader in readers:
        reader.start()
    try:
        code = process.wait(timeout)
    finally:
        process.kill()
        for reader in readers:
            reader.join(timeout)
    return subprocess.CompletedProcess(words, code, said["stdout"], said["stderr"])
