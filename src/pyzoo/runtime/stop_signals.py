"""How SIGTERM and Ctrl-C end a server."""

import logging
import signal
import sys
from functools import partial
from types import FrameType

import trio

from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.service_manager import STOPPING, notify
from pyzoo.runtime.turn import TurnLoop

logger = logging.getLogger(__name__)

STOP_SIGNALS: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)
if sys.platform == "win32":
    # Ctrl-Break, and what closes the console.
    STOP_SIGNALS += (signal.SIGBREAK,)


async def stop_on_signal(
    tasks: ServerTasks, cancel_scope: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """End the server on SIGTERM or Ctrl-C; whoever asks again changes nothing, as with a JVM."""
    with trio.open_signal_receiver(*STOP_SIGNALS) as signals:
        for stop_signal in STOP_SIGNALS:
            signal.signal(stop_signal, partial(_hurry, tasks.loop, signal.getsignal(stop_signal)))
        task_status.started()
        async for number in signals:
            logger.info("Stopping on %s", signal.Signals(number).name)
            notify(STOPPING)
            # One that comes while the receiver closes would go to the handlers of before, which break off what ends.
            if sys.platform != "win32":
                signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            break
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    tasks.stop(cancel_scope)


def _hurry(loop: TurnLoop, receiver: object, number: int, frame: FrameType | None) -> None:
    """A busy loop would see the signal only when it has lingered enough."""
    loop.hurry()
    if callable(receiver):
        receiver(number, frame)
