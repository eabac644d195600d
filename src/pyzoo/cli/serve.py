"""`pyzoo serve`: run a server, with the arguments of ZooKeeper's own main classes.

Exit codes are Apache's (ExitCode): 0 stopped, 1 the server cannot go on, 2 configuration, 3 data directory,
14 election port.
"""

import errno
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from attrs import evolve

from pyzoo import __version__
from pyzoo.cli.build_kind import build_kind
from pyzoo.cli.config_files import read_text
from pyzoo.cli.groups import FREE_OR_PORT
from pyzoo.cli.properties import given_properties
from pyzoo.config.hosts import bare_host
from pyzoo.config.log_settings import LEVELS, LogSettings, level_number
from pyzoo.config.parse import config_from_words, default_config, files_needed, parse_config_text
from pyzoo.config.properties import parse_properties
from pyzoo.config.reader import ConfigWarning
from pyzoo.config.redaction import redacted_flag
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from pyzoo.runtime.log_output import LogOutput

UNEXPECTED_ERROR = 1
INVALID_INVOCATION = 2
UNABLE_TO_ACCESS_DATADIR = 3
UNABLE_TO_BIND_QUORUM_PORT = 14

#: What follows the reason for which a port cannot be opened.
PORT_ADVICE = {
    errno.EADDRINUSE: "; end what listens there, or choose another port",
    errno.EADDRNOTAVAIL: "; give an address of this machine",
}

STDOUT, STDERR = 1, 2
LOCALHOST = "127.0.0.1"
LOG_LEVELS = ("debug", "info", "warning", "error")

logger = logging.getLogger(__name__)


def default_data_dir() -> Path:
    """Where a server keeps its data that was not told where."""
    base = os.environ.get("XDG_DATA_HOME", "")
    try:
        # A relative one has to be ignored (XDG Base Directory Specification).
        return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "pyzoo"
    except RuntimeError:
        raise ConfigError("there is no home directory to keep data in: give --data-dir") from None


def read_configuration(path: str) -> tuple[str, dict[str, str]]:
    """The text of a zoo.cfg, and those of the files that it names by their paths; raises ConfigError."""
    text = read_text(path)
    if text is None:
        raise ConfigError("file is missing; give a zoo.cfg, or a port and a data directory", path)
    return text, {name: one for name in files_needed(text, path).paths() if (one := read_text(name)) is not None}


def config_from_file(path: str, properties: Mapping[str, str]) -> tuple[ServerConfig, list[ConfigWarning]]:
    """The settings of a zoo.cfg and of the files that it names."""
    text, files = read_configuration(path)
    return parse_config_text(text, path, properties, files)


def resolve_config(
    words: tuple[str, ...],
    properties: Mapping[str, str],
    data_dir: str | None,
    port: int | None,
    host: str | None,
) -> tuple[ServerConfig, list[ConfigWarning]]:
    """The settings that the command line stands for; options win over files and words."""
    if len(words) == 1:
        config, warnings = config_from_file(words[0], properties)
    elif words:
        config, warnings = config_from_words(words, properties)
    else:
        config, warnings = default_config(data_dir or str(default_data_dir()), properties=properties)
        config = evolve(config, client_port_address=LOCALHOST)
    if data_dir is not None:
        config = evolve(config, data_dir=data_dir, data_log_dir=data_dir)
    if port is not None:
        config = evolve(config, client_port=port)
    if host is not None:
        try:
            address = bare_host(host)
            config = evolve(config, client_port_address=address, secure_client_port_address=address)
        except ValueError as error:
            raise ConfigError(f"--host {host}: {error}") from None
    return config, warnings


def refuse_idle_directory(words: tuple[str, ...], data_dir: str | None, in_memory: bool) -> None:
    """Raise ConfigError for a directory on the command line where nothing would be kept."""
    named = data_dir if data_dir is not None else words[1] if len(words) > 1 else None
    if in_memory and named is not None:
        raise ConfigError(
            f"--in-memory keeps nothing, so {named} would stay empty: leave one of them away"
            + (" (the port alone is --port)" if data_dir is None else "")
        )


