"""The load generator as a Python object: compiled on demand, run as a process, JSON read back."""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import define, frozen

SOURCE = Path(__file__).with_name("zkload.c")

#: What one run of zkload measured, by the names zkload gives them (`ops_per_s`, `p99_us`, ...).
Figures = dict[str, float]


class LoadError(Exception):
    """zkload gave up: the server refused, closed or hung. The message is zkload's own."""


def _figures(line: str) -> Figures:
    return {key: value for key, value in json.loads(line).items() if isinstance(value, int | float)}


@define
class Holding:
    """zkload while it holds sessions or watches open; `release` lets it go on and returns its figures."""

    ready: Figures
    _process: subprocess.Popen[str]
    _timeout_s: float

    def release(self) -> Figures:
        """Raises LoadError."""
        return _finish(self._process, "\n", self._timeout_s)


def _finish(process: subprocess.Popen[str], stdin: str, timeout_s: float) -> Figures:
    try:
        output, complaint = process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise LoadError(f"zkload had no end after {timeout_s:.0f} s") from None
    if process.returncode != 0:
        raise LoadError(complaint.strip() or f"zkload exited with {process.returncode}")
    return _figures(output.splitlines()[-1])


@frozen
class Zkload:
    """A compiled zkload."""

    program: Path

    @classmethod
    def build(cls, cache: Path, tls: bool = False) -> "Zkload":
        """Compile `zkload.c` with cc into `cache`, once for each text of it; with `tls` it needs libssl."""
        name = ("zkload-tls-" if tls else "zkload-") + hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
        program = cache / name
        if not program.exists():
            cache.mkdir(parents=True, exist_ok=True)
            fresh = program.with_suffix(".new")
            extra = ["-DZKLOAD_TLS", "-lssl", "-lcrypto"] if tls else []
            subprocess.run(["cc", "-O2", "-o", str(fresh), str(SOURCE), *extra], check=True)
            fresh.replace(program)
        return cls(program)

    def _start(
        self, mode: str, port: int | Sequence[int], options: dict[str, int | float | str]
    ) -> subprocess.Popen[str]:
        ports = [port] if isinstance(port, int) else port
        command = [str(self.program), mode, "--hosts", ",".join(f"127.0.0.1:{each}" for each in ports)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def run(
        self, mode: str, port: int | Sequence[int], timeout_s: float = 600, **options: int | float | str
    ) -> Figures:
        """One mode of zkload (see the top of `zkload.c`) from start to end; several ports share the sessions.

        Raises LoadError.
        """
        return _finish(self._start(mode, port, options), "", timeout_s)

    @contextmanager
    def holding(self, mode: str, port: int, **options: int | float | str) -> Iterator[Holding]:
        """zkload at the point where all is open. Raises LoadError."""
        process = self._start(mode, port, options)
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                _finish(process, "", 10)
                raise LoadError("zkload ended before it held anything")
            yield Holding(_figures(line), process, 300)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
