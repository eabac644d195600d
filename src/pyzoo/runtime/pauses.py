"""The pause monitor: how much later than it asked for a task wakes up (JvmPauseMonitor).

What stops the whole process shows here: a machine out of CPU or memory, SIGSTOP, a very long turn.
"""

import logging

import trio

from pyzoo.config.admin_settings import PauseSettings
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.server.metrics import ServerMetrics

logger = logging.getLogger(__name__)


async def watch_pauses(settings: PauseSettings, metrics: ServerMetrics) -> None:
    """Measure until cancelled."""
    while True:
        begun_ms = elapsed_ms()
        await trio.sleep(settings.sleep_ms / 1000)
        count_pause(settings, metrics, elapsed_ms() - begun_ms - settings.sleep_ms)


def count_pause(settings: PauseSettings, metrics: ServerMetrics, pause_ms: int) -> None:
    """Count a pause, and log a long one."""
    if pause_ms >= 0:
        metrics.jvm_pause_time_ms.add(pause_ms)
    if pause_ms > settings.info_threshold_ms:
        level = logging.WARNING if pause_ms > settings.warn_threshold_ms else logging.INFO
        logger.log(
            level, "This process stood still for about %d ms; look at the CPU and memory of the machine", pause_ms
        )
