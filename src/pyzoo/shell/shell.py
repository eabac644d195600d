"""The shell: one session, its history, and the commands that are about the shell itself (ZooKeeperMain)."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

from pyzoo import errors as codes
from pyzoo.config.java_numbers import decode_integer
from pyzoo.errors import KeeperError, MalformedInput
from pyzoo.shell.admin_search import AdminSearch
from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.command import Context
from pyzoo.shell.command_line import connect_string, split_line, without_json
from pyzoo.shell.commands.all import COMMANDS
from pyzoo.shell.errors import (
    FAILED,
    CommandNotFound,
    ForgivenFailure,
    MalformedCommand,
    ShellError,
    code_name,
    keeper_text,
)
from pyzoo.shell.events import Event, EventThread
from pyzoo.shell.nearest import nearest_names
from pyzoo.shell.printer import Printer
from pyzoo.shell.render import event_text
from pyzoo.subtrees.values import Json

HISTORY_SHOWN: Final = 10
OF_CONNECTION: Final = frozenset({codes.CONNECTIONLOSS, codes.AUTHFAILED, codes.SESSIONEXPIRED})
ELSEWHERE: Final = {
    "?": "help",
    "bye": "quit",
    "cat": "get",
    "dir": "ls",
    "exists": "stat",
    "exit": "quit",
    "getchildren": "ls",
    "getdata": "get",
    "list": "ls",
    "login": "addauth",
    "ls2": "ls -s",
    "man": "help",
    "mkdir": "create",
    "put": "set",
    "q": "quit",
    "rm": "delete",
    "rmr": "deleteall",
    "setdata": "set",
    "show": "get",
    "touch": "create",
    "usage": "help",
}
"""What the commands are called elsewhere, older releases of zkCli among it."""


class Quit(Exception):
    """The user leaves."""


@frozen
class OwnCommand:
    """A command about the shell, which works without a session."""

    name: str
    syntax: str
    run: Callable[["Shell", Sequence[str]], Json]
    summary: str


Connect = Callable[[str, EventThread], ZooKeeper]
"""Begins a session with the servers of a connect string; raises ShellError where none can be had."""


class Shell:
    """Carries lines out, one after another; `exit_code` is that of the last."""

    def __init__(self, server: str, connect: Connect, printer: Printer, search: AdminSearch | None = None) -> None:
        self.server = server
        self.exit_code = 0
        self.printer = printer
        self.history: list[str] = []
        self.prints_watches = True
        self._connect = connect
        self._search = search or AdminSearch()
        self._redirected: Callable[[Event], None] | None = None
        self._events = EventThread(self._show_event, held=True)
        self.zk: ZooKeeper | None = None

    @property
    def prompt(self) -> str:
        """With the server, the state of the session and the number of the line."""
        state = "CLOSED" if self.zk is None else self.zk.session.state_name
        return f"[zk: {self.server}({state}) {len(self.history)}] "

    def connect(self, server: str | None = None) -> None:
        """Begin a session, in place of the one there was; raises ShellError."""
        server = server or self.server
        hosts = connect_string(server)
        self.disconnect()
        self.server = server
        self.zk = self._connect(hosts, self._events)

    def end(self) -> None:
        """End the session and the thread of events; only `quit` says that the session is closed."""
        self.prints_watches = False
        self.disconnect()
        self._events.end()

    def knows(self, name: str) -> bool:
        """Whether there is a command of this name."""
        return name in OWN_COMMANDS or name in COMMANDS

    def show_events(self) -> None:
        """From now on; before, they only wait."""
        self._events.release()

    def disconnect(self) -> None:
        """End the session, if there is one."""
        if self.zk is not None:
            self.zk.close()
            self.zk = None
            self._events.settle()

    def execute_line(self, line: str) -> None:
        """Carry a line out and remember it; one without words is passed over. Raises Quit."""
        words = split_line(line)
        if not line.strip() or not words:
            return
        self.history.append(line)
        self.execute(words)

    def execute(self, words: Sequence[str]) -> None:
        """Carry a command out; errors are printed and become the exit code. Raises Quit.

        Any command may have --json among its words, for one document in place of the lines.
        """
        words, wants_json = (words, False) if self.printer.compatible else without_json(words)
        with self.printer.documenting(wants_json):
            self._execute(words)
        self.printer.flush()

    def _execute(self, words: Sequence[str]) -> None:
        try:
            value = self._run(words)
            self.exit_code = 0
        except KeeperError as error:
            self.exit_code = ShellError.exit_code
            value = self._tell_keeper_error(error)
        except ForgivenFailure as error:
            self.exit_code = 0 if self.printer.compatible else error.exit_code
            value = error.document
        except CommandNotFound as error:
            self.exit_code = error.exit_code
            self._tell_unknown(error)
            value = {"error": str(error), "near": list(error.near)}
        except (ShellError, MalformedInput) as error:
            self.exit_code = error.exit_code if isinstance(error, ShellError) else FAILED
            self.printer.error(str(error))
            value = {"error": str(error)}
        self.printer.document(value)
        self._events.settle()

    def _run(self, words: Sequence[str]) -> Json:
        try:
            return self._run_in_session(words)
        except KeeperError as error:
            was_refused = self.zk is not None and self.zk.session.refused and error.code in OF_CONNECTION
            if was_refused and not self.printer.compatible:
                # A login that is refused is told alike, whether the command began before that or after.
                return self._without_session(None, is_own=False)
            raise

    def _run_in_session(self, words: Sequence[str]) -> Json:
        name = words[0]
        own = OWN_COMMANDS.get(name)
        command = COMMANDS.get(name)
        if own is not None and command is not None:
            # zkCli's `history` has no words, and passes over those that it is given.
            own, command = (None, command) if len(words) > 1 and not self.printer.compatible else (own, None)
        if own is None and command is None:
            raise not_found(name)
        value: Json = None if own is None else own.run(self, words)
        if self.zk is None or not self.zk.session.alive:
            return self._without_session(value, is_own=own is not None)
        if command is None:
            return value
        given = command.parse(words, self.printer.error)
        return command.run(Context(self.zk, self.printer, self._redirect_events, self._search), given)

    def _tell_keeper_error(self, error: KeeperError) -> Json:
        """What zkCli says, and why a connection or a session is not there."""
        text = keeper_text(error)
        self.printer.error(text)
        value: dict[str, Json] = {"error": text, "code": code_name(error.code), "path": error.path or None}
        if error.code in OF_CONNECTION and self.zk is not None:
            reasons = self.zk.session.why_not_connected()
            for line in reasons:
                self.printer.error(line)
            value["reasons"] = list(reasons)
        return value

    def _without_session(self, value: Json, is_own: bool) -> Json:
        """Like ZooKeeperMain, commands about the shell say too that there is no session, if need be."""
        if self.printer.compatible:
            self.printer.line("Not connected")
        elif not is_own:
            self.printer.error(f"Not connected: {self._why_not_connected()}")
        if is_own:
            return value
        raise ForgivenFailure({"error": "Not connected", "reason": self._why_not_connected()})

    def _why_not_connected(self) -> str:
        lines = [] if self.zk is None else self.zk.session.why_not_connected()
        return "; ".join([*lines, "`connect` begins a session"])

    def _tell_unknown(self, error: CommandNotFound) -> None:
        if self.printer.compatible:
            self.tell_usage()
            self.printer.error(error.zkcli_text)
        else:
            self.printer.error(str(error))

    def tell_usage(self) -> None:
        """All commands, on standard error."""
        self.printer.error("ZooKeeper -server host:port -client-configuration properties-file cmd args")
        # Of `history` zkCli knows only its own.
        table = usage_table() | {own.name: own.syntax for own in OWN_COMMANDS.values()}
        for name, syntax in sorted(table.items()):
            self.printer.error(f"\t{name} {syntax}")

    def _redirect_events(self, to: Callable[[Event], None] | None) -> None:
        self._events.settle()
        self._redirected = to

    def _show_event(self, event: Event) -> None:
        if self._redirected is not None and event.path is not None:
            self._redirected(event)
        elif self.prints_watches and not (self.printer.as_json and event.path is None):
            self.printer.event(event_text(event.state, event.type, event.path, event.zxid))


def not_found(name: str) -> CommandNotFound:
    """With the names that may have been meant."""
    return CommandNotFound(name, nearest_names(name, usage_table(), ELSEWHERE))


def usage_table() -> dict[str, str]:
    """The syntax of every command, by name."""
    table = {own.name: own.syntax for own in OWN_COMMANDS.values()}
    return table | {command.name: command.syntax for command in COMMANDS.values()}


def _history(shell: Shell, _words: Sequence[str]) -> Json:
    """The last lines, this one too; without any, the number that the next would have."""
    last = max(len(shell.history) - 1, 0)
    shown = {at: shell.history[at] if shell.history else "null" for at in range(max(last - HISTORY_SHOWN, 0), last + 1)}
    for number, line in shown.items():
        shell.printer.line(f"{number} - {line}")
    return {"history": {str(number): line for number, line in shown.items()}}


def _redo(shell: Shell, words: Sequence[str]) -> Json:
    if len(words) < 2:
        return None
    number = decode_integer(words[1])
    if number is None:
        raise MalformedCommand(f"redo {words[1]}: give the number of a line, as history shows it")
    if not 0 <= number < len(shell.history) - 1:
        raise MalformedCommand("Command index out of range")
    again, _ = without_json(split_line(shell.history[number]))
    if again[0] == "redo":
        raise MalformedCommand("No redoing redos")
    shell.history[-1] = shell.history[number]
    return shell._run(again)


def _print_watches(shell: Shell, words: Sequence[str]) -> Json:
    if len(words) > 1:
        shell.prints_watches = words[1] == "on"
    else:
        shell.printer.line(f"printwatches is {'on' if shell.prints_watches else 'off'}")
    return {"printwatches": shell.prints_watches}


def _connect(shell: Shell, words: Sequence[str]) -> Json:
    shell.connect(words[1] if len(words) > 1 else None)
    return {"server": shell.server}


def _quit(shell: Shell, _words: Sequence[str]) -> Json:
    raise Quit


def _help(shell: Shell, words: Sequence[str]) -> Json:
    table, summaries = usage_table(), _summaries()
    if len(words) > 1:
        name = words[1]
        if name not in table:
            raise not_found(name)
        command = COMMANDS.get(name)
        shell.printer.line(summaries[name])
        shell.printer.line(f"{name} {table[name]}")
        for line in command.options.help_lines() if command is not None and command.options is not None else ():
            shell.printer.line(line)
        return {"command": name, "syntax": table[name], "summary": summaries[name]}
    width = max(map(len, table)) + 2
    for name in sorted(table, key=str.lower):
        shell.printer.line(f"{name.ljust(width)}{summaries[name]}")
    return {"commands": {name: table[name] for name in sorted(table)}}


def _summaries() -> dict[str, str]:
    table = {own.name: own.summary for own in OWN_COMMANDS.values()}
    return table | {command.name: command.summary for command in COMMANDS.values()}


OWN_COMMANDS: Final[dict[str, OwnCommand]] = {
    own.name: own
    for own in (
        OwnCommand("connect", "host:port", _connect, "Begin a session, with these servers or those before."),
        OwnCommand("history", "", _history, "Show the last lines with their numbers."),
        OwnCommand("redo", "cmdno", _redo, "Carry a line out again, by its number."),
        OwnCommand("printwatches", "on|off", _print_watches, "Show or hide events."),
        OwnCommand("quit", "", _quit, "End the session and leave."),
        OwnCommand("help", "[command]", _help, "Show all commands, or one with its options."),
    )
}
