"""Commands for the ensemble and the shell's own session: config, reconfig, version, close."""

from pathlib import Path
from typing import Final

from pyzoo.config.membership import Membership, members_of_text
from pyzoo.errors import ConfigError
from pyzoo.release import FULL_VERSION
from pyzoo.shell.command import STAT, WATCH, Command, Context
from pyzoo.shell.commands.nodes import with_stat
from pyzoo.shell.errors import MalformedCommand, ShellError
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.subtrees.values import Json

ANY_VERSION: Final = -1


def config(context: Context, given: Arguments) -> Json:
    data, stat = context.zk.get_config(given.has("w"))
    text = "null" if data is None else data.decode("utf-8", "replace")
    value: dict[str, Json] = {"config": text}
    if given.has("c"):
        text = client_string(text)
        value = {"connect_string": text.partition(" ")[2], "version": text.partition(" ")[0]}
    context.printer.line(text)
    return with_stat(context, given, value, stat)


def client_string(text: str) -> str:
    """The version and where clients connect to (ConfigUtils.getClientConfigStr)."""
    try:
        members = members_of_text(text)
    except ConfigError as error:
        raise ShellError(f"the configuration cannot be read: {error}") from None
    version = f"{members.version:x}" if "version=" in text else ""
    addresses = [server.client_address for server in members.servers]
    return f"{version} {','.join('' if each is None else f'{each[0]}:{each[1]}' for each in addresses)}"


def reconfig(context: Context, given: Arguments) -> Json:
    whole, steps = _given(given, "file", "members"), _given(given, "add", "remove")
    if not whole and not steps:
        raise MalformedCommand(RECONFIG.usage)
    version = _config_version(given)
    if whole and steps:
        raise MalformedCommand(
            "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental "
            "modes is not allowed)"
        )
    if len(whole) > 1:
        raise MalformedCommand("Can't use -file and -members together (conflicting non-incremental modes)")
    members = whole.get("members")
    if "file" in whole:
        members = _members_of_file(given.value("file")).text()
    data, stat = context.zk.reconfigure(steps.get("add"), steps.get("remove"), members, version)
    text = data.decode("utf-8", "replace")
    context.printer.line(f"Committed new configuration:\n{text}")
    value: dict[str, Json] = {"config": text}
    return with_stat(context, given, value, stat)


def _given(given: Arguments, *names: str) -> dict[str, str]:
    return {name: given.value(name).lower() for name in names if given.has(name)}


def _config_version(given: Arguments) -> int:
    """The version of the configuration to begin from, in hex; any without -v."""
    if not given.has("v"):
        return ANY_VERSION
    try:
        version = int(given.value("v"), 16)
    except ValueError:
        version = 1 << 64
    if not -(1 << 63) <= version < 1 << 63:
        raise MalformedCommand("-v must be followed by a long (configuration version)")
    return version


def _members_of_file(path: str) -> Membership:
    try:
        return members_of_text(Path(path).read_text(encoding="latin-1"), path=path)
    except OSError as error:
        raise MalformedCommand(f"Error processing {path}: {error.strerror}") from None
    except ConfigError as error:
        raise MalformedCommand(f"Error processing {error}") from None


def version(context: Context, _given: Arguments) -> Json:
    context.printer.line(f"ZooKeeper CLI version: {FULL_VERSION}")
    return {"version": FULL_VERSION}


def close(context: Context, _given: Arguments) -> Json:
    context.zk.close()
    return {"closed": True}


RECONFIG: Final = Command(
    "reconfig",
    "[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | "
    "[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]",
    reconfig,
    Options.of(
        STAT,
        Option("v", "required current config version", takes_value=True),
        Option("file", "path of config file to parse for membership", takes_value=True),
        Option("members", "comma-separated list of config strings for non-incremental reconfig", takes_value=True),
        Option("add", "comma-separated list of config strings for new servers", takes_value=True),
        Option("remove", "comma-separated list of server IDs to remove", takes_value=True),
    ),
    least=0,
    summary="Change the membership of the ensemble.",
)
COMMANDS: Final = (
    Command(
        "config",
        "[-c] [-w] [-s]",
        config,
        Options.of(STAT, WATCH, Option("c", "client connection string")),
        least=1,
        summary="Show the membership of the ensemble.",
    ),
    RECONFIG,
    Command("version", "", version, least=1, most=1, summary="Show the release whose commands these are."),
    Command("close", "", close, None, summary="End the session; connect begins another."),
)
