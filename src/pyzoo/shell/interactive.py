"""The shell on a terminal: a line editor with a history kept in a file, and completion."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout

from pyzoo.errors import KeeperError, MalformedPath
from pyzoo.shell.commands.all import COMMANDS
from pyzoo.shell.shell import Shell, usage_table
from pyzoo.subtrees.paths import child_of, parent_of

HISTORY_FILE: Final = "cli_history"
SECRET: Final = frozenset({"addauth"})
"""Commands whose lines hold passwords: they are not written to the file."""


class _CautiousHistory(FileHistory):
    """A file that no passwords get into."""

    def store_string(self, string: str) -> None:
        words = string.split(maxsplit=1)
        if words and words[0] not in SECRET:
            super().store_string(string)


def history_path() -> Path:
    """The file: $XDG_STATE_HOME/pyzoo/cli_history, by default below ~/.local/state."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "pyzoo" / HISTORY_FILE


def open_history() -> History:
    """The history of earlier shells; where no file can be kept, that of this one alone."""
    path = history_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return _CautiousHistory(path)


class ShellCompleter(Completer):
    """Completes the command, its options, and paths of nodes as the server has them."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What the word before the cursor may become."""
        words = document.text_before_cursor.split(" ")
        typed = words[-1]
        if not any(words[:-1]):
            candidates = sorted(usage_table(), key=str.lower)
        elif typed.startswith("-"):
            candidates = self._options(next(filter(None, words)))
        elif typed.startswith("/"):
            candidates = self._paths(typed)
        elif any(word == "help" for word in words[:-1]):
            candidates = sorted(usage_table(), key=str.lower)
        else:
            return
        for candidate in candidates:
            if candidate.startswith(typed):
                yield Completion(candidate, start_position=-len(typed))

    def _options(self, name: str) -> list[str]:
        command = COMMANDS.get(name)
        return [] if command is None or command.options is None else command.options.spellings

    def _paths(self, typed: str) -> list[str]:
        """The children of the last whole part; none where there is no connection to ask."""
        zk = self._shell.zk
        if zk is None or not zk.session.connected:
            return []
        above = parent_of(typed)
        try:
            return [child_of(above, name) for name in zk.get_children(above)[0]]
        except (KeeperError, MalformedPath):
            return []


def interact(shell: Shell) -> None:
    """Read and carry out lines until the end of the input; an interrupt gives up a line or a command."""
    session: PromptSession[str] = PromptSession(
        history=open_history(),
        completer=ShellCompleter(shell),
        complete_while_typing=False,
        complete_in_thread=True,
        auto_suggest=AutoSuggestFromHistory(),
        enable_history_search=True,
    )
    while True:
        try:
            # Events that come while a line is edited are shown above it.
            with patch_stdout(raw=True):
                line = session.prompt(lambda: shell.prompt)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        try:
            shell.execute_line(line)
        except KeyboardInterrupt:
            shell.printer.error("interrupted")
