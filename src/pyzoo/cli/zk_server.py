"""The actions of zkServer.sh, with its messages and exit codes.

The script has read the environment files; here are the configuration, the pid file and the process.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from pyzoo.cli.config_files import read_text
from pyzoo.cli.groups import ending_with_one_line, reason_of
from pyzoo.cli.stop import TIMEOUT_S, pid_file_of
from pyzoo.config.properties import Property, parse_properties
from pyzoo.errors import ConfigError

if TYPE_CHECKING:
    from pyzoo.shell.security import ServerTls

#: A server that lives after so many seconds counts as started, ready or not; a member waits for others to be ready.
START_SECONDS = 10.0
MEMBER_START_SECONDS = 1.0
#: At most so long for it to take its pid file.
PID_FILE_SECONDS = 30.0
POLL_SECONDS = 0.02
LOCALHOST = "localhost"
READY = b": ready on "
TLS_HINT = """\

The server has a TLS port only. Say in CLIENT_JVMFLAGS how to reach it, for example:
  CLIENT_JVMFLAGS="-Dzookeeper.ssl.trustStore.location=/etc/zookeeper/trust.jks
  -Dzookeeper.ssl.trustStore.password=..." zkServer.sh status
"""


@click.command("zkServer")
@click.argument("action", type=click.Choice(["start", "stop", "restart", "status", "version"]))
@click.argument("config", required=False, default="")
def zk_server(action: str, config: str) -> None:
    """Start, stop or ask the server of a zoo.cfg."""
    with ending_with_one_line():
        match action:
            case "start":
                start(config)
            case "stop":
                stop(config)
            case "restart":
                stop(config)
                start(config)
            case "status":
                status(config)
            case _:
                version()


def version() -> None:
    """The line of VersionInfoMain."""
    from pyzoo.release import BUILD_DATE, RELEASE

    click.echo(f"Apache ZooKeeper, version {RELEASE} {BUILD_DATE}")


def properties_of(config: str) -> dict[str, Property]:
    """The keys of a zoo.cfg or dynamic file. Raises ConfigError."""
    text = read_text(config)
    if text is None:
        raise ConfigError("file is missing", config)
    return parse_properties(text, config)


def value_of(properties: dict[str, Property], key: str) -> str:
    """The value of a key, "" where it is not set."""
    found = properties.get(key)
    return "" if found is None else found.value


def start(config: str) -> None:
    """Start a server that goes on by itself; it writes the pid file."""
    from pyzoo.persistence.disk import FILE_MODE

    refuse_missing_directories(config)
    pid_file = pid_file_of(config)
    click.echo("Starting zookeeper ... ", nl=False)
    refuse_second_server(pid_file)
    output = Path(os.environ.get("ZOO_DAEMON_OUT") or "zookeeper.out")
    output.parent.mkdir(parents=True, exist_ok=True)
    Path(pid_file).parent.mkdir(parents=True, exist_ok=True)
    with open(output, "wb", opener=lambda path, flags: os.open(path, flags, FILE_MODE)) as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pyzoo", "serve", "--pid-file", pid_file, config],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    enough = MEMBER_START_SECONDS if is_member(config) else START_SECONDS
    begun = time.monotonic()
    while process.poll() is None:
        passed = time.monotonic() - begun
        if is_held_by(process.pid, pid_file) and (passed > enough or READY in output.read_bytes()):
            click.echo("STARTED")
            return
        if passed > PID_FILE_SECONDS:
            fail_to_start("FAILED TO WRITE PID")
        time.sleep(POLL_SECONDS)
    fail_to_start("FAILED TO START")


def is_held_by(pid: int, pid_file: str) -> bool:
    """Whether a process holds a pid file; not so when there is none, or none any more."""
    from pyzoo.runtime.pid_file import holder

    try:
        return holder(pid_file) == pid
    except FileNotFoundError:
        return False


def is_member(config: str) -> bool:
    """Whether a zoo.cfg is that of a member of an ensemble."""
    keys = properties_of(config)
    return "dynamicConfigFile" in keys or any(key.startswith("server.") for key in keys)


def fail_to_start(message: str) -> NoReturn:
    """Say so as zkServer.sh does, with its exit code."""
    click.echo(message)
    sys.exit(1)


def refuse_missing_directories(config: str) -> None:
    """With ZOO_DATADIR_AUTOCREATE_DISABLE nothing is started that would have to create its directories."""
    if not os.environ.get("ZOO_DATADIR_AUTOCREATE_DISABLE"):
        return
    properties = properties_of(config)
    for name, key in (("data", "dataDir"), ("txnlog", "dataLogDir")):
        directory = value_of(properties, key)
        if directory and not Path(directory, "version-2").is_dir():
            click.echo(f"ZooKeeper {name} directory is missing at {directory} fix the path or run initialize")
            sys.exit(1)


def refuse_second_server(pid_file: str) -> None:
    """Neither a second pyzoo server nor one beside Apache's: a process of the pid file that is a ZooKeeper."""
    from pyzoo.runtime.other_process import is_alive
    from pyzoo.runtime.pid_file import holder, written_pid

    if not os.path.exists(pid_file):
        return
    pid = holder(pid_file)
    if pid is None:
        pid = written_pid(pid_file)
        if pid is None or not is_alive(pid) or not is_zookeeper(pid):
            return
    fail_to_start(f"already running as process {pid}.")


