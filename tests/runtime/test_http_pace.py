"""The patience with a transfer."""

import math

import pytest

from pyzoo.runtime.http_pace import Pace


def test_a_wait_may_last_as_long_as_a_connection_may_be_idle() -> None:
    pace = Pace(30, 1000)
    pace.moved(1_000_000, 0.5)
    assert 30 == pace.left_s()


def test_slow_waits_add_up() -> None:
    pace = Pace(30, 1000)
    for _ in range(10):
        pace.moved(1, 2.9)
    assert 1 == pytest.approx(pace.left_s(), abs=0.02)


def test_what_keeps_up_the_rate_may_go_on_for_ever() -> None:
    pace = Pace(30, 1000)
    for _ in range(1000):
        pace.moved(20_000, 20)
    assert 30 == pace.left_s()


@pytest.mark.parametrize("pace", [Pace(math.inf, 1000), Pace(7, 0)])
def test_without_a_rate_each_wait_counts_alone(pace: Pace) -> None:
    for _ in range(100):
        pace.moved(1, 6)
    assert pace.idle_s == pace.left_s()
