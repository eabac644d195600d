"""What log lines tell of the server that writes them, and how signals change what is logged."""

import logging
import signal
import sys
from collections.abc import Mapping

import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.heard_signals import heard_signals
from pyzoo.runtime.log_lines import Context
from pyzoo.runtime.log_output import LogOutput
from pyzoo.server.core import Core
from pyzoo.server.member.looking import STATE_NAMES
from pyzoo.server.member.peer import QuorumPeer

logger = logging.getLogger(__name__)


def starting_context(config: ServerConfig) -> Context:
    """Before it runs: a member's number, nothing of a server that is alone."""
    known: dict[str, object] = {"myid": config.server_id} if config.distributed else {}
    return lambda: known


def running_context(server: Core) -> Context:
    """Number, role and epoch as they are at the moment of each line."""
    if not isinstance(server, QuorumPeer):
        return lambda: {"role": "standalone"}
    peer = server

    def now() -> Mapping[str, object]:
        return {
            "myid": int(peer.my_id),
            "role": STATE_NAMES[int(peer.state)],
            "epoch": peer.storage.epochs.current,
        }

    return now


async def obey_signals(
    output: LogOutput, end: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """SIGUSR1 logs everything, SIGUSR2 what the settings say; SIGHUP opens log files anew, and ends a server without.

    The last is what it means to a JVM. Windows has none of them.
    """
    if sys.platform == "win32":
        task_status.started()
        return
    with heard_signals((signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)) as signals:
        task_status.started()
        async for number in signals:
            if number == signal.SIGUSR1:
                output.all_levels()
                logger.info("Everything is logged from now on, until SIGUSR2")
            elif number == signal.SIGUSR2:
                logger.info("Logged is again what the settings say")
                output.usual_levels()
            elif output.has_files:
                output.reopen()
            else:
                logger.info("Stopping on SIGHUP")
                end.cancel()