def is_zookeeper(pid: int) -> bool:
    """Whether a process looks like a server of Apache's; not so when its command cannot be read."""
    try:
        return b"org.apache.zookeeper" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def stop(config: str) -> None:
    """Stop the server of the pid file and wait for its end; it removes the file."""
    from pyzoo.runtime.pid_file import Stopped
    from pyzoo.runtime.pid_file import stop as stop_server

    pid_file = pid_file_of(config)
    click.echo("Stopping zookeeper ... ", nl=False)
    result = stop_server(pid_file, TIMEOUT_S)
    match result.how:
        case Stopped.NO_FILE:
            click.echo(f"no zookeeper to stop (could not find file {pid_file})")
        case Stopped.STILL_RUNNING:
            fail_to_stop(f"process {result.pid} did not end in {TIMEOUT_S:g} s")
        case Stopped.NOT_OURS:
            fail_to_stop(f"process {result.pid} of {pid_file} is no pyzoo server and is left alone")
        case Stopped.NOT_RUNNING:
            Path(pid_file).unlink(missing_ok=True)
            click.echo("STOPPED")
        case _:
            click.echo("STOPPED")


def fail_to_stop(reason: str) -> NoReturn:
    """Say why a server goes on."""
    click.echo("FAILED TO STOP")
    click.echo(f"pyzoo: {reason}", err=True)
    sys.exit(1)


def status(config: str) -> None:
    """Ask the server of the configuration for its mode."""
    from pyzoo.runtime.four_letters import mode_of

    host, port, secure = client_address(properties_of(config))
    click.echo(f"Client port found: {port}. Client address: {host}. Client SSL: {str(secure).lower()}.")
    tls = client_tls() if secure else None
    mode = None if secure and tls is None else mode_of(host, int(port), tls=tls)
    if mode is None:
        if secure:
            click.echo(TLS_HINT)
        click.echo("Error contacting service. It is probably not running.")
        sys.exit(1)
    click.echo(f"Mode: {mode}")


def client_tls() -> "ServerTls | None":
    """TLS as CLIENT_JVMFLAGS and JVMFLAGS set it up; None, with the reason on stderr, where they do not."""
    from pyzoo.cli.shell import server_tls
    from pyzoo.config.system_properties import parse_jvm_flags

    properties = {"zookeeper.client.secure": "true"}
    for variable in ("CLIENT_JVMFLAGS", "JVMFLAGS"):
        properties |= parse_jvm_flags(os.environ.get(variable, ""), variable).properties
    try:
        return server_tls(properties, None)
    except ConfigError as error:
        click.echo(f"pyzoo: {reason_of(error)}", err=True)
        return None


def client_address(properties: dict[str, Property]) -> tuple[str, str, bool]:
    """Where clients connect: clientPort, the member's own line, or secureClientPort (then True)."""
    host = value_of(properties, "clientPortAddress") or LOCALHOST
    port = value_of(properties, "clientPort")
    if not port.isdecimal():
        found = member_address(properties)
        if found is not None:
            return found[0] or host, found[1], False
        click.echo("Client port not found. Looking for secureClientPort in the static config.")
        port = value_of(properties, "secureClientPort")
        if not port.isdecimal():
            click.echo("Unable to find either secure or unsecure client port in any configs. Terminating.")
            sys.exit(1)
        return value_of(properties, "secureClientPortAddress") or LOCALHOST, port, True
    return host, port, False


def member_address(properties: dict[str, Property]) -> tuple[str, str] | None:
    """Host ("" for none) and client port in this member's line of the static or the dynamic file."""
    try:
        my_id = Path(value_of(properties, "dataDir"), "myid").read_text().strip()
    except OSError:
        my_id = ""
    if not my_id.isdecimal():
        click.echo("myid could not be determined, will not able to locate clientPort in the server configs.")
        return None
    line = value_of(properties, f"server.{my_id}")
    if ";" not in line:
        click.echo("Client port not found in static config file. Looking in dynamic config file.")
        dynamic = value_of(properties, "dynamicConfigFile")
        line = value_of(properties_of(dynamic), f"server.{my_id}") if os.path.isfile(dynamic) else ""
    if ";" not in line:
        click.echo("Client port not found in the server configs")
        return None
    host, _, port = line.rpartition(";")[2].rpartition(":")
    return host.removeprefix("[").removesuffix("]"), port
