"""`pyzoo cli` from its words to its exit code."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pyzoo import errors as codes
from pyzoo.config.properties import decode_properties, parse_properties
from pyzoo.errors import ConfigError, KeeperError, MalformedInput
from pyzoo.shell.admin_search import AdminSearch
from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.command_line import Invocation, parse_invocation
from pyzoo.shell.connection import Session
from pyzoo.shell.errors import MalformedCommand, ShellError, keeper_text
from pyzoo.shell.events import EventThread
from pyzoo.shell.printer import Printer
from pyzoo.shell.security import Security, SecurityFactory
from pyzoo.shell.shell import Quit, Shell

USAGE_ERROR: Final = 1
INTERRUPTED: Final = 130
HELP: Final = """\
Usage: pyzoo cli [OPTIONS] [COMMAND [ARGUMENTS]]

  The shell of zkCli.sh and more: carry one command out, or many interactively
  or from a pipe. `pyzoo cli help` lists the commands.

Options:
  -server HOST:PORT[,HOST:PORT][/CHROOT]  Servers (localhost:2181).
  -timeout MILLISECONDS                   Session timeout to ask for (30000).
  -r                                      Use a read-only server if need be.
  -client-configuration FILE              Properties, of TLS and SASL too.
  -waitforconnection                      Connect before the first command.
  --admin URL                             Admin server for sessions, history, top.
  --json                                  Each command prints one JSON document.
  --compatible                            Print what zkCli.sh prints, and where.
  -h, --help                              Show this text.

  Long options may have two dashes too. What a command was asked for goes to
  standard output, everything else to standard error.
"""


def main(words: Sequence[str], security_of: SecurityFactory) -> int:
    """Run the shell; returns its exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # What is no UTF-8 passes through as the bytes that it is.
        stream.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    try:
        invocation = parse_invocation(words)
        if invocation.help:
            print(HELP, end="")
            return 0
        path = invocation.client_configuration
        security = security_of(client_properties(path, os.environ), path)
    except (ShellError, MalformedInput, ConfigError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    printer = Printer(os.environ, invocation.json, invocation.compatible)
    for option in invocation.unknown:
        printer.error(f"option {option} is not known and passed over")
    search = AdminSearch(invocation.admin, os.environ, security)
    shell = Shell(invocation.server, _connector(invocation, security), printer, search)
    try:
        if invocation.command and not shell.knows(invocation.command[0]) and not printer.compatible:
            shell.execute(invocation.command)
            return shell.exit_code
        printer.note(f"Connecting to {invocation.server}")
        printer.flush()
        return _run(shell, invocation)
    finally:
        shell.end()


def client_properties(path: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The -D properties of CLIENT_JVMFLAGS, as zkCli.sh passes them on, and over them those of the file."""
    properties: dict[str, str] = {}
    if environment.get("CLIENT_JVMFLAGS"):
        from pyzoo.config.system_properties import parse_jvm_flags

        properties |= parse_jvm_flags(environment["CLIENT_JVMFLAGS"], "CLIENT_JVMFLAGS").properties
    if path is None:
        return properties
    try:
        text = decode_properties(Path(path).read_bytes())
    except OSError as error:
        raise MalformedCommand(f"-client-configuration {path}: {error.strerror}") from None
    return properties | {key: found.value for key, found in parse_properties(text, path).items()}


def _connector(invocation: Invocation, security: Security) -> Callable[[str, EventThread], ZooKeeper]:
    def connect(server: str, events: EventThread) -> ZooKeeper:
        zk = ZooKeeper(Session(server, invocation.timeout_ms, events, invocation.read_only, security))
        if not invocation.wait_for_connection:
            return zk
        if zk.session.wait_until_connected(invocation.timeout_ms / 1000):
            events.settle()
            return zk
        zk.close()
        events.settle()
        raise ShellError("\n".join([keeper_text(KeeperError(codes.CONNECTIONLOSS)), *zk.session.why_not_connected()]))

    return connect


def _run(shell: Shell, invocation: Invocation) -> int:
    try:
        shell.connect()
        if invocation.command:
            shell.show_events()
            shell.execute(invocation.command)
        else:
            _interact(shell)
    except Quit:
        shell.disconnect()
    except ShellError as error:
        shell.printer.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more; what is still buffered goes nowhere at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return shell.exit_code


def _interact(shell: Shell) -> None:
    shell.printer.note("Welcome to ZooKeeper!")
    if sys.stdin.isatty() and sys.stdout.isatty():
        from pyzoo.shell.interactive import interact

        shell.show_events()
        interact(shell)
        return
    if shell.printer.compatible:
        shell.printer.note("JLine support is disabled")
    shell.printer.flush()
    # However quick the server was, the greeting comes first.
    shell.show_events()
    for line in sys.stdin:
        shell.execute_line(line.rstrip("\n"))