def refuse_what_is_not_here(config: ServerConfig, in_memory: bool) -> None:
    """Raise ConfigError for settings that would be dangerous to ignore."""
    if config.distributed and in_memory:
        raise ConfigError("a member of an ensemble needs a disk: leave --in-memory away", config.config_path)
    if config.client_port is None and config.secure_client_port is None and not config.distributed:
        raise ConfigError("clientPort is not set: a server that is alone needs one", config.config_path)


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("words", nargs=-1, metavar="[zoo.cfg | PORT DATADIR [TICKTIME [MAXCNXNS]]]")
@click.option("-D", "definitions", multiple=True, metavar="NAME=VALUE", help="Set a system property of ZooKeeper.")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where snapshots and logs are.")
@click.option("--port", type=FREE_OR_PORT, help="The client port; 0 is any free one.")
@click.option("--host", help="The address to listen on.")
@click.option("--in-memory", is_flag=True, help="Keep nothing on disk: for tests.")
@click.option("--pid-file", type=click.Path(dir_okay=False), help="Hold this file while running, for `pyzoo stop`.")
@click.option("--log-level", type=click.Choice(LOG_LEVELS), help="What to log.  [default: info]")
@click.option("--logger", "logger_levels", multiple=True, metavar="NAME=LEVEL", help="The same for one logger.")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How.  [default: text]")
@click.option("--log-file", type=click.Path(dir_okay=False), help="Log to this file instead of stderr; it rolls.")
@click.option("--link-faults", type=int, hidden=True, help="The descriptor over which a LocalEnsemble cuts its links.")
def serve(
    words: tuple[str, ...],
    definitions: tuple[str, ...],
    data_dir: str | None,
    port: int | None,
    host: str | None,
    in_memory: bool,
    pid_file: str | None,
    log_level: str | None,
    logger_levels: tuple[str, ...],
    log_format: str | None,
    log_file: str | None,
    link_faults: int | None,
) -> None:
    """Run a server, alone or as a member of an ensemble, until SIGTERM or Ctrl-C.

    Without arguments it listens on 127.0.0.1:2181 and keeps its data in a directory that its first line names.
    SIGUSR1 makes it log everything, SIGUSR2 what was asked for; SIGHUP opens log files anew.
    """
    from pyzoo.runtime.log_context import starting_context
    from pyzoo.runtime.log_output import LogOutput

    open_standard_files()
    try:
        refuse_idle_directory(words, data_dir, in_memory)
        given = given_properties(definitions)
        config, warnings = resolve_config(words, given.values, data_dir, port, host)
        refuse_what_is_not_here(config, in_memory)
        logs = logs_asked_for(config.logs, log_level, logger_levels, log_format, log_file)
        config = evolve(config, logs=logs, property_places=given.places)
        output = LogOutput(config.logs, config.audit_enabled)
    except ConfigError as error:
        fail("Invalid config, exiting abnormally", error, INVALID_INVOCATION)
    output.context.context = starting_context(config)
    output.install()
    say(f"pyzoo {__version__} ({build_kind()}): {where_data_is(config, in_memory)}")
    for message in given.misplaced():
        logger.warning("%s", message)
    for flag in given.ignored:
        logger.debug("Ignored, it means something to a JVM only: %s", redacted_flag(flag))
    for warning in warnings:
        logger.warning("%s", warning)
    try:
        with ExitStack() as until_the_end:
            if pid_file is not None:
                hold_pid_file(until_the_end, pid_file)
            run(config, in_memory, output, link_faults)
    except BaseException as error:
        end_with(error, output, config)
    finally:
        output.close()


def logs_asked_for(
    logs: LogSettings, level: str | None, levels: tuple[str, ...], log_format: str | None, path: str | None
) -> LogSettings:
    """The settings with what the options say; raises ConfigError."""
    by_logger = dict(logs.levels)
    for text in levels:
        name, _, value = text.partition("=")
        number = level_number(value)
        if number is None or not name:
            raise ConfigError(f"--logger {text}: write NAME=LEVEL, for example QuorumPeer=debug")
        by_logger[name] = number
    file = logs.file if path is None else evolve(logs.rolling, path=path)
    return evolve(
        logs,
        level=logs.level if level is None else LEVELS[level.upper()],
        levels=tuple(by_logger.items()),
        format=log_format or logs.format,
        file=file,
        console=logs.console and path is None,
    )


def hold_pid_file(until_the_end: ExitStack, path: str) -> None:
    """Write the pid file and hold it; ends the program where another server does."""
    from pyzoo.runtime.pid_file import held

    try:
        until_the_end.enter_context(held(path))
    except StorageError as error:
        fail("Not started", error, UNEXPECTED_ERROR)


def where_data_is(config: ServerConfig, in_memory: bool) -> str:
    """What the first line of output says of the directories."""
    if in_memory:
        return "nothing on disk"
    data, logs = Path(config.data_dir).resolve(), Path(config.data_log_dir).resolve()
    return f"data in {data}" if data == logs else f"data in {data}, transaction logs in {logs}"


