"""The pause monitor: what it counts, and what it logs."""

import logging

import pytest
import trio

from pyzoo.config.admin_settings import PauseSettings
from pyzoo.runtime.pauses import count_pause, watch_pauses
from pyzoo.server.metrics import ServerMetrics

SETTINGS = PauseSettings(enabled=True)


@pytest.mark.parametrize(
    ("pause_ms", "level"),
    [(0, None), (1000, None), (1001, logging.INFO), (10_000, logging.INFO), (10_001, logging.WARNING)],
)
def test_a_long_pause_is_logged(pause_ms: int, level: int | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    metrics = ServerMetrics()
    count_pause(SETTINGS, metrics, pause_ms)
    assert ([] if level is None else [level]) == [record.levelno for record in caplog.records]
    assert (1, pause_ms) == (metrics.jvm_pause_time_ms.basic.count, metrics.jvm_pause_time_ms.basic.sum)


async def test_it_looks_at_the_clock_again_and_again(nursery: trio.Nursery) -> None:
    metrics = ServerMetrics()
    nursery.start_soon(watch_pauses, PauseSettings(enabled=True, sleep_ms=1), metrics)
    with trio.fail_after(60):
        while metrics.jvm_pause_time_ms.basic.count < 2:
            await trio.lowlevel.checkpoint()
