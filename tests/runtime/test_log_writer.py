"""When a single server logs what its passes have left."""

from collections.abc import Iterator

import pytest

from pyzoo.runtime.log_thread import LogThread
from pyzoo.runtime.log_writer import ALONE, LARGE_BYTES, LogWriter
from pyzoo.server.effects import LogBatch
from pyzoo.server.metrics import ServerMetrics
from tests.runtime.test_log_thread import FailingLog, Kernel, kernel, log, thread, wait_for_news

__all__ = ["kernel", "log", "thread"]

FEW, SOME, MANY = 1, 25, 50
"""Transactions: less than half as much work as a sync, more than half, and more than a sync."""


@pytest.fixture
def writer(kernel: Kernel, log: FailingLog, thread: LogThread) -> Iterator[LogWriter]:
    """The kernel syncs until the test, or its end, says so."""
    log.descriptor = 5
    yield LogWriter(thread, ALONE)
    if thread.is_syncing_beside:
        kernel.ends()


def leave(writer: LogWriter, zxid: int, txns: int) -> None:
    writer.waiting.append(LogBatch(zxid, zxid, [b"%d " % zxid], False, txns))


def test_while_there_is_little_to_log_what_has_come_is_taken_first(writer: LogWriter) -> None:
    leave(writer, 1, SOME)
    assert writer.waits_for(100, 0)
    assert not writer.waits_for(0, 0)
    leave(writer, 2, SOME)
    assert not writer.waits_for(100, 0)


def test_nothing_waits_for_many_passes(writer: LogWriter) -> None:
    leave(writer, 1, FEW)
    assert writer.waits_for(100, ALONE.passes - 1)
    assert not writer.waits_for(100, ALONE.passes)


def test_who_answers_others_takes_only_few_events_first(writer: LogWriter) -> None:
    leave(writer, 1, FEW)
    writer.begin_before(10)
    assert (True, True, False) == (writer.waits_for(4, 0), writer.waits_for(4, 1), writer.waits_for(4, 2))
    assert not writer.waits_for(5, 0)


@pytest.mark.parametrize(("txns", "replies", "begins"), [(SOME, 2, 1), (SOME, 1, 0), (FEW, 10, 0)])
def test_a_sync_begins_before_others_are_answered_where_it_is_worth_while(
    writer: LogWriter, kernel: Kernel, txns: int, replies: int, begins: int
) -> None:
    leave(writer, 1, txns)
    assert not writer.begin_before(replies)
    assert begins == kernel.begun


@pytest.mark.parametrize(("txns", "begun"), [(SOME, 2), (FEW, 1)])
def test_the_next_sync_begins_when_one_has_ended(writer: LogWriter, kernel: Kernel, txns: int, begun: int) -> None:
    leave(writer, 1, MANY)
    assert not writer.write(False)
    leave(writer, 2, txns)
    writer.go_on()
    assert 1 == kernel.begun
    kernel.ends()
    writer.acknowledge()
    kernel.has_ended = False
    writer.go_on()
    assert (begun, 1) == (kernel.begun, writer.progress(ServerMetrics()))


def test_what_waits_behind_a_sync_that_fails_comes_behind_it(
    writer: LogWriter, kernel: Kernel, log: FailingLog, thread: LogThread
) -> None:
    leave(writer, 1, MANY)
    writer.write(False)
    leave(writer, 2, MANY)
    kernel.failure = OSError(5, "Input/output error")
    writer.acknowledge()
    writer.go_on()
    thread.start()
    wait_for_news(thread)
    assert [(1, b"1 2 ")] == log.safe


def test_what_is_large_is_left_to_the_thread(writer: LogWriter, kernel: Kernel) -> None:
    writer.waiting.append(LogBatch(1, 1, [bytes(LARGE_BYTES + 1)], False, MANY))
    assert not writer.write(True)
    assert writer.is_thread_busy
    assert 0 == kernel.begun