def where_clients_come(config: ServerConfig, port: int, secure_port: int) -> list[str]:
    """The lines that tell clients where the server is; the last one says that it is ready."""
    secure = _place(config.secure_client_port_address, secure_port)
    if port < 0:
        return ["ready, without a client port" if secure_port < 0 else f"ready on {secure}, with TLS"]
    ready = f"ready on {_place(config.client_port_address, port)}"
    return [ready] if secure_port < 0 else [f"clients with TLS on {secure}", ready]


def _place(host: str | None, port: int) -> str:
    host = host or "0.0.0.0"
    return f"{f'[{host}]' if ':' in host else host}:{port}"


def open_standard_files() -> None:
    """Where stdin, stdout or stderr are closed, keep their numbers from files that must not hold stray output."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(fd)


def say(text: str) -> None:
    """A line for whoever reads stdout; a server goes on when nobody does any more."""
    try:
        click.echo(text)
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, STDOUT)
        os.close(null)


def run(config: ServerConfig, in_memory: bool, output: "LogOutput", link_faults: int | None = None) -> None:
    """Run the server; returns when it was stopped, raises what it fails with."""
    import trio

    from pyzoo.runtime.auditing import note_failed_start
    from pyzoo.runtime.fault_channel import FaultReceiver
    from pyzoo.runtime.log_context import obey_signals, running_context
    from pyzoo.runtime.run import RunningServer
    from pyzoo.runtime.run import serve as serve_config
    from pyzoo.runtime.service_manager import READY, notify

    started: list[RunningServer] = []
    told = None if link_faults is None else FaultReceiver(link_faults)
    faults = None if told is None else told.faults

    async def main() -> None:
        async with trio.open_nursery() as nursery:

            async def server(*, task_status: trio.TaskStatus[RunningServer]) -> None:
                await serve_config(
                    config, in_memory=in_memory, handle_signals=True, faults=faults, task_status=task_status
                )
                nursery.cancel_scope.cancel()

            running = await nursery.start(server)
            output.context.context = running_context(running.server)
            started.append(running)
            await nursery.start(obey_signals, output, nursery.cancel_scope)
            if told is not None:
                nursery.start_soon(told.obey)
            for line in where_clients_come(config, running.port, running.secure_port):
                say(f"pyzoo {__version__}: {line}")
            notify(READY)

    # Until the server listens to them itself, both signals end it at once, also as the first process of a container.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        trio.run(main)
    except Exception:
        if not started:
            note_failed_start(config)
        raise


def end_with(error: BaseException, output: "LogOutput", config: ServerConfig) -> None:
    """Say why the server ended and exit with the code for that; what nobody expected is raised again."""
    from pyzoo.persistence.directories import DataDirectoryError
    from pyzoo.runtime.listening import ElectionPortError
    from pyzoo.runtime.run import leaf_of

    cause = leaf_of(error)
    if isinstance(cause, KeyboardInterrupt):
        logger.info("Stopped while starting")
        return
    # What was logged comes before the last line.
    output.close()
    match cause:
        case DataDirectoryError():
            fail("Unable to access datadir, exiting abnormally", cause, UNABLE_TO_ACCESS_DATADIR)
        case ConfigError():
            fail("Invalid config, exiting abnormally", in_its_place(cause, config), INVALID_INVOCATION)
        case ElectionPortError():
            fail("Unable to bind to election port, exiting abnormally", cause, UNABLE_TO_BIND_QUORUM_PORT)
        case StorageError() | OSError():
            fail("The server cannot go on", cause, UNEXPECTED_ERROR)
        case _:
            raise error


def in_its_place(error: ConfigError, config: ServerConfig) -> ConfigError:
    """The error with the line of the file that gives its key: whoever opens a store or a port does not know that."""
    path = config.config_path
    if path is None or error.key is None or error.line is not None:
        return error
    try:
        given = parse_properties(read_text(path) or "").get(error.key)
    except ConfigError:
        return error
    return error if given is None else ConfigError(error.message, path, given.line, error.key)


def fail(what: str, error: BaseException, code: int) -> NoReturn:
    """One line on stderr that says what is wrong, and out."""
    reason = error.strerror or error if isinstance(error, OSError) else error
    advice = PORT_ADVICE.get(error.errno or 0, "") if isinstance(error, OSError) else ""
    click.echo(f"pyzoo: {what}: {reason}{advice}", err=True)
    sys.exit(code)
