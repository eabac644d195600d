"""Where the shell prints: standard output and standard error, colours, and one JSON document for each command.

Standard output is for what a command was asked for, and nothing else, so that `$(pyzoo cli get /x)` is the value.
"""

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TextIO

from pyzoo.subtrees.values import Json

_STYLES: Final = {"error": "31", "event": "36", "node": "34", "dim": "2"}


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Colours are for terminals, unless NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


class Printer:
    """Prints from several threads, whole messages at a time.

    With `as_json`, text for people is left out of standard output: it belongs to the documents. With `compatible`,
    everything is printed where zkCli.sh prints it, notes and events on standard output too.
    """

    def __init__(self, environment: Mapping[str, str], as_json: bool = False, compatible: bool = False) -> None:
        self.as_json = as_json
        self.compatible = compatible
        self._colours = wants_colour(sys.stdout, environment)
        self._error_colours = wants_colour(sys.stderr, environment)
        self._lock = threading.Lock()

    def line(self, text: str = "") -> None:
        """A line for people, on standard output."""
        if not self.as_json:
            self._write(sys.stdout, text)

    @contextmanager
    def documenting(self, wanted: bool) -> Iterator[None]:
        """Print documents for one command, if `wanted`; where they are printed anyway nothing changes."""
        before = self.as_json
        self.as_json = before or wanted
        try:
            yield
        finally:
            self.as_json = before

    def note(self, text: str) -> None:
        """A line beside what a command was asked for."""
        if self.compatible:
            self.line(text)
        elif not self.as_json:
            self._on_stderr(text, "dim")

    def complain(self, text: str) -> None:
        """A line about a failure that zkCli tells on standard output."""
        if self.compatible:
            self.line(text)
        else:
            self.error(text)

    def error(self, text: str) -> None:
        """A line on standard error."""
        self._on_stderr(text, "error")

    def event(self, text: str) -> None:
        """An event, as zkCli shows it."""
        shown = f"\nWATCHER::\n\n{text}"
        if self.compatible and not self.as_json:
            self._write(sys.stdout, self.styled(shown, "event"))
            self.flush()
        else:
            self._on_stderr(shown, "event")

    def _on_stderr(self, text: str, style: str) -> None:
        self.flush()
        self._write(sys.stderr, _styled(text, style) if self._error_colours else text)
        self.flush()

    def document(self, value: Json) -> None:
        """The one document of a command, on a line of its own."""
        if self.as_json:
            self._write(sys.stdout, json.dumps(value, ensure_ascii=False))
            self.flush()

    def styled(self, text: str, style: str) -> str:
        """A part of a line in colour, where there are colours."""
        return _styled(text, style) if self._colours else text

    def flush(self) -> None:
        """Show what was printed."""
        with self._lock:
            sys.stdout.flush()
            sys.stderr.flush()

    def _write(self, stream: TextIO, text: str) -> None:
        with self._lock:
            stream.write(text + "\n")


def _styled(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
