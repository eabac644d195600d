"""A server's threads run for a short time at a stretch while others want the processor."""

import os
import sys
import threading
from collections.abc import Callable

import pytest

from pyzoo.portable import ASKED_FOR
from pyzoo.runtime import time_slice as room
from pyzoo.runtime.time_slice import SLICE_NS, take_short_turns

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a matter of Linux")


def in_a_thread(look: Callable[[], object]) -> object:
    """What it gives in a thread of its own, whose settings end with it."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(look()))
    thread.start()
    thread.join()
    return found[0]


def time_slice_ns() -> int:
    """What this thread has; 0 where that is the system's own affair."""
    return room._attributes()[room._RUNTIME]


def slice_afterwards() -> int:
    take_short_turns()
    return time_slice_ns()


def needs_slices() -> None:
    if in_a_thread(time_slice_ns) == 0:
        pytest.skip("this kernel has no slices that a process may choose")


def test_a_thread_asks_for_short_turns() -> None:
    needs_slices()
    assert in_a_thread(slice_afterwards) == SLICE_NS


def test_threads_that_are_started_later_have_them_too() -> None:
    needs_slices()

    def begun_afterwards() -> object:
        take_short_turns()
        return in_a_thread(time_slice_ns)

    assert in_a_thread(begun_afterwards) == SLICE_NS


def test_how_nice_a_thread_is_stays() -> None:
    def nice_afterwards() -> tuple[int, int]:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 3)
        take_short_turns()
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), os.sched_getscheduler(0)

    assert in_a_thread(nice_afterwards) == (3, os.SCHED_OTHER)


def test_another_policy_is_left_alone() -> None:
    def policy_afterwards() -> int:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        take_short_turns()
        return os.sched_getscheduler(0)

    assert in_a_thread(policy_afterwards) == os.SCHED_IDLE


def test_the_portable_way_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ASKED_FOR, "1")
    assert in_a_thread(slice_afterwards) == in_a_thread(time_slice_ns)
