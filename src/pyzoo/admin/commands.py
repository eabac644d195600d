"""The commands by all their names, and what is asked before one runs (Commands)."""

import logging
from collections.abc import Callable
from typing import Final

from attrs import frozen

from pyzoo.admin import ensemble_commands as ensemble
from pyzoo.admin import server_commands as single
from pyzoo.admin.response import CommandResponse
from pyzoo.admin.server_commands import Fields, Parameters
from pyzoo.server.modes import NOT_SERVING
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger: Final = logging.getLogger(__name__)

SNAPSHOT: Final = "snapshot"
RESTORE: Final = "restore"
NO_SERVER: Final = "This ZooKeeper instance is not currently serving requests"


@frozen
class Command:
    """One command; without `answer` it takes more than a look at the server (snapshots.py).

    With `always` it is answered also where no leader is. With `waits` it looks at what the close of a session may have
    changed in part, and is to be run when nothing is held up by one.
    """

    name: str
    aliases: tuple[str, ...] = ()
    answer: Callable[[ZooKeeperServer, Parameters], Fields] | None = None
    always: bool = False
    waits: bool = False


COMMANDS: Final = (
    Command("configuration", ("conf", "config"), single.configuration),
    Command("connection_stat_reset", ("crst",), single.connection_stat_reset),
    Command("connections", ("cons",), single.connections),
    Command("dirs", (), single.dirs),
    Command("dump", (), single.dump, waits=True),
    Command("environment", ("env", "envi"), single.environment, always=True),
    Command("get_trace_mask", ("gtmk",), single.get_trace_mask, always=True),
    Command("hash", (), single.digests),
    Command("initial_configuration", ("icfg",), single.initial_configuration),
    Command("is_read_only", ("isro",), single.is_read_only),
    Command("last_snapshot", ("lsnp",), single.last_snapshot),
    Command("leader", ("lead",), ensemble.leader),
    # Apache's fails without a leader (null pointer): here it says what the others say.
    Command("monitor", ("mntr",), single.monitor),
    Command("observer_connection_stat_reset", ("orst",), ensemble.observer_connection_stat_reset),
    Command("observers", ("obsr",), ensemble.observers),
    Command(RESTORE, ("rest",)),
    Command("ruok", (), single.ruok),
    Command("server_stats", ("srvr",), single.server_stats),
    Command("set_trace_mask", ("stmk",), single.set_trace_mask, always=True),
    Command(SNAPSHOT, ("snap",)),
    Command("stat_reset", ("srst",), single.stat_reset),
    Command("stats", ("stat",), single.stats),
    Command("system_properties", ("sysp",), single.system_properties, always=True),
    Command("voting_view", (), ensemble.voting_view),
    Command("watch_summary", ("wchs",), single.watch_summary, waits=True),
    Command("watches", ("wchc",), single.watches, waits=True),
    Command("watches_by_path", ("wchp",), single.watches_by_path, waits=True),
    Command("zabstate", (), ensemble.zabstate, always=True),
)
BY_NAME: Final = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}


def refusal(name: str, server: ZooKeeperServer) -> CommandResponse | None:
    """Why a command cannot be answered now; None when it can."""
    command = BY_NAME.get(name)
    if command is None:
        return CommandResponse(name, error=f"Unknown command: {name}")
    if not command.always and server.mode == NOT_SERVING:
        return CommandResponse(name, error=NO_SERVER)
    return None


def run_command(name: str, server: ZooKeeperServer, parameters: Parameters) -> CommandResponse:
    """Answer a command that only looks at the server, or resets its numbers."""
    refused = refusal(name, server)
    if refused is not None:
        return refused
    command = BY_NAME[name]
    assert command.answer is not None, f"{name} is not answered here"
    return CommandResponse(command.name, command.answer(server, parameters))
