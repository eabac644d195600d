"""What a check of a configuration finds: a problem with its place, and how bad it is."""

from enum import Enum
from typing import final

from attrs import frozen

from pyzoo.config.reader import ConfigReader, ConfigWarning
from pyzoo.errors import ConfigError


class Severity(Enum):
    """How bad a problem is, the worst first."""

    ERROR = "error"  # the server does not start
    WARNING = "warning"  # it starts, and does not do what its author may think, or is in danger
    HINT = "hint"  # it works, and could be better


@frozen
class Problem:
    """One finding; the message says what would be right, `line` counts from 1, `path` may also be `-D...`."""

    severity: Severity
    message: str
    path: str | None = None
    line: int | None = None
    key: str | None = None

    @property
    def place(self) -> str:
        """Where it stands, as compilers write it; empty where there is no place."""
        return "" if self.path is None else self.path if self.line is None else f"{self.path}:{self.line}"

    def __str__(self) -> str:
        place = self.place
        return f"{place}: {self.severity.value}: {self.message}" if place else f"{self.severity.value}: {self.message}"


def problem_of(severity: Severity, cause: ConfigError | ConfigWarning) -> Problem:
    """An error or a warning of the parser as a problem."""
    return Problem(severity, cause.message, cause.path, cause.line, cause.key)


@final
class Findings:
    """Collects problems; `reader` knows where the value of a key stands."""

    def __init__(self, reader: ConfigReader) -> None:
        self._reader = reader
        self.problems: list[Problem] = []

    def error(self, message: str, key: str | None = None) -> None:
        """The server will not start with this."""
        self._add(Severity.ERROR, message, key)

    def warn(self, message: str, key: str | None = None) -> None:
        """The server will start, and this is probably not meant."""
        self._add(Severity.WARNING, message, key)

    def hint(self, message: str, key: str | None = None) -> None:
        """Nothing is wrong, but this could be better."""
        self._add(Severity.HINT, message, key)

    def _add(self, severity: Severity, message: str, key: str | None) -> None:
        problem = Problem(severity, message, *self._reader.place(key), key)
        if problem not in self.problems:
            self.problems.append(problem)
