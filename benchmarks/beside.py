"""A module of the benchmarks that runs beside a measurement, as a process of its own.

It prints `ready` once it has begun, ends with a line of input, and then prints its figures.
"""

import json
import subprocess
import sys
from types import TracebackType
from typing import Self

from benchmarks.zkload import Figures


class Beside:
    """Such a process for the length of a `with`; `figures` are there after it, unless it failed."""

    def __init__(self, module: str, *arguments: str, patience_s: float) -> None:
        """Whoever is not through in `patience_s` after its line of input is killed."""
        command = [sys.executable, "-m", module, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._patience_s = patience_s
        self.figures: Figures = {}

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            output, _ = self._process.communicate("\n", timeout=self._patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return
        if self._process.returncode == 0:
            self.figures = json.loads(output)
