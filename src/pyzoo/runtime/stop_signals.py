"""How SIGTERM and Ctrl-C end a server."""

import logging
import signal
import sys

import trio

from pyzoo.runtime.heard_signals import heard_signals
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.service_manager import STOPPING, notify

logger = logging.getLogger(__name__)

STOP_SIGNALS: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)
if sys.platform == "win32":
    # Ctrl-Break, and what closes the console.
    STOP_SIGNALS += (signal.SIGBREAK,)


async def stop_on_signal(
    tasks: ServerTasks, cancel_scope: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """End the server on SIGTERM or Ctrl-C; whoever asks again changes nothing, as with a JVM.

    Both are ignored afterwards, also when the server has ended for another reason.
    """
    # A busy loop would see the signal only when it has lingered enough: it is told to hurry.
    with heard_signals(STOP_SIGNALS, tasks.loop.hurry) as signals:
        task_status.started()
        number = await signals.receive()
        logger.info("Stopping on %s", number.name)
        notify(STOPPING)
    tasks.stop(cancel_scope)
